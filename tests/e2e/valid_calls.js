// A valid call of each served method, in a shop that has one of everything, so that a test can break one thing of it.
// A method that the server begins to serve needs its line here; bad_input.test.js names what is missing.
import { writeFileSync } from 'node:fs';
import { statement } from '../channelsim/statement.js';
import { beginPayment, decide, givenAgreement, givenFulfilledOrder, givenOrder, givenShop, givenSku } from './shop.js';
import { client, query, requestId, until } from './world.js';

const id = () => ({ request_id: requestId('all') });
const code = () => requestId('c').toLowerCase();

// A closed statement over 5.00 EUR of a partner of its own, whose bank account has been his for long.
async function givenStatement(shop, finance) {
  writeFileSync(`${shop.world.folder}/studio-bank`, 'DE02120300000000202051\n', { mode: 0o600 });
  const { partner } = await finance.CreatePartner({ ...id(), code: code(), title: 'A studio', currency: 'EUR', schedule: 'STATEMENT_SCHEDULE_MONTHLY',
    payout_channel_account_id: shop.account.channel_account_id, payout_account: 'studio-bank' });
  query(shop.world, `UPDATE bmt_settlement.partners SET payout_account_time_ms = 1 WHERE code = '${partner.code}'`);
  await finance.CreateAdjustment({ ...id(), kind: 'ADJUSTMENT_KIND_PARTNER_CREDIT', partner_id: partner.partner_id, amount: money(500), reason: 'a test' });
  const { now } = await client(shop.world, 'sandbox.SandboxService', shop.world.adminKey).GetClock({});
  const { statement: made } = await finance.CloseStatement({ ...id(), partner_id: partner.partner_id, currency: 'EUR', to_time: now });
  await until('the statement is closed', async () => (await finance.GetStatement({ statement_id: made.statement_id })).statement.state === 'STATEMENT_STATE_CLOSED');
  return made;
}

// Statements in the states that their verbs need, and the payout of the last.
async function givenStatements(shop) {
  const finance = client(shop.world, 'settlement.SettlementService', shop.world.adminKey, { business: shop.business.business_id });
  const approved = async () => {
    const made = await givenStatement(shop, finance);
    await finance.ApproveStatement({ ...id(), statement_id: made.statement_id, reason: 'a test' });
    return made;
  };
  const [closed, ready, paid] = [await givenStatement(shop, finance), await approved(), await approved()];
  const { payout } = await finance.PayStatement({ ...id(), statement_id: paid.statement_id, reason: 'a test' });
  return { closed, ready, paid, payout, now: closed.to_time };
}

// An order with a dispute that is open, and one that was lost.
async function givenDisputes(shop, order) {
  const finance = client(shop.world, 'settlement.SettlementService', shop.world.adminKey, { business: shop.business.business_id });
  const opened = async () => (await finance.OpenDispute({ ...id(), order_id: order.order_id, line_no: 1, amount: money(10), channel_dispute: code(), reason: 'a test', fee: money(3) })).dispute;
  const [open, lost] = [await opened(), await opened()];
  await finance.CloseDispute({ ...id(), dispute_id: lost.dispute_id, outcome: 'DISPUTE_STATE_LOST', reason: 'a test' });
  return { order, open, lost };
}

