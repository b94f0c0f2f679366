// What a channel may do to us: forge, repeat, contradict, come late, or say nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signedHeaders } from '../channelsim/keys.js';
import { beginPayment, decide, givenOrder, givenShop, givenSku, orderState, untilState } from './shop.js';
import { client, query, refused, requestId, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let sku;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop));
});
after(() => stopWorld(world));

const fault = (op, name, more = {}) => world.channel.faults.add([{ op, fault: name, ...more }]);
const relayed = (code) => until(`a notification with code ${code}`, () => world.channel.seen.some((line) => line.what === 'relay' && line.code === code));

async function begun() {
  world.channel.seen.length = 0;
  const order = await givenOrder(shop, sku);
  return { order, payment: (await beginPayment(shop, order)).payment };
}

test('a forged notification changes nothing; the true one pays', async () => {
  const { order, payment } = await begun();
  fault('notify', 'forged');
  await decide(payment);
  await relayed(16);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
  assert.equal((await shop.payments.QueryPayment({ payment_id: payment.payment_id })).payment.state, 'PAYMENT_STATE_SUCCEEDED');
  await untilState(shop, order, 'FULFILLED');
});

test('a notification with another amount changes nothing', async () => {
  const { order, payment } = await begun();
  fault('notify', 'wrong_amount');
  await decide(payment);
  await relayed(9);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
});

test('a notification that contradicts the channel is settled by asking it', async () => {
  const { order, payment } = await begun();
  fault('notify', 'contradictory');
  await decide(payment);
  await untilState(shop, order, 'FULFILLED');
});

test('the same notification twice pays once', async () => {
  const { order, payment } = await begun();
  fault('notify', 'duplicate');
  await decide(payment);
  await untilState(shop, order, 'FULFILLED');
  await until('both are acknowledged', () => world.channel.seen.filter((line) => line.what === 'notification' && line.accepted
    && line.body.merchant_payment_id === payment.payment_id).length === 2);
  const { events } = await shop.orders.ListOrderEvents({ order_id: order.order_id });
  assert.equal(events.filter(({ kind }) => kind === 'ORDER_EVENT_KIND_PAY').length, 1);
});

test('money that arrives after the order has closed is kept and marked late', async () => {
  const { order, payment } = await begun();
  fault('notify', 'hold');
  await decide(payment);
  await shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id });
  await world.channel.notifier.flush();
  const { payment: late } = await shop.payments.GetPayment({ payment_id: payment.payment_id });
  assert.deepEqual([late.state, late.is_late], ['PAYMENT_STATE_SUCCEEDED', true]);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_CLOSED');
});

test('a lost answer leaves the payment UNKNOWN, and no second channel is charged meanwhile', async () => {
  const order = await givenOrder(shop, sku);
  fault('create', 'lost_reply'); // once: what was sent is not sent again
  const { payment } = await beginPayment(shop, order);
  assert.equal(payment.state, 'PAYMENT_STATE_UNKNOWN');
  const refusal = await refused(beginPayment(shop, order));
  assert.deepEqual([refusal.reason, refusal.metadata.payment], ['PAYMENT_IN_DOUBT', payment.payment_id]);
  const { payment: found } = await shop.payments.QueryPayment({ payment_id: payment.payment_id });
  assert.equal(found.state, 'PAYMENT_STATE_PENDING');
  await decide(found);
  await untilState(shop, order, 'FULFILLED');
});

test('an answer that the channel did not sign is not believed', async () => {
  const order = await givenOrder(shop, sku);
  fault('create', 'forged');
  const { payment } = await beginPayment(shop, order);
  assert.equal(payment.state, 'PAYMENT_STATE_UNKNOWN');
});

test('silence of the channel is told, and its word is found by the timer', async () => {
  const { order, payment } = await begun();
  fault('notify', 'hold');
  await decide(payment);
  fault('query', 'error_500');
  assert.equal((await refused(shop.payments.QueryPayment({ payment_id: payment.payment_id }))).reason, 'CHANNEL_UNAVAILABLE');
  await client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds: 30 } });
  await untilState(shop, order, 'FULFILLED');
});

test('a notification that the channel could not confirm pays when it comes again', async () => {
  const { order, payment } = await begun();
  fault('query', 'error_500');
  await decide(payment);
  await relayed(14);
  await untilState(shop, order, 'FULFILLED');
});

