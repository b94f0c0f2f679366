// Payments that belong to no order: a charge of the business's own making, from its request to its end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decide, givenShop } from './shop.js';
import { client, refused, requestId, startWorld, stopWorld, until, verify } from './world.js';

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
  world.channel.faults.add([{ op: 'create', fault: 'lost_reply', times: 20 }]); // libcurl tries again where an idle connection breaks
  const payment = await create();
  world.channel.faults.clear();
  assert.equal(payment.state, 'PAYMENT_STATE_UNKNOWN');
  const found = await query(payment);
  assert.equal(found.state, 'PAYMENT_STATE_PENDING');
  await decide(found);
  assert.equal((await query(payment)).state, 'PAYMENT_STATE_SUCCEEDED');
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