// A shop with one object of each kind and state that a verb needs: each verb has an object of its own.
export async function givenFullShop(world) {
  const shop = await givenShop(world);
  const { businesses, products, orders } = shop;
  const settlement = client(world, 'settlement.SettlementService', shop.key);
  const { spu, sku } = await givenSku(shop, { stock: 1000 });
  const order = () => givenOrder(shop, sku);
  const fulfilled = () => givenFulfilledOrder(shop, sku);
  const spuNew = async () => (await products.CreateSpu({ ...id(), code: code(), title: 'New' })).spu;
  const skuOf = async (of) => (await products.CreateSku({ ...id(), spu_id: of.spu_id, code: code(), title: 'New', grant: { kind: 'GRANT_KIND_PERMANENT' } })).sku;
  const draft = await spuNew();
  const on = await givenSku(shop);
  const refunded = await fulfilled();
  const { refund } = await orders.RefundOrder({ ...id(), order_id: refunded.order_id, reason: 'a test' });
  await until('the refund succeeded', async () => (await orders.GetRefund({ refund_id: refund.refund_id })).refund.state === 'REFUND_STATE_SUCCEEDED');
  const held = await fulfilled();
  const { lots } = await products.ListEntitlements({ user_id: 'u1' });
  const key = async () => (await businesses.IssueApiKey({ ...id(), role: 'KEY_ROLE_MERCHANT', label: 'spare' })).api_key;
  const { partner } = await settlement.CreatePartner({ ...id(), code: code(), title: 'A studio', currency: 'EUR', schedule: 'STATEMENT_SCHEDULE_MONTHLY' });
  const { split_rule: rule } = await settlement.CreateSplitRule({
    ...id(), scope: 'SPLIT_SCOPE_SKU', sku_id: on.sku.sku_id, parts: [{ level: 1, partner_id: partner.partner_id, kind: 'SPLIT_KIND_BASIS_POINTS', value: 7000 }],
  });
  const { quote } = await products.QuotePrice({ ...id(), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] });
  const paying = await order();
  const { payment } = await beginPayment(shop, paying);
  const chargeOf = async () => (await shop.payments.CreatePayment({ ...id(), user_id: 'u1', channel_account_id: shop.account.channel_account_id, amount: money(500) })).payment;
  const charge = await chargeOf();
  await decide(charge);
  await until('the charge succeeded', async () => (await shop.payments.GetPayment({ payment_id: charge.payment_id })).payment.state === 'PAYMENT_STATE_SUCCEEDED');
  const { postings } = await settlement.ListPostings({ kind: 'ACCOUNT_KIND_CUSTOMER_LIABILITY', currency: 'EUR' });
  return {
    ...shop, settlement, agreement: await givenAgreement(shop, { spu_ids: [draft.spu_id] }), transfer: postings[0], statements: await givenStatements(shop), disputes: await givenDisputes(shop, await fulfilled()), spu, sku, draft, draftSku: await skuOf(spu), on, refund, refunded, held, lot: lots[0], quote, payment, paying, charge, unpaid: await chargeOf(), partner, rule,
    spare: [await key(), await key()], open: await order(), open2: await order(), fulfilled: await fulfilled(), fulfilled2: await fulfilled(),
  };
}

// Its objects by the prefix of their ids.
export const idsOf = (full) => ({
  biz: full.business.business_id, key: full.spare[0].api_key_id, spu: full.spu.spu_id, sku: full.sku.sku_id, quo: full.quote.quote_id,
  ord: full.open.order_id, chn: full.account.channel_account_id, pay: full.payment.payment_id, rfd: full.refund.refund_id,
  ptn: full.partner.partner_id, spl: full.rule.split_rule_id, lot: full.lot.lot_id, trf: full.transfer.transfer_id,
  pst: full.statements.closed.statement_id, pyo: full.statements.payout.payout_id, dsp: full.disputes.open.dispute_id, tpl: full.agreement.agreement_template_id,
});

const NOWHERE = { run: 'run_0000000000001', brk: 'brk_0000000000001', gtid: 'bmt1.bmt.0000000000000fc0.order.00000001' };

// What the well-formed call is answered where no right one can be made by a client: broken rows, a transaction in
// doubt and a channel's signature are needed, which tests of their own make (reconcile, recovery, notification).
export const ANSWERS = {
  'ReconcileService.GetRun': 'RUN_NOT_FOUND',
  'ReconcileService.GetBreak': 'BREAK_NOT_FOUND',
  'ReconcileService.RepairBreak': 'BREAK_NOT_FOUND',
  'ReconcileService.CloseBreak': 'BREAK_NOT_FOUND',
  'RecoveryService.GetTransaction': 'TRANSACTION_NOT_FOUND',
  'RecoveryService.RetryTransaction': 'TRANSACTION_NOT_FOUND',
  'PaymentHubService.HandleNotification': 'NOTIFICATION_INVALID',
};

