// Reading the books: how lines were divided, accounts now and at a time, postings, transfers, the trial balance.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { givenFulfilledOrder, givenShop, givenSku } from './shop.js';
import { BIN, client, refused, requestId, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let settlement;
let other; // another business, which sees nothing of the shop's
let studio;
let sku;
const id = () => ({ request_id: requestId() });
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  settlement = client(world, 'settlement.SettlementService', shop.key);
  other = client(world, 'settlement.SettlementService', (await givenShop(world)).key);
  ({ sku } = await givenSku(shop));
  studio = (await settlement.CreatePartner({ ...id(), code: 'studio', title: 'A <b>studio</b> & "sons"', currency: 'EUR', schedule: 'STATEMENT_SCHEDULE_MONTHLY' })).partner;
  await settlement.CreateSplitRule({
    ...id(), scope: 'SPLIT_SCOPE_BUSINESS', parts: [{ level: 1, partner_id: studio.partner_id, kind: 'SPLIT_KIND_BASIS_POINTS', value: 3000 }],
  });
});
after(() => stopWorld(world));

const NOTHING = { order: 'ord_0000000000001', transfer: 'trf_0000000000001', partner: 'ptn_0000000000001' };
const refusalOf = async (promise) => {
  const { code, reason, metadata } = await refused(promise);
  return [code, reason, metadata];
};
const linesOf = async (order) => (await settlement.ListClearings({ order_id: order.order_id })).clearings;
const balances = async (request = {}, at = settlement) => Object.fromEntries((await at.ListAccountBalances({ page_size: 200, ...request })).balances
  .map((one) => [one.kind.replace('ACCOUNT_KIND_', ''), one.balance_minor]));
const now = async () => (await client(world, 'sandbox.SandboxService', world.adminKey).GetClock({})).now;
const advance = (seconds) => client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ ...id(), by: { seconds: String(seconds), nanos: 0 } });
const cleared = (order) => until('the line is cleared', async () => (await linesOf(order))[0].state === 'CLEARING_STATE_CLEARED');

async function givenCleared(more = {}) {
  const order = await givenFulfilledOrder(shop, sku, more);
  await shop.orders.ConfirmOrder({ ...id(), order_id: order.order_id });
  await cleared(order);
  return order;
}

// Runs bmtctl with the shop's key.
function ctl(...args) {
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', BMT_ADDRESS: `127.0.0.1:${world.port}`, BMT_API_KEY: shop.key, BMT_CONFIG: join(world.folder, 'contexts.json') };
  const done = spawnSync(join(dirname(BIN), 'clients/bmtctl'), args, { encoding: 'utf8', timeout: 20000, env });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

test('a line tells how it was divided, before and after', async () => {
  world.channel.fees.set({ basis_points: 400 });
  const order = await givenFulfilledOrder(shop, sku, { quantity: 2 });
  world.channel.fees.set({});
  const [waiting] = await linesOf(order);
  assert.deepEqual([waiting.state, waiting.clear_time, waiting.entries, waiting.platform_minor], ['CLEARING_STATE_PENDING', null, [], '0']);
  await shop.orders.ConfirmOrder({ ...id(), order_id: order.order_id });
  await cleared(order);
  const [{ sale_time: sold, clear_time: at, entries: [{ create_time: made, payable_time: payable, entry_id: entryId, ...entry }], ...line }] = await linesOf(order);
  assert.match(line.split_rule_id, /^spl_/);
  assert.match(entryId, /^ent_/);
  assert.deepEqual([line.order_id, line.line_no, line.sku_id, line.amount.amount_minor, line.fee_minor, line.refunded_minor, line.platform_minor],
    [order.order_id, 1, sku.sku_id, '2500', '100', '0', '1680']);
  assert.deepEqual(entry, {
    partner_id: studio.partner_id, order_id: order.order_id, line_no: 1, kind: 'ENTRY_KIND_SALE', state: 'ENTRY_STATE_CLEARED', amount_minor: '720',
    currency: 'EUR', source_id: '', reverses_entry_id: '', claw_back_payout_id: '', statement_id: '',
  });
  assert.deepEqual([at, made], [made, payable]);
  assert.ok(Number(sold.seconds) <= Number(at.seconds));
});

test('the lines of an order and the entries of a partner come in pages', async () => {
  const second = await givenSku(shop);
  const { order } = await shop.orders.CreateOrder({ ...id(), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }, { sku_id: second.sku.sku_id, quantity: 1 }] });
  const { payment } = await shop.orders.PayOrder({ ...id(), order_id: order.order_id, channel_account_id: shop.account.channel_account_id });
  await fetch(payment.action.redirect_url, { method: 'POST', body: new URLSearchParams({ decision: 'pay' }) });
  await until('there are lines', () => linesOf(order).then(() => true, () => false));
  const first = await settlement.ListClearings({ order_id: order.order_id, page_size: 1 });
  const last = await settlement.ListClearings({ order_id: order.order_id, page_size: 1, page_token: first.next_page_token });
  assert.deepEqual([first.clearings[0].line_no, last.clearings[0].line_no, last.clearings.length, last.next_page_token], [1, 2, 1, '']);

  await givenCleared();
  const all = (await settlement.ListClearingEntries({ partner_id: studio.partner_id, currency: 'EUR' })).entries;
  assert.ok(all.length >= 2);
  const pages = [];
  for (let token = ''; ;) {
    const page = await settlement.ListClearingEntries({ partner_id: studio.partner_id, currency: 'EUR', page_size: 1, page_token: token });
    assert.equal(page.entries.length, 1);
    pages.push(...page.entries);
    token = page.next_page_token;
    if (token === '') break;
  }
  assert.deepEqual(pages, all);
  assert.deepEqual((await settlement.ListClearingEntries({ partner_id: studio.partner_id, currency: 'USD' })).entries, []);
  assert.deepEqual((await settlement.ListClearingEntries({ partner_id: studio.partner_id, currency: 'EUR', statement_id: 'pst_0000000000001' })).entries, []);
  assert.equal((await refused(settlement.ListClearingEntries({ partner_id: studio.partner_id, currency: 'USD', page_token: first.next_page_token }))).reason, 'PAGE_TOKEN_INVALID');
});

