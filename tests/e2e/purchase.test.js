// The life of an order through the real stack, called by a client that we did not write.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginPayment, decide, givenOrder, givenShop, givenSku, untilState } from './shop.js';
import { client, refused, requestId, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
});
after(() => stopWorld(world));

test('an order goes from a quote to COMPLETED and grants what was bought', async () => {
  const { spu, sku } = await givenSku(shop, { stock: 10 });
  const { quote } = await shop.products.QuotePrice({
    request_id: requestId(), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 2 }],
  });
  assert.equal(quote.total.amount_minor, '2500');
  const { order } = await shop.orders.CreateOrder({ request_id: requestId(), user_id: 'u1', quote_id: quote.quote_id });
  assert.equal(order.state, 'ORDER_STATE_PENDING_PAYMENT');
  const { payment } = await beginPayment(shop, order);
  assert.equal(payment.state, 'PAYMENT_STATE_PENDING');
  await decide(payment);
  await untilState(shop, order, 'FULFILLED');

  const { is_entitled: entitled } = await shop.products.CheckEntitlement({ user_id: 'u1', spu_id: spu.spu_id });
  assert.equal(entitled, true);
  const { stock } = await shop.products.GetStock({ sku_id: sku.sku_id });
  assert.deepEqual([stock.available, stock.held, stock.sold], ['8', '0', '2']);
  const { order: completed } = await shop.orders.ConfirmOrder({ request_id: requestId(), order_id: order.order_id });
  assert.equal(completed.state, 'ORDER_STATE_COMPLETED');

  const { events } = await shop.orders.ListOrderEvents({ order_id: order.order_id });
  assert.deepEqual(events.map((event) => event.kind.replace('ORDER_EVENT_KIND_', '')),
    ['CREATE', 'PAY', 'START_FULFILMENT', 'FULFIL', 'CONFIRM']);
  assert.deepEqual(events.map((event) => event.version), [1, 2, 3, 4, 5]);
});

test('an order that is not paid in time closes by itself and frees its stock', async () => {
  const { sku } = await givenSku(shop, { stock: 5 });
  const order = await givenOrder(shop, sku, { quantity: 5 });
  const sandbox = client(world, 'sandbox.SandboxService', world.adminKey);
  await sandbox.AdvanceClock({ request_id: requestId(), by: { seconds: 901 } });
  await untilState(shop, order, 'CLOSED');
  const { order: closed } = await shop.orders.GetOrder({ order_id: order.order_id });
  assert.equal(closed.close_reason, 'CLOSE_REASON_TIMEOUT');
  await until('stock is free', async () => (await shop.products.GetStock({ sku_id: sku.sku_id })).stock.available === '5');
  const refusal = await refused(beginPayment(shop, order));
  assert.deepEqual([refusal.code, refusal.reason, refusal.metadata.state], ['FAILED_PRECONDITION', 'ORDER_WRONG_STATE', 'CLOSED']);
});

test('a fulfilled order completes by itself when the clock says so', async () => {
  const { sku } = await givenSku(shop);
  const order = await givenOrder(shop, sku);
  await decide((await beginPayment(shop, order)).payment);
  await untilState(shop, order, 'FULFILLED');
  const { next_step: next } = await shop.orders.ListOrderEvents({ order_id: order.order_id });
  assert.equal(next.kind, 'ORDER_EVENT_KIND_CONFIRM');
  await client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds: 86401 } });
  await untilState(shop, order, 'COMPLETED');
});

test('a cancelled order is CLOSED once, and the same request_id tells it again', async () => {
  const { sku } = await givenSku(shop, { stock: 1 });
  const order = await givenOrder(shop, sku);
  const request = { request_id: requestId(), order_id: order.order_id, detail: 'changed my mind' };
  const first = await shop.orders.CancelOrder(request);
  assert.equal(first.order.close_reason, 'CLOSE_REASON_USER_CANCELLED');
  assert.deepEqual(await shop.orders.CancelOrder(request), first);
  assert.equal((await refused(shop.orders.CancelOrder({ ...request, request_id: requestId() }))).reason, 'ORDER_WRONG_STATE');
  assert.equal((await refused(shop.orders.CancelOrder({ ...request, detail: 'other' }))).reason, 'REQUEST_ID_REUSED');
});

test('a payer who refuses leaves the order waiting; another payment can follow', async () => {
  const { sku } = await givenSku(shop);
  const order = await givenOrder(shop, sku);
  const { payment } = await beginPayment(shop, order);
  await decide(payment, 'refuse');
  await until('the payment failed', async () =>
    (await shop.payments.GetPayment({ payment_id: payment.payment_id })).payment.state === 'PAYMENT_STATE_FAILED');
  await decide((await beginPayment(shop, order)).payment);
  await untilState(shop, order, 'FULFILLED');
});
