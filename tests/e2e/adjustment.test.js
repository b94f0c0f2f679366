// Money moved by hand: what each kind posts, what a partner's next statement will take of it, and what is refused.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { givenShop } from './shop.js';
import { BIN, client, query, refused, requestId, startWorld, stopWorld } from './world.js';

let world;
let shop;
let finance; // finance staff of the shop
let studio;
let other;
const id = () => ({ request_id: requestId() });
const givenStudio = async (at) => {
  const merchant = client(world, 'settlement.SettlementService', at.key);
  return (await merchant.CreatePartner({ ...id(), code: requestId('p'), title: 'A studio', currency: 'EUR', schedule: 'STATEMENT_SCHEDULE_MONTHLY' })).partner;
};
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  other = await givenShop(world);
  finance = client(world, 'settlement.SettlementService', world.adminKey, { business: shop.business.business_id });
  studio = await givenStudio(shop);
});
after(() => stopWorld(world));

const money = (amount, currency = 'EUR') => ({ amount_minor: String(amount), currency });
const request = (kind, more = {}) => ({ ...id(), kind: `ADJUSTMENT_KIND_${kind}`, amount: money(500), reason: 'a test', ...more });
const adjust = (...args) => finance.CreateAdjustment(request(...args));
const refusalOf = async (promise) => {
  const { code, reason, metadata } = await refused(promise);
  return [code, reason, metadata];
};
const shown = ({ postings }) => postings.map((one) => [one.kind.replace('ACCOUNT_KIND_', ''), one.subject_id, one.amount_minor, one.currency]);
const entries = async () => (await finance.ListClearingEntries({ partner_id: studio.partner_id, currency: 'EUR' })).entries;
const conversion = (more = {}) => ({ amount: money(10000), to_amount: money(10834, 'USD'), rate: '1.0834', ...more });

test('each kind is one transfer of its own', async () => {
  const partner = { partner_id: studio.partner_id };
  const channel = { channel_account_id: shop.account.channel_account_id };
  const cases = [
    ['PARTNER_CREDIT', partner, [['PLATFORM_REVENUE', '', '500', 'EUR'], ['PARTNER_PAYABLE', studio.partner_id, '-500', 'EUR']]],
    ['PARTNER_DEBIT', partner, [['PARTNER_PAYABLE', studio.partner_id, '500', 'EUR'], ['PLATFORM_REVENUE', '', '-500', 'EUR']]],
    ['PROMOTION', partner, [['PROMOTION_COST', '', '500', 'EUR'], ['PARTNER_PAYABLE', studio.partner_id, '-500', 'EUR']]],
    ['CHANNEL_PAID', channel, [['CASH', '', '500', 'EUR'], ['CHANNEL_RECEIVABLE', shop.account.channel_account_id, '-500', 'EUR']]],
    ['CONVERSION', conversion(), [['CONVERSION', '', '10000', 'EUR'], ['CASH', '', '-10000', 'EUR'], ['CASH', '', '10834', 'USD'], ['CONVERSION', '', '-10834', 'USD']]],
  ];
  for (const [kind, more, postings] of cases) {
    const { adjustment_id: adjustment, transfer } = await adjust(kind, more);
    assert.match(adjustment, /^adj_/);
    assert.deepEqual([transfer.kind, transfer.source_id, transfer.note], ['TRANSFER_KIND_ADJUSTMENT', adjustment, 'a test']);
    assert.deepEqual(shown(transfer), postings, kind);
    assert.deepEqual((await finance.GetTransfer({ transfer_id: transfer.transfer_id })).transfer, transfer);
  }
  assert.deepEqual((await finance.GetTrialBalance({})).currencies.map(({ currency, is_balanced: balanced }) => [currency, balanced]), [['EUR', true], ['USD', true]]);
  assert.match(query(world, 'SELECT DISTINCT actor FROM bmt_settlement.adjustments'), /^admin /);
});

test('what touches a partner is an entry that a statement takes', async () => {
  const before = await entries();
  const made = [];
  for (const kind of ['PARTNER_CREDIT', 'PARTNER_DEBIT', 'PROMOTION']) made.push((await adjust(kind, { partner_id: studio.partner_id, amount: money(70) })).adjustment_id);
  await adjust('CHANNEL_PAID', { channel_account_id: shop.account.channel_account_id });
  const added = (await entries()).slice(before.length);
  assert.deepEqual(added.map((one) => [one.kind, one.state, one.order_id, one.amount_minor, one.source_id]),
    ['70', '-70', '70'].map((amount, i) => ['ENTRY_KIND_ADJUSTMENT', 'ENTRY_STATE_CLEARED', '', amount, made[i]]));
});