test('a transfer is found by any of its postings, and adds up to nothing', async () => {
  const order = await givenCleared({ quantity: 3 });
  const { postings: [newest] } = await settlement.ListPostings({ kind: 'ACCOUNT_KIND_PARTNER_PAYABLE', subject_id: studio.partner_id, currency: 'EUR' });
  const { transfer } = await settlement.GetTransfer({ transfer_id: newest.transfer_id });
  assert.deepEqual([transfer.kind, transfer.source_id, transfer.source_no, transfer.note], ['TRANSFER_KIND_CLEARING', order.order_id, 1, '']);
  assert.equal(transfer.hash.length, 32);
  assert.deepEqual(transfer.postings.map((one) => [one.posting_no, one.kind.replace('ACCOUNT_KIND_', ''), one.subject_id, one.amount_minor, one.currency]), [
    [1, 'CUSTOMER_LIABILITY', '', '3750', 'EUR'], [2, 'PARTNER_PAYABLE', studio.partner_id, '-1125', 'EUR'], [3, 'PLATFORM_REVENUE', '', '-2625', 'EUR'],
  ]);
  assert.deepEqual(transfer.postings.find(({ kind }) => kind === newest.kind), newest);
});

test('postings of an account come newest first, in pages that add up to its balance', async () => {
  const asked = { kind: 'ACCOUNT_KIND_CHANNEL_RECEIVABLE', subject_id: shop.account.channel_account_id, currency: 'EUR' };
  await givenFulfilledOrder(shop, sku);
  const { postings: all } = await settlement.ListPostings({ ...asked, page_size: 200 });
  const pages = [];
  let token = '';
  do {
    const page = await settlement.ListPostings({ ...asked, page_size: 1, page_token: token });
    pages.push(...page.postings);
    token = page.next_page_token;
  } while (token !== '');
  assert.deepEqual(pages, all);
  assert.ok(all.length >= 4);
  const times = all.map(({ create_time: { seconds, nanos } }) => Number(seconds) * 1e9 + nanos);
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
  assert.equal(String(all.reduce((sum, { amount_minor: amount }) => sum + Number(amount), 0)), (await balances()).CHANNEL_RECEIVABLE);
  assert.deepEqual((await other.ListPostings(asked)).postings, []);
});

