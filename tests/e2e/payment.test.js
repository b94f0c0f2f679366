// Payments that belong to no order: a charge of the business's own making, from its request to its end and back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginPayment, decide, givenOrder, givenShop, givenSku } from './shop.js';
import { client, refused, requestId, startServer, startWorld, stopWorld, until, verify } from './world.js';

let world;
let shop;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
});
after(() => stopWorld(world));

const charge = (more = {}) => ({
  request_id: requestId('charge'), user_id: 'u1', channel_account_id: shop.account.channel_account_id,
  amount: { amount_minor: 1999, currency: 'EUR' }, ...more,
});
const create = async (more) => (await shop.payments.CreatePayment(charge(more))).payment;
const get = async ({ payment_id }) => (await shop.payments.GetPayment({ payment_id })).payment;
const query = async ({ payment_id }) => (await shop.payments.QueryPayment({ payment_id })).payment;
const close = ({ payment_id }) => shop.payments.ClosePayment({ request_id: requestId(), payment_id });

test('a charge is created, paid at the channel, and counts once', async () => {
  const request = charge({ return_url: 'https://shop.example/thanks' });
  const replies = await Promise.all(Array.from({ length: 10 }, () => shop.payments.CreatePayment(request)));
  const payment = await get(replies[0].payment);
  assert.equal(new Set(replies.map((reply) => reply.payment.payment_id)).size, 1);
  assert.deepEqual([payment.state, payment.order_id, payment.user_id, payment.amount.amount_minor, payment.amount.currency],
    ['PAYMENT_STATE_PENDING', '', 'u1', '1999', 'EUR']);
  assert.equal(payment.expire_time.seconds - payment.create_time.seconds, 900);
  await decide(payment);
  assert.equal((await query(payment)).state, 'PAYMENT_STATE_SUCCEEDED');
  const { payment: again } = await shop.payments.CreatePayment(request);
  assert.deepEqual([again.payment_id, again.state, again.is_late], [payment.payment_id, 'PAYMENT_STATE_SUCCEEDED', false]);
  assert.equal((await refused(shop.payments.CreatePayment({ ...request, user_id: 'u2' }))).reason, 'REQUEST_ID_REUSED');
  assert.equal((await refused(close(payment))).reason, 'PAYMENT_WRONG_STATE');
  const { payments } = await shop.payments.ListPayments({});
  assert.equal(payments.filter(({ order_id: order }) => order === '').length, 1);
  verify(world); // neither an orphan nor unused
});

test('its end may be another: closed, refused by the payer, closed when its time is over', async () => {
  const closed = await create({ expires_in_s: 60 });
  assert.equal(closed.expire_time.seconds - closed.create_time.seconds, 60);
  assert.equal((await close(closed)).payment.state, 'PAYMENT_STATE_CLOSED');
  assert.equal((await close(closed)).payment.state, 'PAYMENT_STATE_CLOSED');
  const failed = await create();
  await decide(failed, 'refuse');
  assert.equal((await query(failed)).state, 'PAYMENT_STATE_FAILED');
  const expired = await create({ expires_in_s: 30 });
  const sandbox = client(world, 'sandbox.SandboxService', world.adminKey);
  await sandbox.AdvanceClock({ request_id: requestId(), by: { seconds: 3700 } });
  await until('it is closed by itself', async () => (await get(expired)).state === 'PAYMENT_STATE_CLOSED');
});

test('an answer that is lost leaves it UNKNOWN; the channel knows it, and it can be paid', async () => {
  world.channel.faults.add([{ op: 'create', fault: 'lost_reply' }]); // once: what was sent is not sent again
  const payment = await create();
  assert.equal(payment.state, 'PAYMENT_STATE_UNKNOWN');
  const found = await query(payment);
  assert.equal(found.state, 'PAYMENT_STATE_PENDING');
  await decide(found);
  assert.equal((await query(payment)).state, 'PAYMENT_STATE_SUCCEEDED');
});

// Another server dies while it asks the channel: it was to hear, and to say, what became of the payment.
async function dieAsking(service, method, request) {
  const dying = await startServer(world, 'dying');
  const known = world.channel.payments.byMerchantId.size;
  world.channel.faults.add([{ op: 'create', fault: 'slow', delay_ms: 2000 }]);
  const call = client(world, service, shop.key, { port: dying.port })[method](request);
  await until('the channel was asked', () => world.channel.payments.byMerchantId.size > known);
  dying.child.kill('SIGKILL');
  await assert.rejects(call);
  return [...world.channel.payments.byMerchantId.keys()].at(-1);
}
const advance = (seconds) => client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds } });

