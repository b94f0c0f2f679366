// Disputes as finance staff and the shop see them: what opening and closing answer and move, repeats, lists, the CLI.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { givenFulfilledOrder, givenShop, givenSku } from './shop.js';
import { BIN, client, query, refused, requestId, startWorld, stopWorld, until, verify } from './world.js';

let world;
let shop;
let sku;
let finance; // finance staff of the shop
let merchant; // the shop itself
const id = () => ({ request_id: requestId() });
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop, { price: 1250 }));
  finance = client(world, 'settlement.SettlementService', world.adminKey, { business: shop.business.business_id });
  merchant = client(world, 'settlement.SettlementService', shop.key);
});
after(() => stopWorld(world));

const money = (amount, currency = 'EUR') => ({ amount_minor: String(amount), currency });
const request = (order, more = {}) => ({
  ...id(), order_id: order.order_id, line_no: 1, amount: money(500), channel_dispute: requestId('cd'), reason: 'the card was stolen', ...more,
});
const open = async (order, more) => (await finance.OpenDispute(request(order, more))).dispute;
const close = (dispute, outcome) => finance.CloseDispute({ ...id(), dispute_id: dispute.dispute_id, outcome: `DISPUTE_STATE_${outcome}`, reason: 'the channel says so' });
const held = async () => {
  const { balances } = await finance.ListAccountBalances({ kind: 'ACCOUNT_KIND_DISPUTES' });
  return balances.map(({ subject_id: account, balance_minor: balance }) => [account, balance]);
};

test('a dispute is held until it ends, once', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  const dispute = await open(order);
  assert.match(dispute.dispute_id, /^dsp_/);
  assert.deepEqual([dispute.order_id, dispute.line_no, dispute.state, dispute.amount, dispute.reason],
    [order.order_id, 1, 'DISPUTE_STATE_OPEN', money(500), 'the card was stolen']);
  assert.deepEqual(await held(), [[shop.account.channel_account_id, '500']]);
  const account = (await finance.GetTrialBalance({})).clearing_accounts.find(({ kind }) => kind === 'ACCOUNT_KIND_DISPUTES');
  assert.deepEqual([account.explained_minor, account.unexplained_minor, account.ages[0].items], ['500', '0', '1']);
  assert.equal((await merchant.ListClearings({ order_id: order.order_id })).clearings[0].disputed_minor, '500');

  const { dispute: lost } = await close(dispute, 'LOST');
  assert.deepEqual({ ...lost, update_time: null }, { ...dispute, state: 'DISPUTE_STATE_LOST', update_time: null });
  assert.deepEqual((await merchant.GetDispute({ dispute_id: dispute.dispute_id })).dispute, lost);
  assert.deepEqual(await held(), [[shop.account.channel_account_id, '0']]);
  const [line] = (await merchant.ListClearings({ order_id: order.order_id })).clearings;
  assert.deepEqual([line.disputed_minor, line.refunded_minor], ['0', '500']);
  for (const outcome of ['WON', 'LOST']) {
    const { reason, metadata } = await refused(close(dispute, outcome));
    assert.deepEqual([reason, metadata], ['DISPUTE_WRONG_STATE', { dispute: dispute.dispute_id, state: 'LOST', allowed: 'OPEN' }]);
  }
  assert.match(query(world, 'SELECT DISTINCT actor FROM bmt_settlement.dispute_events'), /^admin /);
  assert.equal(query(world, "SELECT note FROM bmt_settlement.transfers WHERE kind = 12"), 'the channel says so');
});

test('what is disputed is not refunded, and comes back when the dispute is won', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  const dispute = await open(order, { amount: money(1000) });
  const refund = (amount) => shop.orders.RefundOrder({ ...id(), order_id: order.order_id, amount: money(amount), reason: 'a test' });
  assert.deepEqual((await refused(refund(251))).metadata, { order: order.order_id, what: 'amount', left: '2.50 EUR' });
  await close(dispute, 'WON');
  assert.equal((await refund(1250)).refund.amount.amount_minor, '1250');
});