test('a closed payment cannot be paid, a paid one cannot be closed', async () => {
  const { order, payment } = await begun();
  const { payment: closed } = await shop.payments.ClosePayment({ request_id: requestId(), payment_id: payment.payment_id });
  assert.equal(closed.state, 'PAYMENT_STATE_CLOSED');
  await decide(payment);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
  const second = (await beginPayment(shop, order)).payment;
  await decide(second);
  await untilState(shop, order, 'FULFILLED');
  assert.equal((await refused(shop.payments.ClosePayment({ request_id: requestId(), payment_id: second.payment_id }))).reason, 'PAYMENT_WRONG_STATE');
});

test('a channel that is not there charges nothing', async () => {
  const hub = client(world, 'payment.PaymentHubService', world.adminKey, { business: shop.business.business_id });
  const { channel_account: dead } = await hub.CreateChannelAccount({
    request_id: requestId(), code: 'dead', channel: 'sandbox', title: 'Dead', merchant: 'm', secret_name: 'sandbox-main',
    base_url: 'http://127.0.0.1:9', notify_url: 'http://127.0.0.1:9/x',
  });
  const order = await givenOrder(shop, sku);
  const { payment } = await beginPayment(shop, order, { channel_account_id: dead.channel_account_id });
  assert.deepEqual([payment.state, payment.failure], ['PAYMENT_STATE_FAILED', 'CHANNEL_UNREACHABLE']);
  await hub.UpdateChannelAccount({ request_id: requestId(), channel_account_id: dead.channel_account_id, update_mask: { paths: ['state'] }, state: 'CHANNEL_ACCOUNT_STATE_DISABLED' });
  assert.equal((await refused(beginPayment(shop, order, { channel_account_id: dead.channel_account_id }))).reason, 'CHANNEL_DISABLED');
  assert.equal((await refused(hub.CreateChannelAccount({
    request_id: requestId(), code: 'nobody', channel: 'sandbox', title: 'x', merchant: 'm', secret_name: 'no-such-secret', base_url: 'http://a', notify_url: 'http://a',
  }))).reason, 'CHANNEL_SECRET_MISSING');
  assert.equal((await refused(hub.CreateChannelAccount({
    request_id: requestId(), code: 'other', channel: 'paypal', title: 'x', merchant: 'm', secret_name: 'x', base_url: 'http://a', notify_url: 'http://a',
  }))).reason, 'CHANNEL_UNKNOWN');
});

test('notifications that nobody signed, of unknown payments and of other money are named', async () => {
  const { payment } = await begun();
  const hub = client(world, 'payment.PaymentHubService', null);
  const notify = (body, { sign = true, account = shop.account.channel_account_id } = {}) => {
    const text = JSON.stringify({ event_id: requestId('e'), event: 'payment.succeeded', merchant: shop.business.code, state: 'SUCCEEDED',
      merchant_payment_id: payment.payment_id, amount_minor: 1250, currency: 'EUR', ...body });
    const headers = Object.entries(sign ? signedHeaders(world.keys, text) : {}).map(([name, value]) => ({ name, value }));
    return refused(hub.HandleNotification({ channel_account_id: account, headers, body: Buffer.from(text) }));
  };
  const cases = [
    [{}, { sign: false }, 'NOTIFICATION_INVALID'],
    [{ merchant: 'someone-else' }, {}, 'NOTIFICATION_INVALID'],
    [{ state: 'NONSENSE' }, {}, 'NOTIFICATION_INVALID'],
    [{ fee_minor: 1251 }, {}, 'NOTIFICATION_INVALID'],
    [{ merchant_payment_id: 'pay_0000000000001' }, {}, 'PAYMENT_NOT_FOUND'],
    [{ amount_minor: 1249 }, {}, 'NOTIFICATION_MISMATCH'],
    [{ currency: 'USD' }, {}, 'NOTIFICATION_MISMATCH'],
    [{}, { account: 'chn_0000000000001' }, 'CHANNEL_ACCOUNT_NOT_FOUND'],
  ];
  for (const [body, how, reason] of cases) assert.equal((await notify(body, how)).reason, reason, JSON.stringify(body));
  assert.equal((await shop.payments.GetPayment({ payment_id: payment.payment_id })).payment.state, 'PAYMENT_STATE_PENDING');
});

test('books agree: held and sold stock is what orders say', () => {
  const difference = query(world, `
    SELECT COUNT(*) FROM bmt_product.stocks s
    WHERE s.held <> (SELECT COALESCE(SUM(h.quantity), 0) FROM bmt_product.stock_holds h WHERE h.sku_id = s.sku_id AND h.state = 1)
       OR s.sold <> (SELECT COALESCE(SUM(h.quantity), 0) FROM bmt_product.stock_holds h WHERE h.sku_id = s.sku_id AND h.state = 2)`);
  assert.equal(difference, '0');
});
