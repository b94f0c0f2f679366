// Businesses, products, prices, stock, quotes: what can be changed, and what is refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginPayment, decide, givenFulfilledOrder, givenOrder, givenShop, givenSku, untilState } from './shop.js';
import { client, refused, requestId, startWorld, stopWorld } from './world.js';

let world;
let shop;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
});
after(() => stopWorld(world));

const reasonOf = async (promise) => (await refused(promise)).reason;
const id = () => ({ request_id: requestId() });

test('codes are taken once', async () => {
  const { spu, sku } = await givenSku(shop, { code: 'once' });
  assert.equal(await reasonOf(shop.products.CreateSpu({ ...id(), code: 'once', title: 'x' })), 'SPU_CODE_TAKEN');
  assert.equal(await reasonOf(shop.products.CreateSku({ ...id(), spu_id: spu.spu_id, code: sku.code, title: 'x', grant: { kind: 'GRANT_KIND_PERMANENT' } })), 'SKU_CODE_TAKEN');
  assert.equal(await reasonOf(shop.products.CreateSku({ ...id(), spu_id: 'spu_0000000000001', code: 'y', title: 'x', grant: { kind: 'GRANT_KIND_PERMANENT' } })), 'SPU_NOT_FOUND');
  const admin = client(world, 'business.BusinessService', world.adminKey);
  assert.equal(await reasonOf(admin.RegisterBusiness({ ...id(), code: shop.business.code, name: 'x', currency: 'EUR' })), 'BUSINESS_CODE_TAKEN');
  const hub = client(world, 'payment.PaymentHubService', world.adminKey, { business: shop.business.business_id });
  assert.equal(await reasonOf(hub.CreateChannelAccount({ ...id(), code: 'main', channel: 'sandbox', title: 'x', merchant: 'm', secret_name: 'sandbox-main', base_url: 'http://a', notify_url: 'http://a' })), 'CHANNEL_ACCOUNT_CODE_TAKEN');
});

test('updates name their fields and respect the etag', async () => {
  const { spu, sku } = await givenSku(shop);
  const { spu: changed } = await shop.products.UpdateSpu({ ...id(), spu_id: spu.spu_id, update_mask: { paths: ['title'] }, title: 'New' });
  assert.equal(changed.title, 'New');
  const update = (more) => shop.products.UpdateSpu({ ...id(), spu_id: spu.spu_id, update_mask: { paths: ['title'] }, title: 'Newer', ...more });
  assert.equal(await reasonOf(update({ etag: spu.etag })), 'ETAG_MISMATCH');
  assert.equal(await reasonOf(update({ update_mask: { paths: ['state'] } })), 'FIELD_MASK_UNKNOWN');
  assert.equal(await reasonOf(update({ title: '' })), 'FIELD_REQUIRED');
  assert.equal((await update({ etag: changed.etag })).spu.title, 'Newer');
  assert.equal((await shop.products.UpdateSku({ ...id(), sku_id: sku.sku_id, update_mask: { paths: ['title'] }, title: 'Sku' })).sku.title, 'Sku');
  const { business } = await shop.businesses.UpdateBusiness({ ...id(), business_id: shop.business.business_id, update_mask: { paths: ['name', 'order_expires_in_s'] }, name: 'Renamed', order_expires_in_s: 60 });
  assert.deepEqual([business.name, business.order_expires_in_s], ['Renamed', '60']);
});

test('what is not on sale is not sold', async () => {
  const { spu, sku } = await givenSku(shop);
  assert.equal(await reasonOf(shop.products.PublishSku({ ...id(), sku_id: sku.sku_id })), 'SKU_WRONG_STATE');
  await shop.products.UnpublishSpu({ ...id(), spu_id: spu.spu_id });
  assert.equal(await reasonOf(shop.products.UnpublishSpu({ ...id(), spu_id: spu.spu_id })), 'SPU_WRONG_STATE');
  assert.equal(await reasonOf(givenOrder(shop, sku)), 'SKU_NOT_ON_SALE');
  await shop.products.PublishSpu({ ...id(), spu_id: spu.spu_id });
  await shop.products.UnpublishSku({ ...id(), sku_id: sku.sku_id });
  assert.equal(await reasonOf(givenOrder(shop, sku)), 'SKU_NOT_ON_SALE');
});

