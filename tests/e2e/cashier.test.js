// What a cashier page needs: ways to pay in their order, agreements in its language, their acceptance with its proof, and
// PayOrder that waits for it; by a backend's key, and by a user's page through the gateway.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ConnectError } from '@connectrpc/connect';
import { expectNothingChanged } from './bad_input.js';
import { givenToken, page, startGateway } from './gateway.js';
import { beginPayment, decide, givenAgreement, givenFulfilledOrder, givenOrder, givenShop, givenSku, untilState } from './shop.js';
import { client, query, refused, requestId, startWorld, stopWorld } from './world.js';

let world;
let shop;
let hub; // staff's
let gateway;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  hub = client(world, 'payment.PaymentHubService', world.adminKey, { business: shop.business.business_id });
  gateway = await startGateway(world);
});
after(() => stopWorld(world));

const id = () => ({ request_id: requestId('cashier') });
const sha256 = (text) => createHash('sha256').update(text).digest();
const TERMS = 'Terms: what you agree to.';
const TERMS_ZH = '条款：您同意的内容。';

const accountAt = (code, more = {}) => hub.CreateChannelAccount({
  ...id(), code, channel: 'sandbox', title: `Sandbox ${code}`, merchant: shop.account.merchant, secret_name: 'sandbox-main',
  base_url: world.channel.url, notify_url: `${world.channel.url}/relay`, ...more,
}).then((reply) => reply.channel_account);

const codesFor = async (order, more = {}) => (await shop.payments.ListCashierChannels({ order_id: order.order_id, ...more })).channels.map(({ code }) => code);
const accept = (agreement, more = {}) => shop.payments.AcceptAgreement({ ...id(), agreement_template_id: agreement.agreement_template_id, user_id: 'u1', ...more });
const countOf = (table) => Number(query(world, `SELECT COUNT(*) FROM bmt_payment.${table}`));

test('a cashier offers the accounts that take the order, the one that the user has used last before all', async () => {
  const { sku } = await givenSku(shop);
  const order = await givenOrder(shop, sku);
  await accountAt('usd', { currencies: ['USD', 'JPY'] });
  await accountAt('large', { amount_min: 1251 });
  const small = await accountAt('small', { amount_max: 1250, currencies: ['EUR'], priority: 3 });
  const phone = await accountAt('phone', { platforms: ['CASHIER_PLATFORM_IOS', 'CASHIER_PLATFORM_ANDROID'], priority: 2 });
  assert.deepEqual([small.currencies, small.amount_max, small.platforms, phone.platforms],
    [['EUR'], '1250', [], ['CASHIER_PLATFORM_IOS', 'CASHIER_PLATFORM_ANDROID']]);
  assert.deepEqual(await codesFor(order), ['main', 'phone', 'small']);
  assert.deepEqual(await codesFor(order, { platform: 'CASHIER_PLATFORM_WEB' }), ['main', 'small']);
  assert.deepEqual(await codesFor(order, { platform: 'CASHIER_PLATFORM_IOS' }), ['main', 'phone', 'small']);

  const first = await shop.payments.ListCashierChannels({ order_id: order.order_id, page_size: 2 });
  const rest = await shop.payments.ListCashierChannels({ order_id: order.order_id, page_size: 2, page_token: first.next_page_token });
  assert.deepEqual([first, rest].map(({ channels }) => channels.map(({ code }) => code)), [['main', 'phone'], ['small']]);
  assert.equal(rest.next_page_token, '');
  assert.deepEqual(first.channels[0], {
    channel_account_id: shop.account.channel_account_id, channel: 'sandbox', title: 'Sandbox', is_preferred: false, code: 'main',
  });

  const earlier = await givenOrder(shop, sku);
  await decide((await beginPayment(shop, earlier, { channel_account_id: small.channel_account_id })).payment);
  await untilState(shop, earlier, 'FULFILLED');
  assert.deepEqual(await codesFor(order), ['small', 'main', 'phone']);
  assert.deepEqual(await codesFor(await givenOrder(shop, sku, { user: 'u2' })), ['main', 'phone', 'small']);
  assert.deepEqual(await codesFor(earlier), []); // it is paid

  await hub.UpdateChannelAccount({ ...id(), channel_account_id: small.channel_account_id, update_mask: { paths: ['state'] }, state: 'CHANNEL_ACCOUNT_STATE_DISABLED' });
  await hub.UpdateChannelAccount({ ...id(), channel_account_id: phone.channel_account_id, update_mask: { paths: ['currencies', 'platforms'] }, currencies: ['USD'] });
  assert.deepEqual(await codesFor(order), ['main']);
  const refusal = await refused(beginPayment(shop, order, { channel_account_id: phone.channel_account_id }));
  assert.deepEqual([refusal.code, refusal.reason, refusal.metadata.currency], ['FAILED_PRECONDITION', 'CHANNEL_UNSUITABLE', 'EUR']);
  const charge = { ...id(), user_id: 'u1', channel_account_id: phone.channel_account_id, amount: { amount_minor: 5, currency: 'EUR' } };
  assert.equal((await refused(shop.payments.CreatePayment(charge))).reason, 'CHANNEL_UNSUITABLE');
});

