// What goes wrong between a page and its money: lost replies, unknown outcomes, time, impatience, two tabs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { machine, memoryStore, PayError } from '../dist/index.js';
import { given, givenState, PURCHASE, reached } from './given.js';
import { CHANNELS, refusal } from './shop.js';

const BUY = { type: 'BUY', purchase: PURCHASE };
const PAY = { type: 'PAY', channelAccountId: 'chn_1' };
const story = (name, body) => test(name, async () => {
  const world = given();
  try {
    await body(world, world.shop, world.clock);
  } finally {
    world.end();
  }
});

for (const how of ['lost', 'unreached', 'silent', refusal('unavailable', 'COMMIT_UNCERTAIN', {}, 503), refusal('internal', 'INTERNAL_ERROR', {}, 500), { status: 502, body: '<html>bad gateway</html>' }])
  story(`every answer ${how.body?.code ?? how.body ?? how} at first: the same request is sent again, whole`, async (world, shop, clock) => {
    for (const name of ['CreateOrder', 'PayOrder', 'GetOrder', 'CancelOrder', 'QueryPayment']) shop.fault(name, how);
    const page = await world.open();
    page.send(BUY);
    await clock.pass(20000);
    page.send(PAY);
    await clock.pass(20000);
    assert.equal(page.snapshot.state, 'acting');
    page.send({ type: 'CANCEL' });
    await clock.pass(20000);
    shop.channelSays('CLOSED');
    await clock.pass(60000);
    assert.equal(page.snapshot.state, 'closed');
    for (const name of ['CreateOrder', 'PayOrder', 'CancelOrder']) {
      const sent = shop.calls.filter((one) => one.name === name).map(({ request }) => JSON.stringify(request));
      assert.equal(sent.length, 2, name);
      assert.equal(sent[0], sent[1], name);
    }
    assert.deepEqual([shop.orders.size, shop.payments.size], [1, 1]);
    assert.ok(page.errors.every((error) => error instanceof PayError && error.retryable && error.correlationId));
    assert.equal(page.snapshot.offline, undefined);
  });

story('a page that cannot store sends nothing', async (world, shop, clock) => {
  const store = { get: () => null, set: () => { throw new Error('quota'); }, remove: () => {} };
  const page = await world.open({ options: { store } });
  page.send(BUY);
  await clock.rest();
  assert.equal(page.snapshot.state, 'interrupted');
  assert.equal(page.snapshot.error.reason, 'STORE_FAILED');
  assert.equal(shop.calls.length, 0);
});

story('requests are stored before they are sent', async (world, shop, clock) => {
  const page = await world.open();
  const kept = [];
  const { fetch } = shop;
  shop.fetch = (...all) => { kept.push(world.store.get('basket')); return fetch(...all); };
  const watched = await world.open({ options: { fetch: (...all) => shop.fetch(...all), isStreaming: false } });
  page.stop();
  watched.send(BUY);
  await clock.rest();
  watched.send(PAY);
  await clock.rest();
  const id = (name) => shop.calls.find((one) => one.name === name).request.requestId;
  const at = (name) => kept[shop.calls.findIndex((one) => one.name === name)];
  assert.ok(at('CreateOrder').includes(id('CreateOrder')));
  assert.ok(at('PayOrder').includes(id('PayOrder')));
});

story('an unknown outcome is never shown as an end, however long it lasts', async (world, shop, clock) => {
  const page = await givenState(world, 'unsure');
  await clock.pass(2 * 3600 * 1000);
  assert.equal(page.snapshot.state, 'unsure');
  assert.equal(page.send(PAY), false);
  shop.orderIs('CLOSED', { closeReason: 'CLOSE_REASON_TIMEOUT' });
  await clock.pass(3600 * 1000);
  assert.equal(page.snapshot.state, 'settling');
  shop.channelSays('SUCCEEDED', { isLate: true });
  await clock.pass(30000);
  assert.equal(page.snapshot.state, 'returned');
  assert.deepEqual(page.seen.filter((state) => ['closed', 'refused', 'choosing'].includes(state)), ['choosing']);
});

story('a state that a later server invents keeps the page asking', async (world, shop, clock) => {
  const page = await givenState(world, 'waiting');
  shop.orderIs('ON_THE_MOON');
  await clock.pass(60000);
  assert.equal(page.snapshot.state, 'unsure');
  shop.orderIs('PAID');
  await clock.pass(1000);
  assert.equal(page.snapshot.state, 'paid');
});

