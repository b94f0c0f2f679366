// The life of purchases, whatever happens to the server meanwhile: what was answered is noted, and holds at the end.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { statement } from '../channelsim/statement.js';
import { bookPayment } from '../e2e/book.js';
import { beginPayment, decide, givenFulfilledOrder, givenOrder } from '../e2e/shop.js';
import { client, query, requestId, until } from '../e2e/world.js';
import { lasting } from './lasting.js';

const ORDERS = 'order.OrderService';
const PAYMENTS = 'payment.PaymentHubService';
const RECONCILE = 'reconcile.ReconcileService';
const SETTLEMENT = 'settlement.SettlementService';
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const number = (id) => [...id.split('_')[1]].reduce((sum, letter) => sum * 32n + BigInt(ALPHABET.indexOf(letter)), 0n);

// The clock may have been moved past its confirmation.
const ENDED = 'FULFILLED or COMPLETED';

export class Life {
  constructor(site, parts) {
    this.site = site;
    this.parts = parts;
    this.journal = [];
    this.expected = new Map(); // order_id -> what it must be at the end
  }

  // A request that changes something: its answer is noted.
  async ask(service, method, request, shop = this.site.shop, by = { credential: shop.key }) {
    const asked = { request_id: requestId(method), ...request };
    const reply = await this.site.call(service, method, asked, by);
    this.journal.push({ service, method, asked, shop, by, told: lasting(method, reply) });
    return reply;
  }

  async create(shop = this.site.shop, expires_in_s = 86400) {
    const { order } = await this.ask(ORDERS, 'CreateOrder', { user_id: 'u1', currency: 'EUR', lines: [{ sku_id: shop.sku.sku_id, quantity: 2 }], expires_in_s }, shop);
    return order;
  }

  cancel(order, shop) {
    this.expected.set(order.order_id, { state: 'CLOSED', shop });
    return this.ask(ORDERS, 'CancelOrder', { order_id: order.order_id }, shop);
  }

  order(order, shop = this.site.shop) {
    return this.site.call(ORDERS, 'GetOrder', { order_id: order.order_id }, { credential: shop.key }).then((reply) => reply.order);
  }

  untilOrder(order, state, shop) {
    return this.site.settled(`order ${order.order_id} is ${state}`, async () => (await this.order(order, shop)).state === `ORDER_STATE_${state}`);
  }

  // The person on the channel's page.
  async decide(payment, decision = 'pay') {
    const { payments } = this.site.world.channel;
    await fetch(`${this.site.world.channel.url}/pay/${payments.byMerchantId.get(payment.payment_id).id}`, { method: 'POST', body: new URLSearchParams({ decision }) });
  }

  // An order with a payment at the channel. Where the channel has never heard of it, the customer leaves, and buys anew.
  async begin(shop = this.site.shop, expires_in_s = 86400) {
    for (let tries = 0; tries < 4; tries += 1) {
      const order = await this.create(shop, expires_in_s);
      const { payment } = await this.ask(ORDERS, 'PayOrder', { order_id: order.order_id, channel_account_id: shop.account.channel_account_id }, shop);
      if (this.site.world.channel.payments.byMerchantId.get(payment.payment_id)) return { order, payment };
      await this.cancel(order, shop);
    }
    throw new Error('the channel never hears of payments');
  }

  async buy() {
    const begun = await this.begin();
    await this.decide(begun.payment);
    await this.untilOrder(begun.order, 'FULFILLED');
    return begun;
  }

  // One value of the rows; empty while the database is away.
  look(text) {
    try {
      return query(this.site.world, text);
    } catch {
      return '';
    }
  }

  async run() {
    await this.purchase();
    for (const part of this.parts) await this[part]();
  }

