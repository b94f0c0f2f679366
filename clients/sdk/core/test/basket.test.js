// What is chosen has a price of the server's, and is ordered at just that price.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createBasket, createClient } from '../dist/index.js';
import { createClock, openShop } from './shop.js';

let clock;
let shop;
let made;
beforeEach(() => {
  clock = createClock();
  shop = openShop(clock);
  made = [];
});
afterEach(() => {
  for (const basket of made) basket.stop();
});

async function open(more = {}) {
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `quote-${ids}`;
  };
  const client = createClient({ baseUrl: 'https://pay.example', token: 'token', fetch: shop.fetch, clock });
  const basket = createBasket({ client, clock, newId, currency: 'EUR', offers: [{ skuId: 'sku_1' }, { skuId: 'sku_2', title: 'My own' }], ...more });
  made.push(basket);
  await clock.rest();
  return basket;
}
const total = ({ choice }) => choice.quote?.total.amountMinor;
const asked = () => shop.calls.map(({ request: { lines: [{ skuId, quantity }] } }) => `${quantity} ${skuId}`);

test('each offer has its price, the first is chosen', async () => {
  const basket = await open();
  const { offers, skuId, quantity, error } = basket.choice;
  assert.deepEqual(offers.map((offer) => [offer.title, offer.unitPrice.amountMinor]), [['Title of sku_1', '1250'], ['My own', '1250']]);
  assert.deepEqual([skuId, quantity, error, total(basket)], ['sku_1', 1, undefined, '1250']);
  assert.deepEqual(asked(), ['1 sku_1', '1 sku_2']);
});

test('another quantity is asked for when the clicking rests, once; until then there is no price', async () => {
  const basket = await open();
  for (const quantity of [2, 3, 4]) basket.choose({ quantity });
  assert.equal(basket.choice.quote, undefined);
  assert.equal(basket.take(), undefined);
  await clock.pass(300);
  assert.equal(total(basket), '5000');
  assert.deepEqual(asked(), ['1 sku_1', '1 sku_2', '4 sku_1']);
  basket.choose({ quantity: 1 });
  assert.equal(total(basket), '1250');
  await clock.pass(300);
  assert.equal(shop.calls.length, 3);
});

test('a quantity that is none becomes the nearest one; an SKU that is not offered changes nothing', async () => {
  const basket = await open({ quantityMax: 5 });
  for (const [wanted, got] of [[9, 5], [0, 1], [-3, 1], [2.6, 3], [Number.NaN, 1]]) {
    basket.choose({ quantity: wanted });
    assert.equal(basket.choice.quantity, got, String(wanted));
  }
  basket.choose({ skuId: 'sku_other' });
  assert.equal(basket.choice.skuId, 'sku_1');
});

test('a quote is taken once; the next purchase has another', async () => {
  const basket = await open();
  assert.deepEqual(basket.take(), { quoteId: 'quo_1' });
  assert.equal(basket.take(), undefined);
  basket.wake();
  await clock.rest();
  assert.deepEqual(basket.take(), { quoteId: 'quo_3' });
});

test('a price that stops to bind is asked for anew by itself', async () => {
  const basket = await open();
  await clock.pass(570001);
  assert.equal(total(basket), '1250');
  assert.deepEqual(basket.take(), { quoteId: 'quo_3' });
});

test('a page that was forgotten stops to ask, and has its price again when it is looked at', async () => {
  const basket = await open({ offers: [{ skuId: 'sku_1' }] });
  await clock.pass(86400000);
  assert.deepEqual([shop.calls.length, basket.choice.quote, clock.timers()], [7, undefined, 0]);
  basket.wake();
  await clock.rest();
  assert.equal(total(basket), '1250');
});

test('what is not on sale says so, and the rest can be bought', async () => {
  const basket = await open({ offers: [{ skuId: 'sku_gone' }, { skuId: 'sku_2' }] });
  assert.equal(basket.choice.error.reason, 'SKU_NOT_ON_SALE');
  assert.deepEqual(basket.choice.offers.map((offer) => Boolean(offer.error)), [true, false]);
  assert.equal(basket.take(), undefined);
  basket.choose({ skuId: 'sku_2' });
  assert.deepEqual([basket.choice.error, total(basket)], [undefined, '1250']);
});

test('without a network the same request is sent again until it is answered', async () => {
  shop.fault('QuotePrice', 'unreached', 2);
  const seen = [];
  const basket = await open({ offers: [{ skuId: 'sku_1' }] });
  basket.subscribe(({ error, quote }) => seen.push(error?.reason ?? quote?.quoteId));
  await clock.pass(5000);
  assert.equal(basket.choice.error, undefined);
  assert.equal(total(basket), '1250');
  assert.ok(seen.includes('UNREACHABLE'), String(seen));
  assert.equal(shop.ids('QuotePrice'), 1);
  assert.equal(shop.count('QuotePrice'), 3);
});

test('a basket that has stopped asks no more', async () => {
  shop.fault('QuotePrice', 'unreached', 99);
  const basket = await open();
  basket.stop();
  await clock.pass(60000);
  assert.deepEqual([shop.calls.length, clock.timers()], [2, 0]);
});