story('late money of an order that is opened again is paid', async (world, shop, clock) => {
  const page = await givenState(world, 'settling');
  shop.channelSays('SUCCEEDED');
  await clock.pass(30000);
  assert.equal(page.snapshot.state, 'settling'); // paid or sent back: the server has not said yet
  shop.orderIs('PAID');
  await clock.pass(1000);
  assert.equal(page.snapshot.state, 'paid');
});

story('after a failed payment a new attempt has a new id on the same order', async (world, shop, clock) => {
  const page = await givenState(world, 'waiting');
  shop.channelSays('FAILED', { failure: 'no funds' });
  await clock.pass(30000);
  assert.equal(page.snapshot.state, 'choosing');
  assert.equal(page.snapshot.payment.failure, 'no funds');
  page.send({ type: 'PAY', channelAccountId: 'chn_2' });
  await clock.rest();
  assert.equal(page.snapshot.state, 'acting');
  assert.deepEqual([shop.orders.size, shop.payments.size, shop.ids('PayOrder')], [1, 2, 2]);
});

story('a payment that is refused leaves the order to be paid otherwise, and says why', async (world, shop, clock) => {
  const page = await givenState(world, 'choosing');
  shop.fault('PayOrder', refusal('failed_precondition', 'CHANNEL_DISABLED', { channel_account: 'chn_1' }));
  page.send(PAY);
  await clock.rest();
  assert.equal(page.snapshot.state, 'choosing');
  assert.equal(page.snapshot.error.reason, 'CHANNEL_DISABLED');
  assert.equal(page.snapshot.error.metadata.channel_account, 'chn_1');
  await clock.pass(30000);
  assert.equal(page.snapshot.error.reason, 'CHANNEL_DISABLED'); // until the next wish
  page.send(PAY);
  await clock.rest();
  assert.equal(page.snapshot.error, undefined);
  assert.equal(shop.ids('PayOrder'), 2);
});

story('while another payment may take the money, no second one is begun', async (world, shop, clock) => {
  const page = await givenState(world, 'choosing');
  const kept = memoryStore();
  kept.set('basket', world.store.get('basket'));
  const device = await world.open({ options: { store: kept } }); // knows the order, and nothing of what this one stores
  shop.first = 'UNKNOWN';
  page.send(PAY);
  await clock.rest();
  device.send({ type: 'PAY', channelAccountId: 'chn_2' });
  await clock.rest();
  assert.equal(device.snapshot.error.reason, 'PAYMENT_IN_DOUBT');
  assert.deepEqual([page.snapshot.state, device.snapshot.state, shop.payments.size], ['unsure', 'unsure', 1]);
  shop.payerPays();
  await clock.pass(20000);
  assert.deepEqual([page.snapshot.state, device.snapshot.state], ['paid', 'paid']);
});

story('expiry is what the server says: the clock of the page decides nothing', async (world, shop, clock) => {
  shop.behindMs = 24 * 3600 * 1000; // the page's clock is a day ahead
  const page = await givenState(world, 'choosing');
  assert.equal(page.leftMs(), shop.heldMs);
  await clock.pass(60000);
  assert.equal(page.snapshot.state, 'choosing');
  const looks = shop.count('GetOrder');
  await clock.pass(shop.heldMs - 60000 + 600);
  assert.equal(page.leftMs(), 0);
  assert.equal(page.snapshot.state, 'choosing'); // time is over, but the server has not said so
  assert.ok(shop.count('GetOrder') > looks);
  shop.orderIs('CLOSED', { closeReason: 'CLOSE_REASON_TIMEOUT' });
  await clock.pass(1000);
  assert.equal(page.snapshot.state, 'closed');
  assert.equal(page.snapshot.order.closeReason, 'CLOSE_REASON_TIMEOUT');
  assert.equal(page.leftMs(), undefined);
});

story('a page whose clock is behind learns the time from the stream', async (world, shop, clock) => {
  shop.behindMs = -3600 * 1000;
  const first = await givenState(world, 'choosing');
  first.stop();
  await clock.pass(300000); // five minutes with no page open
  const page = await world.open();
  assert.equal(page.leftMs(), shop.heldMs); // the last that was heard of the server's clock is its change of the order
  shop.tick();
  await clock.rest();
  assert.equal(page.leftMs(), shop.heldMs - 300000);
});

