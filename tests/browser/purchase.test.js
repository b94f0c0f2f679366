// A person buys in a real browser: by the panel, by parts with a code to scan, headless, and on a page made by
// configuration; and refuses, cancels, is late, leaves, clicks twice, loses the network, and meets a server that was killed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer, until } from '../e2e/world.js';
import { openTown, picture, visit } from './visit.js';

let town;
before(async () => { town = await openTown(); });
after(() => town.close());

// A person, in a test of its own; what its pages complained of fails the test.
const person = (name, work, options) => test(name, async () => {
  const one = await visit(town, options);
  try {
    await work(one);
    assert.deepEqual(one.problems, []);
  } finally {
    await one.leave();
  }
});

const button = (tab, name) => tab.getByRole('button', { name, exact: typeof name === 'string' });
const says = (tab, text) => tab.getByRole('heading', { name: text }).waitFor();
const onChannel = (tab) => tab.getByRole('heading', { name: 'Sandbox payment' }).waitFor();
const backToShop = (tab) => tab.getByRole('link', { name: 'Back to the shop' }).click();
const counts = async (one) => [(await one.orders()).length, (await one.payments()).length];
const states = async (one) => (await one.orders()).map(({ state }) => state.replace('ORDER_STATE_', ''));

// Up to the channel's page.
async function toChannel(tab) {
  await button(tab, 'Continue').click();
  await button(tab, 'Pay €12.50').click();
  await onChannel(tab);
}

person('by the panel: chooses, pays on the channel\'s page, comes back, has it', async (one) => {
  const tab = await one.open('/panel.html');
  await tab.getByText('€120.00').waitFor();
  await picture(tab, 'panel-1-choose');
  await button(tab, 'One more').click();
  await tab.locator('bmt-total').getByText('€25.00').waitFor();
  await button(tab, 'Continue').click();
  await button(tab, 'Pay €25.00').waitFor();
  await tab.getByRole('radio', { name: 'Sandbox' }).waitFor();
  await picture(tab, 'panel-2-pay');
  await button(tab, 'Pay €25.00').click();
  await onChannel(tab);
  await button(tab, /^Pay/).click();
  await backToShop(tab);
  await says(tab, 'Thank you');
  await tab.getByText('Your membership is active').waitFor();
  await picture(tab, 'panel-3-fulfilled');
  assert.deepEqual([await counts(one), await states(one)], [[1, 1], ['FULFILLED']]);
  await button(tab, 'Buy again').click();
  await button(tab, 'Continue').waitFor();
});

person('by parts: scans a code, closes it, opens it again, and pays on another device', async (one) => {
  const tab = await one.open('/parts.html');
  await button(tab, 'Continue').click();
  await button(tab, 'Pay €12.50').click();
  const dialog = tab.getByRole('dialog', { name: 'Scan to pay €12.50' });
  await dialog.waitFor();
  await picture(tab, 'parts-1-scan');
  await tab.keyboard.press('Escape');
  await says(tab, 'Not paid yet');
  await picture(tab, 'parts-2-dismissed');
  await button(tab, 'Show the payment again').click();
  await dialog.waitFor();
  const phone = await one.context.newPage();
  await phone.goto(await dialog.getByRole('link').getAttribute('href'));
  await button(phone, /^Pay/).click();
  await says(tab, 'Thank you');
  assert.equal(await tab.getByRole('dialog').count(), 0);
  await picture(tab, 'parts-3-fulfilled');
  assert.deepEqual([await counts(one), await states(one)], [[1, 1], ['FULFILLED']]);
});

person('headless: the shop\'s own page', async (one) => {
  const tab = await one.open('/headless.html');
  await tab.getByText('€12.50').waitFor();
  await button(tab, 'Buy').click();
  await button(tab, 'Pay').waitFor();
  await picture(tab, 'headless-pay');
  await button(tab, 'Pay').click();
  await onChannel(tab);
  await button(tab, /^Pay/).click();
  await backToShop(tab);
  await tab.locator('form[data-state=fulfilled]').waitFor();
  assert.deepEqual([await counts(one), await states(one)], [[1, 1], ['FULFILLED']]);
});

