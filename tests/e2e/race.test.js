// Many at once: nothing oversold, nothing doubled.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginPayment, decide, givenOrder, givenShop, givenSku, untilState } from './shop.js';
import { query, requestId, startWorld, stopWorld } from './world.js';

let world;
let shop;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
});
after(() => stopWorld(world));

const outcome = (promise) => promise.then((reply) => ({ reply }), (error) => ({ refusal: error.refusal }));

test('200 buyers of a SKU with stock 50: 50 orders, 150 clear refusals, stock 0', async () => {
  const { sku } = await givenSku(shop, { stock: 50 });
  const results = await Promise.all(Array.from({ length: 200 }, (_, i) => outcome(shop.orders.CreateOrder({
    request_id: requestId('buyer'), user_id: `u${i}`, currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }],
  }))));
  const refusals = results.filter(({ refusal }) => refusal);
  assert.equal(refusals.length, 150);
  for (const { refusal } of refusals) assert.deepEqual([refusal.code, refusal.reason], ['FAILED_PRECONDITION', 'STOCK_INSUFFICIENT']);
  const { stock } = await shop.products.GetStock({ sku_id: sku.sku_id });
  assert.deepEqual([stock.available, stock.held], ['0', '50']);
});

test('one request_id sent 100 times at once: one order, 100 equal replies', async () => {
  const { sku } = await givenSku(shop, { stock: 100 });
  const request = { request_id: requestId('same'), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] };
  const replies = await Promise.all(Array.from({ length: 100 }, () => shop.orders.CreateOrder(request)));
  for (const reply of replies) assert.deepEqual(reply, replies[0]);
  assert.equal((await shop.products.GetStock({ sku_id: sku.sku_id })).stock.held, '1');
  assert.equal(query(world, `SELECT COUNT(*) FROM bmt_order.orders WHERE request_id = '${request.request_id}'`), '1');
});

test('one payment request sent 20 times at once charges once', async () => {
  const { sku } = await givenSku(shop);
  const order = await givenOrder(shop, sku);
  const request_id = requestId('pay');
  const replies = await Promise.all(Array.from({ length: 20 }, () => beginPayment(shop, order, { request_id })));
  assert.equal(new Set(replies.map(({ payment }) => payment.payment_id)).size, 1);
  assert.equal(world.channel.payments.byMerchantId.has(replies[0].payment.payment_id), true);
  const { payment } = await beginPayment(shop, order, { request_id });
  await decide(payment);
  await untilState(shop, order, 'FULFILLED');
});

test('cancel against pay: the order ends one way, and money that lost the race is marked late', async () => {
  for (let i = 0; i < 5; i += 1) {
    const { sku } = await givenSku(shop, { stock: 1 });
    const order = await givenOrder(shop, sku);
    const { payment } = await beginPayment(shop, order);
    await Promise.all([
      decide(payment),
      outcome(shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id })),
    ]);
    const { payment: known } = await shop.payments.QueryPayment({ payment_id: payment.payment_id });
    assert.equal(known.state, 'PAYMENT_STATE_SUCCEEDED');
    const { order: now } = await shop.orders.GetOrder({ order_id: order.order_id });
    assert.equal(now.state, known.is_late ? 'ORDER_STATE_CLOSED' : 'ORDER_STATE_FULFILLED');
    const { stock } = await shop.products.GetStock({ sku_id: sku.sku_id });
    assert.deepEqual([stock.available, stock.held, stock.sold], known.is_late ? ['1', '0', '0'] : ['0', '0', '1']);
  }
});

test('BatchCreateOrders answers each entry on its own', async () => {
  const { sku } = await givenSku(shop, { stock: 2 });
  const entry = (more) => ({ request_id: requestId('entry'), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }], ...more });
  const first = entry();
  const { results } = await shop.orders.BatchCreateOrders({
    request_id: requestId('batch'),
    orders: [first, entry({ user_id: '' }), entry({ lines: [{ sku_id: 'spu_0000000000000', quantity: 1 }] }), entry(), entry(), first],
  });
  assert.deepEqual(results.map((r) => r.refusal?.reason ?? 'ok'),
    ['ok', 'FIELD_REQUIRED', 'FIELD_MALFORMED', 'ok', 'STOCK_INSUFFICIENT', 'ok']);
  assert.equal(results[1].refusal.details.find(({ key }) => key === 'field').value, 'orders[1].user_id');
  assert.equal(results[5].order.order_id, results[0].order.order_id);
  const { order } = await shop.orders.CreateOrder(first);
  assert.equal(order.order_id, results[0].order.order_id);
});