test('a payment whose asker died is offered again by a repeat, and the channel knows it', async () => {
  const { sku } = await givenSku(shop);
  const order = await givenOrder(shop, sku);
  const request = { request_id: requestId(), order_id: order.order_id, channel_account_id: shop.account.channel_account_id };
  const merchantId = await dieAsking('order.OrderService', 'PayOrder', request);
  const early = (await shop.orders.PayOrder(request)).payment;
  assert.deepEqual([early.state, early.payment_id], ['PAYMENT_STATE_CREATED', merchantId]);
  assert.equal((await refused(shop.orders.PayOrder({ ...request, request_id: requestId() }))).reason, 'PAYMENT_IN_DOUBT');
  await advance(7);
  const { payment } = await shop.orders.PayOrder(request);
  assert.deepEqual([payment.payment_id, payment.state], [merchantId, 'PAYMENT_STATE_PENDING']);
  await decide(payment);
  await until('it is paid', async () => (await get(payment)).state === 'PAYMENT_STATE_SUCCEEDED');
  verify(world);
});

test('one that the channel never saw is offered to it by the timer', async () => {
  const merchantId = await dieAsking('payment.PaymentHubService', 'CreatePayment', charge());
  world.channel.payments.byMerchantId.delete(merchantId);
  await advance(11);
  const payment = await until('the channel waits for the payer', async () => {
    const found = await get({ payment_id: merchantId });
    return found.state === 'PAYMENT_STATE_PENDING' && found;
  });
  assert.ok(world.channel.payments.byMerchantId.has(merchantId));
  await decide(payment);
  assert.equal((await query(payment)).state, 'PAYMENT_STATE_SUCCEEDED');
  verify(world);
});

test('a repeat that the channel refuses moves nothing', async () => {
  const request = charge();
  const merchantId = await dieAsking('payment.PaymentHubService', 'CreatePayment', request);
  world.channel.faults.add([{ op: 'create', fault: 'reject' }]);
  await advance(7);
  assert.equal((await shop.payments.CreatePayment(request)).payment.state, 'PAYMENT_STATE_CREATED');
  assert.equal((await query({ payment_id: merchantId })).state, 'PAYMENT_STATE_PENDING');
});

test('the timer reads as long an answer as a call does', async () => {
  const payment = await create();
  world.channel.faults.add([{ op: 'pay', fault: 'hold' }, { op: 'query', fault: 'padded', bytes: 260000, times: 1000 }]);
  await decide(payment); // its notification is lost
  await advance(11);
  await until('the timer has heard', async () => (await get(payment)).state === 'PAYMENT_STATE_SUCCEEDED');
  world.channel.faults.clear();
});

test('what cannot be charged is refused', async () => {
  const other = await givenShop(world);
  const payment = await create();
  assert.equal((await refused(other.payments.GetPayment({ payment_id: payment.payment_id }))).reason, 'PAYMENT_NOT_FOUND');
  assert.equal((await refused(other.payments.CreatePayment(charge()))).reason, 'CHANNEL_ACCOUNT_NOT_FOUND');
  const cases = [
    [{ channel_account_id: other.account.channel_account_id }, 'CHANNEL_ACCOUNT_NOT_FOUND'],
    [{ amount: undefined }, 'FIELD_REQUIRED'],
    [{ amount: { amount_minor: 0, currency: 'EUR' } }, 'FIELD_REQUIRED'],
    [{ amount: { amount_minor: -1, currency: 'EUR' } }, 'FIELD_OUT_OF_RANGE'],
    [{ amount: { amount_minor: 1, currency: 'EUX' } }, 'FIELD_MALFORMED'],
    [{ expires_in_s: 9 }, 'FIELD_OUT_OF_RANGE'],
    [{ user_id: '' }, 'FIELD_REQUIRED'],
  ];
  for (const [more, reason] of cases) {
    assert.equal((await refused(shop.payments.CreatePayment(charge(more)))).reason, reason, JSON.stringify(more));
  }
  const hub = client(world, 'payment.PaymentHubService', world.adminKey, { business: shop.business.business_id });
  const change = (state) => hub.UpdateChannelAccount({
    request_id: requestId(), channel_account_id: shop.account.channel_account_id, update_mask: { paths: ['state'] }, state });
  await change('CHANNEL_ACCOUNT_STATE_DISABLED');
  assert.equal((await refused(shop.payments.CreatePayment(charge()))).reason, 'CHANNEL_DISABLED');
  await change('CHANNEL_ACCOUNT_STATE_ENABLED');
  assert.equal((await create()).state, 'PAYMENT_STATE_PENDING');
});

