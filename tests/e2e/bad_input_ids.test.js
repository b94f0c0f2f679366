// Ids and page tokens: of the wrong kind, of nothing, of another business, of another query; for every method.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, expectNothingChanged, keyOf, servedMethods, validCall } from './bad_input.js';
import { documentedReasons, fieldRule, places } from './contract.js';
import { givenFullShop, idsOf, validCalls } from './valid_calls.js';
import { client, startWorld, stopWorld } from './world.js';

let world;
let full;
let others;
let table;
let served;
before(async () => {
  world = await startWorld();
  full = await givenFullShop(world);
  others = idsOf(await givenFullShop(world));
  table = validCalls(full);
  served = await servedMethods(world, full);
});
after(() => stopWorld(world));

const KINDS = {
  biz: 'BUSINESS', key: 'API_KEY', spu: 'SPU', sku: 'SKU', quo: 'QUOTE', ord: 'ORDER', rfd: 'REFUND', run: 'RUN', brk: 'BREAK', pay: 'PAYMENT',
  chn: 'CHANNEL_ACCOUNT', ptn: 'PARTNER', spl: 'SPLIT_RULE', lot: 'ENTITLEMENT', trf: 'TRANSFER', pst: 'PARTNER_STATEMENT', pyo: 'PAYOUT', dsp: 'DISPUTE', tpl: 'AGREEMENT_TEMPLATE',
};
const NOTHING = '0000000000001';

// Where the id names what is not there by what would belong to it.
const OTHERWISE = {
  'SettlementService.ListClearings order_id': 'CLEARING_NOT_FOUND',
  'SettlementService.ProveOrder order_id': 'CLEARING_NOT_FOUND',
  'SettlementService.OpenDispute order_id': 'CLEARING_NOT_FOUND',
};

// Where an id of nothing is no refusal, and what is answered instead.
const ANSWERED = {
  'OrderService.BatchGetOrders order_ids': (reply, id) => reply.missing_order_ids[0] === id,
  'PaymentHubService.ListPayments order_id': (reply) => reply.payments.length === 0,
  'ProductService.ListSkus spu_id': (reply) => reply.skus.length === 0,
  'ProductService.ListPriceVersions sku_id': (reply) => reply.price_versions.length === 0,
  'ProductService.ListEntitlements spu_id': (reply) => reply.lots.length === 0,
  'ProductService.CheckEntitlement spu_id': (reply) => reply.is_entitled === false,
  'SettlementService.ListStatements partner_id': (reply) => reply.statements.length === 0,
  'SettlementService.ListDisputes order_id': (reply) => reply.disputes.length === 0,
  'SettlementService.ListPayouts partner_id': (reply) => reply.payouts.length === 0,
  'SettlementService.ListClearingEntries statement_id': (reply) => reply.entries.length === 0,
};

// Called by a channel, without a business: whose account it is, the signature tells.
const OF_ANYONE = { 'PaymentHubService.HandleNotification channel_account_id': 'NOTIFICATION_INVALID' };

// Where an id is read only beside others, or not with others: the request around it.
const BESIDE = {
  'OrderService.CreateOrder quote_id': { lines: [], currency: '' },
  'OrderService.BatchCreateOrders orders[0].quote_id': { lines: [], currency: '' },
  'SettlementService.CreateSplitRule sku_id': { scope: 'SPLIT_SCOPE_SKU', spu_id: '' },
  'SettlementService.CreateAdjustment channel_account_id': { kind: 'ADJUSTMENT_KIND_CHANNEL_PAID', partner_id: '' },
  'SettlementService.UpdatePartner payout_channel_account_id': { update_mask: { paths: ['payout_channel_account_id'] } },
};

// Every id field of every served method, with the request around it.
const idPlaces = () => served.flatMap((method) => places(method.request, validCall(method, table))
  .filter(({ field }) => fieldRule(field).id)
  .map((place) => ({ ...place, method, name: `${keyOf(method)} ${place.path}`, kind: fieldRule(place.field).id })));

