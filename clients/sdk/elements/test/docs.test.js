// docs/sdk.md names every element, attribute, slot, part, property and event of the code, and no other; its code is code.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as core from '@bmt/pay-core';
import * as elements from '@bmt/pay-elements';
import { ELEMENTS } from '@bmt/pay-elements/define.js';
import { transform } from 'esbuild';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const docs = read('../../../../docs/sdk.md');
const section = (title) => docs.split(`\n## ${title}\n`)[1].split('\n## ')[0];
const tables = (title) => section(title).split('\n\n').filter((text) => text.trim().startsWith('|'))
  .map((text) => text.trim().split('\n').slice(2).map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim())));
const names = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
const source = readdirSync(new URL('../src/', import.meta.url)).map((file) => read(`../src/${file}`)).join('\n');
const found = (pattern) => [...new Set([...source.matchAll(pattern)].flatMap(([, name]) => name.split(/[\s,]+/)))].filter((name) => name && !name.includes('$')).sort();
const blocks = (language) => [...docs.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text);

test('elements, and their slots', () => {
  const [rows] = tables('Elements');
  assert.deepEqual(rows.flatMap(([name]) => names(name)).sort(), Object.keys(ELEMENTS).sort());
  const slots = rows.flatMap(([, , cell]) => names(cell));
  const known = new Set([...source.matchAll(/<slot name="([a-z-]+)/g)].map(([, name]) => name));
  assert.deepEqual([...new Set(slots)].sort(), [...known].sort());
});

test('attributes and properties', () => {
  const [, rows] = tables('Elements');
  const { properties } = elements.CheckoutElement;
  const told = rows.map(([attribute, property]) => [names(attribute)[0] ?? false, names(property)[0]]);
  const known = Object.entries(properties).map(([name, { attribute }]) => [attribute ?? name.toLowerCase(), name]);
  assert.deepEqual(told.sort(), known.sort());
});

test('events', () => {
  const [, , rows] = tables('Elements');
  assert.deepEqual(rows.flatMap(([name]) => names(name)).sort(), found(/#say\('(bmt-\w+)'/g));
  for (const name of names(rows[0][1])) assert.ok(name === 'snapshot' || source.includes(`readonly ${name}`), name);
});

test('custom properties and parts', () => {
  const [rows] = tables('Theming');
  assert.deepEqual(rows.flatMap(([name]) => names(name)).sort(), found(/var\((--bmt-[\w-]+)/g));
  const told = names(/\nParts: ([\s\S]*?)\n\n/.exec(section('Theming'))[1]);
  const parts = found(/part="([^"]+)"/g);
  const list = (text) => [...new Set(text)].filter((name) => !['head', 'action'].includes(name)).sort();
  assert.deepEqual(list(told), list(parts));
  const exported = /const names = '([^']+)'/.exec(source)[1].split(',');
  assert.deepEqual(exported.sort(), parts.filter((name) => name !== 'panel').sort());
});

test('code in the text is code, imports what there is, and uses what there is', async () => {
  const react = readFileSync(new URL('../../react/src/index.ts', import.meta.url), 'utf8');
  const exported = { '@bmt/pay-core': Object.keys(core), '@bmt/pay-elements': Object.keys(elements), '@bmt/pay-react': [...react.matchAll(/export (?:const|function) (\w+)/g)].map(([, name]) => name) };
  for (const text of [...blocks('js'), ...blocks('jsx')]) {
    await transform(text, { loader: 'jsx' });
    for (const [, list, from] of text.matchAll(/import \{([^}]+)\} from '([^']+)'/g)) {
      for (const name of list.split(',').map((one) => one.trim())) assert.ok(exported[from].includes(name), `${name} of ${from}`);
    }
  }
  assert.ok(blocks('js').length >= 3 && blocks('jsx').length === 1 && blocks('html').length === 2);
  const attributes = Object.entries(elements.CheckoutElement.properties).map(([name, { attribute }]) => attribute ?? name.toLowerCase());
  for (const text of blocks('html')) {
    for (const [, name] of text.matchAll(/<(bmt-[\w-]+)/g)) assert.ok(ELEMENTS[name], name);
    for (const [, list] of text.matchAll(/<bmt-(?:panel|checkout)([^>]*)>/g)) {
      for (const [, name] of list.matchAll(/([\w-]+)="/g)) assert.ok(attributes.includes(name), name);
    }
  }
});