test('balances at a time are those of then, on a day before and inside the day', async () => {
  const then = await now();
  const old = await balances({ at_time: then });
  assert.deepEqual(old, await balances());
  await givenFulfilledOrder(shop, sku);
  await until('time has passed', async () => Number((await now()).seconds) > Number(then.seconds));
  const between = await now();
  await advance(86400);
  await givenFulfilledOrder(shop, sku, { quantity: 2 });
  const received = (found) => Number(found.CHANNEL_RECEIVABLE);
  assert.equal(received(await balances()), received(old) + 3750);
  assert.deepEqual(await balances({ at_time: then }), old); // what jobs have booked since is not of then
  assert.equal(received(await balances({ at_time: between })), received(old) + 1250);
  await until('time has passed', async () => Number((await now()).seconds) > Number(between.seconds) + 86401);
  assert.equal(received(await balances({ at_time: await now() })), received(old) + 3750);
  assert.deepEqual(await balances({ at_time: { seconds: '1', nanos: 0 } }), {});
});

test('balances come in pages, and of one kind', async () => {
  const { balances: all } = await settlement.ListAccountBalances({});
  const first = await settlement.ListAccountBalances({ page_size: 2 });
  const rest = await settlement.ListAccountBalances({ page_size: 200, page_token: first.next_page_token });
  assert.deepEqual([...first.balances, ...rest.balances], all);
  assert.deepEqual([first.balances.length, rest.next_page_token], [2, '']);
  assert.deepEqual(Object.keys(await balances({ kind: 'ACCOUNT_KIND_PARTNER_PAYABLE' })), ['PARTNER_PAYABLE']);
  for (const { debit_minor: debit, credit_minor: credit, balance_minor: balance } of all) assert.equal(Number(debit) - Number(credit), Number(balance));
});

test('the trial balance balances, and open lines explain what clearing accounts hold', async () => {
  world.channel.fees.set({ basis_points: 400 });
  const order = await givenFulfilledOrder(shop, sku, { quantity: 2 });
  world.channel.fees.set({});
  await shop.orders.RefundOrder({ ...id(), order_id: order.order_id, reason: 'a test', lines: [{ line_no: 1, quantity: 1 }] });
  const { currencies, clearing_accounts: accounts } = await settlement.GetTrialBalance({});
  assert.deepEqual(currencies.map(({ currency, is_balanced: balanced, debit_minor: debit, credit_minor: credit }) => [currency, balanced, debit === credit, Number(debit) > 0]),
    [['EUR', true, true, true]]);
  assert.deepEqual(accounts.map(({ kind, unexplained_minor: rest }) => [kind.replace('ACCOUNT_KIND_', ''), rest]),
    [['CHANNEL_RECEIVABLE', '0'], ['CUSTOMER_LIABILITY', '0'], ['CHANNEL_FEES', '0'], ['REFUNDS', '0']]);
  const [, liability, fees, refunds] = accounts;
  assert.deepEqual([fees.balance_minor, fees.subject_id, refunds.balance_minor], ['100', shop.account.channel_account_id, '1250']);
  assert.deepEqual([fees.ages, refunds.ages], [[{ age: '1d', amount_minor: '100', items: '1' }], [{ age: '1d', amount_minor: '1250', items: '1' }]]);
  assert.ok(liability.ages.some(({ age }) => age === '1d'));
  assert.equal(liability.ages.reduce((sum, { amount_minor: amount }) => sum + Number(amount), 0), Number(liability.balance_minor));
  assert.deepEqual(await other.GetTrialBalance({}), { currencies: [], clearing_accounts: [] });
});

test('what is not there is refused, and what is another business\'s is not there', async () => {
  const order = await givenCleared();
  const { postings: [{ transfer_id: transfer }] } = await settlement.ListPostings({ kind: 'ACCOUNT_KIND_CUSTOMER_LIABILITY', currency: 'EUR' });
  for (const [at, orderId] of [[settlement, NOTHING.order], [other, order.order_id]]) {
    assert.deepEqual(await refusalOf(at.ListClearings({ order_id: orderId })), ['NOT_FOUND', 'CLEARING_NOT_FOUND', { order: orderId }]);
  }
  for (const [at, transferId] of [[settlement, NOTHING.transfer], [other, transfer]]) {
    assert.deepEqual(await refusalOf(at.GetTransfer({ transfer_id: transferId })), ['NOT_FOUND', 'TRANSFER_NOT_FOUND', { transfer: transferId }]);
  }
  for (const [at, partner] of [[settlement, NOTHING.partner], [other, studio.partner_id]]) {
    assert.deepEqual(await refusalOf(at.ListClearingEntries({ partner_id: partner, currency: 'EUR' })), ['NOT_FOUND', 'PARTNER_NOT_FOUND', { partner }]);
  }
  assert.deepEqual(await balances({}, other), {});
});

