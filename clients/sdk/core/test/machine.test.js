// The machine is XState's: XState itself, which we did not write, must move as our small interpreter does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, createMachine, fromCallback, transition } from 'xstate';
import { interpret } from '../dist/interpret.js';
import { ENDS, machine } from '../dist/index.js';

const states = Object.keys(machine.states);
const events = [...new Set(states.flatMap((state) => Object.keys(machine.states[state].on)))];
const jobs = [...new Set(states.flatMap((state) => (machine.states[state].invoke ?? []).map(({ src }) => src)))];

// The same data, with work that notes when it begins and ends.
function peer(begun = [], ended = []) {
  const actors = Object.fromEntries(jobs.map((job) => [job, fromCallback(() => {
    begun.push(job);
    return () => ended.push(job);
  })]));
  return createMachine(machine).provide({ actors, actions: { note: () => {} } });
}

test('XState moves from every state with every event as the machine says', () => {
  const its = peer();
  let taken = 0;
  for (const value of states)
    for (const type of events) {
      const [next] = transition(its, its.resolveState({ value }), { type });
      const target = machine.states[value].on[type]?.target ?? value;
      assert.equal(next.value, target, `${value} with ${type}`);
      taken += Number(Boolean(machine.states[value].on[type]));
    }
  assert.ok(taken > 100, `${taken} pairs`);
});

test('XState and the interpreter go the same way, and begin and end the same work', () => {
  let seed = Number(process.env.SEED ?? Date.now() % 1e9);
  const told = `SEED=${seed}`;
  const draw = (n) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * n);
  };
  const [begun, ended, ourBegun, ourEnded] = [[], [], [], []];
  const actor = createActor(peer(begun, ended)).start();
  const work = Object.fromEntries(jobs.map((job) => [job, async (_, __, signal) => {
    ourBegun.push(job);
    signal.addEventListener('abort', () => ourEnded.push(job));
  }]));
  const ours = interpret(work, { type: 'RETRY' }, () => {}, (error) => { throw error; });
  for (let i = 0; i < 5000; i += 1) {
    const type = events[draw(events.length)];
    actor.send({ type });
    ours.send({ type });
    assert.equal(ours.state, actor.getSnapshot().value, `${told}, step ${i}, ${type}`);
  }
  assert.ok(ourBegun.length > 200, `${told}: ${ourBegun.length}`);
  assert.deepEqual(ourBegun, begun, told);
  assert.deepEqual(ourEnded, ended, told);
});

test('every state can be reached, and from every one that is no end an end can be', () => {
  const reach = (from) => {
    const seen = new Set(from);
    for (const state of seen)
      for (const { target } of Object.values(machine.states[state].on)) if (target) seen.add(target);
    return seen;
  };
  assert.deepEqual([...reach([machine.initial])].sort(), [...states].sort());
  for (const state of states) assert.ok(ENDS.some((end) => reach([state]).has(end)), state);
});

test('only what the server says leads to paid, and only a closed list of states ends the asking', () => {
  for (const state of states)
    for (const [event, { target }] of Object.entries(machine.states[state].on)) {
      if (target === 'paid') assert.equal(event, 'PAID');
      if (target === 'fulfilled') assert.equal(event, 'FULFILLED');
      if (target === 'closed') assert.equal(event, 'CLOSED');
    }
  const idle = states.filter((state) => !(machine.states[state].invoke ?? []).some(({ src }) => src !== 'finish'));
  assert.deepEqual(idle.sort(), [...ENDS, 'idle', 'interrupted'].sort());
});

test('events that are sent while one is taken wait, and work that has ended sends nothing', async () => {
  const seen = [];
  const late = [];
  const work = Object.fromEntries(jobs.map((job) => [job, async (_, send) => { late.push(send); }]));
  const ours = interpret(work, { type: 'RETRY' }, ({ type }, state) => {
    seen.push([type, state]);
    if (type === 'NOTHING') assert.equal(ours.send({ type: 'BUY' }), true);
    if (type === 'BUY') late[0]({ type: 'OPEN' }); // of looking, which is over
  }, (error) => { throw error; });
  late[0]({ type: 'NOTHING' });
  assert.deepEqual(seen, [['NOTHING', 'idle'], ['BUY', 'creating']]);
  assert.equal(ours.send({ type: 'PAY' }), false);
});
