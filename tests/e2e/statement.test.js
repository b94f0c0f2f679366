// Statements and payouts: a partner's shares from orders to his bank account, through the channel's faults, and back.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { givenFulfilledOrder, givenShop, givenSku } from './shop.js';
import { BIN, client, query, refused, requestId, startWorld, stopWorld, until } from './world.js';

const DAY_S = 86400;
let world;
let shop;
let sku;
let sandbox;
let partner;
let boss; // two persons who may approve
let clerk;
before(async () => {
  world = await startWorld({ settings: 'settlement: { payout_account_hold_s = 3600; one_approval_max_minor = 700; };' });
  shop = await givenShop(world);
  sandbox = client(world, 'sandbox.SandboxService', world.adminKey);
  boss = client(world, 'settlement.SettlementService', world.adminKey, { business: shop.business.business_id });
  const admin = client(world, 'business.BusinessService', world.adminKey);
  const issued = await admin.IssueApiKey({ ...id(), role: 'KEY_ROLE_FINANCE', label: 'the clerk' });
  clerk = client(world, 'settlement.SettlementService', issued.key, { business: shop.business.business_id });
  writeFileSync(`${world.folder}/studio-bank`, 'DE02120300000000202051\n', { mode: 0o600 });
  ({ sku } = await givenSku(shop, { price: 1000 }));
  ({ partner } = await boss.CreatePartner({ ...id(), code: 'studio', title: 'A studio', currency: 'EUR',
    payout_channel_account_id: shop.account.channel_account_id, payout_account: 'studio-bank', schedule: 'STATEMENT_SCHEDULE_DAILY',
    time_zone: 'Europe/Berlin', cutoff_minutes: 180 }));
  await boss.CreateSplitRule({ ...id(), scope: 'SPLIT_SCOPE_BUSINESS', parts: [
    { level: 1, partner_id: partner.partner_id, kind: 'SPLIT_KIND_BASIS_POINTS', value: 3000 }] });
});
after(() => stopWorld(world));
afterEach(() => world.channel.faults.clear());

const id = () => ({ request_id: requestId() });
const reasonOf = async (promise) => (await refused(promise)).reason;
const statementOf = async ({ statement_id: one }) => (await boss.GetStatement({ statement_id: one })).statement;
const payoutOf = async ({ payout_id: one }) => (await boss.GetPayout({ payout_id: one })).payout;
const statements = async () => (await boss.ListStatements({ partner_id: partner.partner_id })).statements;
const entriesOf = (order) => boss.ProveOrder({ order_id: order.order_id }).then(({ proofs }) => proofs, () => []);

// The partner has 3.00 EUR of each.
async function givenCleared(quantity = 1) {
  const order = await givenFulfilledOrder(shop, sku, { quantity });
  await shop.orders.ConfirmOrder({ ...id(), order_id: order.order_id });
  await until('the order is cleared', async () => (await entriesOf(order)).length === 1);
  return order;
}

// A day is over, and its statement closed by itself.
async function givenClosed() {
  const n = (await statements()).length;
  await sandbox.AdvanceClock({ ...id(), by: { seconds: DAY_S } });
  let found;
  await until('the day has its statement', async () => {
    found = await statements();
    return found.length > n && found[0].state === 'STATEMENT_STATE_CLOSED';
  });
  return found[0];
}

const approve = (statement, who = clerk) => who.ApproveStatement({ ...id(), statement_id: statement.statement_id, reason: 'checked' });
const pay = (statement) => clerk.PayStatement({ ...id(), statement_id: statement.statement_id, reason: 'due' });
async function givenApproved() {
  await givenCleared();
  const statement = await givenClosed();
  await approve(statement);
  return statement;
}

// Not in step with us: the channel lives in this process.
const ctl = (...args) => new Promise((resolve) => {
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', BMT_ADDRESS: `127.0.0.1:${world.port}`, BMT_API_KEY: world.adminKey, BMT_BUSINESS: shop.business.business_id };
  execFile(join(dirname(BIN), 'clients/bmtctl'), args, { env, timeout: 60000 }, (error, out, err) => resolve({ code: error?.code ?? 0, out, err }));
});