test('refunds and disputes at once never take more than was paid', async () => {
  const rounds = await Promise.all(Array.from({ length: 6 }, () => givenFulfilledOrder(shop, sku)));
  const taken = await Promise.all(rounds.map(async (order) => {
    const refund = shop.orders.RefundOrder({ ...id(), order_id: order.order_id, amount: money(600), reason: 'a test' });
    const all = await Promise.allSettled([open(order, { amount: money(400) }), refund, ...Array.from({ length: 3 }, () => open(order, { amount: money(400) }))]);
    const reasons = all.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.refusal?.reason);
    assert.deepEqual(reasons.filter((reason) => !['DISPUTE_TOO_LARGE', 'REFUND_TOO_LARGE'].includes(reason)), []);
    if (all[1].status === 'fulfilled') {
      const { refund_id } = all[1].value.refund;
      await until('the refund succeeded', async () => (await shop.orders.GetRefund({ refund_id })).refund.state === 'REFUND_STATE_SUCCEEDED');
    }
    const [line] = (await merchant.ListClearings({ order_id: order.order_id })).clearings;
    return Number(line.refunded_minor) + Number(line.disputed_minor);
  }));
  for (const sum of taken) assert.ok(sum === 1000 || sum === 1200, `${sum} of 1250 were taken`); // 600 and 400, or three times 400
  verify(world);
});

// Transfers of disputes: the lines of other orders may be cleared meanwhile.
const moved = () => query(world, 'SELECT COUNT(*) FROM bmt_settlement.transfers WHERE kind BETWEEN 10 AND 14');

test('repeated requests are answered as the first ones were, and move nothing again', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  const asked = request(order);
  const opened = await finance.OpenDispute(asked);
  const ending = { ...id(), dispute_id: opened.dispute.dispute_id, outcome: 'DISPUTE_STATE_WON', reason: 'x' };
  const closed = await finance.CloseDispute(ending);
  const before = moved();
  assert.deepEqual(await finance.OpenDispute(asked), opened);
  assert.deepEqual(await finance.CloseDispute(ending), closed);
  assert.equal((await refused(finance.OpenDispute({ ...asked, amount: money(501) }))).reason, 'REQUEST_ID_REUSED');
  assert.equal((await refused(finance.CloseDispute({ ...ending, outcome: 'DISPUTE_STATE_LOST' }))).reason, 'REQUEST_ID_REUSED');
  const { code, reason, metadata } = await refused(finance.OpenDispute(request(order, { channel_dispute: asked.channel_dispute })));
  assert.deepEqual([code, reason, metadata],
    ['ALREADY_EXISTS', 'DISPUTE_TAKEN', { channel_dispute: asked.channel_dispute, dispute: opened.dispute.dispute_id }]);
  assert.equal(moved(), before);
});

test('what the channel charges is told, and at most that comes back', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  const dispute = await open(order, { fee: money(1500) });
  assert.deepEqual([dispute.fee, dispute.fee_returned], [money(1500), null]);
  const ending = (back) => finance.CloseDispute({ ...id(), dispute_id: dispute.dispute_id, outcome: 'DISPUTE_STATE_WON', reason: 'x', fee_returned: back });
  const { reason, metadata } = await refused(ending(money(1501)));
  assert.deepEqual([reason, metadata], ['DISPUTE_FEE_TOO_LARGE', { dispute: dispute.dispute_id, fee: '15.00 EUR' }]);
  assert.equal((await refused(ending(money(1, 'USD')))).reason, 'CURRENCY_MISMATCH');
  const { dispute: won } = await ending(money(1500));
  assert.deepEqual([won.fee, won.fee_returned], [money(1500), money(1500)]);
  assert.deepEqual((await merchant.GetDispute({ dispute_id: dispute.dispute_id })).dispute, won);
  const free = await open(order);
  assert.deepEqual([free.fee, free.fee_returned], [null, null]);
  assert.equal((await refused(open(order, { fee: money(1, 'USD') }))).reason, 'CURRENCY_MISMATCH');
});

