// Money that goes back: whole orders and parts, through the channel's faults, under races, and when it came too late.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginPayment, decide, givenFulfilledOrder, givenOrder, givenShop, givenSku, orderState, untilState } from './shop.js';
import { client, refused, requestId, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let sandbox;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  sandbox = client(world, 'sandbox.SandboxService', world.adminKey);
});
after(() => stopWorld(world));

const refundOrder = (order, more = {}) =>
  shop.orders.RefundOrder({ request_id: requestId('refund'), order_id: order.order_id, reason: 'not wanted', ...more });
const getRefund = async (refund) => (await shop.orders.GetRefund({ refund_id: refund.refund_id })).refund;
const stockOf = async (sku) => {
  const { stock } = await shop.products.GetStock({ sku_id: sku.sku_id });
  return [stock.available, stock.held, stock.sold].map(Number);
};
const lotOf = async (order, user = 'u1') =>
  (await shop.products.ListEntitlements({ user_id: user, page_size: 200 })).lots.find((lot) => lot.order_id === order.order_id);
const atChannel = () => [...world.channel.refunds.byMerchantId.values()].filter(({ state }) => state === 'SUCCEEDED')
  .reduce((sum, { request }) => sum + request.amount_minor, 0);
const advance = (seconds) => sandbox.AdvanceClock({ request_id: requestId(), by: { seconds } });

test('a whole order goes back: money, stock and entitlement, once', async () => {
  const { sku } = await givenSku(shop, { stock: 5 });
  const order = await givenFulfilledOrder(shop, sku, { quantity: 2 });
  const before = atChannel();
  const request = { request_id: requestId('refund'), order_id: order.order_id, reason: 'not wanted' };
  const replies = await Promise.all(Array.from({ length: 10 }, () => shop.orders.RefundOrder(request)));
  const { refund } = replies[0];
  assert.equal(new Set(replies.map((reply) => reply.refund.refund_id)).size, 1);
  await until('the refund succeeded', async () => (await getRefund(refund)).state === 'REFUND_STATE_SUCCEEDED');
  assert.equal(atChannel() - before, 2500);
  assert.deepEqual(await stockOf(sku), [5, 0, 0]);
  assert.equal((await lotOf(order)).state, 'LOT_STATE_RECALLED');
  const { order: now } = await shop.orders.GetOrder({ order_id: order.order_id });
  assert.deepEqual([now.state, now.refunded.amount_minor, now.lines[0].refunded_quantity, now.refund_id],
    ['ORDER_STATE_REFUNDED', '2500', '2', '']);
  const shown = await getRefund(refund);
  assert.deepEqual([shown.amount.amount_minor, shown.lines, shown.reason, shown.payment_id],
    ['2500', [{ line_no: 1, quantity: '2' }], 'not wanted', now.payment_id]);
  assert.equal((await refused(refundOrder(order))).reason, 'ORDER_WRONG_STATE');
  assert.equal((await refused(shop.orders.RefundOrder({ ...request, reason: 'other' }))).reason, 'REQUEST_ID_REUSED');
  const { events } = await shop.orders.ListOrderEvents({ order_id: order.order_id });
  assert.deepEqual(events.slice(-2).map(({ kind, detail }) => [kind, detail]),
    [['ORDER_EVENT_KIND_START_REFUND', 'not wanted'], ['ORDER_EVENT_KIND_REFUND', '']]);
});

