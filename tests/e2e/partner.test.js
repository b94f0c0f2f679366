// Partners and split rules: what can be created, changed and ended, and what is refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { givenShop, givenSku } from './shop.js';
import { client, query, refused, requestId, startWorld, stopWorld } from './world.js';

let world;
let shop;
let settlement;
let other; // another business, which sees nothing of the shop's
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  settlement = client(world, 'settlement.SettlementService', shop.key);
  const otherShop = await givenShop(world);
  other = { ...otherShop, settlement: client(world, 'settlement.SettlementService', otherShop.key) };
});
after(() => stopWorld(world));

const id = () => ({ request_id: requestId() });
const reasonOf = async (promise) => (await refused(promise)).reason;
const refusalOf = async (promise) => {
  const { code, reason, metadata } = await refused(promise);
  return [code, reason, metadata];
};
const NOBODY = { partner: 'ptn_0000000000001', rule: 'spl_0000000000001', account: 'chn_0000000000001' };

const partnerRequest = (more = {}) => ({ ...id(), code: requestId('p'), title: 'A studio', currency: 'EUR', schedule: 'STATEMENT_SCHEDULE_MONTHLY', ...more });
const givenPartner = async (more, at = settlement) => (await at.CreatePartner(partnerRequest(more))).partner;

const share = (partner, value = 7000, more = {}) => ({ level: 1, partner_id: partner?.partner_id ?? '', kind: 'SPLIT_KIND_BASIS_POINTS', value, ...more });
const fixed = (partner, value, more = {}) => share(partner, value, { kind: 'SPLIT_KIND_FIXED', ...more });
const ruleRequest = (more = {}) => ({ ...id(), scope: 'SPLIT_SCOPE_BUSINESS', parts: [share()], ...more });
const givenRule = async (more, at = settlement) => (await at.CreateSplitRule(ruleRequest(more))).split_rule;
// Rules of a SKU of its own never meet those of other tests.
const ofNewSku = async () => ({ scope: 'SPLIT_SCOPE_SKU', sku_id: (await givenSku(shop)).sku.sku_id });

// So many seconds from now.
async function ahead(seconds) {
  const { now } = await client(world, 'sandbox.SandboxService', world.adminKey).GetClock({});
  return { seconds: String(Number(now.seconds) + seconds), nanos: 0 };
}

test('a partner is created, found again and listed', async () => {
  const partner = await givenPartner({
    code: 'studio', payout_channel_account_id: shop.account.channel_account_id, payout_account: 'studio-bank', time_zone: 'Europe/Berlin',
    cutoff_minutes: 360, threshold_minor: 5000, hold_back_s: 86400,
  });
  const { partner_id: partnerId, create_time: created, update_time: updated, payout_account_time: changed, period_end_time: end, ...rest } = partner;
  assert.match(partnerId, /^ptn_/);
  assert.deepEqual(rest, {
    code: 'studio', title: 'A studio', state: 'PARTNER_STATE_ACTIVE', currency: 'EUR', payout_channel_account_id: shop.account.channel_account_id,
    payout_account: 'studio-bank', schedule: 'STATEMENT_SCHEDULE_MONTHLY', time_zone: 'Europe/Berlin', cutoff_minutes: 360,
    threshold_minor: '5000', hold_back_s: 86400, etag: 'v1',
  });
  assert.deepEqual([updated, changed], [created, created]);
  assert.ok(Number(end.seconds) > Number(created.seconds));
  assert.deepEqual((await settlement.GetPartner({ partner_id: partnerId })).partner, partner);
  const { partners } = await settlement.ListPartners({});
  assert.deepEqual(partners.find(({ code }) => code === 'studio'), partner);
});

test('what a partner can do without is left out', async () => {
  const partner = await givenPartner({});
  assert.deepEqual([partner.time_zone, partner.payout_channel_account_id, partner.payout_account, partner.payout_account_time], ['UTC', '', '', null]);
  assert.deepEqual([partner.cutoff_minutes, partner.threshold_minor, partner.hold_back_s], [0, '0', 0]);
});