story('a double click makes one order and one payment', async (world, shop, clock) => {
  const page = await world.open();
  assert.deepEqual([page.send(BUY), page.send(BUY)], [true, false]);
  await clock.rest();
  assert.deepEqual([page.send(PAY), page.send(PAY), page.send({ type: 'PAY', channelAccountId: 'chn_2' })], [true, false, false]);
  await clock.rest();
  assert.deepEqual([shop.count('CreateOrder'), shop.count('PayOrder'), shop.orders.size, shop.payments.size], [1, 1, 1, 1]);
});

story('two tabs that buy and pay at once make one order and one payment', async (world, shop, clock) => {
  const tabs = [await world.open(), await world.open()];
  for (const page of tabs) page.send(BUY);
  await clock.rest();
  tabs[0].send(PAY);
  tabs[1].send({ type: 'PAY', channelAccountId: 'chn_2' });
  await clock.rest();
  assert.deepEqual([shop.orders.size, shop.payments.size, shop.ids('CreateOrder'), shop.ids('PayOrder')], [1, 1, 1, 1]);
  for (const page of tabs) assert.equal(page.snapshot.state, 'acting');
  shop.payerPays();
  shop.orderIs('FULFILLED');
  await clock.pass(20000);
  for (const page of tabs) assert.equal(page.snapshot.state, 'fulfilled');
  tabs[0].send(BUY);
  await clock.rest();
  tabs[1].send(BUY); // shows the old end, and joins the new purchase
  await clock.rest();
  assert.equal(shop.orders.size, 2);
});

story('a stale end of another tab does not end the purchase that has begun since', async (world, shop, clock) => {
  let isAway = false;
  const fetch = (...all) => (isAway ? Promise.reject(new TypeError('away')) : shop.fetch(...all));
  const old = await givenState(world, 'paid', { options: { fetch } });
  const other = await world.open();
  isAway = true;
  shop.orderIs('FULFILLED');
  await clock.pass(10000);
  assert.deepEqual([old.snapshot.state, other.snapshot.state], ['paid', 'fulfilled']);
  other.send(BUY);
  await clock.rest();
  assert.equal(shop.orders.size, 2);
  isAway = false;
  old.wake();
  await clock.rest();
  assert.deepEqual([old.snapshot.state, old.snapshot.order.orderId], ['fulfilled', 'ord_1']);
  assert.equal(JSON.parse(world.store.get('basket')).isOver, undefined);
  const again = await world.open();
  assert.equal(again.snapshot.order.orderId, 'ord_2');
  assert.equal(again.snapshot.state, 'choosing');
});

story('what is refused did not happen: the next wish is a new request', async (world, shop, clock) => {
  const page = await givenState(world, 'refused');
  assert.equal(page.snapshot.error.reason, 'STOCK_INSUFFICIENT');
  assert.equal(page.snapshot.error.retryable, false);
  page.send(BUY);
  await clock.rest();
  assert.equal(page.snapshot.state, 'choosing');
  assert.equal(page.snapshot.error, undefined);
  assert.equal(shop.ids('CreateOrder'), 2);
});

for (const [name, after] of [['CreateOrder', 'choosing'], ['PayOrder', 'acting'], ['GetOrder', 'choosing']])
  story(`a door that is shut to ${name} loses nothing: it is no refusal`, async (world, shop, clock) => {
    const page = await world.open();
    for (const how of ['lost', { status: 404, body: '<html>' }]) shop.fault(name, how);
    page.send(BUY);
    await clock.pass(5000);
    page.send(PAY);
    await clock.pass(5000);
    if (name === 'GetOrder') assert.equal(page.snapshot.state, 'interrupted');
    page.stop();
    if (name !== 'CreateOrder') shop.fault('GetOrder', refusal('permission_denied', 'ORIGIN_NOT_ALLOWED', {}, 403));
    const again = await world.open();
    if (name !== 'CreateOrder') assert.deepEqual([again.snapshot.state, again.snapshot.error.reason], ['interrupted', 'ORIGIN_NOT_ALLOWED']);
    again.send({ type: 'RETRY' });
    await clock.pass(1000);
    assert.deepEqual([shop.orders.size, shop.ids('CreateOrder'), shop.ids('PayOrder') <= 1, again.snapshot.state], [1, 1, true, after]);
  });

