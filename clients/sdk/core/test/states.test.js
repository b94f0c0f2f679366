// Every state: how it is reached, and that a page that is reloaded in it goes on to the end with one order and one payment.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ENDS, machine } from '../dist/index.js';
import { given, givenState, PURCHASE, reached, TO } from './given.js';

const STATES = Object.keys(machine.states);

test('a purchase passes its states from the wish to the end', async () => {
  const world = given();
  const page = await givenState(world, 'fulfilled');
  assert.deepEqual(page.seen, ['idle', 'creating', 'choosing', 'paying', 'acting', 'waiting', 'paid', 'fulfilled']);
  assert.equal(page.snapshot.order.state, 'ORDER_STATE_FULFILLED');
  const { requestId, ...sent } = world.shop.calls.find(({ name }) => name === 'CreateOrder').request;
  assert.ok(requestId);
  assert.deepEqual(sent, PURCHASE); // no price, no business, no user
  world.end();
});

for (const state of STATES) {
  test(`${state} is reached`, async () => {
    const world = given();
    const page = await givenState(world, state);
    assert.equal(page.snapshot.state, state);
    world.end();
  });
}

// Answers that were on their way when the page was closed: never sent, or carried out with their reply lost.
const LOST = { creating: 'CreateOrder', paying: 'PayOrder', cancelling: 'CancelOrder' };
const cases = STATES.flatMap((state) => (LOST[state] ? ['unreached', 'lost'].map((how) => [state, how]) : [[state]]));

for (const [state, how] of cases) {
  test(`a page that is reloaded in ${state}${how ? ` (${how})` : ''} goes on, with one order and one payment`, async () => {
    const world = given();
    let page;
    if (how) {
      world.shop.fault(LOST[state], how, 1);
      page = await world.open();
      // the fault of this state's own way is not wanted: go the way before it, then the one step
      page = await steps[state](world, page);
      assert.equal(page.snapshot.state, state);
    } else {
      page = await givenState(world, state);
      assert.equal(page.snapshot.state, state);
    }
    page.stop();
    world.shop.mend();
    const again = await world.open();
    await world.clock.rest();
    if (again.can('RETRY')) again.send({ type: 'RETRY' });
    await finish(world, again);
    assert.ok(ENDS.includes(again.snapshot.state), again.snapshot.state);
    assert.ok(world.shop.orders.size <= 1 && world.shop.payments.size <= 1, `${world.shop.orders.size} orders, ${world.shop.payments.size} payments`);
    assert.equal(world.shop.ids('CreateOrder'), state === 'refused' ? 2 : 1); // what was refused is a new wish when it is wished again
    assert.ok(world.shop.ids('PayOrder') <= 1 && world.shop.ids('CancelOrder') <= 1);
    world.end();
  });
}

const steps = {
  creating: async (world, page) => { page.send({ type: 'BUY', purchase: PURCHASE }); await world.clock.rest(); return page; },
  paying: async (world, page) => { await TO.acting(world, page); return page; },
  cancelling: async (world, page) => { await TO.waiting(world, page); page.send({ type: 'CANCEL' }); await world.clock.rest(); return page; },
};

// What a payer and the server would do from here on, until it has ended.
async function finish(world, page) {
  const { shop, clock } = world;
  const moves = {
    idle: () => page.send({ type: 'BUY', purchase: PURCHASE }),
    choosing: () => page.send({ type: 'PAY', channelAccountId: 'chn_1' }),
    acting: () => page.send({ type: 'ACTED' }),
    waiting: () => shop.payerPays(),
    unsure: () => shop.payerPays(),
    paid: () => shop.orderIs('FULFILLED'),
    settling: () => shop.channelSays('CLOSED'),
    returning: () => shop.orderIs('REFUNDED'),
    refused: () => {},
  };
  for (let i = 0; i < 20 && !ENDS.includes(page.snapshot.state); i += 1) {
    moves[page.snapshot.state]?.();
    await clock.pass(30000);
  }
}

after(() => {
  assert.deepEqual([...reached.states].sort(), [...STATES].sort());
});
