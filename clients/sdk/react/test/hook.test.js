// On a server nothing is started, and elements are rendered by their names. tests/browser sees the hook alive.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import React from 'react';
import { renderToString } from 'react-dom/server';
import { createClock, openShop } from '../../core/test/shop.js';
import { BmtPanel, useCheckout } from '../dist/index.js';

const { createElement } = React;

const shop = openShop(createClock());
function Page() {
  const [snapshot, checkout] = useCheckout({ baseUrl: 'https://pay.example', token: 'token', key: 'basket', fetch: shop.fetch });
  return createElement('p', null, String(snapshot?.state), String(checkout));
}

test('a server renders without starting anything', () => {
  assert.match(renderToString(createElement(Page)), /undefined.*undefined/);
  assert.equal(shop.calls.length, 0);
});

test('a component is its element', () => {
  assert.match(renderToString(createElement(BmtPanel, { gateway: 'https://pay.example', className: 'mine' })), /^<bmt-panel.*<\/bmt-panel>$/);
});