test('a repeated request moves nothing again', async () => {
  const asked = request('PARTNER_CREDIT', { partner_id: studio.partner_id });
  const first = await finance.CreateAdjustment(asked);
  const n = (await entries()).length;
  assert.deepEqual(await finance.CreateAdjustment(asked), first);
  assert.equal((await entries()).length, n);
  assert.equal((await refused(finance.CreateAdjustment({ ...asked, amount: money(501) }))).reason, 'REQUEST_ID_REUSED');
});

test('adjusting is refused in the order of the contract, and then nothing is moved', async () => {
  const transfers = () => query(world, 'SELECT COUNT(*) FROM bmt_settlement.transfers');
  const before = transfers();
  const foreign = await givenStudio(other);
  const nobody = 'ptn_0000000000001';
  const empty = (field) => ['INVALID_ARGUMENT', 'FIELD_MALFORMED', { field, expected: 'empty for this kind' }];
  const required = (field) => ['INVALID_ARGUMENT', 'FIELD_REQUIRED', { field }];
  const cases = [
    ['PARTNER_CREDIT', {}, required('partner_id')],
    ['PROMOTION', { partner_id: studio.partner_id, channel_account_id: shop.account.channel_account_id }, empty('channel_account_id')],
    ['CHANNEL_PAID', {}, required('channel_account_id')],
    ['CHANNEL_PAID', { channel_account_id: shop.account.channel_account_id, rate: '1' }, empty('rate')],
    ['CONVERSION', { rate: '1' }, required('to_amount')],
    ['CONVERSION', conversion({ rate: '' }), required('rate')],
    ['CONVERSION', conversion({ partner_id: studio.partner_id }), empty('partner_id')],
    ['CONVERSION', conversion({ rate: 'cheap' }), ['INVALID_ARGUMENT', 'FIELD_MALFORMED', { field: 'rate', expected: 'a positive decimal such as 1.0834' }]],
    ['CONVERSION', conversion({ to_amount: money(10836, 'USD') }), ['INVALID_ARGUMENT', 'CONVERSION_RATE', { from: '100.00 EUR', to: '108.36 USD', rate: '1.0834' }]],
    ['CONVERSION', conversion({ to_amount: money(10834) }), ['INVALID_ARGUMENT', 'CONVERSION_RATE', { from: '100.00 EUR', to: '108.34 EUR', rate: '1.0834' }]],
    ['PARTNER_DEBIT', { partner_id: nobody }, ['NOT_FOUND', 'PARTNER_NOT_FOUND', { partner: nobody }]],
    ['PARTNER_DEBIT', { partner_id: foreign.partner_id }, ['NOT_FOUND', 'PARTNER_NOT_FOUND', { partner: foreign.partner_id }]],
    ['PARTNER_DEBIT', { partner_id: studio.partner_id, amount: money(5, 'USD') }, ['INVALID_ARGUMENT', 'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }]],
    ['CHANNEL_PAID', { channel_account_id: other.account.channel_account_id }, ['NOT_FOUND', 'CHANNEL_ACCOUNT_NOT_FOUND', { channel_account: other.account.channel_account_id }]],
  ];
  for (const [kind, more, expected] of cases) assert.deepEqual(await refusalOf(adjust(kind, more)), expected, `${kind} ${JSON.stringify(more)}`);
  const merchant = client(world, 'settlement.SettlementService', shop.key);
  assert.equal((await refused(merchant.CreateAdjustment(request('PARTNER_CREDIT', { partner_id: studio.partner_id })))).reason, 'ROLE_NOT_ALLOWED');
  assert.equal(transfers(), before);
});

test('bmtctl moves money with a reason and a confirmation', async () => {
  const env = {
    ...process.env, ASAN_OPTIONS: 'detect_leaks=0', BMT_ADDRESS: `127.0.0.1:${world.port}`, BMT_API_KEY: world.adminKey,
    BMT_BUSINESS: shop.business.business_id, BMT_CONFIG: join(world.folder, 'contexts.json'),
  };
  const ctl = (...more) => spawnSync(join(dirname(BIN), 'clients/bmtctl'),
    ['adjustment', 'create', 'PARTNER_CREDIT', '--partner-id', studio.partner_id, '--amount', '5.00 EUR', ...more], { encoding: 'utf8', timeout: 20000, env });
  const n = (await entries()).length;
  assert.deepEqual([ctl().status, ctl('--reason', 'goodwill').status], [2, 2]);
  assert.equal((await entries()).length, n);
  const done = ctl('--reason', 'goodwill', '--yes');
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /note +goodwill[^]*PARTNER_PAYABLE +-5\.00 EUR/);
  assert.equal((await entries()).length, n + 1);
});