test('a later price counts from its time on; a quote keeps the earlier one', async () => {
  const { sku } = await givenSku(shop, { price: 1000 });
  const sandbox = client(world, 'sandbox.SandboxService', world.adminKey);
  const { now } = await sandbox.GetClock({});
  const later = { seconds: String(Number(now.seconds) + 100) };
  await shop.products.CreatePriceVersion({ ...id(), sku_id: sku.sku_id, unit_price: { amount_minor: 2000, currency: 'EUR' }, effective_time: later });
  const price = (time) => shop.products.CreatePriceVersion({ ...id(), sku_id: sku.sku_id, unit_price: { amount_minor: 1, currency: 'EUR' }, effective_time: time });
  assert.equal(await reasonOf(price(later)), 'PRICE_TIME_TAKEN');
  assert.equal(await reasonOf(price({ seconds: 1000 })), 'FIELD_OUT_OF_RANGE');
  const { quote } = await shop.products.QuotePrice({ ...id(), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] });
  await sandbox.AdvanceClock({ ...id(), by: { seconds: 101 } });
  assert.equal((await givenOrder(shop, sku)).total.amount_minor, '2000');
  const { order } = await shop.orders.CreateOrder({ ...id(), user_id: 'u1', quote_id: quote.quote_id });
  assert.equal(order.total.amount_minor, '1000');
  assert.equal((await shop.products.GetQuote({ quote_id: quote.quote_id })).quote.order_id, order.order_id);
  assert.equal(await reasonOf(shop.orders.CreateOrder({ ...id(), user_id: 'u1', quote_id: quote.quote_id })), 'QUOTE_USED');
  assert.equal(await reasonOf(shop.orders.CreateOrder({ ...id(), user_id: 'u1', quote_id: quote.quote_id, lines: [{ sku_id: sku.sku_id, quantity: 1 }] })), 'FIELD_CONFLICT');
  assert.equal(await reasonOf(givenOrder(shop, sku, { currency: 'USD' })), 'PRICE_MISSING');
  assert.equal((await shop.products.ListPriceVersions({ sku_id: sku.sku_id })).price_versions.length, 2);
});

test('stock is set, adjusted and never less than what is held or sold', async () => {
  const { sku } = await givenSku(shop);
  const set = (more) => shop.products.SetStock({ ...id(), sku_id: sku.sku_id, kind: 'STOCK_KIND_COUNTED', ...more });
  const adjust = (delta) => shop.products.AdjustStock({ ...id(), sku_id: sku.sku_id, delta });
  assert.equal(await reasonOf(adjust(1)), 'STOCK_UNLIMITED');
  await set({ total: 5 });
  const order = await givenOrder(shop, sku, { quantity: 3 });
  assert.equal(await reasonOf(set({ total: 2 })), 'STOCK_INSUFFICIENT');
  assert.equal(await reasonOf(adjust(-3)), 'STOCK_INSUFFICIENT');
  assert.equal(await reasonOf(set({ kind: 'STOCK_KIND_UNLIMITED' })), 'STOCK_HELD');
  assert.equal((await adjust(-2)).stock.available, '0');
  const refusal = await refused(givenOrder(shop, sku));
  assert.deepEqual([refusal.reason, refusal.metadata.available], ['STOCK_INSUFFICIENT', '0']);
  await shop.orders.CancelOrder({ ...id(), order_id: order.order_id });
  assert.equal((await set({ kind: 'STOCK_KIND_UNLIMITED' })).stock.kind, 'STOCK_KIND_UNLIMITED');
  await set({ total: 1000000000000 });
  for (let i = 0; i < 1; i += 1) assert.equal((await adjust(1000000000)).stock.total, '1001000000000');
});

test('amounts that leave the range are refused', async () => {
  const { sku } = await givenSku(shop, { price: 1e15 });
  assert.equal(await reasonOf(givenOrder(shop, sku, { quantity: 2 })), 'AMOUNT_OVERFLOW');
  assert.equal(await reasonOf(givenOrder(shop, sku, { lines: [1, 1].map((quantity) => ({ sku_id: sku.sku_id, quantity })) })), 'AMOUNT_OVERFLOW');
});

test('a second purchase follows the first in time', async () => {
  const { spu, sku } = await givenSku(shop);
  await givenFulfilledOrder(shop, sku, { user: 'stacker' });
  await givenFulfilledOrder(shop, sku, { user: 'stacker', quantity: 2 });
  const { lots } = await shop.products.ListEntitlements({ user_id: 'stacker', spu_id: spu.spu_id });
  assert.deepEqual(lots[1].start_time, lots[0].end_time);
  assert.equal(Number(lots[1].end_time.seconds) - Number(lots[1].start_time.seconds), 60 * 86400);
  assert.equal((await shop.products.GetEntitlement({ lot_id: lots[0].lot_id })).lot.state, 'LOT_STATE_ACTIVE');
  const check = await shop.products.CheckEntitlement({ user_id: 'stacker', spu_id: spu.spu_id });
  assert.deepEqual([check.is_entitled, check.end_time], [true, lots[1].end_time]);
  assert.equal((await shop.products.CheckEntitlement({ user_id: 'nobody', spu_id: spu.spu_id })).is_entitled, false);
  assert.equal(await reasonOf(shop.products.GetEntitlement({ lot_id: 'lot_0000000000001' })), 'ENTITLEMENT_NOT_FOUND');
});