story('what is not known after an order was made does not undo it', async (world, shop, clock) => {
  shop.first = 'UNKNOWN';
  const page = await givenState(world, 'choosing');
  shop.fault('PayOrder', 'lost');
  shop.fault('QueryPayment', refusal('not_found', 'CHANNEL_ACCOUNT_NOT_FOUND', {}, 404), 9);
  shop.fault('GetPayment', refusal('not_found', 'CHANNEL_ACCOUNT_NOT_FOUND', {}, 404), 9);
  page.send(PAY);
  await clock.pass(20000);
  shop.mend();
  if (page.can('RETRY')) page.send({ type: 'RETRY' });
  await clock.pass(20000);
  assert.deepEqual([page.snapshot.state, shop.payments.size, shop.ids('PayOrder')], ['unsure', 1, 1]);
});

story('a server that stays away interrupts a wish, which goes on under its id', async (world, shop, clock) => {
  const page = await givenState(world, 'interrupted');
  assert.equal(page.snapshot.error.reason, 'UNREACHABLE');
  assert.ok(shop.count('CreateOrder') > 5);
  shop.mend();
  page.wake(); // the network is back
  await clock.rest();
  assert.equal(page.snapshot.state, 'choosing');
  assert.deepEqual([shop.ids('CreateOrder'), shop.orders.size], [1, 1]);
});

story('a server that stays away while the outcome is awaited changes nothing but that it is told', async (world, shop, clock) => {
  const page = await givenState(world, 'waiting');
  for (const name of ['GetOrder', 'QueryPayment', 'GetPayment', 'WatchOrder']) shop.fault(name, 'unreached', 9999);
  await clock.pass(3600 * 1000);
  assert.equal(page.snapshot.state, 'waiting');
  assert.equal(page.snapshot.offline.reason, 'UNREACHABLE');
  assert.ok(shop.count('GetOrder') < 600, `${shop.count('GetOrder')} looks in an hour`);
  shop.mend();
  shop.payerPays();
  page.wake();
  await clock.rest();
  assert.equal(page.snapshot.state, 'paid');
  assert.equal(page.snapshot.offline, undefined);
});

story('an order that is not this user\'s is let go', async (world, shop, clock) => {
  const page = await givenState(world, 'choosing');
  page.stop();
  shop.orders.clear();
  const again = await world.open();
  assert.equal(again.snapshot.state, 'refused');
  assert.equal(again.snapshot.error.reason, 'ORDER_NOT_FOUND');
  again.send(BUY);
  await clock.rest();
  assert.equal(again.snapshot.state, 'choosing');
});

story('a cancelled order is closed; one that was paid meanwhile is paid', async (world, shop, clock) => {
  const page = await givenState(world, 'waiting');
  shop.payerPays();
  page.send({ type: 'CANCEL' }); // before the page has heard of it
  await clock.pass(1000);
  assert.equal(page.snapshot.state, 'paid');
});

story('channels are the server\'s, or where it serves none yet the page\'s own', async (world, shop, clock) => {
  shop.isServed = true;
  assert.deepEqual((await givenState(world, 'choosing')).snapshot.channels, CHANNELS);
  const own = await world.open({ options: { channels: [CHANNELS[1]] } });
  assert.deepEqual(own.snapshot.channels, [CHANNELS[1]]);
  shop.isServed = false;
  const none = await world.open();
  await clock.rest();
  assert.deepEqual(none.snapshot.channels, []);
  assert.equal(none.snapshot.error, undefined);
  none.stop();
  shop.fault('ListCashierChannels', refusal('permission_denied', 'ROLE_NOT_ALLOWED', {}, 403));
  assert.equal((await world.open()).snapshot.error.reason, 'ROLE_NOT_ALLOWED');
});

story('money that goes back is told; where that fails, what was bought stays', async (world, shop, clock) => {
  const page = await givenState(world, 'returning');
  shop.orderIs('FULFILLED'); // the channel has refused the refund
  await clock.pass(1000);
  assert.equal(page.snapshot.state, 'fulfilled');
  shop.orderIs('REFUNDED');
  page.stop();
  assert.equal((await world.open()).snapshot.state, 'returned');
});

after(() => {
  const events = new Set(Object.values(machine.states).flatMap(({ on }) => Object.keys(on)));
  const rest = ['ACT', 'DISMISSED']; // plugins.test.js
  assert.deepEqual([...events].filter((event) => !reached.events.has(event) && !rest.includes(event)), []);
});