test('units go back one after the other, and never more than were bought', async () => {
  const { sku } = await givenSku(shop, { stock: 5 });
  const order = await givenFulfilledOrder(shop, sku, { quantity: 3 });
  const before = await lotOf(order);
  const { refund, order: first } = await refundOrder(order, { lines: [{ line_no: 1, quantity: 1 }] });
  assert.deepEqual([refund.state, refund.amount.amount_minor, first.state, first.lines[0].refunded_quantity],
    ['REFUND_STATE_SUCCEEDED', '1250', 'ORDER_STATE_FULFILLED', '1']);
  const after = await lotOf(order);
  assert.equal(after.state, 'LOT_STATE_ACTIVE');
  assert.equal((before.end_time.seconds - before.start_time.seconds) / 3 * 2, after.end_time.seconds - after.start_time.seconds);
  assert.deepEqual(await stockOf(sku), [3, 0, 2]);
  const { next_step: next } = await shop.orders.ListOrderEvents({ order_id: order.order_id });
  assert.equal(next.kind, 'ORDER_EVENT_KIND_CONFIRM');

  const cases = [
    [{ lines: [{ line_no: 1, quantity: 3 }] }, 'REFUND_TOO_LARGE', { what: 'line 1', left: '2' }],
    [{ lines: [{ line_no: 2, quantity: 1 }] }, 'ORDER_LINE_NOT_FOUND', { line: '2' }],
    [{ lines: [{ line_no: 1, quantity: 1 }, { line_no: 1, quantity: 1 }] }, 'FIELD_DUPLICATE', {}],
    [{ amount: { amount_minor: 2501, currency: 'EUR' } }, 'REFUND_TOO_LARGE', { what: 'amount', left: '25.00 EUR' }],
    [{ amount: { amount_minor: 1, currency: 'USD' } }, 'CURRENCY_MISMATCH', { expected: 'EUR' }],
    [{ amount: { amount_minor: -1, currency: 'EUR' } }, 'FIELD_OUT_OF_RANGE', {}],
    [{ amount: { amount_minor: 1, currency: 'EUX' } }, 'FIELD_MALFORMED', {}],
  ];
  for (const [more, reason, metadata] of cases) {
    const refusal = await refused(refundOrder(order, more));
    assert.equal(refusal.reason, reason, JSON.stringify(more));
    for (const [key, value] of Object.entries(metadata)) assert.equal(refusal.metadata[key], value);
  }
  await shop.orders.ConfirmOrder({ request_id: requestId(), order_id: order.order_id });
  const { order: part } = await refundOrder(order, { lines: [{ line_no: 1, quantity: 1 }], amount: { amount_minor: 1000, currency: 'EUR' } });
  assert.deepEqual([part.state, part.refunded.amount_minor], ['ORDER_STATE_COMPLETED', '2250']);
  const { order: last } = await refundOrder(order);
  assert.deepEqual([last.state, last.refunded.amount_minor], ['ORDER_STATE_REFUNDED', '3500']);
  assert.deepEqual(await stockOf(sku), [5, 0, 0]);
});

test('many refunds of one order at once pay back what was paid, no more', async () => {
  const { sku } = await givenSku(shop, { stock: 4 });
  const order = await givenFulfilledOrder(shop, sku, { quantity: 4 });
  const before = atChannel();
  for (let left = 4; left > 0;) {
    const results = await Promise.all(Array.from({ length: 8 }, () =>
      refundOrder(order, { lines: [{ line_no: 1, quantity: 1 }] }).then(() => 'ok', (error) => error.refusal.reason)));
    const done = results.filter((one) => one === 'ok').length;
    assert.ok(done >= 1 && done <= left);
    assert.ok(results.every((one) => ['ok', 'ORDER_WRONG_STATE', 'REFUND_TOO_LARGE'].includes(one)), String(results));
    left -= done;
  }
  assert.equal(await orderState(shop, order), 'ORDER_STATE_REFUNDED');
  assert.equal(atChannel() - before, 5000);
  assert.deepEqual(await stockOf(sku), [4, 0, 0]);
});

test('a lost answer leaves the refund UNKNOWN; it finds its end by itself, and the money goes once', async () => {
  for (const fault of ['lost_reply', 'error_500', 'forged']) {
    const { sku } = await givenSku(shop, { stock: 1 });
    const order = await givenFulfilledOrder(shop, sku);
    const before = atChannel();
    world.channel.faults.add([{ op: 'refund', fault }]);
    const { refund, order: waiting } = await refundOrder(order);
    world.channel.faults.clear();
    assert.deepEqual([refund.state, waiting.state, waiting.refund_id], ['REFUND_STATE_UNKNOWN', 'ORDER_STATE_REFUNDING', refund.refund_id]);
    assert.deepEqual(await stockOf(sku), [0, 0, 1]);
    assert.equal((await lotOf(order)).state, 'LOT_STATE_ACTIVE');
    assert.equal((await refused(refundOrder(order))).metadata.state, 'REFUNDING');
    await advance(11);
    await untilState(shop, order, 'REFUNDED');
    assert.equal(atChannel() - before, 1250);
    assert.deepEqual(await stockOf(sku), [1, 0, 0]);
  }
});

test('a request that is rejected fails the refund, but not when an earlier one may have paid', async () => {
  const { sku } = await givenSku(shop, { stock: 3 });
  const reject = { op: 'refund', fault: 'reject', times: 1000 };
  const order = await givenFulfilledOrder(shop, sku);
  const before = atChannel();
  world.channel.faults.add([reject]);
  const { refund: failed } = await refundOrder(order);
  assert.deepEqual([failed.state, failed.failure], ['REFUND_STATE_FAILED', 'TOO_MANY']);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_FULFILLED');

  world.channel.faults.clear();
  world.channel.faults.add([{ op: 'refund', fault: 'lost_reply' }, reject]); // it is paid, and nobody hears of it
  const { refund: unknown } = await refundOrder(order);
  assert.equal(unknown.state, 'REFUND_STATE_UNKNOWN');
  await advance(11);
  await until('the refund ended', async () => (await getRefund(unknown)).state !== 'REFUND_STATE_UNKNOWN');
  assert.equal((await getRefund(unknown)).state, 'REFUND_STATE_SUCCEEDED');
  assert.equal(atChannel() - before, 1250);

  const unheard = await givenFulfilledOrder(shop, sku);
  world.channel.faults.clear();
  world.channel.faults.add([{ op: 'refund', fault: 'error_500' }]);
  const { refund } = await refundOrder(unheard);
  world.channel.refunds.byMerchantId.delete(refund.refund_id); // as if it had never come
  await advance(11);
  await untilState(shop, unheard, 'REFUNDED');
  assert.equal(atChannel() - before, 2500);
});