// RFC 6962, by a second hand.
const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
function rootBy({ leaf, index, tree_size: size, path }) {
  let hash = sha(Buffer.from([0]), leaf);
  let fn = Number(index);
  let sn = Number(size) - 1;
  for (const sibling of path) {
    if (fn % 2 === 1 || fn === sn) {
      hash = sha(Buffer.from([1]), sibling, hash);
      while (fn % 2 === 0 && fn !== 0) { fn >>= 1; sn >>= 1; }
    } else {
      hash = sha(Buffer.from([1]), hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn === 0 ? hash : null;
}

test('a day is closed by itself, approved by two, paid, and every order is in it once', async () => {
  const orders = [await givenCleared(), await givenCleared(), await givenCleared()];
  const statement = await givenClosed();
  assert.deepEqual([statement.entries, statement.total_minor, statement.approvals_needed], ['3', '900', 2]);
  for (const order of orders) {
    const [proof, ...more] = await entriesOf(order);
    assert.deepEqual([more.length, proof.entry.statement_id], [0, statement.statement_id]);
    assert.equal(proof.leaf.toString(), `${proof.entry.entry_id} ${partner.partner_id} ${order.order_id} 1 SALE EUR 300`);
    assert.deepEqual(rootBy(proof), statement.root);
  }
  assert.equal(await reasonOf(pay(statement)), 'STATEMENT_NOT_APPROVED');
  await approve(statement);
  assert.equal(await reasonOf(approve(statement)), 'STATEMENT_APPROVED_TWICE');
  assert.equal(await reasonOf(pay(statement)), 'STATEMENT_NOT_APPROVED');
  assert.equal((await approve(statement, boss)).approvals.length, 2);
  const paid = await pay(statement);
  assert.deepEqual([paid.payout.state, paid.statement.state, paid.payout.amount.amount_minor], ['PAYOUT_STATE_SUCCEEDED', 'STATEMENT_STATE_PAID', '900']);
  assert.match(paid.payout.channel_transaction, /^ct_/);
  assert.equal(await reasonOf(pay(statement)), 'PARTNER_STATEMENT_WRONG_STATE');
  assert.equal(world.channel.payouts.byMerchantId.get(paid.payout.payout_id).request.account, 'DE02120300000000202051');
});

test('closing a period again changes nothing', async () => {
  const [last] = await statements();
  const before = query(world, 'SELECT COUNT(*), SUM(version) FROM bmt_settlement.partner_statements');
  const again = await clerk.CloseStatement({ ...id(), partner_id: partner.partner_id, currency: 'EUR', to_time: last.to_time });
  assert.deepEqual(again.statement, last);
  assert.equal(query(world, 'SELECT COUNT(*), SUM(version) FROM bmt_settlement.partner_statements'), before);
  const { now } = await sandbox.GetClock({});
  const request = (seconds) => ({ ...id(), partner_id: partner.partner_id, currency: 'EUR', to_time: { seconds: String(seconds), nanos: 0 } });
  assert.equal(await reasonOf(clerk.CloseStatement(request(Number(now.seconds) + 60))), 'PERIOD_NOT_OVER');
  assert.equal(await reasonOf(clerk.CloseStatement(request(Number(last.to_time.seconds) - 1))), 'PERIOD_CLOSED');
});

test('a refund after the payout is clawed back on the next statement, which names the payout', async () => {
  const order = await givenCleared(2);
  const statement = await givenClosed();
  await approve(statement);
  const { payout } = await pay(statement);
  await shop.orders.RefundOrder({ ...id(), order_id: order.order_id, lines: [{ line_no: 1, quantity: 1 }], reason: 'a half' });
  const back = (await entriesOf(order)).map(({ entry }) => entry).find(({ kind }) => kind === 'ENTRY_KIND_REVERSAL');
  assert.deepEqual([back.amount_minor, back.claw_back_payout_id], ['-300', payout.payout_id]);
  const negative = await givenClosed();
  assert.deepEqual([negative.total_minor, negative.approvals_needed], ['-300', 0]);
  assert.equal(await reasonOf(pay(negative)), 'STATEMENT_NOTHING_TO_PAY');
  await givenCleared(2);
  const next = await givenClosed();
  assert.deepEqual([next.carried_minor, next.carried_from_id, next.total_minor], ['-300', negative.statement_id, '300']);
  assert.equal((await statementOf(negative)).carried_to_id, next.statement_id);
});

test('a payout that fails is paid again; one that comes back, too', async () => {
  const statement = await givenApproved();
  world.channel.faults.add([{ op: 'payout', fault: 'refuse', reason: 'NAME_DIFFERS', times: 1 }]);
  const failed = await pay(statement);
  assert.deepEqual([failed.payout.state, failed.payout.failure, failed.statement.state], ['PAYOUT_STATE_FAILED', 'NAME_DIFFERS', 'STATEMENT_STATE_FAILED']);
  const paid = await pay(statement);
  assert.equal(paid.payout.state, 'PAYOUT_STATE_SUCCEEDED');
  world.channel.payouts.comeBack(paid.payout.payout_id, 'NO_SUCH_PERSON');
  const returned = await clerk.QueryPayout({ ...id(), payout_id: paid.payout.payout_id });
  assert.deepEqual([returned.payout.state, returned.payout.failure], ['PAYOUT_STATE_RETURNED', 'NO_SUCH_PERSON']);
  assert.equal((await statementOf(statement)).state, 'STATEMENT_STATE_FAILED');
  assert.equal((await pay(statement)).statement.state, 'STATEMENT_STATE_PAID');
});

test('a payout whose answer is lost is UNKNOWN until it is found, and is paid once', async () => {
  const statement = await givenApproved();
  world.channel.faults.add([{ op: 'payout', fault: 'lost_reply' }, { op: 'query_payout', fault: 'error_500', times: 1000 }]);
  const { payout } = await pay(statement);
  assert.equal(payout.state, 'PAYOUT_STATE_UNKNOWN');
  assert.equal(await reasonOf(pay(statement)), 'PARTNER_STATEMENT_WRONG_STATE');
  assert.equal(await reasonOf(clerk.QueryPayout({ ...id(), payout_id: payout.payout_id })), 'CHANNEL_UNAVAILABLE');
  assert.equal((await payoutOf(payout)).state, 'PAYOUT_STATE_UNKNOWN');
  world.channel.faults.clear();
  await sandbox.AdvanceClock({ ...id(), by: { seconds: 7200 } });
  await until('the timer has found it', async () => (await payoutOf(payout)).state === 'PAYOUT_STATE_SUCCEEDED');
  assert.equal((await statementOf(statement)).state, 'STATEMENT_STATE_PAID');
  assert.equal([...world.channel.payouts.byMerchantId.values()].filter(({ request }) => request.merchant_payout_id === payout.payout_id).length, 1);
});

test('a payout that the channel never heard of is asked for again', async () => {
  const statement = await givenApproved();
  world.channel.faults.add([{ op: 'payout', fault: 'error_500' }, { op: 'query_payout', fault: 'error_500', times: 1000 }]);
  const { payout } = await pay(statement);
  assert.equal(payout.state, 'PAYOUT_STATE_UNKNOWN');
  world.channel.payouts.byMerchantId.delete(payout.payout_id); // as if it had never come
  world.channel.faults.clear();
  await sandbox.AdvanceClock({ ...id(), by: { seconds: 7200 } });
  await until('the timer has asked for it', async () => (await payoutOf(payout)).state === 'PAYOUT_STATE_SUCCEEDED');
});

test('other businesses see nothing, and what is not there is not found', async () => {
  const [statement] = await statements();
  const stranger = await givenShop(world);
  const theirs = client(world, 'settlement.SettlementService', stranger.key);
  assert.equal(await reasonOf(theirs.GetStatement({ statement_id: statement.statement_id })), 'PARTNER_STATEMENT_NOT_FOUND');
  assert.equal(await reasonOf(theirs.GetPayout({ payout_id: 'pyo_0000000000001' })), 'PAYOUT_NOT_FOUND');
  assert.equal(await reasonOf(theirs.ProveOrder({ order_id: 'ord_0000000000001' })), 'CLEARING_NOT_FOUND');
  assert.deepEqual([(await theirs.ListStatements({})).statements, (await theirs.ListPayouts({})).payouts], [[], []]);
  const { payouts } = await boss.ListPayouts({ partner_id: partner.partner_id });
  assert.ok(payouts.length >= 5 && payouts.every(({ partner_id: whose }) => whose === partner.partner_id));
});

test('bmtctl closes, proves, approves and pays, and does not believe a row that was changed', async () => {
  const order = await givenCleared();
  const early = await ctl('statement', 'prove', order.order_id);
  assert.deepEqual([early.code, /in no statement yet/.test(early.out)], [1, true]);
  const { now } = await sandbox.GetClock({});
  await sandbox.AdvanceClock({ ...id(), by: { seconds: 2 } });
  const closed = await ctl('statement', 'close', partner.partner_id, '--currency', 'EUR', '--to-time', new Date((Number(now.seconds) + 1) * 1000).toISOString(), '-q');
  assert.equal(closed.code, 0, closed.err);
  const one = closed.out.trim().split('\n')[0];
  await until('it is gathered', async () => (await statementOf({ statement_id: one })).state === 'STATEMENT_STATE_CLOSED');
  const proven = await ctl('statement', 'prove', order.order_id);
  assert.deepEqual([proven.code, proven.out.includes(`300 EUR  proven to be in ${one}`)], [0, true], proven.out + proven.err);
  const [head, line, ...more] = (await ctl('statement', 'export', one)).out.trim().split('\n');
  assert.deepEqual([head.split(',').slice(1, 6), line.split(',').slice(1, 6), more], [
    ['order_id', 'line_no', 'kind', 'currency', 'amount_minor'], [order.order_id, '1', 'ENTRY_KIND_SALE', 'EUR', '300'], []]);
  const file = JSON.parse((await ctl('statement', 'export', one, '--format', 'json')).out);
  assert.equal((await ctl('statement', 'export', one, '--format', 'xml')).code, 2);
  assert.deepEqual([file.statement.statement_id, file.entries.length, file.entries[0].order_id], [one, 1, order.order_id]);
  const lines = await ctl('statement', 'lines', partner.partner_id, '--currency', 'EUR', '--statement-id', one, '-o', 'json');
  assert.equal(JSON.parse(lines.out).entries.length, 1, lines.err);
  const where = `WHERE statement_id = ${query(world, 'SELECT MAX(statement_id) FROM bmt_settlement.partner_statements')}`;
  query(world, `UPDATE bmt_settlement.clearing_entries SET amount_minor = 301 ${where}; SELECT 1`);
  const denied = await ctl('statement', 'prove', order.order_id);
  assert.deepEqual([denied.code, /NOT PROVEN/.test(denied.out)], [1, true], denied.out);
  query(world, `UPDATE bmt_settlement.clearing_entries SET amount_minor = 300 ${where}; SELECT 1`);
  assert.equal((await ctl('statement', 'approve', one)).code, 2); // without a reason
  assert.equal((await ctl('statement', 'approve', one, '--reason', 'checked', '--yes')).code, 0);
  const paid = await ctl('statement', 'pay', one, '--reason', 'due', '--yes', '-o', 'json');
  assert.equal(JSON.parse(paid.out).payout.state, 'PAYOUT_STATE_SUCCEEDED', paid.err);
  const payout = JSON.parse(paid.out).payout.payout_id;
  assert.deepEqual([(await ctl('payout', 'get', payout)).code, (await ctl('payout', 'query', payout)).code, (await ctl('payout', 'list', '-q')).out.split('\n')[0]], [0, 0, payout]);
  assert.deepEqual([(await ctl('statement', 'get', one)).code, (await ctl('statement', 'list', '-q')).out.split('\n')[0]], [0, one]);
});

test('after all of it what the partner is owed is what his open statements and entries say', () => {
  const owed = query(world, 'SELECT COALESCE(SUM(credit_minor - debit_minor), 0) FROM bmt_settlement.account_days WHERE account = 3');
  const open = query(world, `SELECT (SELECT COALESCE(SUM(amount_minor), 0) FROM bmt_settlement.clearing_entries)
    - (SELECT COALESCE(SUM(amount_minor), 0) FROM bmt_settlement.payouts WHERE state = 3)`);
  assert.equal(owed, open);
  assert.equal(query(world, 'SELECT COALESCE(SUM(debit_minor - credit_minor), 0) FROM bmt_settlement.account_days WHERE account = 10'), '0');
});

test('an export has all lines of a statement that is longer than a page', async () => {
  await Promise.all(Array.from({ length: 450 }, () => boss.CreateAdjustment({ ...id(), kind: 'ADJUSTMENT_KIND_PARTNER_CREDIT',
    partner_id: partner.partner_id, amount: { amount_minor: 1, currency: 'EUR' }, reason: 'many lines' })));
  const statement = await givenClosed();
  const { code, out, err } = await ctl('statement', 'export', statement.statement_id);
  assert.deepEqual([code, out.trim().split('\n').length, new Set(out.split('\n')).size], [0, 451, 452], err); // the head; and, not trimmed, the end
});