test('creating a partner is refused in the order of the contract', async () => {
  await givenPartner({ code: 'taken' });
  const create = (more) => settlement.CreatePartner(partnerRequest({ code: 'taken', ...more }));
  assert.deepEqual(await refusalOf(create({ time_zone: 'Mars/Olympus', payout_channel_account_id: NOBODY.account })),
    ['INVALID_ARGUMENT', 'FIELD_MALFORMED', { field: 'time_zone', expected: 'a time zone of the IANA database' }]);
  for (const account of [NOBODY.account, other.account.channel_account_id]) {
    assert.deepEqual(await refusalOf(create({ payout_channel_account_id: account })), ['NOT_FOUND', 'CHANNEL_ACCOUNT_NOT_FOUND', { channel_account: account }]);
  }
  assert.deepEqual(await refusalOf(create({})), ['ALREADY_EXISTS', 'PARTNER_CODE_TAKEN', { code: 'taken' }]);
  assert.equal((await givenPartner({ code: 'taken' }, other.settlement)).code, 'taken');
});

test('of partners created at once with one code one is created', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 12 }, () => settlement.CreatePartner(partnerRequest({ code: 'race' }))));
  assert.deepEqual(asked.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.refusal.reason), Array(11).fill('PARTNER_CODE_TAKEN'));
});

test('a repeated request is answered as the first one was', async () => {
  const partnerAsked = partnerRequest();
  const { partner } = await settlement.CreatePartner(partnerAsked);
  const updateAsked = { ...id(), partner_id: partner.partner_id, update_mask: { paths: ['title'] }, title: 'New' };
  const updated = await settlement.UpdatePartner(updateAsked);
  const ruleAsked = ruleRequest({ ...await ofNewSku(), parts: [share(partner)] });
  const created = await settlement.CreateSplitRule(ruleAsked);
  const endAsked = { ...id(), split_rule_id: created.split_rule.split_rule_id, to_time: await ahead(100) };
  const ended = await settlement.EndSplitRule(endAsked);
  assert.deepEqual(await settlement.CreatePartner(partnerAsked), { partner });
  assert.deepEqual(await settlement.UpdatePartner(updateAsked), updated);
  assert.deepEqual(await settlement.CreateSplitRule(ruleAsked), created);
  assert.deepEqual(await settlement.EndSplitRule(endAsked), ended);
  const changed = [
    settlement.CreatePartner({ ...partnerAsked, title: 'x' }), settlement.UpdatePartner({ ...updateAsked, title: 'x' }),
    // said before anything else is looked at
    settlement.CreateSplitRule({ ...ruleAsked, parts: [share(partner, 10001)] }), settlement.EndSplitRule({ ...endAsked, to_time: { seconds: '1' } }),
  ];
  for (const asked of changed) assert.equal(await reasonOf(asked), 'REQUEST_ID_REUSED');
});

test('an update changes the fields that it names', async () => {
  const old = await givenPartner({});
  const values = {
    title: 'New', payout_channel_account_id: shop.account.channel_account_id, payout_account: 'bank', schedule: 'STATEMENT_SCHEDULE_DAILY',
    time_zone: 'Asia/Shanghai', cutoff_minutes: 60, threshold_minor: '7', hold_back_s: 9, state: 'PARTNER_STATE_CLOSED',
  };
  let before_ = old;
  for (const [name, value] of Object.entries(values)) {
    const { partner } = await settlement.UpdatePartner({ ...id(), partner_id: old.partner_id, etag: before_.etag, ...values, update_mask: { paths: [name] } });
    const moved = ['etag', 'update_time', ...(name === 'payout_account' ? ['payout_account_time'] : []),
      ...(['schedule', 'time_zone', 'cutoff_minutes'].includes(name) ? ['period_end_time'] : [])];
    const expected = { ...before_, [name]: value };
    for (const field of moved) expected[field] = partner[field];
    assert.deepEqual(partner, expected, name);
    assert.notEqual(partner.etag, before_.etag);
    before_ = partner;
  }
  assert.deepEqual((await settlement.GetPartner({ partner_id: old.partner_id })).partner, before_);
  const { partner: cleared } = await settlement.UpdatePartner({
    ...id(), partner_id: old.partner_id, update_mask: { paths: ['payout_channel_account_id', 'time_zone', 'state', 'threshold_minor'] }, state: 'PARTNER_STATE_ACTIVE',
  });
  assert.deepEqual([cleared.payout_channel_account_id, cleared.time_zone, cleared.state, cleared.threshold_minor], ['', 'UTC', 'PARTNER_STATE_ACTIVE', '0']);
});