test('what an account takes is said once and makes sense', () => expectNothingChanged(world, async () => {
  const { channel_account_id } = shop.account;
  const update = (paths, more) => refused(hub.UpdateChannelAccount({ ...id(), channel_account_id, update_mask: { paths }, ...more }));
  const create = (more) => refused(accountAt('wrong', more));
  const cases = [
    [await create({ currencies: ['EUR', 'USD', 'EUR'] }), 'FIELD_DUPLICATE', 'currencies'],
    [await create({ amount_min: 5, amount_max: 4 }), 'FIELD_OUT_OF_RANGE', 'amount_max'],
    [await create({ platforms: ['CASHIER_PLATFORM_WEB', 'CASHIER_PLATFORM_UNSPECIFIED'] }), 'FIELD_REQUIRED', 'platforms'],
    [await update(['currencies'], { currencies: ['EUR', 'EUR'] }), 'FIELD_DUPLICATE', 'currencies'],
    [await update(['amount_min', 'amount_max'], { amount_min: 5, amount_max: 4 }), 'FIELD_OUT_OF_RANGE', 'amount_max'],
    [await update(['platforms'], { platforms: ['CASHIER_PLATFORM_UNSPECIFIED'] }), 'FIELD_REQUIRED', 'platforms'],
  ];
  for (const [{ reason, metadata }, expected, field] of cases) assert.deepEqual([reason, metadata.field], [expected, field]);
}));

test('an agreement has versions that never change, each in its languages, with the hash of each text', async () => {
  const code = requestId('versions').toLowerCase();
  const request = {
    ...id(), code, locale: 'en', title: 'Terms', text: TERMS, demand: 'AGREEMENT_DEMAND_SHOWN', translations: [{ locale: 'zh-CN', title: '条款', text: TERMS_ZH }],
  };
  const made = await shop.payments.CreateAgreementTemplate(request);
  const { agreement_template: first } = made;
  assert.deepEqual([first.version, first.locale, first.locales, first.text, first.demand], [1, 'en', ['en', 'zh-CN'], TERMS, 'AGREEMENT_DEMAND_SHOWN']);
  assert.deepEqual(first.text_sha256, sha256(TERMS));
  assert.deepEqual(await shop.payments.CreateAgreementTemplate(request), made);
  assert.equal((await refused(shop.payments.CreateAgreementTemplate({ ...request, text: 'x' }))).reason, 'REQUEST_ID_REUSED');
  const second = await givenAgreement(shop, { code, text: 'Newer terms.', demand: 'AGREEMENT_DEMAND_SHOWN' });
  assert.equal(second.version, 2);

  const list = async (more) => (await shop.payments.ListAgreementTemplates({ code, ...more })).agreement_templates;
  assert.deepEqual(await list(), [second, first]);
  const [, chinese] = await list({ locale: 'zh' });
  assert.deepEqual([chinese.locale, chinese.title, chinese.text, chinese.text_sha256], ['zh-CN', '条款', TERMS_ZH, sha256(TERMS_ZH)]);
  const { agreement_templates: one, next_page_token: next } = await shop.payments.ListAgreementTemplates({ code, page_size: 1 });
  assert.deepEqual([one, await list({ page_size: 1, page_token: next })], [[second], [first]]);
  await givenAgreement(shop, { code, demand: 'AGREEMENT_DEMAND_WITHDRAWN' });
});

test('what an agreement says, and what it goes with, is said once and is there', () => expectNothingChanged(world, async () => {
  const { sku } = { sku: { sku_id: 'sku_0000000000001' } };
  const text = (locale) => ({ locale, title: 'x', text: 'x' });
  const cases = [
    [{ translations: [text('zh'), text('ZH')] }, 'FIELD_DUPLICATE', { field: 'translations.locale', value: 'ZH' }],
    [{ translations: [text('en')] }, 'FIELD_DUPLICATE', { field: 'translations.locale', value: 'en' }],
    [{ sku_ids: [sku.sku_id, sku.sku_id] }, 'FIELD_DUPLICATE', { field: 'sku_ids', value: sku.sku_id }],
    [{ spu_ids: ['spu_0000000000001', 'spu_0000000000001'] }, 'FIELD_DUPLICATE', { field: 'spu_ids', value: 'spu_0000000000001' }],
    [{ sku_ids: [sku.sku_id] }, 'SKU_NOT_FOUND', { sku: sku.sku_id }],
    [{ locale: 'en_GB' }, 'FIELD_MALFORMED', { field: 'locale', expected: 'a language tag such as en or zh-CN' }],
  ];
  for (const [more, reason, metadata] of cases) {
    const refusal = await refused(givenAgreement(shop, more));
    assert.deepEqual([refusal.reason, refusal.metadata], [reason, metadata], JSON.stringify(more));
  }
}));