const refundOf = ({ payment_id }, amount, more = {}) => ({
  request_id: requestId('back'), payment_id, amount: { amount_minor: amount, currency: 'EUR' }, reason: 'charged by mistake', ...more });
const back = (payment, amount, more) => shop.payments.RefundPayment(refundOf(payment, amount, more));
const refundState = async ({ refund_id }) => (await shop.orders.GetRefund({ refund_id })).refund;
const paidCharge = async () => {
  const payment = await create();
  await decide(payment);
  return query(payment);
};
const wentBack = ({ payment_id }) => [...world.channel.refunds.byMerchantId.values()]
  .filter(({ state, request }) => state === 'SUCCEEDED' && request.merchant_payment_id === payment_id)
  .reduce((sum, { request }) => sum + request.amount_minor, 0);

test('a charge goes back in parts, each once for its request, and never more than was paid', async () => {
  const payment = await paidCharge();
  const request = refundOf(payment, 500);
  const replies = await Promise.all(Array.from({ length: 8 }, () => shop.payments.RefundPayment(request)));
  assert.equal(new Set(replies.map(({ refund_id: id }) => id)).size, 1);
  const part = await until('the part is paid back', async () => {
    const shown = await refundState(replies[0]);
    return shown.state === 'REFUND_STATE_SUCCEEDED' && shown;
  });
  assert.deepEqual([part.amount.amount_minor, part.order_id, part.payment_id, part.reason], ['500', '', payment.payment_id, 'charged by mistake']);
  assert.equal((await refused(shop.payments.RefundPayment({ ...request, reason: 'other' }))).reason, 'REQUEST_ID_REUSED');
  const raced = await Promise.all(Array.from({ length: 6 }, () => back(payment, 700).then(() => 'ok', ({ code }) => code)));
  assert.equal(raced.filter((one) => one === 'ok').length, 2); // 1499 are left
  const { reason, metadata } = await refused(back(payment, 100));
  assert.deepEqual([reason, metadata.left], ['PAYMENT_REFUNDED', '0.99 EUR']);
  await back(payment, 99);
  await until('all has gone back', async () => wentBack(payment) === 1999);
  assert.equal((await get(payment)).refund_minor, '1999');
  verify(world);
});

test('a lost answer leaves its refund UNKNOWN; it finds its end by itself, and the money goes once', async () => {
  const payment = await paidCharge();
  world.channel.faults.add([{ op: 'refund', fault: 'lost_reply' }]);
  const refund = await back(payment, 1999);
  world.channel.faults.clear();
  assert.equal((await refundState(refund)).state, 'REFUND_STATE_UNKNOWN');
  const sandbox = client(world, 'sandbox.SandboxService', world.adminKey);
  await sandbox.AdvanceClock({ request_id: requestId(), by: { seconds: 11 } });
  await until('it has ended', async () => (await refundState(refund)).state === 'REFUND_STATE_SUCCEEDED');
  assert.equal(wentBack(payment), 1999);
  verify(world);
});

test('what the channel rejects has failed, and can be asked for again', async () => {
  const payment = await paidCharge();
  world.channel.faults.add([{ op: 'refund', fault: 'reject', times: 1000 }]);
  const refund = await back(payment, 1999);
  world.channel.faults.clear();
  assert.equal((await refundState(refund)).state, 'REFUND_STATE_FAILED');
  assert.equal((await get(payment)).refund_minor, '0');
  const again = await back(payment, 1999);
  await until('it has ended', async () => (await refundState(again)).state === 'REFUND_STATE_SUCCEEDED');
});

test('an order\'s payment goes back by its order alone, and strangers see nothing', async () => {
  const { sku } = await givenSku(shop);
  const { payment } = await beginPayment(shop, await givenOrder(shop, sku));
  await decide(payment);
  await query(payment);
  const { reason, metadata } = await refused(back(payment, 100));
  assert.deepEqual([reason, metadata.order], ['PAYMENT_OF_ORDER', payment.order_id]);
  const other = await givenShop(world);
  const charged = await paidCharge();
  assert.equal((await refused(other.payments.RefundPayment(refundOf(charged, 100)))).reason, 'PAYMENT_NOT_FOUND');
  assert.equal((await refused(back(await create(), 100))).metadata.state, 'PENDING');
  assert.equal((await refused(shop.payments.RefundPayment(refundOf(charged, 100, { amount: { amount_minor: 1, currency: 'USD' } })))).reason, 'CURRENCY_MISMATCH');
});