person('on a page made by configuration, in Chinese', async (one) => {
  const tab = await one.open('/activity.html?lang=zh');
  await tab.getByRole('radio', { name: /三夜通票/ }).check();
  await tab.locator('bmt-total').getByText('€21.00').waitFor();
  await picture(tab, 'activity-choose');
  await button(tab, '立即预订').click();
  await tab.getByRole('checkbox', { name: '我已阅读并同意：会员条款' }).check();
  await button(tab, '支付 €21.00').click();
  await onChannel(tab);
  await button(tab, /^Pay/).click();
  await backToShop(tab);
  await says(tab, '灯会见');
  await picture(tab, 'activity-fulfilled');
  assert.deepEqual([await counts(one), await states(one)], [[1, 1], ['FULFILLED']]);
});

person('by the keyboard alone, and is asked to accept the terms first', async (one) => {
  const tab = await one.open('/panel.html');
  await tab.locator('bmt-total').getByText('€12.50').waitFor();
  const focus = (name) => until(`the focus comes to ${name}`, async () => {
    await tab.keyboard.press('Tab');
    return tab.evaluate((text) => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return (element?.textContent || element?.labels?.[0]?.textContent || '').includes(text);
    }, name);
  });
  await focus('Gold, a month');
  await tab.keyboard.press('ArrowDown');
  await tab.locator('bmt-total').getByText('€120.00').waitFor();
  await focus('Continue');
  await tab.keyboard.press('Enter');
  const terms = tab.getByRole('checkbox', { name: 'I have read and accept: Terms of the club' });
  await terms.waitFor();
  await tab.getByRole('radio', { name: 'Sandbox' }).waitFor();
  await focus('Pay €120.00');
  await tab.keyboard.press('Enter');
  await tab.getByText('Please accept this to go on.').waitFor();
  await picture(tab, 'panel-remind');
  assert.deepEqual([await counts(one), await terms.evaluate((box) => box.getRootNode().activeElement === box)], [[1, 0], true]);
  await tab.keyboard.press('Space');
  await focus('Pay €120.00');
  await tab.keyboard.press('Enter');
  await onChannel(tab);
  assert.deepEqual(await counts(one), [1, 1]);
  const { acceptances } = await town.shop.payments.ListAgreementAcceptances({ user_id: await one.user() });
  assert.deepEqual(acceptances.map(({ code, locale, version }) => [code, locale, version]), [['terms', 'en', 1]]);
});

person('refuses, and pays by another attempt on the same order', async (one) => {
  const tab = await one.open('/panel.html');
  await toChannel(tab);
  await button(tab, 'Refuse').click();
  await backToShop(tab);
  await says(tab, 'The payment did not go through');
  await picture(tab, 'panel-refused');
  await button(tab, 'Pay €12.50').click();
  await onChannel(tab);
  await button(tab, /^Pay/).click();
  await backToShop(tab);
  await says(tab, 'Thank you');
  assert.deepEqual([await counts(one), await states(one)], [[1, 2], ['FULFILLED']]);
});

person('cancels', async (one) => {
  const tab = await one.open('/panel.html');
  await button(tab, 'Continue').click();
  await button(tab, 'Cancel the order').click();
  await says(tab, 'You have cancelled');
  assert.deepEqual([await counts(one), await states(one)], [[1, 0], ['CLOSED']]);
});