  async purchase() {
    await this.cancel(await this.create());
    const { order } = await this.buy();
    await this.ask(ORDERS, 'ConfirmOrder', { order_id: order.order_id });
    await this.site.settled('the lines are divided', () => this.look(
      `SELECT COUNT(*) FROM bmt_settlement.clearings WHERE order_id = ${number(order.order_id)} AND state = 1`) === '0');
    const { refund } = await this.ask(ORDERS, 'RefundOrder', { order_id: order.order_id, lines: [{ line_no: 1, quantity: 1 }], reason: 'faults' });
    await this.site.settled('the refund has succeeded', async () =>
      (await this.site.call(ORDERS, 'GetRefund', { refund_id: refund.refund_id })).refund.state === 'REFUND_STATE_SUCCEEDED');
    this.expected.set(order.order_id, { state: 'COMPLETED', refunded: '1250' });
  }

  // What happens by itself: an order expires, with its payment; another one is confirmed.
  async timers() {
    const [left, kept] = [await this.begin(this.site.shop, 60), await this.buy()];
    await this.site.advance(61);
    await this.untilOrder(left.order, 'CLOSED');
    await this.site.settled('the payment is closed', async () => (await this.payment(left.payment)).state === 'PAYMENT_STATE_CLOSED');
    await this.site.advance(3601);
    await this.untilOrder(kept.order, 'COMPLETED');
    this.expected.set(left.order.order_id, { state: 'CLOSED' });
    this.expected.set(kept.order.order_id, { state: 'COMPLETED' });
  }

  // Money that comes after its order was cancelled goes back.
  async late() {
    const { order, payment } = await this.begin();
    await this.cancel(order);
    await this.decide(payment);
    await this.site.settled('the late money went back', () => this.look(
      `SELECT COUNT(*) FROM bmt_payment.refunds WHERE payment_id = ${number(payment.payment_id)} AND state = 3`) === '1');
  }

  // Money that comes after its order has expired opens it again, where the business wants it so.
  async reopened() {
    const { channel } = this.site.world;
    const shop = this.site.reopener;
    const { order, payment } = await this.begin(shop, 60);
    channel.faults.add([['pay', 'hold'], ['query', 'error_500'], ['close', 'error_500']]
      .map(([op, fault]) => ({ op, fault, times: 1000, merchant_payment_id: payment.payment_id })));
    await this.decide(payment);
    await this.site.advance(61);
    await this.untilOrder(order, 'CLOSED', shop);
    channel.faults.clear();
    await channel.notifier.flush();
    await this.untilOrder(order, 'FULFILLED', shop);
    this.expected.set(order.order_id, { state: ENDED, shop });
  }

  async payment(payment) {
    return (await this.site.call(PAYMENTS, 'GetPayment', { payment_id: payment.payment_id })).payment;
  }

  // A charge that belongs to no order, and that the channel knows.
  async beginCharge() {
    for (let tries = 0; tries < 4; tries += 1) {
      const { payment } = await this.ask(PAYMENTS, 'CreatePayment', { user_id: 'u1', channel_account_id: this.site.shop.account.channel_account_id,
        amount: { amount_minor: 1999, currency: 'EUR' } });
      if (this.site.world.channel.payments.byMerchantId.get(payment.payment_id)) return payment;
    }
    throw new Error('the channel never hears of charges');
  }

  async takeCharge(payment) {
    await this.decide(payment);
    await this.site.settled('the charge has succeeded', async () => (await this.payment(payment)).state === 'PAYMENT_STATE_SUCCEEDED');
  }

  // There and back.
  async charge() {
    const payment = await this.beginCharge();
    await this.takeCharge(payment);
    const { refund_id: refundId } = await this.ask(PAYMENTS, 'RefundPayment', { payment_id: payment.payment_id, amount: { amount_minor: 999, currency: 'EUR' }, reason: 'faults' });
    await this.site.settled('the charge went back', () => query(this.site.world,
      `SELECT COUNT(*) FROM bmt_payment.refunds WHERE refund_id = ${number(refundId)} AND state = 3`) === '1');
  }