test('an update is refused in the order of the contract', async () => {
  const partner = await givenPartner({});
  const update = (more, at = settlement) => at.UpdatePartner({ ...id(), partner_id: partner.partner_id, update_mask: { paths: ['title', 'payout_channel_account_id'] },
    etag: 'v9', title: 'x', payout_channel_account_id: NOBODY.account, ...more });
  assert.equal((await refused(update({ time_zone: 'Mars/Olympus', update_mask: { paths: ['code'] } }))).metadata.field, 'time_zone');
  assert.deepEqual(await refusalOf(update({ update_mask: { paths: ['code'] } })), ['INVALID_ARGUMENT', 'FIELD_MASK_UNKNOWN', { path: 'code' }]);
  assert.equal((await refused(update({ update_mask: { paths: [] } }))).metadata.field, 'update_mask');
  for (const field of ['title', 'schedule', 'state']) {
    const found = await refused(update({ title: '', update_mask: { paths: [field] } }));
    assert.deepEqual([found.reason, found.metadata.field], ['FIELD_REQUIRED', field]);
  }
  assert.deepEqual(await refusalOf(update({ partner_id: NOBODY.partner })), ['NOT_FOUND', 'PARTNER_NOT_FOUND', { partner: NOBODY.partner }]);
  assert.deepEqual(await refusalOf(update({}, other.settlement)), ['NOT_FOUND', 'PARTNER_NOT_FOUND', { partner: partner.partner_id }]);
  assert.deepEqual(await refusalOf(update({})), ['ABORTED', 'ETAG_MISMATCH', { resource: 'partner' }]);
  assert.equal(await reasonOf(update({ etag: partner.etag })), 'CHANNEL_ACCOUNT_NOT_FOUND');
  assert.equal(await reasonOf(update({ etag: '', payout_channel_account_id: other.account.channel_account_id })), 'CHANNEL_ACCOUNT_NOT_FOUND');
  assert.deepEqual((await settlement.GetPartner({ partner_id: partner.partner_id })).partner, partner);
});

test('a rule is created, found again, listed and ended', async () => {
  const [studio, agent] = [await givenPartner({}), await givenPartner({ currency: 'JPY' })];
  const { spu, sku } = await givenSku(shop);
  const parts = [fixed(studio, 50), share(agent, 1000), share(null, 10000, { level: 2 })];
  const [from, to] = [await ahead(100), await ahead(200)];
  const rule = await givenRule({ scope: 'SPLIT_SCOPE_SKU', sku_id: sku.sku_id, parts, currency: 'EUR', remainder_partner_id: studio.partner_id, from_time: from, to_time: to });
  const { split_rule_id: ruleId, create_time: created, ...rest } = rule;
  assert.match(ruleId, /^spl_/);
  assert.ok(created);
  assert.deepEqual(rest, {
    scope: 'SPLIT_SCOPE_SKU', scope_id: sku.sku_id, parts: parts.map((part) => ({ ...part, value: String(part.value) })),
    remainder_partner_id: studio.partner_id, currency: 'EUR', from_time: from, to_time: to, etag: 'v1',
  });
  assert.deepEqual((await settlement.GetSplitRule({ split_rule_id: ruleId })).split_rule, rule);
  const { split_rules: listed } = await settlement.ListSplitRules({});
  assert.deepEqual(listed[0], rule);
  const sooner = await ahead(150);
  const { split_rule: ended } = await settlement.EndSplitRule({ ...id(), split_rule_id: ruleId, to_time: sooner });
  assert.deepEqual(ended, { ...rule, to_time: sooner, etag: 'v2' });
  assert.deepEqual((await settlement.GetSplitRule({ split_rule_id: ruleId })).split_rule, ended);

  const ofSpu = await givenRule({ scope: 'SPLIT_SCOPE_SPU', spu_id: spu.spu_id });
  assert.deepEqual([ofSpu.scope_id, ofSpu.from_time, ofSpu.to_time], [spu.spu_id, ofSpu.create_time, null]);
  const ofAll = await givenRule({}, other.settlement);
  assert.equal(ofAll.scope_id, other.business.business_id);
});