person('closes the tab on the channel\'s page, pays there later, and finds it paid in a new tab', async (one) => {
  const tab = await one.open('/panel.html');
  await toChannel(tab);
  const address = tab.url();
  await tab.close();
  const next = await one.open('/panel.html');
  await says(next, 'Waiting for your payment');
  await picture(next, 'panel-resumed');
  await next.close();
  const channel = await one.context.newPage();
  await channel.goto(address);
  await button(channel, /^Pay/).click();
  const last = await one.open('/panel.html');
  await says(last, 'Thank you');
  assert.deepEqual([await counts(one), await states(one)], [[1, 1], ['FULFILLED']]);
});

person('goes back by the browser\'s button, and is offered to go on', async (one) => {
  const tab = await one.open('/panel.html');
  await toChannel(tab);
  await tab.goBack();
  await says(tab, 'Waiting for your payment');
  await button(tab, 'Show the payment again').click();
  await onChannel(tab);
  assert.deepEqual(await counts(one), [1, 1]);
});

person('clicks twice, everywhere', async (one) => {
  const tab = await one.open('/panel.html');
  await tab.locator('bmt-total').getByText('€12.50').waitFor();
  await button(tab, 'Continue').dblclick();
  await button(tab, 'Pay €12.50').waitFor();
  await tab.getByRole('radio', { name: 'Sandbox' }).waitFor();
  assert.deepEqual(await counts(one), [1, 0]);
  await button(tab, 'Pay €12.50').dblclick();
  await onChannel(tab);
  assert.deepEqual(await counts(one), [1, 1]);
});

person('buys in two tabs at once: one order', async (one) => {
  const tabs = [await one.open('/panel.html'), await one.open('/panel.html')];
  await Promise.all(tabs.map((tab) => button(tab, 'Continue').click()));
  await Promise.all(tabs.map((tab) => button(tab, 'Pay €12.50').waitFor()));
  assert.deepEqual(await counts(one), [1, 0]);
});

person('loses the network between the choice and the payment', async (one) => {
  const tab = await one.open('/panel.html');
  await tab.locator('bmt-total').getByText('€12.50').waitFor();
  await one.context.setOffline(true);
  await button(tab, 'Continue').click();
  await tab.getByText('No connection. We keep trying.').waitFor();
  await picture(tab, 'panel-offline');
  await one.context.setOffline(false);
  await button(tab, 'Pay €12.50').click();
  await onChannel(tab);
  assert.deepEqual(await counts(one), [1, 1]);
});

person('waits while bmtd is killed and started again', async (one) => {
  const tab = await one.open('/parts.html');
  await button(tab, 'Continue').click();
  await button(tab, 'Pay €12.50').click();
  const dialog = tab.getByRole('dialog');
  const phone = await one.context.newPage();
  await phone.goto(await dialog.getByRole('link').getAttribute('href'));
  const { port } = town.world;
  const old = town.world.servers.find((server) => server.port === port);
  const ended = new Promise((resolve) => { old.child.once('exit', resolve); });
  old.child.kill('SIGKILL');
  await ended;
  await button(phone, /^Pay/).click();
  await tab.getByRole('button', { name: 'I have paid' }).click();
  await says(tab, 'Waiting for your payment');
  await tab.getByText('No connection. We keep trying.').waitFor();
  await picture(tab, 'parts-server-gone');
  town.world.servers.push(await startServer(town.world, 'bmtd-again', { port }));
  await says(tab, 'Thank you');
  assert.deepEqual([await counts(one), await states(one)], [[1, 1], ['FULFILLED']]);
});

person('is late: the order expires while the way to pay is chosen', async (one) => {
  const tab = await one.open('/panel.html');
  await button(tab, 'Continue').click();
  await tab.getByText('Reserved for you for').waitFor();
  await town.advance(3601);
  await says(tab, 'The time to pay is over');
  await picture(tab, 'panel-expired');
  assert.deepEqual([await counts(one), await states(one)], [[1, 0], ['CLOSED']]);
  await button(tab, 'Buy again').click();
  await button(tab, 'Continue').click();
  await button(tab, 'Pay €12.50').waitFor();
  assert.deepEqual(await counts(one), [2, 0]);
});