  // One that was recorded, and then its asker died before the channel had heard of it.
  async offered() {
    const { payments } = this.site.world.channel;
    const payment = await this.beginCharge();
    const id = number(payment.payment_id);
    query(this.site.world, `DELETE FROM bmt_payment.payment_events WHERE payment_id = ${id} AND version > 1`);
    query(this.site.world, `UPDATE bmt_payment.payments SET state = 1, version = 1, channel_ref = NULL, action_url = '' WHERE payment_id = ${id}`);
    payments.byMerchantId.delete(payment.payment_id);
    await this.site.advance(11);
    await this.site.settled('the charge is offered again', () => payments.byMerchantId.has(payment.payment_id));
    await this.takeCharge(payment);
  }

  // An order that waits for its user to agree, and is then paid.
  async agreed() {
    const { shop } = this.site;
    const of = { spu_ids: [shop.sku.spu_id] };
    const version = { code: 'terms', locale: 'en', title: 'Terms', text: 'What you agree to.', ...of };
    const { agreement_template: terms } = await this.ask(PAYMENTS, 'CreateAgreementTemplate', { ...version, demand: 'AGREEMENT_DEMAND_REQUIRED' });
    await this.ask(PAYMENTS, 'AcceptAgreement', { agreement_template_id: terms.agreement_template_id, user_id: 'u1' });
    const { order } = await this.buy();
    this.expected.set(order.order_id, { state: ENDED });
    await this.ask(PAYMENTS, 'CreateAgreementTemplate', { ...version, demand: 'AGREEMENT_DEMAND_WITHDRAWN' });
  }

  async partner() {
    const { partner } = await this.ask(SETTLEMENT, 'CreatePartner', { code: requestId('p'), title: 'A studio', currency: 'EUR', schedule: 'STATEMENT_SCHEDULE_MONTHLY' });
    await this.ask(SETTLEMENT, 'UpdatePartner', { partner_id: partner.partner_id, update_mask: { paths: ['title'] }, title: 'Another studio' });
    const { spu } = await this.site.call('product.ProductService', 'CreateSpu', { request_id: requestId('spu'), code: requestId('spu'), title: 'Gold' });
    await this.ask(SETTLEMENT, 'CreateSplitRule', { scope: 'SPLIT_SCOPE_SPU', spu_id: spu.spu_id,
      parts: [{ level: 1, partner_id: partner.partner_id, kind: 'SPLIT_KIND_BASIS_POINTS', value: 7000 }] });
    await this.ask(SETTLEMENT, 'CreateAdjustment', { kind: 'ADJUSTMENT_KIND_PARTNER_CREDIT', partner_id: partner.partner_id,
      amount: { amount_minor: 500, currency: 'EUR' }, reason: 'faults' }, this.site.shop, { credential: this.site.world.adminKey, business: this.site.shop.business.business_id });
  }

  // Of one order: what was won has come back, what was lost is gone.
  async disputed() {
    const { shop, world } = this.site;
    const boss = { credential: world.adminKey, business: shop.business.business_id };
    const { order } = await this.buy();
    this.expected.set(order.order_id, { state: ENDED });
    const open = (minor) => this.ask(SETTLEMENT, 'OpenDispute', { order_id: order.order_id, line_no: 1, amount: { amount_minor: minor, currency: 'EUR' },
      channel_dispute: requestId('cd'), reason: 'faults' }, shop, boss).then((reply) => reply.dispute);
    const close = ({ dispute_id }, outcome) => this.ask(SETTLEMENT, 'CloseDispute', { dispute_id, outcome: `DISPUTE_STATE_${outcome}`, reason: 'faults' }, shop, boss);
    const [won, lost] = [await open(300), await open(400)];
    await close(won, 'WON');
    await close(lost, 'LOST');
    const { clearings } = await this.site.call(SETTLEMENT, 'ListClearings', { order_id: order.order_id }, boss);
    assert.deepEqual(clearings.map((line) => [line.disputed_minor, line.refunded_minor]), [['0', '400']]);
  }