test('the subject of an account must go with its kind', async () => {
  const list = (kind, subject) => refusalOf(settlement.ListPostings({ kind: `ACCOUNT_KIND_${kind}`, subject_id: subject, currency: 'EUR' }));
  assert.deepEqual(await list('CHANNEL_FEES', ''), ['INVALID_ARGUMENT', 'FIELD_REQUIRED', { field: 'subject_id' }]);
  assert.deepEqual(await list('CHANNEL_FEES', studio.partner_id), ['INVALID_ARGUMENT', 'FIELD_MALFORMED', { field: 'subject_id', expected: 'an id of a channel account' }]);
  assert.deepEqual(await list('PARTNER_PAYABLE', 'x'), ['INVALID_ARGUMENT', 'FIELD_MALFORMED', { field: 'subject_id', expected: 'an id of a partner' }]);
  assert.deepEqual(await list('REFUNDS', studio.partner_id), ['INVALID_ARGUMENT', 'FIELD_MALFORMED', { field: 'subject_id', expected: 'empty for this kind' }]);
});

test('bmtctl shows the books to people and to programs', async () => {
  const order = await givenCleared({ quantity: 3 });
  const { postings: [newest] } = await settlement.ListPostings({ kind: 'ACCOUNT_KIND_PARTNER_PAYABLE', subject_id: studio.partner_id, currency: 'EUR' });
  const shown = (...args) => {
    const done = ctl(...args);
    assert.deepEqual([done.code, done.err.replace(/there are more: --page-token \S+\n/, '')], [0, '']);
    return done.out;
  };
  assert.match(shown('ledger', 'balances'), /PARTNER_PAYABLE +ptn_\w+ +0\.00 EUR +\d+\.\d\d EUR +-\d+\.\d\d EUR/);
  assert.match(shown('ledger', 'postings', 'PARTNER_PAYABLE', '--subject-id', studio.partner_id, '--currency', 'EUR'), /trf_\w+ +\d +PARTNER_PAYABLE +ptn_\w+ +-11\.25 EUR/);
  const transfer = shown('ledger', 'transfer', newest.transfer_id);
  assert.match(transfer, /kind +CLEARING/);
  assert.match(transfer, /CUSTOMER_LIABILITY +37\.50 EUR/);
  assert.match(transfer, /PLATFORM_REVENUE +-26\.25 EUR/);
  const trial = shown('ledger', 'trial-balance');
  assert.match(trial, /^\d+\.\d\d EUR +\d+\.\d\d EUR +true/m);
  assert.match(trial, /CUSTOMER_LIABILITY .* 0\.00 EUR +1d -\d+\.\d\d EUR \(\d+\)/);
  assert.match(shown('clearing', 'list', order.order_id), /CLEARED .* 37\.50 EUR +0\.00 EUR +0\.00 EUR +26\.25 EUR/);
  assert.match(shown('clearing', 'get', order.order_id), /26\.25 EUR[^]*ent_\w+ +ptn_\w+[^]*11\.25 EUR/);
  assert.match(shown('clearing', 'entries', studio.partner_id, '--currency', 'EUR'), /SALE +CLEARED +11\.25 EUR/);

  const told = JSON.parse(shown('ledger', 'transfer', newest.transfer_id, '-o', 'json')).transfer;
  const { transfer: kept } = await settlement.GetTransfer({ transfer_id: newest.transfer_id });
  assert.deepEqual([told.source_id, told.hash], [order.order_id, kept.hash.toString('base64')]);
  assert.ok(shown('ledger', 'balances', '-o', 'jsonl').trim().split('\n').map((line) => JSON.parse(line).kind).includes('ACCOUNT_KIND_PLATFORM_REVENUE'));
  assert.match(shown('clearing', 'get', order.order_id, '-o', 'yaml'), /platform_minor: "2625"/);
  assert.equal(shown('ledger', 'transfer', newest.transfer_id, '-q').trim(), newest.transfer_id);
  assert.deepEqual([ctl('ledger', 'transfer', NOTHING.transfer).code, ctl('clearing', 'get', NOTHING.order).code, ctl('ledger', 'postings', 'NONSENSE').code], [4, 4, 2]);
  assert.match(shown('help', 'ledger'), /trial-balance/);
  assert.match(shown('completion', 'bash'), /ledger\) words="balances postings transfer trial-balance report /);
});

const monthNow = async () => new Date(Number((await now()).seconds) * 1000).toISOString().slice(0, 7);

