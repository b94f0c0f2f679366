// A page buys by @bmt/pay-core through the real gateway: reloads, lost replies, refusals, time, a gateway that is gone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createCheckout, memoryStore, redirectAction } from '../../clients/sdk/core/dist/index.js';
import { givenToken, startGateway } from './gateway.js';
import { decide, givenShop, givenSku } from './shop.js';
import { client, requestId, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let sku;
let spu;
let gateway;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku, spu } = await givenSku(shop));
  gateway = await startGateway(world);
});
after(() => stopWorld(world));

// A user's page, and what it does when it is opened again; `fetch` may lose what it is told to.
function givenUser(user) {
  const store = memoryStore();
  const sent = [];
  const lose = new Set();
  const pages = [];
  let held;
  const token = async (isRefused) => {
    if (!held || isRefused) held = await givenToken(shop, user);
    return held;
  };
  const send = async (url, init) => {
    const name = url.split('/').at(-1);
    if (!name.startsWith('Watch')) sent.push({ name, body: init.body });
    const answer = await fetch(url.replace('https://pay.example', gateway.url), init);
    if (lose.delete(name)) throw new TypeError('the reply was lost');
    return answer;
  };
  const open = (more = {}) => {
    const page = createCheckout({
      baseUrl: 'https://pay.example', key: user, store, fetch: send, token, returnUrl: 'https://shop.example/done', ...more,
    });
    pages.push(page);
    return page;
  };
  const of = async (list) => (await list).filter((one) => one.user_id === user);
  return {
    open, sent, lose,
    bodies: (name) => sent.filter((one) => one.name === name).map(({ body }) => body),
    end: () => pages.forEach((page) => page.stop()),
    orders: async () => of((await shop.orders.ListOrders({ user_id: user })).orders),
    payments: async () => of((await shop.payments.ListPayments({ page_size: 200 })).payments),
  };
}

const buy = async (page) => {
  await page.until('idle');
  page.send({ type: 'BUY', purchase: { lines: [{ skuId: sku.sku_id, quantity: 1 }], currency: 'EUR' } });
  return page.until('choosing', 'refused', 'interrupted');
};
const pay = async (page) => {
  page.send({ type: 'PAY', channelAccountId: shop.account.channel_account_id });
  return page.until('acting', 'interrupted');
};
const onPage = (snapshot, decision) => decide({ action: { redirect_url: snapshot.payment.action.redirectUrl } }, decision);
const isOnlyOne = async (user) => assert.deepEqual([(await user.orders()).length, (await user.payments()).length], [1, 1]);

test('a page buys, and is told when the server says so', async () => {
  const user = givenUser('sdk-1');
  const page = user.open();
  const seen = [];
  page.subscribe(({ state }) => { if (seen.at(-1) !== state) seen.push(state); });
  const choosing = await buy(page);
  assert.deepEqual([choosing.order.userId, choosing.order.total.amountMinor, choosing.channels ?? []], ['sdk-1', '1250', []]);
  assert.ok(page.leftMs() > 60000);
  const acting = await pay(page);
  page.send({ type: 'ACTED' });
  await onPage(acting);
  const { order } = await page.until('fulfilled');
  assert.equal(order.state, 'ORDER_STATE_FULFILLED');
  assert.deepEqual(seen.filter((state) => state !== 'paid'), ['looking', 'idle', 'creating', 'choosing', 'paying', 'acting', 'waiting', 'fulfilled']);
  const { isEntitled } = await page.client.call('bmt.product.v1.ProductService/CheckEntitlement', { spuId: spu.spu_id });
  assert.equal(isEntitled, true);
  await isOnlyOne(user);
  user.end();
});

test('a page that is left for the channel and opened again goes on, and shows the end for good', async () => {
  const user = givenUser('sdk-2');
  let went;
  const plugins = [{ name: 'redirect', actions: { redirect: redirectAction((url) => { went = url; }) } }];
  const page = user.open({ plugins });
  await buy(page);
  page.send({ type: 'PAY', channelAccountId: shop.account.channel_account_id });
  await until('the payer is on the channel\'s page', () => went);
  page.stop();
  await decide({ action: { redirect_url: went } });
  went = undefined;
  const back = user.open({ plugins });
  await back.until('fulfilled');
  back.stop();
  await until('the end is stored', async () => (await user.open({ plugins }).until('fulfilled')).order);
  assert.equal(went, undefined);
  await isOnlyOne(user);
  user.end();
});

