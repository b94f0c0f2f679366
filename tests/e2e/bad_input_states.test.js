// What the state of things does not allow: each verb on an object in each wrong state, amounts that overflow, currencies
// that differ. The contract's comments say which methods must have a case here.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, expectNothingChanged, keyOf, rights, send, servedMethods, validCall } from './bad_input.js';
import { documentedReasons, methods } from './contract.js';
import { givenFulfilledOrder, givenOrder, givenShop, givenSku } from './shop.js';
import { givenFullShop, validCalls } from './valid_calls.js';
import { client, query, requestId, startWorld, stopWorld, until } from './world.js';

let world;
let full;
let served;
let orders; // one in each state
let others;
const id = () => ({ request_id: requestId('state') });
const AMOUNT_MAX = '1000000000000000';
before(async () => {
  world = await startWorld();
  full = await givenFullShop(world);
  served = await servedMethods(world, full);
  const { products, businesses, settlement, sku } = full;
  const closed = await givenOrder(full, sku);
  await full.orders.CancelOrder({ ...id(), order_id: closed.order_id });
  const completed = await givenFulfilledOrder(full, sku);
  await full.orders.ConfirmOrder({ ...id(), order_id: completed.order_id });
  orders = { PENDING_PAYMENT: full.open, CLOSED: closed, FULFILLED: full.held, COMPLETED: completed, REFUNDED: full.refunded };

  const revoked = full.spare[1];
  await businesses.RevokeApiKey({ ...id(), api_key_id: revoked.api_key_id });
  const off = await givenSku(full);
  await products.UnpublishSku({ ...id(), sku_id: off.sku.sku_id });
  await products.UnpublishSpu({ ...id(), spu_id: off.spu.spu_id });
  const { partner: left } = await settlement.CreatePartner({ ...id(), code: 'left', title: 'x', currency: 'USD', schedule: 'STATEMENT_SCHEDULE_DAILY' });
  await settlement.UpdatePartner({ ...id(), partner_id: left.partner_id, update_mask: { paths: ['state'] }, state: 'PARTNER_STATE_CLOSED' });
  const dear = await givenSku(full, { price: AMOUNT_MAX });
  const piles = await givenSku(full, { stock: 10 });
  const where = `sku_id = (SELECT sku_id FROM bmt_product.skus WHERE code = '${piles.sku.code}')`;
  const { payment_id: paid } = (await full.orders.GetOrder({ order_id: full.held.order_id })).order;
  others = { revoked, off, left, dear, piles, paid, where };
});
after(() => stopWorld(world));

const one = (sku, quantity = 1) => ({ sku_id: sku.sku_id, quantity });
const sold = (...lines) => ({ user_id: 'u1', currency: 'EUR', lines });
const ruleOf = (part, more = {}) => ({ scope: 'SPLIT_SCOPE_SKU', sku_id: full.sku.sku_id, parts: [{ level: 1, value: 100, kind: 'SPLIT_KIND_BASIS_POINTS', ...part }], ...more });

const backOf = ({ payment_id }, amount_minor, currency = 'EUR') => ({ payment_id, amount: { amount_minor, currency }, reason: 'x' });

const disputeOf = (amount_minor, currency = 'EUR') => ({ order_id: full.disputes.order.order_id, line_no: 1, amount: { amount_minor, currency }, channel_dispute: 'cd-1', reason: 'x' });

const about = (which) => ({ statement_id: full.statements[which].statement_id, reason: 'x' });

// [method, what it is asked for, reason]
const verbsOfOrders = () => [
  ['OrderService.PayOrder', ['PENDING_PAYMENT'], { channel_account_id: full.account.channel_account_id }],
  ['OrderService.CancelOrder', ['PENDING_PAYMENT'], {}],
  ['OrderService.ConfirmOrder', ['FULFILLED'], {}],
  ['OrderService.RefundOrder', ['FULFILLED', 'COMPLETED'], { reason: 'a test' }],
].flatMap(([key, allowed, request]) => Object.keys(orders).filter((state) => !allowed.includes(state))
  .map((state) => [key, { ...request, order_id: orders[state].order_id }, 'ORDER_WRONG_STATE', { state, allowed: allowed.join(', ') }]));