test('PayOrder waits until the user has accepted what the order demands, and tells what', async () => {
  const { sku } = await givenSku(shop);
  const other = await givenSku(shop);
  const [order, free] = [await givenOrder(shop, sku), await givenOrder(shop, other.sku)];
  const shown = await givenAgreement(shop, { demand: 'AGREEMENT_DEMAND_SHOWN', sku_ids: [sku.sku_id] });
  const terms = await givenAgreement(shop, { sku_ids: [sku.sku_id] });
  const { agreements } = await shop.payments.ListCashierChannels({ order_id: order.order_id });
  assert.deepEqual(agreements.map(({ agreement_template_id: one }) => one).sort(), [shown, terms].map(({ agreement_template_id: one }) => one).sort());
  assert.deepEqual(agreements.find(({ code }) => code === terms.code), terms);
  assert.deepEqual((await shop.payments.ListCashierChannels({ order_id: free.order_id })).agreements, []);

  await expectNothingChanged(world, async () => {
    const refusal = await refused(beginPayment(shop, order));
    assert.deepEqual([refusal.code, refusal.reason, refusal.metadata], ['FAILED_PRECONDITION', 'AGREEMENT_NOT_ACCEPTED',
      { agreement_template: terms.agreement_template_id, code: terms.code, version: '1' }]);
  });
  await decide((await beginPayment(shop, free)).payment);
  const { acceptance } = await accept(terms, { order_id: order.order_id });
  assert.deepEqual({ ...acceptance, acceptance_id: '', accept_time: null }, {
    acceptance_id: '', agreement_template_id: terms.agreement_template_id, user_id: 'u1', order_id: order.order_id, text_sha256: sha256(terms.text),
    actor: `merchant ${shop.keyId}`, accept_time: null, code: terms.code, version: 1, locale: 'en', token_sha256: Buffer.alloc(0),
  });
  await decide((await beginPayment(shop, order)).payment);
  await untilState(shop, order, 'FULFILLED');
  await givenFulfilledOrder(shop, sku); // once is enough
  assert.equal((await refused(givenFulfilledOrder(shop, sku, { user: 'u2' }))).reason, 'AGREEMENT_NOT_ACCEPTED');

  const newer = await givenAgreement(shop, { code: terms.code, sku_ids: [sku.sku_id] });
  const refusal = await refused(givenFulfilledOrder(shop, sku));
  assert.deepEqual([refusal.reason, refusal.metadata.version], ['AGREEMENT_NOT_ACCEPTED', '2']);
  await accept(newer);
  await givenFulfilledOrder(shop, sku);
});

test('an acceptance is recorded once, whoever repeats it and however many come together', async () => {
  const terms = await givenAgreement(shop, { demand: 'AGREEMENT_DEMAND_SHOWN', translations: [{ locale: 'zh', title: '条款', text: TERMS_ZH }] });
  const before = countOf('agreement_acceptances');
  const request = { ...id(), agreement_template_id: terms.agreement_template_id, user_id: 'u7', locale: 'zh' };
  const [first, ...others] = await Promise.all([
    shop.payments.AcceptAgreement(request), shop.payments.AcceptAgreement(request),
    ...Array.from({ length: 30 }, () => shop.payments.AcceptAgreement({ ...request, ...id() })),
  ]);
  for (const one of others) assert.deepEqual(one, first);
  assert.deepEqual([first.acceptance.locale, first.acceptance.text_sha256], ['zh', sha256(TERMS_ZH)]);
  assert.deepEqual(first.accept_time, first.acceptance.accept_time);
  assert.equal(countOf('agreement_acceptances'), before + 1);
  assert.deepEqual(await shop.payments.AcceptAgreement({ ...request, ...id(), locale: 'en' }), first); // as it was recorded
  const list = async (more) => (await shop.payments.ListAgreementAcceptances(more)).acceptances;
  assert.deepEqual(await list({ user_id: 'u7' }), [first.acceptance]);
  assert.deepEqual(await list({ code: terms.code }), [first.acceptance]);
  assert.deepEqual(await list({ code: terms.code, user_id: 'u1' }), []);
  assert.deepEqual((await list({ page_size: 1 })), [first.acceptance]);
});

