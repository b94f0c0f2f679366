// WatchOrder: first the present, then every change once and in order, whichever replica made it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginPayment, decide, givenOrder, givenShop, givenSku } from './shop.js';
import { client, refusal, requestId, startServer, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let sku;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop));
});
after(() => stopWorld(world));

// Opens a stream; collects its messages, and how it ended.
function watch(credential, orderId, port) {
  const orders = client(world, 'order.OrderService', credential, { port });
  const stream = orders.raw.WatchOrder({ order_id: orderId }, orders.metadata());
  const seen = { messages: [], ended: null, cancel: () => stream.cancel() };
  stream.on('data', (message) => seen.messages.push(message));
  stream.on('error', (error) => { seen.ended = refusal(error); });
  stream.on('end', () => { seen.ended ??= { code: 'OK' }; });
  return seen;
}
const changes = (seen) => seen.messages.filter(({ change }) => change).map(({ change }) => change);

test('a watcher sees the order and then every change once and in order, and the stream ends', async () => {
  const order = await givenOrder(shop, sku);
  const seen = watch(shop.key, order.order_id);
  await until('the present', () => seen.messages.length > 0);
  assert.equal(seen.messages[0].order.state, 'ORDER_STATE_PENDING_PAYMENT');
  await decide((await beginPayment(shop, order)).payment);
  await until('it is fulfilled', () => changes(seen).length === 3);
  await shop.orders.ConfirmOrder({ request_id: requestId(), order_id: order.order_id });
  await until('the end', () => seen.ended);
  assert.equal(seen.ended.code, 'OK');
  assert.deepEqual(changes(seen).map(({ event }) => event.version), [2, 3, 4, 5]);
  assert.equal(changes(seen).at(-1).order.state, 'ORDER_STATE_COMPLETED');
});

test('changes made by another replica are seen as well', async () => {
  const other = await startServer(world, 'replica');
  world.servers.push(other);
  const order = await givenOrder(shop, sku);
  const seen = watch(shop.key, order.order_id, other.port);
  await until('the present', () => seen.messages.length > 0);
  await shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id });
  await until('the end', () => seen.ended);
  assert.deepEqual(changes(seen).map(({ event }) => [event.version, event.kind]), [[2, 'ORDER_EVENT_KIND_CANCEL']]);
});

test('a stream without news gets heartbeats', async () => {
  const order = await givenOrder(shop, sku);
  const seen = watch(shop.key, order.order_id);
  await until('two heartbeats', () => seen.messages.filter(({ heartbeat }) => heartbeat).length >= 2);
  seen.cancel();
});

test('fifty watchers of one order all see it close', async () => {
  const order = await givenOrder(shop, sku);
  const all = Array.from({ length: 50 }, () => watch(shop.key, order.order_id));
  await until('all have begun', () => all.every((seen) => seen.messages.length > 0));
  await shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id });
  await until('all have ended', () => all.every((seen) => seen.ended));
  for (const seen of all) assert.deepEqual([changes(seen).length, seen.ended.code], [1, 'OK']);
});

test('an order that is settled already is shown, and the stream ends', async () => {
  const order = await givenOrder(shop, sku);
  await shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id });
  const seen = watch(shop.key, order.order_id);
  await until('the end', () => seen.ended);
  assert.equal(seen.messages[0].order.state, 'ORDER_STATE_CLOSED');
});

test('another user\'s order cannot be watched', async () => {
  const order = await givenOrder(shop, sku, { user: 'alice' });
  const { token } = await shop.businesses.IssueClientToken({ user_id: 'bob' });
  const seen = watch(token, order.order_id);
  await until('the end', () => seen.ended);
  assert.equal(seen.ended.reason, 'ORDER_NOT_FOUND');
});