const verbsOfOthers = () => [
  ['PaymentHubService.RefundPayment', backOf(full.unpaid, 1), 'PAYMENT_WRONG_STATE', { state: 'PENDING', allowed: 'SUCCEEDED' }],
  ['PaymentHubService.RefundPayment', backOf({ payment_id: others.paid }, 1), 'PAYMENT_OF_ORDER', {}],
  ['PaymentHubService.RefundPayment', backOf(full.charge, 501), 'PAYMENT_REFUNDED', {}],
  ['PaymentHubService.ClosePayment', { payment_id: others.paid }, 'PAYMENT_WRONG_STATE', { state: 'SUCCEEDED' }],
  ['ProductService.PublishSpu', { spu_id: full.spu.spu_id }, 'SPU_WRONG_STATE', { state: 'PUBLISHED' }],
  ['ProductService.UnpublishSpu', { spu_id: full.draft.spu_id }, 'SPU_WRONG_STATE', { state: 'DRAFT' }],
  ['ProductService.UnpublishSpu', { spu_id: others.off.spu.spu_id }, 'SPU_WRONG_STATE', { state: 'UNPUBLISHED' }],
  ['ProductService.PublishSku', { sku_id: full.sku.sku_id }, 'SKU_WRONG_STATE', { state: 'PUBLISHED' }],
  ['ProductService.UnpublishSku', { sku_id: full.draftSku.sku_id }, 'SKU_WRONG_STATE', { state: 'DRAFT' }],
  ['ProductService.UnpublishSku', { sku_id: others.off.sku.sku_id }, 'SKU_WRONG_STATE', { state: 'UNPUBLISHED' }],
  ['ProductService.SetStock', { sku_id: full.sku.sku_id, kind: 'STOCK_KIND_UNLIMITED' }, 'STOCK_HELD', {}],
  ['ProductService.SetStock', { sku_id: full.sku.sku_id, kind: 'STOCK_KIND_COUNTED', total: 1 }, 'STOCK_INSUFFICIENT', {}],
  ['ProductService.AdjustStock', { sku_id: full.sku.sku_id, delta: -1000000 }, 'STOCK_INSUFFICIENT', {}],
  ['ProductService.AdjustStock', { sku_id: full.on.sku.sku_id, delta: 1 }, 'STOCK_UNLIMITED', {}],
  ['ProductService.QuotePrice', sold(one(others.off.sku)), 'SKU_NOT_ON_SALE', {}],
  ['OrderService.CreateOrder', sold(one(others.off.sku)), 'SKU_NOT_ON_SALE', {}],
  ['OrderService.CreateOrder', sold(one(full.sku, 100000)), 'STOCK_INSUFFICIENT', {}],
  ['OrderService.CreateOrder', { user_id: 'u2', quote_id: full.quote.quote_id }, 'QUOTE_MISMATCH', {}],
  ['BusinessService.RotateApiKey', { api_key_id: others.revoked.api_key_id }, 'API_KEY_WRONG_STATE', { state: 'REVOKED' }],
  ['SettlementService.CreateSplitRule', ruleOf({ partner_id: others.left.partner_id }), 'PARTNER_WRONG_STATE', { state: 'CLOSED' }],
  ['SettlementService.ApproveStatement', about('paid'), 'PARTNER_STATEMENT_WRONG_STATE', { state: 'PAID' }],
  ['SettlementService.PayStatement', about('paid'), 'PARTNER_STATEMENT_WRONG_STATE', { state: 'PAID' }],
  ['SettlementService.PayStatement', about('closed'), 'STATEMENT_NOT_APPROVED', {}],
  ['SettlementService.CloseDispute', { dispute_id: full.disputes.lost.dispute_id, outcome: 'DISPUTE_STATE_LOST', reason: 'x' }, 'DISPUTE_WRONG_STATE', { state: 'LOST', allowed: 'OPEN' }],
  ['SettlementService.CloseDispute', { dispute_id: full.disputes.open.dispute_id, outcome: 'DISPUTE_STATE_WON', reason: 'x', fee_returned: { amount_minor: 4, currency: 'EUR' } }, 'DISPUTE_FEE_TOO_LARGE', { fee: '0.03 EUR' }],
  ['SettlementService.OpenDispute', disputeOf(1231), 'DISPUTE_TOO_LARGE', { line_no: '1', left: '12.30 EUR' }],
  ['SettlementService.EndSplitRule', { split_rule_id: full.rule.split_rule_id, to_time: { seconds: 1 } }, 'SPLIT_RULE_PAST', {}],
];

const amounts = () => [
  ['OrderService.CreateOrder', sold(one(others.dear.sku, 2)), 'AMOUNT_OVERFLOW', { field: 'lines' }],
  ['OrderService.CreateOrder', sold(one(others.dear.sku, 1000000)), 'AMOUNT_OVERFLOW', { field: 'lines' }],
  ['OrderService.CreateOrder', sold(one(others.dear.sku), one(full.sku)), 'AMOUNT_OVERFLOW', { field: 'lines' }],
  ['ProductService.QuotePrice', sold(one(others.dear.sku, 2)), 'AMOUNT_OVERFLOW', { field: 'lines' }],
  ['ProductService.QuotePrice', sold(one(others.dear.sku), one(full.sku)), 'AMOUNT_OVERFLOW', { field: 'lines' }],
  ['ProductService.AdjustStock', { sku_id: others.piles.sku.sku_id, delta: 1000000000 }, 'AMOUNT_OVERFLOW', { field: 'delta' }],
  ['OrderService.RefundOrder', { order_id: full.held.order_id, reason: 'x', amount: { amount_minor: 1251, currency: 'EUR' } }, 'REFUND_TOO_LARGE', {}],
  ['OrderService.RefundOrder', { order_id: full.held.order_id, reason: 'x', amount: { amount_minor: AMOUNT_MAX, currency: 'EUR' } }, 'REFUND_TOO_LARGE', {}],
  ['OrderService.RefundOrder', { order_id: full.held.order_id, reason: 'x', lines: [{ line_no: 1, quantity: 2 }] }, 'REFUND_TOO_LARGE', {}],
];