test('lists go page by page, and a token belongs to its query', async () => {
  const other = await givenShop(world);
  const { spu } = await givenSku(other);
  for (let i = 0; i < 4; i += 1) await other.products.CreateSku({ ...id(), spu_id: spu.spu_id, code: `c${i}`, title: 'x', grant: { kind: 'GRANT_KIND_COUNT', amount: 3 } });
  const first = await other.products.ListSkus({ page_size: 3, spu_id: spu.spu_id });
  const second = await other.products.ListSkus({ page_size: 3, spu_id: spu.spu_id, page_token: first.next_page_token });
  assert.deepEqual([first.skus.length, second.skus.length, second.next_page_token], [3, 2, '']);
  assert.equal(await reasonOf(other.products.ListSkus({ page_size: 3, page_token: first.next_page_token })), 'PAGE_TOKEN_INVALID');
  assert.equal(await reasonOf(other.products.ListSkus({ page_token: 'nonsense' })), 'PAGE_TOKEN_INVALID');
  assert.equal((await other.products.ListSpus({})).spus.length, 1);
  const admin = client(world, 'business.BusinessService', world.adminKey);
  assert.ok((await admin.ListBusinesses({ page_size: 1 })).next_page_token);
});

test('orders are listed by user, state and time', async () => {
  const other = await givenShop(world);
  const { sku } = await givenSku(other);
  const paid = await givenOrder(other, sku, { user: 'a', labels: [{ key: 'campaign', value: 'spring=1' }] });
  await decide((await beginPayment(other, paid)).payment);
  await untilState(other, paid, 'FULFILLED');
  const waiting = await givenOrder(other, sku, { user: 'b' });
  const ids = async (filter) => (await other.orders.ListOrders(filter)).orders.map((order) => order.order_id);
  assert.deepEqual(await ids({}), [waiting.order_id, paid.order_id]);
  assert.deepEqual(await ids({ user_id: 'a' }), [paid.order_id]);
  assert.deepEqual(await ids({ state: 'ORDER_STATE_PENDING_PAYMENT' }), [waiting.order_id]);
  assert.deepEqual(await ids({ create_time_to: paid.create_time }), []);
  assert.equal((await ids({ create_time_from: paid.create_time })).length, 2);
  const [far, early, zero] = [4102444800, -315619200, 0].map((seconds) => ({ seconds })); // 2100, 1960, 1970
  assert.deepEqual(await ids({ create_time_from: early, create_time_to: far }), [waiting.order_id, paid.order_id]);
  assert.deepEqual([await ids({ create_time_from: far }), await ids({ create_time_to: early }), await ids({ create_time_to: zero })], [[], [], []]);
  assert.deepEqual((await other.orders.GetOrder({ order_id: paid.order_id })).order.labels, [{ key: 'campaign', value: 'spring=1' }]);
  assert.equal((await other.payments.ListPayments({ order_id: paid.order_id })).payments.length, 1);
  const { payments } = await other.payments.ListPayments({});
  assert.equal(payments[0].state, 'PAYMENT_STATE_SUCCEEDED');
  assert.equal((await other.payments.ListChannelAccounts({})).channel_accounts.length, 1);
  assert.equal(await reasonOf(givenOrder(other, sku, { labels: [{ key: 'a' }, { key: 'a' }] })), 'FIELD_DUPLICATE');
});

test('a quote takes the buyer\'s region and level; a coupon code is unknown while there are no promotions', async () => {
  const { sku } = await givenSku(shop);
  const request = { ...id(), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 2 }], region: 'DE', level: 3 };
  const { quote } = await shop.products.QuotePrice(request);
  assert.deepEqual([quote.total.amount_minor, quote.lines[0].promotions], ['2500', []]);
  const { reason, metadata, code } = await refused(shop.products.QuotePrice({ ...request, ...id(), coupon_codes: ['SUMMER', 'MORE'] }));
  assert.deepEqual([code, reason, metadata.coupon_code], ['NOT_FOUND', 'COUPON_NOT_FOUND', 'SUMMER']);
  assert.equal((await refused(shop.products.QuotePrice({ ...request, ...id(), region: 'DEU' }))).reason, 'FIELD_TOO_LONG');
});