test('what is refused moves nothing', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  const dispute = await open(order);
  const before = moved();
  const { reason, metadata } = await refused(close(dispute, 'OPEN'));
  assert.deepEqual([reason, metadata], ['FIELD_MALFORMED', { field: 'outcome', expected: 'WON or LOST' }]);
  assert.deepEqual((await refused(open(order, { line_no: 2 }))).metadata, { order: order.order_id, line: '2' });
  assert.equal((await refused(merchant.OpenDispute(request(order)))).reason, 'ROLE_NOT_ALLOWED');
  assert.equal((await refused(merchant.CloseDispute({ ...id(), dispute_id: dispute.dispute_id, outcome: 'DISPUTE_STATE_WON', reason: 'x' }))).reason, 'ROLE_NOT_ALLOWED');
  assert.equal(moved(), before);
});

test('disputes are listed by order and state, page by page', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  const made = [];
  for (let i = 0; i < 3; i += 1) made.unshift((await open(order, { amount: money(i + 1) })).dispute_id);
  await close({ dispute_id: made[1] }, 'WON');
  const list = async (more) => (await merchant.ListDisputes({ order_id: order.order_id, ...more })).disputes.map((one) => one.dispute_id);
  assert.deepEqual(await list(), made);
  assert.deepEqual(await list({ state: 'DISPUTE_STATE_OPEN' }), [made[0], made[2]]);
  assert.deepEqual((await merchant.ListDisputes({ state: 'DISPUTE_STATE_OPEN', page_size: 2 })).disputes.map((one) => one.dispute_id), [made[0], made[2]]);
  const first = await merchant.ListDisputes({ order_id: order.order_id, page_size: 2 });
  assert.deepEqual(await list({ page_size: 2, page_token: first.next_page_token }), [made[2]]);
  assert.equal((await refused(merchant.ListDisputes({ page_size: 2, page_token: first.next_page_token }))).reason, 'PAGE_TOKEN_INVALID');
});

test('bmtctl opens and closes disputes with a reason and a confirmation', async () => {
  const env = {
    ...process.env, ASAN_OPTIONS: 'detect_leaks=0', BMT_ADDRESS: `127.0.0.1:${world.port}`, BMT_API_KEY: world.adminKey,
    BMT_BUSINESS: shop.business.business_id, BMT_CONFIG: join(world.folder, 'contexts.json'),
  };
  const ctl = (...words) => spawnSync(join(dirname(BIN), 'clients/bmtctl'), ['dispute', ...words], { encoding: 'utf8', timeout: 20000, env });
  const order = await givenFulfilledOrder(shop, sku);
  const opening = ['open', order.order_id, '--line-no', '1', '--amount', '5.00 EUR', '--channel-dispute', 'cd-ctl', '--reason', 'stolen', '--fee', '15.00 EUR'];
  assert.equal(ctl(...opening).status, 2);
  const opened = ctl(...opening, '--yes', '-o', 'json');
  assert.equal(opened.status, 0, opened.stderr);
  const dispute = /dsp_\w+/.exec(opened.stdout)[0];
  assert.match(ctl('list', '--order-id', order.order_id, '--state', 'OPEN').stdout, new RegExp(`${dispute}[^]*5\\.00 EUR`));
  const closed = ctl('close', dispute, '--outcome', 'LOST', '--reason', 'lost', '--fee-returned', '5.00 EUR', '--yes');
  assert.equal(closed.status, 0, closed.stderr);
  assert.match(ctl('get', dispute).stdout, /state +LOST/);
  assert.match(ctl('get', dispute).stdout, /15\.00 EUR[^]*5\.00 EUR/);
  assert.equal(ctl('close', dispute, '--outcome', 'WON', '--reason', 'x', '--yes').status, 5);
});
