// The page that ./bmt bench --html makes of figures (tests/bench/html.js).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import { plot, SERIES_MAX, ticksUpTo } from '../bench/plot.js';

const HTML = fileURLToPath(new URL('../bench/html.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bmt-html-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function page(...lines) {
  writeFileSync(join(folder, 'lines'), lines.map((line) => JSON.stringify(line)).join('\n'));
  return spawnSync('node', [HTML, 'lines'], { cwd: folder, encoding: 'utf8' });
}

const create = (callers, value, more = {}) => ({ name: 'create-order', params: { callers }, value, unit: '1/s', ratios: { 'one-tx': 4 }, p50_ms: 2, p99_ms: 4, errors: 0, ...more });
const open = (rate, p99) => ({ name: 'create-order-open', params: { per_s: rate }, value: rate, unit: '1/s', ratios: {}, p50_ms: p99 / 4, p99_ms: p99, errors: 0 });
const growth = (orders, value) => ({ name: 'growth', params: { orders }, value, unit: '1/s', ratios: {}, errors: 0 });
const captions = (text) => [...text.matchAll(/<figcaption>([^<]*)/g)].map((found) => found[1]);

// Every element is closed where it must be.
function expectWellFormed(text) {
  const stack = [];
  for (const [, end, name, self] of text.replace(/<!DOCTYPE html>|<style>.*?<\/style>/gs, '').matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
    if (self || name === 'meta') continue;
    if (end) assert.equal(stack.pop(), name);
    else stack.push(name);
  }
  assert.deepEqual(stack, []);
}

test('a page has the facts, three plots and a table for each section', () => {
  const { stdout, status } = page({ section: 'One server' }, create(1, 1500), create(256, 20000), open(5000, 8), open(10000, 20), growth(0, 20000), growth(3e6, 19000),
    { section: 'Two phases' }, create(1, 900), create(256, 17000));
  assert.equal(status, 0);
  assert.match(stdout, /<title>bmt performance, unknown, \d{4}-\d\d-\d\d<\/title>/);
  assert.match(stdout, /<dt>machine<\/dt><dd>.+, \d+ cores, [\d.]+ GiB of memory<\/dd>/);
  assert.deepEqual(captions(stdout), ['Throughput against concurrency', 'Latency against load, CreateOrder at a constant rate', 'Growth: throughput against orders that are there']);
  assert.deepEqual([...stdout.matchAll(/<h2>([^<]*)/g)].map((found) => found[1]), ['One server', 'Two phases']);
  assert.match(stdout, /<td>create-order<\/td><td>256 callers<\/td><td>20,000\/s<\/td><td>4.00 x one-tx<\/td>/);
  assert.match(stdout, /<\/svg>create-order \(Two phases\)<\/li>/);
  expectWellFormed(stdout);
});

test('nothing is fetched or run, and both light and dark have colours', () => {
  const { stdout } = page(create(1, 1500), create(256, 20000));
  assert.doesNotMatch(stdout, /<script|<link|<img|src=|href=|url\(|@import|:\/\/|\son[a-z]+=/);
  assert.match(stdout, /color-scheme: light dark/);
  const [light, dark] = stdout.split('prefers-color-scheme: dark');
  for (const name of ['paper', 'ink', 'faint', 'rule', ...Array.from({ length: SERIES_MAX }, (_, i) => `plot-${i}`)]) {
    assert.match(light, new RegExp(`--${name}: #`));
    assert.match(dark, new RegExp(`--${name}: #`));
  }
});

test('a plot that would have one point is left out', () => {
  assert.deepEqual(captions(page(create(256, 20000), open(10000, 20), growth(0, 20000)).stdout), []);
});

test('what figures are named is text', () => {
  const { stdout } = page({ section: '<b>&"' }, create(1, 1), create(2, 2));
  assert.match(stdout, /<h2>&#60;b&#62;&#38;&#34;<\/h2>/);
  expectWellFormed(stdout);
});

test('failed calls and no figures are no page', () => {
  assert.notEqual(page(create(1, 1, { errors: 1 })).status, 0);
  assert.notEqual(page().status, 0);
});

test('marks stand where their values are', () => {
  const text = plot({ title: 't', xLabel: 'x', yLabel: 'y', series: [{ name: 'one', points: [[0, 0], [10, 50], [20, 100]] }] });
  const marks = [...text.matchAll(/<g><circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
  assert.equal(marks.length, 3);
  assert.ok(Math.abs(marks[1][0] * 2 - marks[0][0] - marks[2][0]) < 0.2, 'in the middle');
  assert.ok(Math.abs(marks[1][1] * 2 - marks[0][1] - marks[2][1]) < 0.2, 'at half the height');
  assert.ok(marks[2][1] < marks[0][1], 'more is higher');
});

test('with a logarithmic axis each doubling takes the same room', () => {
  const text = plot({ title: 't', xLabel: 'x', yLabel: 'y', logarithmic: true, series: [{ name: 'one', points: [[1, 5], [2, 5], [4, 5]] }] });
  const xs = [...text.matchAll(/<g><circle cx="([\d.]+)"/g)].map((found) => Number(found[1]));
  assert.ok(Math.abs(xs[1] * 2 - xs[0] - xs[2]) < 0.2);
});

test('every figure that counts orders has a mark of its own, and none is left out in silence', () => {
  const names = ['one-tx', 'procedure', 'bare-batch', 'create-order', 'create-order-dirty', 'create-order-hot', 'batch-create-orders', 'whole-life'];
  const { stdout } = page({ section: 'One server' }, ...names.map((name) => create(64, 10, { name })), create(8, 5), { section: 'Two phases' }, create(64, 9));
  const legend = /<ul class="legend">(.*)<\/ul>/.exec(stdout)[1].split('</li>').slice(0, -1);
  assert.deepEqual(legend.map((one) => one.replace(/<.*>/, '')), [...names, 'create-order (Two phases)']);
  assert.equal(new Set(legend.map((one) => /<svg.*?aria-hidden="true">(.*)<\/svg>/.exec(one)[1])).size, legend.length);
  const series = Array.from({ length: SERIES_MAX + 1 }, (_, i) => ({ name: `${i}`, points: [[1, 1], [2, 2]] }));
  assert.throws(() => plot({ title: 't', xLabel: 'x', yLabel: 'y', series }));
});

test('an axis has round steps from 0 to beyond its largest value', () => {
  for (const [largest, wanted] of [[20000, [0, 5000, 10000, 15000, 20000]], [7, [0, 2, 4, 6, 8]], [0.9, [0, 0.2, 0.4, 0.6, 0.8, 1]]]) {
    assert.deepEqual(ticksUpTo(largest).map((one) => Number(one.toPrecision(6))), wanted);
  }
});
