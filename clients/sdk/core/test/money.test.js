// Amounts as people read them, by the contract's own decimals.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { moneyText } from '../dist/index.js';

const path = (name) => new URL(name, import.meta.url).pathname;
const plain = (text) => text.replace(/[\u00a0\u202f]/g, ' ');

test('amounts in the words of a language', () => {
  const cases = [
    ['1250', 'EUR', 'en', '€12.50'], ['1250', 'EUR', 'de', '12,50 €'], ['5', 'CNY', 'zh', '¥0.05'], ['1250', 'JPY', 'en', '¥1,250'],
    ['1250', 'KWD', 'en', 'KWD 1.250'], ['1250', 'IQD', 'en', 'IQD 1.250'], ['12345', 'CLF', 'en', 'CLF 1.2345'],
    ['999999999999999', 'EUR', 'en', '€9,999,999,999,999.99'], ['999999999999999', 'KWD', 'en', 'KWD 999,999,999,999.999'], [undefined, 'EUR', 'en', '€0.00'],
  ];
  for (const [amountMinor, currency, locale, text] of cases) assert.equal(plain(moneyText({ amountMinor, currency }, locale)), text);
});

test('the decimals are those of the contract', () => {
  const made = execFileSync(process.execPath, [path('../../tools/currencies.js'), path('../../../../protos/currencies.def')], { encoding: 'utf8' });
  assert.equal(readFileSync(path('../src/currencies.ts'), 'utf8'), made);
});
