// What ./bmt bench --record makes of the figures (tests/bench/record.js).
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';

const RECORD = fileURLToPath(new URL('../bench/record.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bmt-record-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function record(...lines) {
  writeFileSync(join(folder, '.lines'), lines.map((line) => JSON.stringify(line)).join('\n'));
  return spawnSync('node', [RECORD, '.lines'], { cwd: folder, encoding: 'utf8' });
}

const figure = { name: 'create-order', params: { callers: 256 }, value: 23456, unit: '1/s', ratios: { 'one-tx': 4.1 }, p50_ms: 9.5, p99_ms: 20.25, errors: 0 };

test('a figure is a row with its ratios, under its section', () => {
  const { stdout } = record({ section: 'One server' }, figure, { section: 'Proof' },
    { name: 'verify', params: { orders: 1000000, rows: 11000000 }, value: 20800, unit: 'ms', ratios: {}, peak_kib: 28 * 1024 },
    { name: 'clearing', params: { orders: 100000 }, value: 21000, unit: '1/s', ratios: {}, processes: { mariadbd: { cores: 0.9, peak_mib: 400 }, bmtd: { cores: 0.8, peak_mib: 61 } } });
  const rows = stdout.split('\n').filter((line) => /^(## |\| `)/.test(line));
  assert.deepEqual(rows, [
    '## One server',
    '| `create-order` | 256 callers | 23,456/s | 4.10 x one-tx | 9.50 ms | 20.25 ms |  |',
    '## Proof',
    '| `verify` | 1,000,000 orders, 11,000,000 rows | 20,800 ms |  |  |  | 28 MiB |',
    '| `clearing` | 100,000 orders | 21,000/s |  |  |  | 61 MiB |',
  ]);
  assert.match(stdout, /^- date: \d{4}-\d\d-\d\d$/m);
  assert.match(stdout, /^- machine: .+, \d+ cores, [\d.]+ GiB of memory$/m);
});

test('failed calls are no figure', () => {
  assert.notEqual(record({ section: 'One server' }, { ...figure, errors: 1 }).status, 0);
});

test('the commit is named, with a word when the tree is not what it says', () => {
  const git = (...args) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: folder, encoding: 'utf8' }).trim();
  const commit = () => /^- commit: (.*)$/m.exec(record(figure).stdout)[1];
  assert.equal(commit(), 'unknown');
  git('init', '-q');
  writeFileSync(join(folder, '.gitignore'), '.lines\n');
  git('add', '.');
  git('commit', '-q', '-m', 'x');
  const short = git('rev-parse', '--short', 'HEAD');
  assert.equal(commit(), short);
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs/performance.md'), 'an earlier record');
  assert.equal(commit(), short);
  writeFileSync(join(folder, 'x.c'), 'changed');
  assert.equal(commit(), `${short} (dirty)`);
});
