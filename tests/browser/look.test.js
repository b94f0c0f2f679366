// How the pages look and read: axe finds nothing in both languages, both themes and both directions, in every stage of a
// purchase; narrow pages do not scroll sideways; nothing but our own scripts runs; how soon the panel can be used is told.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { openTown, picture, visit } from './visit.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let town;
before(async () => { town = await openTown(); });
after(() => town.close());

// By the tools' own door: the page's policy would not let the script in otherwise.
async function findings(tab) {
  await tab.evaluate(AXE);
  const { violations } = await tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

const WORDS = {
  en: { go: 'Continue', pay: /^Pay €/, cancel: 'Cancel the order', read: 'Read it' },
  zh: { go: '继续', pay: /^支付 €/, cancel: '取消订单', read: '查看全文' },
};
// Each language in one theme and the other, and each direction.
const LOOKS = [['en', 'light', 'ltr'], ['en', 'dark', 'rtl'], ['zh', 'light', 'rtl'], ['zh', 'dark', 'ltr']];

for (const [lang, theme, dir] of LOOKS) {
  test(`${lang}, ${theme}, ${dir}: nothing to find, at any stage`, async () => {
    const one = await visit(town, { viewport: { width: 390, height: 800 } });
    const t = WORDS[lang];
    const query = `?lang=${lang}&theme=${theme}&dir=${dir}`;
    const name = `look-${lang}-${theme}-${dir}`;
    try {
      for (const path of ['/', '/headless.html', '/activity.html']) assert.deepEqual(await findings(await one.open(path + query)), [], path);
      const tab = await one.open(`/parts.html${query}`);
      const seen = async (stage) => {
        await picture(tab, `${name}-${stage}`);
        assert.deepEqual(await findings(tab), [], stage);
        assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${stage} scrolls sideways`);
      };
      await tab.locator('bmt-total').getByText('€12.50').waitFor();
      await seen('1-choose');
      await tab.getByRole('button', { name: t.go, exact: true }).click();
      await tab.getByRole('radio').waitFor();
      await seen('2-pay');
      await tab.getByRole('button', { name: t.pay }).click();
      await tab.getByRole('dialog').waitFor();
      await seen('3-scan');
      await tab.keyboard.press('Escape');
      await tab.getByRole('dialog').waitFor({ state: 'detached' });
      await seen('4-waiting');
      await tab.getByRole('button', { name: t.cancel }).click();
      await tab.locator('bmt-result').getByRole('heading').waitFor();
      await seen('5-closed');
      const panel = await one.open(`/panel.html${query}`);
      await panel.locator('bmt-total').getByText('€12.50').waitFor();
      await picture(panel, `${name}-panel`);
      assert.deepEqual(await findings(panel), [], 'panel');
      await panel.getByRole('radio').nth(1).check();
      await panel.locator('bmt-total').getByText('€120.00').waitFor();
      await panel.getByRole('button', { name: t.go, exact: true }).click();
      await panel.getByRole('radio', { name: 'Sandbox' }).waitFor();
      await panel.getByRole('button', { name: t.pay }).click();
      await panel.getByRole('alert').filter({ hasText: /./ }).waitFor();
      await panel.getByText(t.read).click();
      await picture(panel, `${name}-agreement`);
      assert.deepEqual(await findings(panel), [], 'agreement');
      assert.deepEqual(one.problems, []);
    } finally {
      await one.leave();
    }
  });
}

test('a bundle that was altered is not run', async () => {
  const one = await visit(town);
  await one.context.route('**/pay-elements.min.js', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${await answer.text()}//` });
  });
  const tab = await one.open('/panel.html');
  await tab.waitForLoadState('networkidle');
  assert.equal(await tab.evaluate(() => Boolean(customElements.get('bmt-panel'))), false);
  assert.ok(one.problems.some((problem) => problem.includes('integrity')), String(one.problems));
  await one.leave();
});

test('the shop serves its pages and tokens, and nothing else', async () => {
  const cases = [
    ['GET', '/panel.html', 200], ['GET', '/token', 405], ['POST', '/panel.html', 405], ['GET', '/nope.html', 404], ['GET', '/activity/nope', 404],
    ['GET', '/words.js', 404], ['GET', '/..%2fserver.js', 404], ['GET', '/sdk/index.d.ts', 404], ['GET', '/sdk/integrity.json', 200],
  ];
  for (const [method, path, status] of cases) assert.equal((await fetch(town.demo.url + path, { method })).status, status, path);
  const answer = await fetch(`${town.demo.url}/token`, { method: 'POST' });
  assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin'), /HttpOnly; SameSite=Lax/.test(answer.headers.get('set-cookie'))], [200, null, true]);
});

test('how soon the panel can be used', async (t) => {
  const one = await visit(town);
  const tab = await one.open('/panel.html');
  await tab.locator('bmt-total').getByText('€12.50').waitFor();
  // From the script's arrival to the panel's first drawing, without the network's share.
  const times = [];
  for (let n = 0; n < 5; n += 1) {
    await tab.reload();
    times.push(await tab.evaluate(async () => {
      await customElements.whenDefined('bmt-panel');
      await document.querySelector('bmt-panel').updateComplete;
      const drawn = performance.now();
      const [script] = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('pay-elements.min.js'));
      return drawn - script.responseEnd;
    }));
  }
  times.sort((a, b) => a - b);
  t.diagnostic(`panel interactive ${times[2].toFixed(0)} ms after its script has come (median of ${times.length})`);
  await one.leave();
});