const currencies = () => [
  ['PaymentHubService.RefundPayment', backOf(full.charge, 1, 'USD'), 'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }],
  ['OrderService.RefundOrder', { order_id: full.held.order_id, reason: 'x', amount: { amount_minor: 1, currency: 'USD' } }, 'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }],
  ['SettlementService.CreateAdjustment', { kind: 'ADJUSTMENT_KIND_PARTNER_DEBIT', partner_id: full.partner.partner_id, amount: { amount_minor: 5, currency: 'USD' }, reason: 'x' },
    'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }],
  ['SettlementService.CreateSplitRule', ruleOf({ partner_id: full.partner.partner_id, kind: 'SPLIT_KIND_FIXED' }, { currency: 'USD' }),
    'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }],
  ['SettlementService.OpenDispute', { ...disputeOf(1), fee: { amount_minor: 1, currency: 'USD' } }, 'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }],
  ['SettlementService.CloseDispute', { dispute_id: full.disputes.open.dispute_id, outcome: 'DISPUTE_STATE_WON', reason: 'x', fee_returned: { amount_minor: 1, currency: 'USD' } }, 'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }],
  ['SettlementService.OpenDispute', disputeOf(1, 'USD'), 'CURRENCY_MISMATCH', { currency: 'USD', expected: 'EUR' }],
  ['OrderService.CreateOrder', { ...sold(one(full.sku)), currency: 'USD' }, 'PRICE_MISSING', { currency: 'USD' }],
  ['ProductService.QuotePrice', { ...sold(one(full.sku)), currency: 'USD' }, 'PRICE_MISSING', { currency: 'USD' }],
];

const CODES = { AMOUNT_OVERFLOW: 'OUT_OF_RANGE', CURRENCY_MISMATCH: 'INVALID_ARGUMENT' };

// All are refused, by a reason that the method's comment names, and each method that documents `kind` is among them.
async function expectRefusals(cases, kind) {
  const missing = served.filter((method) => documentedReasons(method).some((reason) => kind.test(reason))
    && !cases.some(([key, , reason]) => key === keyOf(method) && kind.test(reason)));
  assert.deepEqual(missing.map(keyOf), [], `methods whose comments name ${kind} and that have no case here`);
  await expectNothingChanged(world, async () => {
    for (const [key, request, reason, metadata] of cases) {
      const method = methods.find((found) => keyOf(found) === key);
      const { refusal } = await call(world, full, method, { ...id(), ...request });
      const name = `${key} ${JSON.stringify(request)}`;
      assert.deepEqual([refusal?.reason, refusal?.code], [reason, CODES[reason] ?? 'FAILED_PRECONDITION'], name);
      for (const [field, value] of Object.entries(metadata)) assert.equal(refusal.metadata[field], value, name);
      assert.ok(documentedReasons(method).includes(reason), `${key}: its comment does not name ${reason}`);
    }
  });
}

test('a verb on an object in a wrong state', () => expectRefusals([...verbsOfOrders(), ...verbsOfOthers()], /_WRONG_STATE$/));
test('amounts in two currencies', () => expectRefusals(currencies(), /^CURRENCY_MISMATCH$/));

test('amounts that nobody can carry', async () => {
  // A pile that is as high as it can be; a client would need a million calls.
  query(world, `UPDATE bmt_product.stocks SET total = ${AMOUNT_MAX}, available = ${AMOUNT_MAX} WHERE ${others.where}`);
  await expectRefusals(amounts(), /^AMOUNT_OVERFLOW$/);
  query(world, `UPDATE bmt_product.stocks SET total = 10, available = 10 WHERE ${others.where}`);
});

test('a business that was suspended is refused by every method of its own', async () => {
  const shut = await givenShop(world);
  const { token } = await shut.businesses.IssueClientToken({ user_id: 'u1' });
  const admin = client(world, 'business.BusinessService', world.adminKey);
  await admin.UpdateBusiness({ ...id(), business_id: shut.business.business_id, update_mask: { paths: ['state'] }, state: 'BUSINESS_STATE_SUSPENDED' });
  const list = methods.find(({ name }) => name === 'ListOrders');
  await until('the key is refused', async () => (await send(world, list.path, Buffer.alloc(0), { credential: shut.key })).refusal?.reason === 'BUSINESS_SUSPENDED');
  const table = validCalls(full);
  await expectNothingChanged(world, async () => {
    for (const method of served) {
      for (const [role, credential] of [['ROLE_MERCHANT', shut.key], ['ROLE_BROWSER', token]]) {
        if (!method.rule.roles.includes(role)) continue;
        const { refusal } = await call(world, full, method, validCall(method, table), { ...rights(world, full, method), credential });
        assert.deepEqual([refusal?.code, refusal?.reason], ['FAILED_PRECONDITION', 'BUSINESS_SUSPENDED'], `${keyOf(method)} ${role}`);
      }
    }
  });
});