test('a rule names what its scope is for, and a currency for fixed parts alone', async () => {
  const { spu, sku } = await givenSku(shop);
  const cases = [
    [{ scope: 'SPLIT_SCOPE_SPU' }, 'FIELD_REQUIRED', 'spu_id'],
    [{ scope: 'SPLIT_SCOPE_SKU' }, 'FIELD_REQUIRED', 'sku_id'],
    [{ spu_id: spu.spu_id }, 'FIELD_MALFORMED', 'spu_id'],
    [{ sku_id: sku.sku_id }, 'FIELD_MALFORMED', 'sku_id'],
    [{ scope: 'SPLIT_SCOPE_SPU', spu_id: spu.spu_id, sku_id: sku.sku_id }, 'FIELD_MALFORMED', 'sku_id'],
    [{ scope: 'SPLIT_SCOPE_SKU', spu_id: spu.spu_id, sku_id: sku.sku_id }, 'FIELD_MALFORMED', 'spu_id'],
    [{ parts: [fixed(null, 5)] }, 'FIELD_REQUIRED', 'currency'],
    [{ currency: 'EUR' }, 'FIELD_MALFORMED', 'currency'],
    [{ parts: [share(null, 5, { level: 0 })] }, 'FIELD_REQUIRED', 'parts[0].level'],
    [{ parts: [share(null, 5), share(null, 5, { level: 9 })] }, 'FIELD_OUT_OF_RANGE', 'parts[1].level'],
    [{ parts: [share(null, 0)] }, 'FIELD_REQUIRED', 'parts[0].value'],
    [{ parts: [share(null, -1)] }, 'FIELD_OUT_OF_RANGE', 'parts[0].value'],
    [{ parts: [share({ partner_id: sku.sku_id })] }, 'FIELD_MALFORMED', 'parts[0].partner_id'],
  ];
  for (const [more, reason, field] of cases) {
    const found = await refused(settlement.CreateSplitRule(ruleRequest(more)));
    assert.deepEqual([found.reason, found.metadata.field], [reason, field], JSON.stringify(more));
  }
});