const DAY = '2026-01-02'; // on which nothing moved
const money = (amount_minor = 100, currency = 'EUR') => ({ amount_minor, currency });
const later = { seconds: 4102444800 };
const line = (sku) => ({ sku_id: sku.sku_id, quantity: 1 });

const ofBusinesses = (full) => ({
  'BusinessService.RegisterBusiness': () => ({ code: code(), name: 'A shop', currency: 'EUR' }),
  'BusinessService.GetBusiness': () => ({ business_id: full.business.business_id }),
  'BusinessService.ListBusinesses': () => ({}),
  'BusinessService.UpdateBusiness': () => ({ business_id: full.business.business_id, update_mask: { paths: ['name'] }, name: 'Another name' }),
  'BusinessService.IssueApiKey': () => ({ role: 'KEY_ROLE_MERCHANT', label: 'x' }),
  'BusinessService.ListApiKeys': () => ({}),
  'BusinessService.RotateApiKey': () => ({ api_key_id: full.spare[0].api_key_id }),
  'BusinessService.RevokeApiKey': () => ({ api_key_id: full.spare[1].api_key_id }),
  'BusinessService.IssueClientToken': () => ({ user_id: 'u1' }),
});

const ofProducts = (full) => ({
  'ProductService.CreateSpu': () => ({ code: code(), title: 'x' }),
  'ProductService.GetSpu': () => ({ spu_id: full.spu.spu_id }),
  'ProductService.ListSpus': () => ({}),
  'ProductService.UpdateSpu': () => ({ spu_id: full.spu.spu_id, update_mask: { paths: ['title'] }, title: 'Other' }),
  'ProductService.PublishSpu': () => ({ spu_id: full.draft.spu_id }),
  'ProductService.UnpublishSpu': () => ({ spu_id: full.on.spu.spu_id }),
  'ProductService.CreateSku': () => ({ spu_id: full.spu.spu_id, code: code(), title: 'x', grant: { kind: 'GRANT_KIND_DURATION', amount: 60 } }),
  'ProductService.GetSku': () => ({ sku_id: full.sku.sku_id }),
  'ProductService.ListSkus': () => ({ spu_id: full.spu.spu_id }),
  'ProductService.UpdateSku': () => ({ sku_id: full.sku.sku_id, update_mask: { paths: ['title'] }, title: 'Other' }),
  'ProductService.PublishSku': () => ({ sku_id: full.draftSku.sku_id }),
  'ProductService.UnpublishSku': () => ({ sku_id: full.on.sku.sku_id }),
  'ProductService.CreatePriceVersion': () => ({ sku_id: full.sku.sku_id, unit_price: money(), effective_time: later }),
  'ProductService.ListPriceVersions': () => ({ sku_id: full.sku.sku_id }),
  'ProductService.SetStock': () => ({ sku_id: full.sku.sku_id, kind: 'STOCK_KIND_COUNTED', total: 2000 }),
  'ProductService.AdjustStock': () => ({ sku_id: full.sku.sku_id, delta: 5 }),
  'ProductService.GetStock': () => ({ sku_id: full.sku.sku_id }),
  'ProductService.QuotePrice': () => ({ user_id: 'u1', currency: 'EUR', lines: [line(full.sku)] }),
  'ProductService.GetQuote': () => ({ quote_id: full.quote.quote_id }),
  'ProductService.GetEntitlement': () => ({ lot_id: full.lot.lot_id }),
  'ProductService.ListEntitlements': () => ({ user_id: 'u1', spu_id: full.spu.spu_id }),
  'ProductService.CheckEntitlement': () => ({ user_id: 'u1', spu_id: full.spu.spu_id }),
});

const orderRequest = (full, more) => ({ user_id: 'u1', currency: 'EUR', lines: [line(full.sku)], labels: [{ key: 'page', value: 'home' }], ...more });

