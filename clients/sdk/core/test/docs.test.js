// docs/sdk.md names every state, event and error of the code, and no other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ENDS, machine, PayError } from '../dist/index.js';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const docs = read('../../../../docs/sdk.md');
const section = (title) => docs.split(`\n## ${title}\n`)[1].split('\n## ')[0];
// Tables of a section: their rows, as cells.
const tables = (title) => section(title).split('\n\n').filter((text) => text.trim().startsWith('|'))
  .map((text) => text.trim().split('\n').slice(2).map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim())));
const names = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
const types = (file, name) => [...new RegExp(`type ${name} =([^;]*);`).exec(read(`../src/${file}.ts`))[1].matchAll(/'(\w+)'/g)].map(([, value]) => value);

test('states', () => {
  const [rows] = tables('States');
  assert.deepEqual(rows.flatMap(([state]) => names(state)), Object.keys(machine.states));
  assert.deepEqual(Object.keys(machine.states), types('machine', 'State'));
  assert.deepEqual(rows.filter(([, so]) => so.endsWith('An end')).flatMap(([state]) => names(state)), ENDS);
});

test('events, and who sends them', () => {
  const [rows] = tables('Events');
  const by = (...who) => rows.filter(([, one]) => who.includes(one)).flatMap(([event]) => names(event));
  assert.deepEqual(by('page', 'page, action'), types('machine', 'HostEvent'));
  assert.deepEqual(by('SDK'), types('machine', 'OwnEvent'));
  assert.deepEqual(by('server'), types('machine', 'Verdict'));
  const known = new Set(Object.values(machine.states).flatMap(({ on }) => Object.keys(on)));
  assert.deepEqual(rows.flatMap(([event]) => names(event)).sort(), [...known].sort());
});

test('reasons and codes, and which may be repeated', () => {
  const [reasons, codes] = tables('Errors');
  assert.deepEqual(reasons.flatMap(([reason]) => names(reason)), types('errors', 'OwnReason'));
  const source = ['client', 'store', 'work', 'checkout'].map((file) => read(`../src/${file}.ts`)).join('');
  for (const [cell, code] of reasons) assert.match(source, new RegExp(`'${code}',\\s*'${names(cell)[0]}'`), cell);
  assert.deepEqual(codes.flatMap(([code]) => names(code)).sort(), types('errors', 'Code').sort());
  for (const [cell, retryable, what] of codes)
    for (const code of names(cell)) {
      const error = new PayError(code, 'A_REASON', '');
      assert.equal(error.retryable, retryable === 'yes', code);
      assert.equal(error.isRefusal, what.startsWith('a refusal'), code);
    }
});

test('settings that the text names exist', () => {
  const source = ['client', 'checkout'].map((file) => read(`../src/${file}.ts`)).join('');
  for (const name of ['baseUrl', 'token', 'key', 'store', 'returnUrl', 'plugins', 'giveUpMs', 'timeoutMs', 'isStreaming', 'signal']) {
    assert.ok(docs.includes(name), name);
    assert.match(source, new RegExp(`\\b${name}\\??:`), name);
  }
});