  // A partner's share, from an order to his bank account. The channel's answer is lost: the timer has to find the payout.
  async paidout() {
    const { world } = this.site;
    const shop = this.payer;
    const boss = { credential: world.adminKey, business: shop.business.business_id };
    const { now } = await this.site.call('sandbox.SandboxService', 'GetClock', {}, boss);
    const { partner } = await this.ask(SETTLEMENT, 'CreatePartner', { code: requestId('p'), title: 'A studio', currency: 'EUR',
      payout_channel_account_id: shop.account.channel_account_id, payout_account: 'studio-bank', schedule: 'STATEMENT_SCHEDULE_DAILY',
      time_zone: 'UTC', cutoff_minutes: (Math.floor(Number(now.seconds) / 60) + 30) % 1440 }, shop, boss);
    await this.ask(SETTLEMENT, 'CreateSplitRule', { scope: 'SPLIT_SCOPE_BUSINESS', parts: [{ level: 1, partner_id: partner.partner_id,
      kind: 'SPLIT_KIND_BASIS_POINTS', value: 7000 }] }, shop, boss);
    const { order, payment } = await this.begin(shop);
    await this.decide(payment);
    await this.untilOrder(order, 'FULFILLED', shop);
    await this.ask(ORDERS, 'ConfirmOrder', { order_id: order.order_id }, shop);
    this.expected.set(order.order_id, { state: 'COMPLETED', shop });
    await this.site.settled('the partner has his share', () => this.look(
      `SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE partner_id = ${number(partner.partner_id)}`) === '1');
    await this.site.advance(1801);
    const statements = () => this.site.call(SETTLEMENT, 'ListStatements', { partner_id: partner.partner_id }, boss).then((reply) => reply.statements);
    await this.site.settled('the period is closed', async () => (await statements())[0]?.state === 'STATEMENT_STATE_CLOSED');
    const [{ statement_id, total_minor }] = await statements();
    assert.equal(total_minor, '1750');
    await this.ask(SETTLEMENT, 'ApproveStatement', { statement_id, reason: 'checked' }, shop, boss);
    world.channel.faults.add([{ op: 'payout', fault: 'lost_reply', times: 1 }]);
    const { payout } = await this.ask(SETTLEMENT, 'PayStatement', { statement_id, reason: 'due' }, shop, boss);
    await this.site.settled('the payout has succeeded', async () =>
      (await this.site.call(SETTLEMENT, 'GetPayout', { payout_id: payout.payout_id }, boss)).payout.state === 'PAYOUT_STATE_SUCCEEDED');
    const { now: later } = await this.site.call('sandbox.SandboxService', 'GetClock', {}, boss);
    await this.ask(SETTLEMENT, 'CloseStatement', { partner_id: partner.partner_id, currency: 'EUR', to_time: later }, shop, boss);
    await this.site.settled('the next period is closed', async () => (await statements())[0].state === 'STATEMENT_STATE_CLOSED');
    assert.deepEqual((await statements()).map((one) => [one.state, one.total_minor, one.payout_id]),
      [['STATEMENT_STATE_CLOSED', '0', ''], ['STATEMENT_STATE_PAID', '1750', payout.payout_id]]);
    assert.deepEqual([...world.channel.payouts.byMerchantId.values()].filter(({ merchant }) => merchant === shop.account.merchant)
      .map(({ request, state }) => [request.merchant_payout_id, request.amount_minor, state]), [[payout.payout_id, 1750, 'PAID']]);
  }