// The request with the id in the place, and what must be said beside it.
function requestWith({ method, field, path, set, name }, id) {
  const request = set(field.repeated ? [id] : id);
  const beside = BESIDE[name] ?? {};
  if (!path.includes('.')) return { ...request, ...beside };
  const [first] = path.split(/[[.]/);
  return method.request.fields[first].repeated ? { ...request, [first]: request[first].map((one) => ({ ...one, ...beside })) } : request;
}

// The refusal of the call, or of the entry where entries are answered one by one.
async function refusalOf(place, id) {
  const { refusal, reply } = await call(world, full, place.method, requestWith(place, id));
  if (!place.each || !reply) return { refusal, reply };
  const found = reply.results[0].refusal;
  return { reply, refusal: found && { ...found, metadata: Object.fromEntries(found.details.map(({ key, value }) => [key, value])) } };
}

test('an id of another kind, or no id, is refused in form', () => expectNothingChanged(world, async () => {
  for (const place of idPlaces()) {
    const wrong = [`${place.kind === 'biz' ? 'ord' : 'biz'}_${NOTHING}`, 'nonsense', `${place.kind}_`, `${place.kind}_${NOTHING}0`, `${place.kind}_000000000000u`];
    for (const id of wrong) {
      const { refusal } = await refusalOf(place, id);
      assert.equal(refusal?.reason, 'FIELD_MALFORMED', `${place.name}: ${id}`);
      assert.match(refusal.metadata.field, new RegExp(`${place.field.name}(\\[0\\])?$`), place.name);
    }
  }
}));

test('an id of nothing, and of another business, is not found', () => expectNothingChanged(world, async () => {
  for (const place of idPlaces()) {
    const { kind, name } = place;
    for (const id of [`${kind}_${NOTHING}`, others[kind]].filter(Boolean)) {
      const { refusal, reply } = await refusalOf(place, id);
      if (ANSWERED[name]) assert.ok(ANSWERED[name](reply, id), `${name}: ${refusal?.reason ?? JSON.stringify(reply)}`);
      if (ANSWERED[name]) continue;
      assert.ok(documentedReasons(place.method).includes(refusal?.reason) || place.each, `${name}: the comment does not name ${refusal?.reason}`);
      assert.equal(refusal.reason, (id === others[kind] && OF_ANYONE[name]) || OTHERWISE[name] || `${KINDS[kind]}_NOT_FOUND`, `${name}: ${id}`);
    }
  }
}));

const lists = () => served.filter(({ request }) => request.fields.page_token);

test('a page token that is none is refused by every list', () => expectNothingChanged(world, async () => {
  for (const method of lists()) {
    assert.ok(documentedReasons(method).includes('PAGE_TOKEN_INVALID'), `${keyOf(method)}: the comment does not name it`);
    for (const token of ['nonsense', '!', 'A'.repeat(64), Buffer.from('{"id":1}').toString('base64')]) {
      const { refusal } = await call(world, full, method, { ...validCall(method, table), page_token: token });
      assert.equal(refusal?.reason, 'PAGE_TOKEN_INVALID', `${keyOf(method)}: ${token}`);
    }
  }
}));

test('a page token of another method, filter or business is refused by every list', () => expectNothingChanged(world, async () => {
  const { next_page_token: foreign } = await full.products.ListSpus({ page_size: 1 });
  const { next_page_token: ofKeys } = await full.businesses.ListApiKeys({ page_size: 1 });
  assert.ok(foreign && ofKeys);
  for (const method of lists()) {
    const token = method.name === 'ListSpus' ? ofKeys : foreign;
    const { refusal } = await call(world, full, method, { ...validCall(method, table), page_token: token });
    assert.equal(refusal?.reason, 'PAGE_TOKEN_INVALID', keyOf(method));
  }
  const other = client(world, 'product.ProductService', world.adminKey, { business: others.biz });
  await assert.rejects(other.ListSpus({ page_size: 1, page_token: foreign }), ({ refusal }) => refusal.reason === 'PAGE_TOKEN_INVALID');
  const { next_page_token: ofAll } = await full.products.ListSkus({ page_size: 1 });
  await assert.rejects(full.products.ListSkus({ page_size: 1, page_token: ofAll, spu_id: full.spu.spu_id }), ({ refusal }) => refusal.reason === 'PAGE_TOKEN_INVALID');
}));