test('replies that are lost are asked for again under the same request_id, in this page or the next', async () => {
  const user = givenUser('sdk-3');
  for (const name of ['CreateOrder', 'PayOrder', 'GetOrder', 'QueryPayment']) user.lose.add(name);
  const page = user.open();
  await buy(page);
  await pay(page);
  page.stop();
  user.lose.add('GetOrder');
  const next = user.open();
  const acting = await next.until('acting');
  next.send({ type: 'ACTED' });
  await onPage(acting);
  await next.until('fulfilled');
  for (const name of ['CreateOrder', 'PayOrder']) {
    assert.equal(user.bodies(name).length, 2, name);
    assert.equal(user.bodies(name)[0], user.bodies(name)[1]);
  }
  await isOnlyOne(user);
  user.end();
});

test('a page that is closed before the reply came takes the order up, and pays it once', async () => {
  const user = givenUser('sdk-4');
  const never = (name) => async (url, init) => {
    await fetch(url.replace('https://pay.example', gateway.url), { ...init, signal: undefined });
    assert.ok(url.endsWith(name), url);
    return new Promise((_, reject) => { init.signal.addEventListener('abort', () => reject(new Error('the page was closed'))); });
  };
  const first = user.open({ fetch: never('CreateOrder') });
  await first.until('idle');
  first.send({ type: 'BUY', purchase: { lines: [{ skuId: sku.sku_id, quantity: 1 }], currency: 'EUR' } });
  await until('the order is made', async () => (await user.orders()).length === 1);
  first.stop();
  const second = user.open();
  await second.until('choosing');
  second.send({ type: 'PAY', channelAccountId: shop.account.channel_account_id });
  second.stop();
  const third = user.open();
  const acting = await third.until('acting', 'choosing');
  await isOnlyOneOrder(user);
  await onPage(acting.state === 'acting' ? acting : await pay(third));
  await third.until('fulfilled');
  await isOnlyOne(user);
  user.end();
});
const isOnlyOneOrder = async (user) => assert.equal((await user.orders()).length, 1);

test('a payment that the payer refuses leaves the order to be paid by another attempt', async () => {
  const user = givenUser('sdk-5');
  const page = user.open();
  await buy(page);
  const acting = await pay(page);
  page.send({ type: 'ACTED' });
  await page.until('waiting');
  await onPage(acting, 'refuse');
  const choosing = await page.until('choosing');
  assert.equal(choosing.payment.state, 'PAYMENT_STATE_FAILED');
  await onPage(await pay(page));
  await page.until('fulfilled');
  assert.deepEqual([(await user.orders()).length, (await user.payments()).length], [1, 2]);
  user.end();
});

test('what cannot be sold is refused with its reason, and nothing was made', async () => {
  const user = givenUser('sdk-6');
  const { sku: gone } = await givenSku(shop, { stock: 1 });
  const page = user.open();
  await page.until('idle');
  page.send({ type: 'BUY', purchase: { lines: [{ skuId: gone.sku_id, quantity: 2 }], currency: 'EUR' } });
  const { error } = await page.until('refused');
  assert.deepEqual([error.code, error.reason, error.metadata.available, error.retryable], ['failed_precondition', 'STOCK_INSUFFICIENT', '1', false]);
  assert.equal((await user.orders()).length, 0);
  assert.equal((await buy(user.open({ key: 'another' }))).state, 'choosing');
  user.end();
});

test('a gateway that ends in the middle and comes back somewhere else loses nothing', async () => {
  const user = givenUser('sdk-7');
  const page = user.open();
  await buy(page);
  const acting = await pay(page);
  page.send({ type: 'ACTED' });
  gateway.child.kill('SIGKILL');
  await onPage(acting);
  const offline = new Promise((resolve) => { page.subscribe((snapshot) => snapshot.offline && resolve(snapshot)); });
  assert.equal((await offline).state, 'waiting');
  gateway = await startGateway(world, 'again');
  page.wake();
  await page.until('fulfilled');
  await isOnlyOne(user);
  user.end();
});

test('an order that is not paid in time is closed when the server says so, with a token that was renewed', async () => {
  const user = givenUser('sdk-8');
  const page = user.open();
  await buy(page);
  await client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds: 3601 } });
  page.wake();
  const { order } = await page.until('closed');
  assert.equal(order.closeReason, 'CLOSE_REASON_TIMEOUT');
  assert.equal(page.leftMs(), undefined);
  user.end();
});