test('creating a rule is refused in the order of the contract', async () => {
  const [partner, closed, foreign] = [await givenPartner({}), await givenPartner({}), await givenPartner({}, other.settlement)];
  await settlement.UpdatePartner({ ...id(), partner_id: closed.partner_id, update_mask: { paths: ['state'] }, state: 'PARTNER_STATE_CLOSED' });
  const { spu, sku } = await givenSku(shop);
  const { spu: foreignSpu, sku: foreignSku } = await givenSku(other);
  const present = await givenRule({ scope: 'SPLIT_SCOPE_SKU', sku_id: sku.sku_id, from_time: await ahead(100) });
  // Wrong in every way; each case mends what was named before.
  const wanted = { scope: 'SPLIT_SCOPE_SKU', sku_id: foreignSku.sku_id, from_time: { seconds: '0' }, to_time: { seconds: '-5' }, currency: 'USD',
    parts: [fixed(partner, 10), share(closed, 6000), share(foreign, 6000)] };
  const cases = [
    [{}, 'INVALID_ARGUMENT', 'SPLIT_RATIO', { level: '1' }],
    [{ parts: [fixed(partner, 10), share(closed, 6000), share(foreign, 4000)] }, 'NOT_FOUND', 'PARTNER_NOT_FOUND', { partner: foreign.partner_id }],
    [{ parts: [fixed(partner, 10), share(closed, 6000)], remainder_partner_id: NOBODY.partner }, 'NOT_FOUND', 'PARTNER_NOT_FOUND', { partner: NOBODY.partner }],
    [{ remainder_partner_id: partner.partner_id }, 'FAILED_PRECONDITION', 'PARTNER_WRONG_STATE', { partner: closed.partner_id, state: 'CLOSED', allowed: 'ACTIVE' }],
    [{ parts: [fixed(partner, 10)] }, 'INVALID_ARGUMENT', 'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }],
    [{ currency: 'EUR' }, 'NOT_FOUND', 'SKU_NOT_FOUND', { sku: foreignSku.sku_id }],
    [{ scope: 'SPLIT_SCOPE_SPU', sku_id: '', spu_id: foreignSpu.spu_id }, 'NOT_FOUND', 'SPU_NOT_FOUND', { spu: foreignSpu.spu_id }],
    [{ scope: 'SPLIT_SCOPE_SKU', sku_id: sku.sku_id, spu_id: '' }, 'FAILED_PRECONDITION', 'SPLIT_RULE_PAST', { field: 'from_time' }],
    [{ from_time: await ahead(50) }, 'FAILED_PRECONDITION', 'SPLIT_RULE_PAST', { field: 'to_time' }],
    [{ to_time: await ahead(101) }, 'FAILED_PRECONDITION', 'SPLIT_RULE_OVERLAP', { split_rule: present.split_rule_id }],
  ];
  for (const [mended, code, reason, metadata] of cases) {
    Object.assign(wanted, mended);
    const found = await refused(settlement.CreateSplitRule(ruleRequest(wanted)));
    assert.deepEqual([found.code, found.reason], [code, reason], found.message);
    for (const [key, value] of Object.entries(metadata)) assert.equal(found.metadata[key], value);
  }
  await givenRule({ ...wanted, to_time: present.from_time });
  await givenRule({ scope: 'SPLIT_SCOPE_SPU', spu_id: spu.spu_id }); // another scope
  assert.equal(await reasonOf(settlement.CreateSplitRule(ruleRequest({ ...await ofNewSku(), from_time: { seconds: '0' } }))), 'SPLIT_RULE_PAST');
});

test('ending a rule is refused in the order of the contract', async () => {
  const from = await ahead(100);
  const rule = await givenRule({ ...await ofNewSku(), from_time: from, to_time: await ahead(200) });
  const end = (more, at = settlement) => at.EndSplitRule({ ...id(), split_rule_id: rule.split_rule_id, ...more });
  assert.deepEqual(await refusalOf(end({ split_rule_id: NOBODY.rule })), ['NOT_FOUND', 'SPLIT_RULE_NOT_FOUND', { split_rule: NOBODY.rule }]);
  assert.deepEqual(await refusalOf(end({}, other.settlement)), ['NOT_FOUND', 'SPLIT_RULE_NOT_FOUND', { split_rule: rule.split_rule_id }]);
  for (const time of [{ seconds: '0' }, await ahead(-5), from, null]) {
    assert.deepEqual(await refusalOf(end({ to_time: time })), ['FAILED_PRECONDITION', 'SPLIT_RULE_PAST', { field: 'to_time' }]);
  }
  assert.deepEqual(await refusalOf(end({ to_time: await ahead(300) })), ['FAILED_PRECONDITION', 'SPLIT_RULE_ENDED', { split_rule: rule.split_rule_id }]);
  assert.deepEqual((await settlement.GetSplitRule({ split_rule_id: rule.split_rule_id })).split_rule, rule);
});

test('a rule that has ended makes place for the next', async () => {
  const scope = await ofNewSku();
  const first = await givenRule(scope);
  assert.equal(await reasonOf(settlement.CreateSplitRule(ruleRequest(scope))), 'SPLIT_RULE_OVERLAP');
  const { split_rule: ended } = await settlement.EndSplitRule({ ...id(), split_rule_id: first.split_rule_id });
  const next = await givenRule({ ...scope, parts: [share(null, 1)] });
  assert.ok(next.from_time.seconds >= ended.to_time.seconds);
  assert.equal(await reasonOf(settlement.EndSplitRule({ ...id(), split_rule_id: first.split_rule_id, to_time: await ahead(50) })), 'SPLIT_RULE_ENDED');
});

test('of overlapping rules created at once one is created', async () => {
  const scope = await ofNewSku();
  const asked = await Promise.allSettled(Array.from({ length: 24 }, () => settlement.CreateSplitRule(ruleRequest(scope))));
  assert.deepEqual(asked.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.refusal.reason), Array(23).fill('SPLIT_RULE_OVERLAP'));
  assert.equal(query(world, `SELECT COUNT(*) FROM bmt_settlement.split_parts p JOIN bmt_settlement.split_rules r USING (rule_id)
    WHERE r.scope = 3 AND r.seq = 1 AND r.rule_id = (SELECT MAX(rule_id) FROM bmt_settlement.split_rules)`), '1');
});

