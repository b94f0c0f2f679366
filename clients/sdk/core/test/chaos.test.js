// Random pages, faults and servers, by a seed that a failure tells: SEED=n node --test core/test/chaos.test.js, RUNS=n for
// more of them.
// Whatever happens: one order, money at most once, and no page shows more, or less, than the server has said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENDS } from '../dist/index.js';
import { given, PURCHASE } from './given.js';
import { refusal } from './shop.js';

const FIRST = Number(process.env.SEED ?? Date.now() % 1e6);
const RUNS = Number(process.env.RUNS ?? (process.env.SEED ? 1 : 15));
const STEPS = 30;
const METHODS = ['CreateOrder', 'PayOrder', 'CancelOrder', 'GetOrder', 'GetPayment', 'QueryPayment', 'WatchOrder'];
const HOW = ['lost', 'unreached', 'silent', 'slow', refusal('unavailable', 'COMMIT_UNCERTAIN', {}, 503), { status: 502, body: '<html>' }];
const short = (object) => object?.state?.replace(/^\w+_STATE_/, '');

function chance(seed) {
  let state = seed;
  const draw = (n) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * n);
  };
  return { draw, pick: (list) => list[draw(list.length)] };
}

// What a page shows, against what is so. What it shows was so when it was told: so only what cannot be taken back is held.
function judge(shop, { state }) {
  const paid = [...shop.payments.values()].filter((one) => short(one) === 'SUCCEEDED').length;
  const open = [...shop.payments.values()].filter((one) => ['CREATED', 'PENDING', 'UNKNOWN'].includes(short(one))).length;
  assert.ok(shop.orders.size <= 1, 'a second order');
  assert.ok(paid + open <= 1, 'money may move twice');
  if (state === 'paid' || state === 'fulfilled') assert.equal(paid, 1, `${state}, and no money came`);
  if (state === 'closed') assert.deepEqual([short(shop.order()), paid + open], ['CLOSED', 0], 'closed, and money may have moved');
  if (state === 'refused') assert.fail('nothing was refused for good');
}

// One thing that the payer at the channel, or the server, may do now.
function serverMoves(shop, { draw, pick }) {
  const [order, payment] = [shop.order(), shop.payment()];
  if (!order) return;
  const isOpen = payment && ['CREATED', 'PENDING', 'UNKNOWN'].includes(short(payment));
  if (isOpen && short(order) === 'PENDING_PAYMENT') {
    const move = pick([() => shop.payerPays(), () => shop.channelSays('FAILED'), () => shop.channelSays('UNKNOWN'), () => shop.channelSays('CLOSED')]);
    move();
  } else if (isOpen) {
    shop.channelSays(...pick([['SUCCEEDED', { isLate: true }], ['FAILED'], ['CLOSED']]));
  } else if (short(order) === 'PAID') {
    shop.orderIs('FULFILLED');
  } else if (short(order) === 'PENDING_PAYMENT' && draw(4) === 0) {
    shop.orderIs('CLOSED', { closeReason: 'CLOSE_REASON_TIMEOUT' });
  }
}

async function run(seed) {
  const world = given();
  const { shop, clock } = world;
  const dice = chance(seed);
  const { draw, pick } = dice;
  // What is shown for a moment only counts as well; a hook's error is thrown when everything rests.
  const wrong = [];
  const changed = (snapshot) => {
    try {
      judge(shop, snapshot);
    } catch (error) {
      wrong.push(error);
    }
  };
  const open = () => world.open({ plugins: [{ name: 'judge', hooks: { changed } }] });
  const tabs = [await open(), await open()];
  const check = () => {
    for (const page of tabs) judge(shop, page.snapshot);
    if (wrong.length) throw wrong[0];
  };
  const wishes = [
    (page) => page.send({ type: 'PAY', channelAccountId: pick(['chn_1', 'chn_2']) }), (page) => page.send({ type: 'ACTED' }),
    (page) => page.send({ type: 'DISMISSED' }), (page) => page.send({ type: 'ACT' }), (page) => page.send({ type: 'RETRY' }), (page) => page.wake(),
    (page) => draw(5) === 0 && page.send({ type: 'CANCEL' }),
    // Not after the end: that would be another purchase.
    (page) => !JSON.parse(world.store.get('basket') ?? '{}').isOver && page.send({ type: 'BUY', purchase: PURCHASE }),
  ];
  const step = () => {
    const i = draw(tabs.length);
    return pick([
      () => shop.fault(pick(METHODS), pick(HOW), 1 + draw(2)), () => pick(wishes)(tabs[i]), () => pick(wishes)(tabs[i]), () => pick(wishes)(tabs[i]),
      async () => { tabs[i].stop(); tabs[i] = await open(); },
      () => { shop.first = pick(['PENDING', 'PENDING', 'UNKNOWN', 'CREATED']); },
      () => serverMoves(shop, dice),
    ])();
  };
  for (let n = 0; n < STEPS; n += 1) {
    await step();
    await clock.pass(pick([0, 0, 100, 2000, 20000]));
    check();
  }
  // Everything works again: every page comes to the same end, by what the server says.
  shop.mend();
  for (let n = 0; n < 40 && !tabs.every(({ snapshot }) => ENDS.includes(snapshot.state)); n += 1) {
    for (const page of tabs)
      for (const wish of [{ type: 'RETRY' }, { type: 'PAY', channelAccountId: 'chn_1' }, { type: 'ACTED' }]) page.send(wish);
    if (tabs.every(({ snapshot }) => snapshot.state === 'idle')) tabs[0].send({ type: 'BUY', purchase: PURCHASE });
    else if (!shop.order()) await clock.pass(1000);
    if (tabs.some(({ snapshot }) => snapshot.state !== 'idle'))
      for (let i = 0; i < tabs.length; i += 1) if (tabs[i].snapshot.state === 'idle') { tabs[i].stop(); tabs[i] = await open(); }
    serverMoves(shop, dice);
    await clock.pass(30000);
    check();
  }
  const ends = tabs.map(({ snapshot }) => snapshot.state);
  assert.ok(ENDS.includes(ends[0]) && ends[0] === ends[1], `${ends} with an order ${short(shop.order())} and a payment ${short(shop.payment())}`);
  assert.equal(shop.ids('CreateOrder'), 1);
  world.end();
  return ends[0];
}

test(`${RUNS} purchases from seed ${FIRST} on`, async () => {
  const ends = new Map();
  for (let seed = FIRST; seed < FIRST + RUNS; seed += 1) {
    try {
      const end = await run(seed);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    } catch (error) {
      error.message = `SEED=${seed}: ${error.message}`;
      throw error;
    }
  }
  if (RUNS > 1) assert.ok(ends.size >= 2, `only ${[...ends.keys()]}`);
});
