// Channel actions and hooks, and how the page is told; and when looks are made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redirectAction, systemClock, webStore } from '../dist/index.js';
import { given, givenState, PURCHASE } from './given.js';
import { CHANNELS, refusal } from './shop.js';

const PAY = { type: 'PAY', channelAccountId: 'chn_1' };
const story = (name, body) => test(name, async () => {
  const world = given();
  try {
    await body(world, world.shop, world.clock);
  } finally {
    world.end();
  }
});
const acting = (actions) => ({ plugins: [{ name: 'actions', actions }] });

story('a redirect is noted before the page is left, and who comes back is not sent off again', async (world, shop, clock) => {
  const went = [];
  let page;
  const plugin = acting({ redirect: redirectAction((url) => { went.push([url, JSON.parse(world.store.get('basket')).pay.isActed]); page.stop(); }) });
  page = await world.open(plugin);
  page.send({ type: 'BUY', purchase: PURCHASE });
  await clock.rest();
  page.send(PAY);
  await clock.rest();
  assert.deepEqual(went, [['https://channel.example/pay_1', true]]);
  page = await world.open(plugin);
  assert.equal(page.snapshot.state, 'waiting');
  assert.equal(went.length, 1);
  assert.equal(shop.count('QueryPayment'), 1); // who comes back has the channel asked
  page.send({ type: 'ACT' }); // the payer wants to go there again
  await clock.rest();
  assert.equal(went.length, 2);
});

story('a channel\'s own action comes before the common one; closing it is an event, and it can be shown again', async (world, shop, clock) => {
  shop.isServed = true;
  const shown = [];
  let close;
  const page = await world.open(acting({
    sandbox: ({ payment, signal }) => new Promise((resolve) => {
      shown.push(payment.paymentId);
      close = () => resolve('dismissed');
      signal.addEventListener('abort', () => shown.push('gone'));
    }),
    redirect: () => assert.fail('not this one'),
  }));
  page.send({ type: 'BUY', purchase: PURCHASE });
  await clock.rest();
  page.send(PAY);
  await clock.rest();
  assert.equal(page.snapshot.state, 'acting');
  close();
  await clock.rest();
  assert.deepEqual([page.snapshot.state, page.snapshot.isDismissed], ['waiting', true]);
  await clock.pass(5000);
  assert.equal(page.snapshot.isDismissed, true);
  page.send({ type: 'ACT' });
  await clock.rest();
  assert.deepEqual([page.snapshot.state, page.snapshot.isDismissed], ['acting', false]);
  shop.payerPays(); // by the code that is still shown
  await clock.rest();
  assert.equal(page.snapshot.state, 'paid');
  assert.deepEqual(shown, ['pay_1', 'gone', 'pay_1', 'gone']);
});

story('an action that fails is told, and the outcome is still awaited', async (world, shop, clock) => {
  const page = await world.open(acting({ redirect: () => { throw new Error('no such window'); } }));
  page.send({ type: 'BUY', purchase: PURCHASE });
  await clock.rest();
  page.send(PAY);
  await clock.rest();
  assert.deepEqual([page.snapshot.state, page.snapshot.error.reason, page.snapshot.error.message], ['waiting', 'SDK_FAULT', 'no such window']);
  shop.payerPays();
  await clock.pass(2000);
  assert.equal(page.snapshot.state, 'paid');
});

story('a hook may keep a payment from being begun', async (world, shop, clock) => {
  const page = await world.open({ plugins: [{ name: 'limits', hooks: { paying: (order) => { if (order.total.amountMinor > 1000) throw new Error('too much'); } } }] });
  page.send({ type: 'BUY', purchase: PURCHASE });
  await clock.rest();
  page.send(PAY);
  await clock.rest();
  assert.equal(shop.count('PayOrder'), 0);
  assert.deepEqual([page.snapshot.error.reason, page.snapshot.error.message], ['NOT_WANTED', 'too much']);
  assert.equal(page.snapshot.state, 'choosing');
});

story('a listener that throws stops nothing, and its error is not swallowed', async (world, shop, clock) => {
  const page = await givenState(world, 'waiting');
  const thrown = [];
  globalThis.reportError = (error) => thrown.push(error.message);
  let told = 0;
  const end = page.subscribe(() => {
    told += 1;
    if (told === 2) throw new Error('a page\'s own mistake');
  });
  shop.payerPays();
  await clock.pass(2000);
  assert.equal(page.snapshot.state, 'paid');
  delete globalThis.reportError;
  assert.deepEqual(thrown, ['a page\'s own mistake']);
  end();
  const before = told;
  shop.orderIs('FULFILLED');
  await clock.pass(2000);
  assert.equal(told, before);
});

story('only wishes can be sent: a page cannot say that it was paid', async (world, _shop, clock) => {
  const page = await givenState(world, 'waiting');
  for (const type of ['PAID', 'FULFILLED', 'CLOSED', 'OPEN', 'LOST', 'nonsense', undefined]) assert.equal(page.send({ type }), false);
  assert.equal(page.snapshot.state, 'waiting');
  assert.deepEqual(['BUY', 'PAY', 'CANCEL', 'ACT', 'RETRY'].filter(page.can), ['CANCEL', 'ACT']);
  await clock.rest();
});

