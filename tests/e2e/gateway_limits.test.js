// What one client token may ask for at the gateway, told in the protocol's words.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Code, ConnectError } from '@connectrpc/connect';
import { givenToken, page, send, startGateway } from './gateway.js';
import { givenOrder, givenShop, givenSku } from './shop.js';
import { startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let order;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  order = await givenOrder(shop, (await givenSku(shop)).sku);
});
after(() => stopWorld(world));

const failure = async (promise) => {
  const error = await promise.then(() => { throw new Error('it was not refused'); }, ConnectError.from);
  return { code: error.code, reason: error.details[0]?.debug?.reason, retryAfter: error.metadata.get('retry-after') };
};

test('more calls than a token may make are told to come later, and another token goes on', async () => {
  const gateway = await startGateway(world, 'calls', ['--calls-per-token', '2']);
  const [token, other] = [await givenToken(shop), await givenToken(shop, 'u2')];
  const get = (one) => page(gateway, one)('bmt.order.v1.OrderService').getOrder({ orderId: order.order_id });
  await get(token);
  await get(token);
  const refused = await failure(get(token));
  assert.deepEqual([refused.code, refused.reason], [Code.ResourceExhausted, 'TOKEN_CALLS_EXCEEDED']);
  assert.match(refused.retryAfter, /^([1-9]|[12]\d|30)$/);
  assert.equal((await failure(get(other))).reason, 'ORDER_NOT_FOUND'); // of another user, who may call
  const bare = await send(gateway, '/bmt.order.v1.OrderService/GetOrder', { body: '{}', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } });
  assert.equal(bare.status, 429);
  await failure((async () => { // and a stream is a call
    for await (const _ of page(gateway, token)('bmt.order.v1.OrderService').watchOrder({ orderId: order.order_id })) assert.fail('it was not refused');
  })()).then(({ code, reason }) => assert.deepEqual([code, reason], [Code.ResourceExhausted, 'TOKEN_CALLS_EXCEEDED']));
});

test('more streams than a token may have are refused until one closes', async () => {
  const gateway = await startGateway(world, 'streams', ['--streams-per-token', '2']);
  const token = await givenToken(shop);
  const open = async () => {
    const leaving = new AbortController();
    const stream = page(gateway, token)('bmt.order.v1.OrderService').watchOrder({ orderId: order.order_id }, { signal: leaving.signal })[Symbol.asyncIterator]();
    assert.equal((await stream.next()).value.event.case, 'order');
    return async () => {
      leaving.abort();
      await stream.next().catch(() => {});
    };
  };
  const close = await open();
  const closeOther = await open();
  assert.deepEqual(await failure(open()), { code: Code.ResourceExhausted, reason: 'TOKEN_STREAMS_EXCEEDED', retryAfter: '5' });
  await page(gateway, token)('bmt.order.v1.OrderService').getOrder({ orderId: order.order_id }); // calls are not streams
  await close();
  await until('there is room for another', () => open().then((closeAnother) => closeAnother().then(() => true), () => false));
  await closeOther();
});
