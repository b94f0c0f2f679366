// What tools/instructions makes of callgrind's file (tests/bench/callgrind.js) and when it fails (instructions_table.js).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { functionsOf, roomOf } from '../bench/callgrind.js';
import { METHODS, asMarkdown, compare, figuresOf, heldIn } from '../bench/instructions_table.js';

// Written as callgrind does: names once with their number, inlined lines under fi= and fe=, calls with what they took.
const FILE = `version: 1
events: Ir

ob=(1) /x/build/release/tests/bench/bmtd-counted
fl=(1) /x/server/base/log.c
fn=(1) put
10 5
+2 7
fi=(2) /x/server/base/arena.h
-1 3
cob=(2) /lib/libc.so.6
cfi=(3) ???
cfn=(2) memcpy
calls=4 0
* 100
fe=(1)
11 1

fl=(4) /x/tests/bench/gate.c
fn=(3) hold
20 1000

ob=(2)
fl=(3)
fn=(2)
0 40

ob=(1)
fl=(1)
fn=(1)
10 4

fn=(4) never
10 0
`;

test('a function counts for its file, with what was inlined and without what it called', () => {
  assert.deepEqual(functionsOf(FILE), [{ room: 'libc', name: 'memcpy', count: 40 }, { room: 'server/base', name: 'put', count: 20 }]);
});

test('rooms are folders of ours, and libraries', () => {
  const cases = [
    ['/b/bmtd-counted', '/x/server/flows/place_order.c', 'server/flows'],
    ['/b/bmtd-counted', '/x/server/modules.c', 'server'],
    ['/b/bmtd-counted', '/x/gen/c/bmt/order/v1/order.pb-c.c', 'gen/c'],
    ['/b/bmtd-counted', '???', 'server'],
    ['/b/bmtd-counted', '/x/tests/bench/gate.c', null],
    ['/usr/lib/libprotobuf-c.so.1.0.0', '???', 'protobuf-c'],
    ['/usr/lib/libmariadb.so.3', '???', 'libmariadb'],
    ['/usr/lib/libabsl_synchronization.so.20220623.0.0', '???', 'libgrpc'],
    ['/usr/lib/libcrypto.so.3', '???', 'crypto'],
    ['/usr/lib/libz.so.1', '???', 'other libraries'],
  ];
  for (const [object, file, room] of cases) assert.equal(roomOf(object, file), room, object + file);
});

// The same of each method.
const figures = (ours, theirs) => figuresOf(METHODS.map(() => [
  { room: 'server/sql', name: 'a', count: ours }, { room: 'libmariadb', name: 'b', count: theirs }, { room: 'libc', name: 'c', count: 5 }]));
const held = heldIn(asMarkdown(figures(10000, 20000)));

test('what was recorded is read again', () => {
  assert.deepEqual(held, [['**our rooms**', [10000, 10000, 10000]], ['**libraries that we alone call**', [20000, 20000, 20000]]]);
  assert.throws(() => heldIn('nothing'), /lacks the row our rooms.*tools\/instructions --record/);
  assert.deepEqual(compare(heldIn(readFileSync(new URL('../../docs/instructions.md', import.meta.url), 'utf8')), figures(1, 1)).problems, []);
});

test('up to 5 % more, and whatever is little, is borne, of our rooms and of the libraries that we alone call', () => {
  assert.deepEqual(compare(held, figures(10500, 21000)), { problems: [], remarks: [] });
  assert.deepEqual(compare([['**our rooms**', [1000, 1000, 1000]]], figures(1200, 0)).problems, []);
  for (const [now, name, before, after] of [[figures(10501, 20000), 'our rooms', 10000, 10501], [figures(10000, 21001), 'libraries that we alone call', 20000, 21001]]) {
    const { problems } = compare(held, now);
    assert.equal(problems[0], `create-order: ${name} took ${before} instructions a call, now ${after} (+5.0 %)`);
    assert.equal(problems.length, METHODS.length + 2);
    assert.match(problems.at(-2), /tools\/instructions --functions/);
    assert.match(problems.at(-1), /tools\/instructions --record/);
  }
});

test('a gain is told, so that it is kept', () => {
  const { problems, remarks } = compare(held, figures(9000, 20000));
  assert.deepEqual(problems, []);
  assert.equal(remarks[0], 'create-order: our rooms took 10000 instructions a call, now 9000 (-10.0 %): keep it by tools/instructions --record');
});