test('a channel that waits is asked, one that refuses changes nothing, one that is away is asked again', async () => {
  const { sku } = await givenSku(shop, { stock: 2 });
  const waiting = await givenFulfilledOrder(shop, sku);
  world.channel.faults.add([{ op: 'refund', fault: 'pending' }]);
  const { refund: pending } = await refundOrder(waiting);
  assert.equal(pending.state, 'REFUND_STATE_PENDING');
  await advance(11);
  await untilState(shop, waiting, 'REFUNDED');

  const order = await givenFulfilledOrder(shop, sku);
  world.channel.faults.add([{ op: 'refund', fault: 'refuse' }]);
  const { refund: failed, order: same } = await refundOrder(order);
  assert.deepEqual([failed.state, failed.failure, same.state, same.refunded.amount_minor],
    ['REFUND_STATE_FAILED', 'ACCOUNT_CLOSED', 'ORDER_STATE_FULFILLED', '0']);
  assert.equal((await lotOf(order)).state, 'LOT_STATE_ACTIVE');
  const { refund: again } = await refundOrder(order);
  assert.equal(again.state, 'REFUND_STATE_SUCCEEDED');
});

test('money that came too late goes back by itself', async () => {
  const { sku } = await givenSku(shop, { stock: 1 });
  const order = await givenOrder(shop, sku);
  const { payment } = await beginPayment(shop, order);
  const before = atChannel();
  await shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id });
  await decide(payment);
  const sum = () => [...world.channel.refunds.byMerchantId.values()].find(({ payment: of }) => of.request.merchant_payment_id === payment.payment_id);
  await until('the money went back', sum);
  assert.equal(atChannel() - before, 1250);
  const refundId = sum().request.merchant_refund_id;
  await until('the refund is known', async () => (await getRefund({ refund_id: refundId })).state === 'REFUND_STATE_SUCCEEDED');
  assert.match((await getRefund({ refund_id: refundId })).reason, /too late/);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_CLOSED');
  assert.deepEqual(await stockOf(sku), [1, 0, 0]);
});

test('refunds are of their business and user alone', async () => {
  const other = await givenShop(world);
  const { sku } = await givenSku(shop);
  const order = await givenFulfilledOrder(shop, sku);
  const { refund } = await refundOrder(order);
  assert.equal((await refused(other.orders.GetRefund({ refund_id: refund.refund_id }))).reason, 'REFUND_NOT_FOUND');
  assert.equal((await refused(other.orders.RefundOrder({ request_id: requestId(), order_id: order.order_id, reason: 'x' }))).reason, 'ORDER_NOT_FOUND');
  for (const [user, code] of [['u1', 'ok'], ['u2', 'REFUND_NOT_FOUND']]) {
    const { token } = await shop.businesses.IssueClientToken({ request_id: requestId(), user_id: user });
    const browser = client(world, 'order.OrderService', token);
    assert.equal(await browser.GetRefund({ refund_id: refund.refund_id }).then(() => 'ok', (error) => error.refusal.reason), code);
  }
});

test('stock that was unlimited for a while remembers what was sold', async () => {
  const { sku } = await givenSku(shop, { stock: 3 });
  const order = await givenFulfilledOrder(shop, sku, { quantity: 2 });
  await shop.products.SetStock({ request_id: requestId(), sku_id: sku.sku_id, kind: 'STOCK_KIND_UNLIMITED' });
  assert.equal((await shop.products.GetStock({ sku_id: sku.sku_id })).stock.kind, 'STOCK_KIND_UNLIMITED');
  await givenFulfilledOrder(shop, sku, { quantity: 7 });
  await shop.products.SetStock({ request_id: requestId(), sku_id: sku.sku_id, kind: 'STOCK_KIND_COUNTED', total: 5 });
  assert.deepEqual(await stockOf(sku), [3, 0, 2]);
  await refundOrder(order);
  assert.deepEqual(await stockOf(sku), [5, 0, 0]);
});
