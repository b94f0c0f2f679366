// What a page loads: imports do nothing by themselves, in plain node too; the code to scan is a code.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codePath } from '../dist/index.js';

const root = new URL('..', import.meta.url).pathname;
const run = (text) => execFileSync(process.execPath, ['--input-type=module', '-e', text], { cwd: root, encoding: 'utf8' }).trim();

test('every entry can be imported in plain node: nothing is defined but by define.js, and nothing else is global', () => {
  const text = run(`
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    await import('@bmt/pay-core');
    const { PanelElement } = await import('@bmt/pay-elements');
    const isDefined = () => Boolean(globalThis.customElements?.get('bmt-panel'));
    const early = isDefined();
    const { ELEMENTS } = await import('@bmt/pay-elements/define.js');
    // What Lit leaves there: its versions, its stand-in for browsers' registry, and CustomEvent, which a node before 19 lacks.
    const after = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name) && !/^(lit|reactiveElement|customElements$|CustomEvent$)/.test(name));
    console.log(JSON.stringify([early, isDefined(), ELEMENTS['bmt-panel'] === PanelElement, after]));`);
  assert.deepEqual(JSON.parse(text), [false, true, true, []]);
});

test('the bundles are what the manifest says', () => {
  const path = `${root}dist/integrity.json`;
  if (!existsSync(path)) execFileSync(process.execPath, [`${root}../tools/bundle.js`]);
  for (const [file, { integrity, bytes }] of Object.entries(JSON.parse(readFileSync(path, 'utf8')))) {
    const contents = readFileSync(`${root}dist/${file}`);
    assert.equal(contents.length, bytes);
    assert.equal(`sha384-${createHash('sha384').update(contents).digest('base64')}`, integrity, file);
    assert.doesNotMatch(contents.toString(), /process\.env/);
  }
});

test('a code has its three finders, and room around it', () => {
  const [path, size] = codePath('https://channel.example/pay/1');
  const dark = new Set([...path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x} ${y}`));
  const finder = (x, y) => {
    for (let i = 0; i < 7; i += 1) {
      for (let j = 0; j < 7; j += 1) {
        const ring = Math.max(Math.abs(i - 3), Math.abs(j - 3));
        assert.equal(dark.has(`${x + i} ${y + j}`), ring !== 2, `${x + i} ${y + j}`);
      }
    }
  };
  finder(4, 4);
  finder(size - 11, 4);
  finder(4, size - 11);
  for (const place of dark) {
    const [x, y] = place.split(' ').map(Number);
    assert.ok(Math.min(x, y) >= 4 && Math.max(x, y) < size - 4, place);
  }
});
