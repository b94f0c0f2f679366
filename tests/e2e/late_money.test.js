// Money that comes after its order has closed, and money that is refused: what the business wants done then.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginPayment, decide, givenOrder, givenShop, givenSku, orderState, untilState } from './shop.js';
import { client, refused, requestId, startWorld, stopWorld, until, verify } from './world.js';

let world;
let shop;
let staff;
let sandbox;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  staff = client(world, 'business.BusinessService', shop.key);
  sandbox = client(world, 'sandbox.SandboxService', world.adminKey);
  const { business } = await update({ late_money: 'LATE_MONEY_REOPEN' });
  assert.equal(business.late_money, 'LATE_MONEY_REOPEN');
});
after(() => stopWorld(world));

const update = (values) => staff.UpdateBusiness({
  request_id: requestId(), business_id: shop.business.business_id, update_mask: { paths: Object.keys(values) }, ...values });
const stockOf = async (sku) => {
  const { stock } = await shop.products.GetStock({ sku_id: sku.sku_id });
  return [stock.available, stock.held, stock.sold].map(Number);
};
const eventsOf = async (order) => (await shop.orders.ListOrderEvents({ order_id: order.order_id })).events;

// An order that has closed by time while the channel had its money and told nobody.
async function closedWithMoney(sku, { quantity = 1, close = () => sandbox.AdvanceClock({ request_id: requestId(), by: { seconds: 11 } }) } = {}) {
  const order = await givenOrder(shop, sku, { quantity, expires_in_s: 10 });
  const { payment } = await beginPayment(shop, order);
  world.channel.faults.add(['pay', 'query', 'close'].map((op) => ({ op, fault: op === 'pay' ? 'hold' : 'error_500', times: op === 'pay' ? 1 : 1000 })));
  await decide(payment);
  await close(order);
  await untilState(shop, order, 'CLOSED');
  world.channel.faults.clear();
  return { order, payment };
}
const query = (payment) => shop.payments.QueryPayment({ payment_id: payment.payment_id });
const untilRefunded = (payment) => until('the money went back', () => [...world.channel.refunds.byMerchantId.values()]
  .some(({ state, request }) => state === 'SUCCEEDED' && request.merchant_payment_id === payment.payment_id));

test('an order that time has closed takes its money where the business wants it so', async () => {
  const { sku } = await givenSku(shop, { stock: 3 });
  const { order, payment } = await closedWithMoney(sku, { quantity: 2 });
  assert.deepEqual(await stockOf(sku), [3, 0, 0]);
  const { payment: now } = await query(payment);
  assert.deepEqual([now.state, now.is_late], ['PAYMENT_STATE_SUCCEEDED', false]);
  await untilState(shop, order, 'FULFILLED');
  assert.deepEqual(await stockOf(sku), [1, 0, 2]);
  assert.deepEqual((await eventsOf(order)).map(({ kind }) => kind.slice('ORDER_EVENT_KIND_'.length)),
    ['CREATE', 'EXPIRE', 'REOPEN', 'START_FULFILMENT', 'FULFIL']);
  const { order: shown } = await shop.orders.GetOrder({ order_id: order.order_id });
  assert.deepEqual([shown.close_reason, shown.payment_id], ['CLOSE_REASON_UNSPECIFIED', payment.payment_id]);
  const { lots } = await shop.products.ListEntitlements({ user_id: 'u1' });
  assert.equal(lots.find((lot) => lot.order_id === order.order_id).quantity, '2');
});

test('what was sold to someone else meanwhile is not sold again: the money goes back', async () => {
  const { sku } = await givenSku(shop, { stock: 2 });
  const { order, payment } = await closedWithMoney(sku, { quantity: 2 });
  await givenOrder(shop, sku, { user: 'u2' });
  assert.equal((await query(payment)).payment.is_late, true);
  await untilRefunded(payment);
  await untilState(shop, order, 'CLOSED');
  assert.deepEqual(await stockOf(sku), [1, 1, 0]);
});

test('an order that someone has cancelled stays closed', async () => {
  const { sku } = await givenSku(shop);
  const { order, payment } = await closedWithMoney(sku, {
    close: (one) => shop.orders.CancelOrder({ request_id: requestId(), order_id: one.order_id }) });
  assert.equal((await query(payment)).payment.is_late, true);
  await untilRefunded(payment);
  await untilState(shop, order, 'CLOSED');
});

test('other businesses give the money back, and the wish can be changed', async () => {
  assert.deepEqual(await refused(update({ late_money: 0 })).then(({ reason, metadata }) => [reason, metadata.field]), ['FIELD_REQUIRED', 'late_money']);
  assert.equal((await update({ late_money: 'LATE_MONEY_REFUND' })).business.late_money, 'LATE_MONEY_REFUND');
  const { sku } = await givenSku(shop, { stock: 1 });
  const { order, payment } = await closedWithMoney(sku);
  assert.equal((await query(payment)).payment.is_late, true);
  await untilRefunded(payment);
  await untilState(shop, order, 'CLOSED');
  assert.deepEqual(await stockOf(sku), [1, 0, 0]);
});

test('a refused payment leaves its order open, or closes it where the business wants it so', async () => {
  const { sku } = await givenSku(shop, { stock: 1 });
  const kept = await givenOrder(shop, sku);
  const { payment: first } = await beginPayment(shop, kept);
  await decide(first, 'refuse');
  assert.equal((await query(first)).payment.state, 'PAYMENT_STATE_FAILED');
  assert.deepEqual([await orderState(shop, kept), await stockOf(sku)], ['ORDER_STATE_PENDING_PAYMENT', [0, 1, 0]]);
  assert.equal((await refused(update({ failed_payment: 0 }))).metadata.field, 'failed_payment');
  assert.equal((await update({ failed_payment: 'FAILED_PAYMENT_CLOSE_ORDER' })).business.failed_payment, 'FAILED_PAYMENT_CLOSE_ORDER');
  const { payment: second } = await beginPayment(shop, kept);
  await decide(second, 'refuse');
  assert.equal((await query(second)).payment.state, 'PAYMENT_STATE_FAILED');
  const { order } = await shop.orders.GetOrder({ order_id: kept.order_id });
  assert.deepEqual([order.state, order.close_reason, await stockOf(sku)], ['ORDER_STATE_CLOSED', 'CLOSE_REASON_PAYMENT_FAILED', [1, 0, 0]]);
  assert.deepEqual((await eventsOf(kept)).map(({ kind }) => kind), ['ORDER_EVENT_KIND_CREATE', 'ORDER_EVENT_KIND_FAIL_PAYMENT']);
  verify(world);
});