story('one look at a time, however slow the server is', async (world, shop, clock) => {
  const page = await givenState(world, 'waiting');
  shop.fault('GetOrder', 'slow', 20);
  for (let i = 0; i < 20; i += 1) {
    shop.orderIs('PENDING_PAYMENT'); // the stream says: look
    await clock.pass(1000);
    page.wake();
  }
  assert.equal(shop.lookingMost, 1);
  assert.ok(shop.count('GetOrder') > 3);
});

story('looks become rarer, and stop at an end', async (world, shop, clock) => {
  const page = await givenState(world, 'waiting');
  const before = shop.count('GetOrder');
  await clock.pass(600000);
  const looks = shop.count('GetOrder') - before;
  assert.ok(looks > 50 && looks < 100, `${looks} looks in ten minutes`);
  assert.ok(shop.count('QueryPayment') > 5 && shop.count('QueryPayment') < looks / 4);
  shop.payerPays();
  shop.orderIs('FULFILLED');
  await clock.pass(20000);
  assert.equal(page.snapshot.state, 'fulfilled');
  const last = shop.calls.length;
  await clock.pass(600000);
  assert.equal(shop.calls.length, last);
  assert.equal(shop.streams.size, 0);
  assert.equal(clock.timers(), 0);
});

story('a change that the stream tells is looked at once; without a stream, soon', async (world, shop, clock) => {
  const page = await givenState(world, 'waiting');
  await clock.pass(60000);
  shop.payerPays();
  await clock.rest();
  assert.equal(page.snapshot.state, 'paid');
  for (const stream of [...shop.streams]) stream.break();
  shop.fault('WatchOrder', 'unreached', 99);
  shop.orderIs('FULFILLED');
  await clock.pass(10000);
  assert.equal(page.snapshot.state, 'fulfilled');
});

story('a server that asks to wait is waited for', async (world, shop, clock) => {
  const page = await world.open();
  shop.fault('CreateOrder', { ...refusal('resource_exhausted', 'QUEUE_FULL', {}, 429), headers: { 'retry-after': '30' } });
  page.send({ type: 'BUY', purchase: PURCHASE });
  await clock.pass(29000);
  assert.equal(shop.count('CreateOrder'), 1);
  assert.equal(page.snapshot.offline.reason, 'QUEUE_FULL');
  await clock.pass(2000);
  assert.equal(page.snapshot.state, 'choosing');
});

story('a token that is refused is asked for again, once', async (world, shop, clock) => {
  const asked = [];
  const token = (isRefused) => { asked.push(isRefused); return isRefused ? 'token' : 'old'; };
  const page = await world.open({ options: { token } });
  page.send({ type: 'BUY', purchase: PURCHASE });
  await clock.rest();
  assert.equal(page.snapshot.state, 'choosing');
  assert.deepEqual(asked.slice(0, 2), [false, true]);
  shop.tokens.clear();
  await clock.pass(20000);
  assert.deepEqual([page.snapshot.state, page.snapshot.error.code], ['interrupted', 'unauthenticated']);
  shop.tokens.add('token');
  page.send({ type: 'RETRY' });
  await clock.rest();
  assert.equal(page.snapshot.state, 'choosing');
  assert.equal(shop.ids('CreateOrder'), 1);
});

story('stop ends what is under way', async (world, shop, clock) => {
  const stopping = new AbortController();
  shop.fault('CreateOrder', 'silent');
  const page = await world.open({ options: { signal: stopping.signal } });
  page.send({ type: 'BUY', purchase: PURCHASE });
  await clock.rest();
  stopping.abort();
  await clock.pass(600000);
  assert.equal(shop.calls.length, 1);
  assert.equal(clock.timers(), 0);
  assert.equal(page.snapshot.state, 'creating');
  assert.equal(page.send({ type: 'BUY', purchase: PURCHASE }), false);
  const late = await world.open({ options: { signal: stopping.signal } });
  assert.equal(late.send({ type: 'BUY', purchase: PURCHASE }), false);
});

story('until resolves in the state that is waited for', async (world, _shop, clock) => {
  const page = await givenState(world, 'choosing');
  assert.equal((await page.until('choosing')).state, 'choosing');
  const later = page.until('acting', 'waiting');
  page.send(PAY);
  await clock.rest();
  assert.equal((await later).payment.paymentId, 'pay_1');
});

story('a web store takes turns by the browser\'s locks, and what is not ours in it is nothing', async (world, shop, clock) => {
  const kept = new Map();
  const taken = [];
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const locks = { request: (name, work) => { taken.push(name); return work(); } };
  for (const text of ['nonsense', '{"v":2}', '{"v":1}', '[]', 'null']) {
    kept.set('basket', text);
    assert.equal((await world.open({ options: { store: webStore(storage, locks) } })).snapshot.state, 'idle');
  }
  const page = await world.open({ options: { store: webStore(storage, locks), channels: CHANNELS } });
  page.send({ type: 'BUY', purchase: PURCHASE });
  await clock.rest();
  assert.ok(taken.length > 0 && taken.every((name) => name === 'basket'));
  assert.equal(JSON.parse(kept.get('basket')).orderId, 'ord_1');
  shop.fault('GetOrder', refusal('not_found', 'ORDER_NOT_FOUND', {}, 404));
  await world.open({ options: { store: webStore(storage, locks) } });
  assert.equal(kept.has('basket'), false);
});

test('the machine\'s own clock', async () => {
  const began = systemClock.now();
  await new Promise((resolve) => { systemClock.set(resolve, 5); });
  systemClock.clear(systemClock.set(() => assert.fail('was cleared'), 1));
  assert.ok(systemClock.now() >= began + 4 && systemClock.random() < 1);
});