const ofOrders = (full) => ({
  'OrderService.CreateOrder': () => orderRequest(full),
  'OrderService.BatchCreateOrders': () => ({ orders: [orderRequest(full, id())] }),
  'OrderService.GetOrder': () => ({ order_id: full.open.order_id }),
  'OrderService.BatchGetOrders': () => ({ order_ids: [full.open.order_id] }),
  'OrderService.ListOrders': () => ({}),
  'OrderService.WatchOrder': () => ({ order_id: full.open.order_id }),
  'OrderService.PayOrder': () => ({ order_id: full.open.order_id, channel_account_id: full.account.channel_account_id }),
  'OrderService.CancelOrder': () => ({ order_id: full.open2.order_id }),
  'OrderService.ConfirmOrder': () => ({ order_id: full.fulfilled.order_id }),
  'OrderService.ListOrderEvents': () => ({ order_id: full.open.order_id }),
  'OrderService.RefundOrder': () => ({ order_id: full.fulfilled2.order_id, amount: money(), reason: 'a test' }),
  'OrderService.GetRefund': () => ({ refund_id: full.refund.refund_id }),
});

const ofPayments = (full) => ({
  'PaymentHubService.CreateChannelAccount': () => ({
    code: code(), channel: 'sandbox', title: 'x', merchant: 'm', secret_name: 'sandbox-main', base_url: full.world.channel.url, notify_url: `${full.world.channel.url}/relay`,
  }),
  'PaymentHubService.GetChannelAccount': () => ({ channel_account_id: full.account.channel_account_id }),
  'PaymentHubService.ListChannelAccounts': () => ({}),
  'PaymentHubService.UpdateChannelAccount': () => ({ channel_account_id: full.account.channel_account_id, update_mask: { paths: ['title'] }, title: 'Other' }),
  'PaymentHubService.ListCashierChannels': () => ({ order_id: full.open.order_id }),
  'PaymentHubService.CreateAgreementTemplate': () => ({
    code: code(), title: 'x', text: 'x', locale: 'en', demand: 'AGREEMENT_DEMAND_SHOWN', sku_ids: [full.sku.sku_id], translations: [{ locale: 'zh', title: 'x', text: 'x' }],
  }),
  'PaymentHubService.ListAgreementTemplates': () => ({}),
  'PaymentHubService.AcceptAgreement': () => ({ agreement_template_id: full.agreement.agreement_template_id, user_id: 'u1', order_id: full.open.order_id, locale: 'en' }),
  'PaymentHubService.ListAgreementAcceptances': () => ({}),
  'PaymentHubService.CreatePayment': () => ({ user_id: 'u1', channel_account_id: full.account.channel_account_id, amount: money() }),
  'PaymentHubService.GetPayment': () => ({ payment_id: full.payment.payment_id }),
  'PaymentHubService.ListPayments': () => ({ order_id: full.paying.order_id }),
  'PaymentHubService.QueryPayment': () => ({ payment_id: full.payment.payment_id }),
  'PaymentHubService.ClosePayment': () => ({ payment_id: full.payment.payment_id }),
  'PaymentHubService.RefundPayment': () => ({ payment_id: full.charge.payment_id, amount: money(), reason: 'a test' }),
  'PaymentHubService.HandleNotification': () => ({
    channel_account_id: full.account.channel_account_id, headers: [{ name: 'x', value: 'y' }], body: Buffer.from('{}'),
  }),
  'PaymentHubService.ImportStatement': () => ({
    channel_account_id: full.account.channel_account_id, date: DAY, file: Buffer.from(JSON.stringify(statement(full.world.channel, full.account.merchant, DAY, 1))),
  }),
});

const ofOperators = () => ({
  'ReconcileService.StartRun': () => ({}),
  'ReconcileService.GetRun': () => ({ run_id: NOWHERE.run }),
  'ReconcileService.ListRuns': () => ({}),
  'ReconcileService.ListBreaks': () => ({}),
  'ReconcileService.GetBreak': () => ({ break_id: NOWHERE.brk }),
  'ReconcileService.RepairBreak': () => ({ break_id: NOWHERE.brk, reason: 'a test' }),
  'ReconcileService.CloseBreak': () => ({ break_id: NOWHERE.brk, reason: 'a test' }),
  'RecoveryService.ListTransactions': () => ({}),
  'RecoveryService.GetTransaction': () => ({ gtid: NOWHERE.gtid }),
  'RecoveryService.RetryTransaction': () => ({ gtid: NOWHERE.gtid }),
  'SandboxService.GetClock': () => ({}),
  'SandboxService.SetClock': () => ({ now: { seconds: 1 } }),
  'SandboxService.AdvanceClock': () => ({ by: { nanos: 1000000 } }),
});

