// Both languages say the same things, and there are words for every state and for what a payer may meet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machine, PayError } from '@bmt/pay-core';
import { addTexts, textsOf } from '../dist/index.js';
import { reason, words } from '../dist/result.js';
import { fill } from '../dist/texts.js';

const languages = { en: textsOf('en'), zh: textsOf('zh') };
const places = (text) => [...String(text).matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

test('each language has every text, with the same places to fill, and none is left in the other', () => {
  for (const [name, text] of Object.entries(languages.en)) {
    const other = languages.zh[name];
    assert.equal(Array.isArray(other), Array.isArray(text), name);
    assert.deepEqual(places(other), places(text), name);
    assert.notDeepEqual(other, text, name);
  }
  assert.deepEqual(Object.keys(languages.zh), Object.keys(languages.en));
});

test('every state in which nothing is chosen has its words', () => {
  for (const t of Object.values(languages)) {
    for (const state of Object.keys(machine.states)) {
      if (state === 'idle' || state === 'creating') continue;
      assert.ok(words({ state }, t)[0], state);
    }
  }
});

test('a closed order says why, as far as its payer is concerned; money is mentioned where it matters', () => {
  const t = languages.en;
  const of = (closeReason) => words({ state: 'closed', order: { closeReason } }, t)[0];
  assert.deepEqual(['CLOSE_REASON_TIMEOUT', 'CLOSE_REASON_USER_CANCELLED', 'CLOSE_REASON_RISK_DENIED', 'CLOSE_REASON_UNSPECIFIED', undefined].map(of),
    ['The time to pay is over', 'You have cancelled', 'The order was closed', 'The order was closed', 'The order was closed']);
  assert.equal(words({ state: 'choosing', payment: { state: 'PAYMENT_STATE_FAILED' } }, t), t.failed);
  assert.equal(words({ state: 'waiting', isDismissed: true }, t), t.dismissed);
});

test('errors are said in words for people, never by the message for engineers', () => {
  const error = (name) => new PayError('failed_precondition', name, 'sku sku_1 has only 0 left');
  assert.equal(reason(error('STOCK_INSUFFICIENT'), languages.en), 'There is not enough left.');
  for (const name of ['', 'SOMETHING_NEW', 'choosing', 'toString']) assert.equal(reason(error(name), languages.en), languages.en.error, name);
});

test('languages are found by their tags, added, and completed', () => {
  assert.equal(textsOf('zh-Hant-HK'), languages.zh);
  assert.equal(textsOf('fr'), languages.en);
  assert.equal(textsOf(''), languages.en);
  addTexts('ar', { buy: 'متابعة' });
  assert.deepEqual([textsOf('ar-EG').buy, textsOf('ar').total], ['متابعة', 'Total']);
  addTexts('zh-HK', { total: '總計' });
  assert.deepEqual([textsOf('zh-HK').total, textsOf('zh-HK').buy, textsOf('zh').total], ['總計', '继续', '合计']);
});

test('places are filled, unknown ones left empty', () => {
  assert.equal(fill('{a} of {b}{c}', { a: '1', b: '$&' }), '1 of $&');
});
