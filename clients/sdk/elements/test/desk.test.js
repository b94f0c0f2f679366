// The sale that the elements share: what is offered, chosen, ticked and shown as a code, over a shop in memory.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { memoryStore } from '@bmt/pay-core';
import { CHANNELS, createClock, openShop } from '../../core/test/shop.js';
import { createDesk } from '../dist/index.js';

const TERMS = { agreementTemplateId: 'tpl_1', title: 'Terms', text: 'Text', demand: 'AGREEMENT_DEMAND_REQUIRED' };
const NOTE = { agreementTemplateId: 'tpl_2', title: 'Note', text: 'Text', demand: 'AGREEMENT_DEMAND_SHOWN' };
let clock;
let shop;
let store;
let went;
let desks;
beforeEach(() => {
  clock = createClock();
  shop = openShop(clock);
  shop.isServed = true;
  store = memoryStore();
  went = [];
  desks = [];
});
afterEach(() => {
  for (const desk of desks) desk.stop();
});

async function open(more = {}) {
  let ids = desks.length * 100;
  const desk = createDesk({
    baseUrl: 'https://pay.example', token: 'token', key: 'basket', store, clock, fetch: shop.fetch, currency: 'EUR',
    offers: [{ skuId: 'sku_1' }, { skuId: 'sku_2' }], go: (url) => went.push(url), newId: () => { ids += 1; return `req-${ids}`; }, ...more,
  });
  desks.push(desk);
  await clock.rest();
  return desk;
}
async function proceed(desk) {
  const isSent = desk.proceed();
  await clock.rest();
  return isSent;
}

test('one button: it buys at the price that was shown, then pays over the way that was chosen', async () => {
  const desk = await open();
  assert.deepEqual([desk.view.state, desk.view.isShopping, desk.view.choice.quote.total.amountMinor], ['idle', true, '1250']);
  assert.equal(await proceed(desk), true);
  assert.deepEqual([desk.view.state, desk.view.isShopping, desk.view.channelAccountId], ['choosing', false, 'chn_1']);
  assert.equal(shop.order().quoteId, 'quo_1');
  desk.pick('chn_2');
  assert.equal(await proceed(desk), true);
  assert.equal(shop.payment().channelAccountId, 'chn_2');
  assert.deepEqual(went, ['https://channel.example/pay_1']);
  assert.equal(desk.view.state, 'waiting');
});

test('without a price there is nothing to buy', async () => {
  shop.fault('QuotePrice', 'silent', 9);
  const desk = await open();
  assert.equal(await proceed(desk), false);
  assert.deepEqual([desk.view.state, shop.orders.size], ['idle', 0]);
});

test('a second press is none', async () => {
  const desk = await open();
  const both = [desk.proceed(), desk.proceed()];
  await clock.rest();
  assert.deepEqual(both, [true, false]);
  const pays = [desk.proceed(), desk.proceed()];
  await clock.rest();
  assert.deepEqual(pays, [true, false]);
  assert.deepEqual([shop.orders.size, shop.payments.size], [1, 1]);
});

test('the way that the user took last is chosen, and one that is gone is not', async () => {
  shop.ways = [CHANNELS[0], { ...CHANNELS[1], isPreferred: true }];
  const desk = await open();
  await proceed(desk);
  assert.equal(desk.view.channelAccountId, 'chn_2');
  desk.pick('chn_gone');
  assert.equal(desk.view.channelAccountId, 'chn_2');
});

test('no way to pay: nothing is sent', async () => {
  shop.ways = [];
  const desk = await open();
  await proceed(desk);
  assert.equal(await proceed(desk), false);
  assert.equal(shop.count('PayOrder'), 0);
});

test('what must be accepted is asked for once the payer wants to pay, and only that is sent', async () => {
  shop.agreements = [TERMS, NOTE];
  const desk = await open();
  await proceed(desk);
  assert.deepEqual([desk.view.required, desk.view.isReminded], [['tpl_1'], false]);
  assert.equal(await proceed(desk), false);
  assert.deepEqual([desk.view.isReminded, shop.count('AcceptAgreement'), shop.count('PayOrder')], [true, 0, 0]);
  desk.accept('tpl_1', true);
  assert.equal(desk.view.isReminded, false);
  desk.accept('tpl_1', false);
  assert.equal(await proceed(desk), false);
  desk.accept('tpl_1', true);
  assert.equal(await proceed(desk), true);
  assert.deepEqual([[...shop.accepted.keys()], shop.count('PayOrder')], [['tpl_1'], 1]);
});

test('the code to scan: shown while the payer has to act, closed by the payer, shown again, paid', async () => {
  const desk = await open({ qr: ['sandbox'] });
  await proceed(desk);
  await proceed(desk);
  assert.deepEqual([desk.view.state, desk.view.scan.url, went], ['acting', 'https://channel.example/pay_1', []]);
  desk.view.scan.done('dismissed');
  await clock.rest();
  assert.deepEqual([desk.view.state, desk.view.isDismissed, desk.view.scan], ['waiting', true, undefined]);
  assert.equal(desk.wish('ACT'), true);
  await clock.rest();
  desk.view.scan.done();
  await clock.rest();
  assert.deepEqual([desk.view.state, desk.view.isDismissed], ['waiting', false]);
  shop.payerPays();
  shop.orderIs('FULFILLED');
  await clock.pass(15000);
  assert.equal(desk.view.state, 'fulfilled');
  assert.equal(shop.payments.size, 1);
});

test('the code goes when it is paid elsewhere', async () => {
  const desk = await open({ qr: ['sandbox'] });
  await proceed(desk);
  await proceed(desk);
  shop.payerPays();
  await clock.pass(15000);
  assert.deepEqual([desk.view.state, desk.view.scan], ['paid', undefined]);
});

test("a page's own action comes before the elements'", async () => {
  const seen = [];
  const desk = await open({ qr: ['sandbox'], plugins: [{ name: 'own', actions: { sandbox: ({ payment }) => { seen.push(payment.paymentId); } } }] });
  await proceed(desk);
  await proceed(desk);
  assert.deepEqual([seen, desk.view.scan, desk.view.state], [['pay_1'], undefined, 'waiting']);
});

test('after an end the payer chooses again, with a price of its own', async () => {
  const desk = await open();
  await proceed(desk);
  desk.wish('CANCEL');
  await clock.rest();
  assert.deepEqual([desk.view.state, desk.view.isShopping], ['closed', false]);
  desk.again();
  await clock.rest();
  assert.equal(desk.view.isShopping, true);
  await proceed(desk);
  assert.deepEqual([desk.view.state, desk.view.isShopping, shop.orders.size], ['choosing', false, 2]);
  assert.equal(new Set([...shop.orders.values()].map((order) => order.quoteId)).size, 2);
});

test('what is refused leaves the choice open, at a fresh price', async () => {
  const desk = await open();
  shop.fault('CreateOrder', { status: 400, body: { code: 'failed_precondition', message: 'gone', details: [{ debug: { reason: 'STOCK_INSUFFICIENT' } }] } });
  await proceed(desk);
  assert.deepEqual([desk.view.state, desk.view.isShopping, desk.view.error.reason], ['refused', true, 'STOCK_INSUFFICIENT']);
  assert.equal(await proceed(desk), true);
  assert.equal(desk.view.state, 'choosing');
});

test('a page that is opened again goes on where it was', async () => {
  const desk = await open();
  await proceed(desk);
  desk.stop();
  const next = await open();
  assert.deepEqual([next.view.state, next.view.isShopping, shop.orders.size], ['choosing', false, 1]);
});