  // Before the server carries anything: rows that are broken by hand, and money of which only a statement tells.
  async prepare() {
    if (this.parts.includes('paidout')) {
      this.payer = await this.site.openShop();
      writeFileSync(`${this.site.world.folder}/studio-bank`, 'DE02120300000000202051\n', { mode: 0o600 });
    }
    if (!this.parts.includes('repair')) return;
    const { world } = this.site;
    const shop = await this.site.openShop();
    const run = (text) => text.split(';').map((one) => one.trim()).filter(Boolean).forEach((one) => query(world, one));
    const bare = await givenFulfilledOrder(shop, shop.sku);
    run(`DELETE FROM bmt_product.entitlement_lots WHERE order_id = ${number(bare.order_id)}`);
    const unused = await givenOrder(shop, shop.sku);
    const { payment } = await beginPayment(shop, unused);
    run(`UPDATE bmt_payment.payments SET state = 3, version = 3, due_time_ms = 0, succeed_time_ms = update_time_ms WHERE payment_id = ${number(payment.payment_id)};
      INSERT INTO bmt_payment.payment_events SELECT payment_id, 3, biz_id, 4, 2, 3, 'a test', '', update_time_ms FROM bmt_payment.payments WHERE payment_id = ${number(payment.payment_id)}`);
    bookPayment(world, number(payment.payment_id)); // as the server would have: only the order is to be mended
    world.channel.payments.move(world.channel.payments.byMerchantId.get(payment.payment_id), 'SUCCEEDED');
    const untold = await givenOrder(shop, shop.sku, { expires_in_s: 86400 });
    const begun = await beginPayment(shop, untold);
    world.channel.faults.add([['pay', 'hold'], ['query', 'error_500']]
      .map(([op, fault]) => ({ op, fault, times: 1000, merchant_payment_id: begun.payment.payment_id })));
    await decide(begun.payment);
    const date = new Date().toISOString().slice(0, 10);
    const hub = client(world, PAYMENTS, world.adminKey, { business: shop.business.business_id, port: this.site.ports[this.site.at] });
    await hub.ImportStatement({ request_id: requestId('statement'), channel_account_id: shop.account.channel_account_id, date,
      file: Buffer.from(JSON.stringify(statement(world.channel, shop.account.merchant, date, 1))) });
    for (const order of [bare, unused, untold]) this.expected.set(order.order_id, { state: ENDED, shop });
  }

  reconcile(method, request) {
    return this.site.call(RECONCILE, method, request, { credential: this.site.world.adminKey });
  }

  async untilReconciled() {
    const { run } = await this.reconcile('StartRun', { request_id: requestId('run') });
    await until('the run is over', async () => (await this.reconcile('GetRun', { run_id: run.run_id })).run.state === 'RUN_STATE_DONE', 30000);
    return (await this.reconcile('ListBreaks', { page_size: 200 })).breaks;
  }

  async repair() {
    for (const one of await this.untilReconciled()) {
      if (one.repair !== 'REPAIR_NONE') await this.reconcile('RepairBreak', { request_id: requestId('repair'), break_id: one.break_id, reason: 'faults' });
    }
    this.site.world.channel.faults.clear();
    assert.deepEqual((await this.untilReconciled()).map(({ kind, object, what }) => [kind, object, what]), []);
  }

  // Each request is answered as before, and each order is what was said of it.
  async check() {
    for (const { service, method, asked, shop, by, told } of this.journal) {
      const again = lasting(method, await this.site.call(service, method, asked, by));
      assert.deepEqual(again, told, `${method} ${asked.request_id} is answered otherwise`);
      if (method !== 'CreateOrder') continue;
      const order = await this.order({ order_id: told.id }, shop);
      assert.deepEqual(order.total, told.total);
    }
    for (const [orderId, { state, refunded = '0', shop }] of this.expected) {
      const order = await this.order({ order_id: orderId }, shop);
      assert.ok(state.split(' or ').includes(order.state.slice('ORDER_STATE_'.length)), `${orderId} is ${order.state}, not ${state}`);
      assert.equal(order.refunded?.amount_minor ?? '0', refunded, orderId);
    }
  }
}