test("another business's partners and rules are not there", async () => {
  const partner = await givenPartner({});
  const rule = await givenRule(await ofNewSku());
  assert.deepEqual(await refusalOf(other.settlement.GetPartner({ partner_id: partner.partner_id })), ['NOT_FOUND', 'PARTNER_NOT_FOUND', { partner: partner.partner_id }]);
  assert.deepEqual(await refusalOf(other.settlement.GetSplitRule({ split_rule_id: rule.split_rule_id })),
    ['NOT_FOUND', 'SPLIT_RULE_NOT_FOUND', { split_rule: rule.split_rule_id }]);
  assert.equal(await reasonOf(settlement.GetPartner({ partner_id: NOBODY.partner })), 'PARTNER_NOT_FOUND');
  assert.equal(await reasonOf(settlement.GetSplitRule({ split_rule_id: NOBODY.rule })), 'SPLIT_RULE_NOT_FOUND');
  const seen = [...(await other.settlement.ListPartners({})).partners, ...(await other.settlement.ListSplitRules({})).split_rules];
  assert.ok(!seen.some((one) => one.partner_id === partner.partner_id || one.split_rule_id === rule.split_rule_id));
});

test('lists go page by page, the newest first, and a token belongs to its query', async () => {
  const third = await givenShop(world);
  const at = client(world, 'settlement.SettlementService', third.key);
  const partners = [];
  const rules = [];
  for (let i = 0; i < 5; i += 1) {
    partners.unshift((await givenPartner({}, at)).partner_id);
    rules.unshift((await givenRule({ from_time: await ahead(1000 * (i + 1)), to_time: await ahead(1000 * (i + 1) + 10) }, at)).split_rule_id);
  }
  const pages = async (method, list, key) => {
    const first = await at[method]({ page_size: 3 });
    const second = await at[method]({ page_size: 3, page_token: first.next_page_token });
    assert.deepEqual([first[list].length, second[list].length, second.next_page_token], [3, 2, '']);
    assert.equal(await reasonOf(at[method]({ page_token: 'nonsense' })), 'PAGE_TOKEN_INVALID');
    assert.equal(await reasonOf(settlement[method]({ page_token: first.next_page_token })), 'PAGE_TOKEN_INVALID');
    return [...first[list], ...second[list]].map((one) => one[key]);
  };
  assert.deepEqual(await pages('ListPartners', 'partners', 'partner_id'), partners);
  assert.deepEqual(await pages('ListSplitRules', 'split_rules', 'split_rule_id'), rules);
  const { split_rules: listed } = await at.ListSplitRules({});
  assert.ok(listed.every(({ parts }) => parts.length === 1));
});