test('what was not shown, or not to this user, cannot be accepted', async () => {
  const { sku } = await givenSku(shop);
  const terms = await givenAgreement(shop, { demand: 'AGREEMENT_DEMAND_SHOWN' });
  const ofOther = await givenOrder(shop, sku, { user: 'u2' });
  await expectNothingChanged(world, async () => {
    const cases = [
      [{ locale: 'fr' }, 'AGREEMENT_TEXT_NOT_FOUND', { agreement_template: terms.agreement_template_id, locale: 'fr' }],
      [{ order_id: ofOther.order_id }, 'ORDER_NOT_FOUND', { order: ofOther.order_id }],
      [{ agreement_template_id: 'tpl_0000000000001' }, 'AGREEMENT_TEMPLATE_NOT_FOUND', { agreement_template: 'tpl_0000000000001' }],
    ];
    for (const [more, reason, metadata] of cases) {
      const refusal = await refused(accept(terms, more));
      assert.deepEqual([refusal.code, refusal.reason, refusal.metadata], ['NOT_FOUND', reason, metadata]);
    }
  });
});

test('a business has 32 agreements at most, until one is withdrawn', async () => {
  const crowded = await givenShop(world);
  const made = [];
  for (let i = 0; i < 32; i += 1) made.push(await givenAgreement(crowded));
  const refusal = await refused(givenAgreement(crowded));
  assert.deepEqual([refusal.code, refusal.reason, refusal.metadata], ['FAILED_PRECONDITION', 'AGREEMENT_LIMIT', { max: '32' }]);
  await givenAgreement(crowded, { code: made[0].code, demand: 'AGREEMENT_DEMAND_WITHDRAWN' });
  await givenAgreement(crowded);
});

const failure = async (promise) => {
  try {
    await promise;
  } catch (error) {
    const { reason, metadata } = error.details?.[0]?.debug ?? {};
    return { message: ConnectError.from(error).message, reason, metadata };
  }
  throw new Error('it was not refused');
};

for (const isProto of [false, true]) {
  test(`a page shows the cashier, accepts and pays through the gateway over ${isProto ? 'packed messages' : 'JSON'}`, async () => {
    const own = await givenShop(world);
    const token = await givenToken(own, 'p1');
    const { sku } = await givenSku(own);
    const terms = await givenAgreement(own, { sku_ids: [sku.sku_id], translations: [{ locale: 'zh-CN', title: '条款', text: TERMS_ZH }] });
    const order = await givenOrder(own, sku, { user: 'p1' });
    const call = page(gateway, token, { isProto, useGet: true });
    const [orders, payments] = [call('bmt.order.v1.OrderService'), call('bmt.payment.v1.PaymentHubService')];
    const { channels, agreements } = await payments.listCashierChannels({ orderId: order.order_id, locale: 'zh-Hans-CN' });
    assert.equal(channels[0].title, 'Sandbox');
    assert.deepEqual(agreements.map(({ agreementTemplateId, text, locale }) => [agreementTemplateId, text, locale]), [[terms.agreement_template_id, TERMS_ZH, 'zh-CN']]);
    assert.deepEqual(Buffer.from(agreements[0].textSha256), sha256(TERMS_ZH));

    const pay = () => orders.payOrder({ requestId: requestId(), orderId: order.order_id, channelAccountId: channels[0].channelAccountId });
    const { reason, metadata } = await failure(pay());
    assert.deepEqual([reason, metadata?.code], ['AGREEMENT_NOT_ACCEPTED', terms.code]);
    const stranger = page(gateway, await givenToken(own, 'stranger'))('bmt.payment.v1.PaymentHubService');
    const asked = { requestId: requestId(), agreementTemplateId: terms.agreement_template_id, orderId: order.order_id, locale: agreements[0].locale };
    assert.equal((await failure(stranger.acceptAgreement(asked))).reason, 'ORDER_NOT_FOUND');
    assert.equal((await failure(stranger.listCashierChannels({ orderId: order.order_id }))).reason, 'ORDER_NOT_FOUND');
    assert.equal((await failure(payments.acceptAgreement({ ...asked, userId: 'u1' }))).reason, 'FIELD_MALFORMED');
    const direct = client(world, 'payment.PaymentHubService', token);
    assert.equal((await refused(direct.ListAgreementAcceptances({}))).reason, 'ROLE_NOT_ALLOWED');
    const { acceptance } = await payments.acceptAgreement(asked);
    assert.deepEqual([acceptance.userId, acceptance.actor, acceptance.locale], ['p1', 'browser p1', 'zh-CN']);
    assert.deepEqual(Buffer.from(acceptance.tokenSha256), sha256(token));
    assert.deepEqual((await payments.listCashierChannels({ orderId: order.order_id })).agreements, []);
    const listed = await payments.listAgreementTemplates({ code: terms.code });
    assert.equal(listed.agreementTemplates[0].text, terms.text);
    const { payment } = await pay();
    await decide({ action: { redirect_url: payment.action.redirectUrl } });
    await untilState(own, order, 'FULFILLED');
  });
}
