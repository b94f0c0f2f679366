// @bmt/pay-react by React itself, in its strict mode, which starts everything twice: one purchase all the same, gone on with
// when the component comes again, and another one for another key.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { openTown, visit } from './visit.js';

const REACT = fileURLToPath(new URL('../../clients/sdk/react', import.meta.url));
const { build } = createRequire(`${REACT}/package.json`)('esbuild');
const PAGE = `
import '@bmt/pay-elements/define.js';
import { webStore } from '@bmt/pay-core';
import { BmtPanel, useCheckout } from '@bmt/pay-react';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

const root = document.getElementById('activity');
const { gateway } = root.dataset;
const sku = globalThis.sku;
const token = async () => (await fetch('/token', { method: 'POST' })).text();

function Own({ basket }) {
  const [snapshot, checkout] = useCheckout({ baseUrl: gateway, token, key: basket, store: webStore(localStorage) });
  return <p><output>{basket + ': ' + (snapshot?.state ?? 'nothing')}</output>
    <button onClick={() => checkout.send({ type: 'BUY', purchase: { lines: [{ skuId: sku, quantity: 1 }], currency: 'EUR' } })}>Buy</button></p>;
}

function App() {
  const [basket, setBasket] = useState('one');
  const [isShown, show] = useState(true);
  const [seen, see] = useState('');
  return <main>{isShown && <Own basket={basket} />}
    <button onClick={() => show(!isShown)}>Toggle</button><button onClick={() => setBasket('two')}>Another</button>
    <BmtPanel gateway={gateway} tokenUrl="/token" basket="panel" currency="EUR" offers={[{ skuId: sku, title: 'Ours' }]} onChange={({ detail }) => see(detail.state)} />
    <output>{'panel: ' + seen}</output></main>;
}
createRoot(root).render(<StrictMode><App /></StrictMode>);
`;

let town;
before(async () => { town = await openTown(); });
after(() => town.close());

test('the hook and a component, in strict mode', async () => {
  const { outputFiles: [script] } = await build({
    stdin: { contents: PAGE, resolveDir: REACT, loader: 'jsx' }, bundle: true, write: false, format: 'esm', jsx: 'automatic', define: { 'process.env.NODE_ENV': '"development"' },
  });
  const one = await visit(town);
  // In a page of the shop's, in place of the script that it has: a page made up here would be none of this machine's, which
  // chromium keeps from the gateway.
  await one.context.addInitScript((sku) => { globalThis.sku = sku; }, town.skus['gold-month']);
  await one.context.route('**/activity.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script.text }));
  const tab = await one.open('/activity.html');
  await tab.getByText('one: idle').waitFor();
  await tab.getByText('panel: idle').waitFor();
  await tab.getByText('Ours').waitFor();
  await tab.getByRole('button', { name: 'Buy' }).click();
  await tab.getByText('one: choosing').waitFor();
  await tab.getByRole('button', { name: 'Toggle' }).click();
  await tab.getByText('one:').waitFor({ state: 'detached' });
  await tab.getByRole('button', { name: 'Toggle' }).click();
  await tab.getByText('one: choosing').waitFor();
  assert.equal((await one.orders()).length, 1);
  await tab.getByRole('button', { name: 'Another' }).click();
  await tab.getByText('two: idle').waitFor();
  assert.deepEqual(one.problems, []);
  await one.leave();
});