const ofSettlement = (full) => ({
  'SettlementService.CreatePartner': () => ({ code: code(), title: 'x', currency: 'EUR', schedule: 'STATEMENT_SCHEDULE_MONTHLY' }),
  'SettlementService.GetPartner': () => ({ partner_id: full.partner.partner_id }),
  'SettlementService.ListPartners': () => ({}),
  'SettlementService.UpdatePartner': () => ({ partner_id: full.partner.partner_id, update_mask: { paths: ['title'] }, title: 'Other' }),
  'SettlementService.CreateSplitRule': () => ({
    scope: 'SPLIT_SCOPE_SPU', spu_id: full.spu.spu_id, parts: [{ level: 1, partner_id: full.partner.partner_id, kind: 'SPLIT_KIND_BASIS_POINTS', value: 100 }], from_time: later,
  }),
  'SettlementService.EndSplitRule': () => ({ split_rule_id: full.rule.split_rule_id, to_time: later }),
  'SettlementService.GetSplitRule': () => ({ split_rule_id: full.rule.split_rule_id }),
  'SettlementService.ListSplitRules': () => ({}),
  'SettlementService.ListClearings': () => ({ order_id: full.held.order_id }),
  'SettlementService.ListClearingEntries': () => ({ partner_id: full.partner.partner_id, currency: 'EUR' }),
  'SettlementService.ListAccountBalances': () => ({}),
  'SettlementService.ListPostings': () => ({ kind: 'ACCOUNT_KIND_CUSTOMER_LIABILITY', currency: 'EUR' }),
  'SettlementService.GetTransfer': () => ({ transfer_id: full.transfer.transfer_id }),
  'SettlementService.GetTrialBalance': () => ({}),
  'SettlementService.GetMonthReport': () => ({ month: '2026-01' }),
  'SettlementService.CloseStatement': () => ({ partner_id: full.partner.partner_id, currency: 'EUR', to_time: full.statements.now }),
  'SettlementService.GetStatement': () => ({ statement_id: full.statements.closed.statement_id }),
  'SettlementService.ListStatements': () => ({}),
  'SettlementService.ApproveStatement': () => ({ statement_id: full.statements.closed.statement_id, reason: 'a test' }),
  'SettlementService.PayStatement': () => ({ statement_id: full.statements.ready.statement_id, reason: 'a test' }),
  'SettlementService.ProveOrder': () => ({ order_id: full.held.order_id }),
  'SettlementService.GetPayout': () => ({ payout_id: full.statements.payout.payout_id }),
  'SettlementService.ListPayouts': () => ({}),
  'SettlementService.QueryPayout': () => ({ payout_id: full.statements.payout.payout_id }),
  'SettlementService.OpenDispute': () => ({ order_id: full.disputes.order.order_id, line_no: 1, amount: money(10), channel_dispute: code(), reason: 'a test', fee: money(3) }),
  'SettlementService.CloseDispute': () => ({ dispute_id: full.disputes.open.dispute_id, outcome: 'DISPUTE_STATE_WON', reason: 'a test', fee_returned: money(2) }),
  'SettlementService.GetDispute': () => ({ dispute_id: full.disputes.lost.dispute_id }),
  'SettlementService.ListDisputes': () => ({}),
  'SettlementService.CreateAdjustment': () => ({ kind: 'ADJUSTMENT_KIND_PARTNER_CREDIT', partner_id: full.partner.partner_id, amount: money(), reason: 'a test' }),
});

export const validCalls = (full) => ({
  ...ofBusinesses(full), ...ofProducts(full), ...ofOrders(full), ...ofPayments(full), ...ofOperators(full), ...ofSettlement(full),
});