test('the report of a month adds up to the accounts', async () => {
  await givenCleared();
  // all that this world has ever booked: it may have begun in the month before
  const months = [new Date(Number((await now()).seconds) * 1000 - 31 * 86400000).toISOString().slice(0, 7), await monthNow()];
  const reports = await Promise.all([...new Set(months)].map((month) => settlement.GetMonthReport({ month })));
  const days = reports.flatMap((report) => report.days);
  const shares = reports.flatMap((report) => report.shares);
  const total = (name) => days.reduce((sum, day) => sum + Number(day[name]), 0);
  const { balances: accounts } = await settlement.ListAccountBalances({});
  const account = (kind) => accounts.find((one) => one.kind === `ACCOUNT_KIND_${kind}`);
  assert.ok(days.length >= 1);
  assert.deepEqual([total('gross_minor'), total('fee_minor'), total('refund_minor'), total('partner_minor'), total('platform_minor'), total('payout_minor')],
    [Number(account('CUSTOMER_LIABILITY').credit_minor), Number(account('CHANNEL_FEES').debit_minor), Number(account('REFUNDS').debit_minor),
      -Number(account('PARTNER_PAYABLE').balance_minor), -Number(account('PLATFORM_REVENUE').balance_minor), 0]);
  for (const share of shares) assert.deepEqual([share.partner_id, share.title, share.currency], [studio.partner_id, studio.title, 'EUR']);
  assert.equal(shares.reduce((sum, { amount_minor: amount }) => sum + Number(amount), 0), total('partner_minor'));
});

test('a report is of its month and business alone', async () => {
  assert.deepEqual((await settlement.GetMonthReport({ month: '2001-01' })).days, []);
  assert.deepEqual(await other.GetMonthReport({ month: await monthNow() }), { days: [], shares: [], clearing_accounts: [] });
  assert.deepEqual(await refusalOf(settlement.GetMonthReport({ month: '2026-13' })), ['INVALID_ARGUMENT', 'FIELD_MALFORMED', { field: 'month', expected: 'a month such as 2026-07' }]);
});

test('bmtctl draws a month, and writes it as a page of its own', async () => {
  const month = await monthNow();
  const path = join(world.folder, 'report.html');
  const { days } = await settlement.GetMonthReport({ month });
  const { code, out, err } = ctl('ledger', 'report', '--month', month, '--html', path);
  assert.deepEqual([code, err], [0, '']);
  const largest = Math.max(...days.map(({ gross_minor: gross }) => Number(gross)));
  for (const { date, gross_minor: gross } of days) {
    const bar = new RegExp(`^  ${date} +(#*) ?(\\d+\\.\\d\\d) EUR$`, 'm').exec(out);
    assert.deepEqual([bar[1].length, bar[2]], [Math.max(Math.floor(Number(gross) * 50 / largest), gross > 0 ? 1 : 0), (Number(gross) / 100).toFixed(2)]);
  }
  assert.ok(!out.includes('\x1b'));
  const page = readFileSync(path, 'utf8');
  assert.match(page, /^<!DOCTYPE html>/);
  assert.doesNotMatch(page, /<script|https?:|src=|href=|<b>/);
  assert.ok(page.includes('A &lt;b&gt;studio&lt;/b&gt; &amp; &quot;sons&quot;'));
  assert.equal(page.match(/<rect class="in" x=/g).length, days.filter(({ gross_minor: gross }) => gross > 0).length);
  assert.equal(page.match(/<rect class="back" x=/g).length, days.filter(({ refund_minor: back }) => back > 0).length);
  assert.match(page, /<th>refunds<\/th><th>lost disputes<\/th><th>their fees<\/th>/);
  for (const { date, gross_minor: gross } of days) assert.match(page, new RegExp(`<td>${date}</td><td>${(Number(gross) / 100).toFixed(2)} EUR</td>`));
  const open = []; // every element that is opened is closed, in order
  for (const [, end, name, self] of page.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
    if (end) assert.equal(open.pop(), name);
    else if (!self && name !== 'meta') open.push(name);
  }
  assert.deepEqual(open, []);
  assert.match(ctl('ledger', 'report', '--month', '2001-01').out, /nothing was moved/);
  assert.equal(ctl('ledger', 'report', '--month', month, '--html', '/nowhere/report.html').code, 1);
  assert.equal(JSON.parse(ctl('ledger', 'report', '--month', month, '-o', 'json').out).days.length, days.length);
});
