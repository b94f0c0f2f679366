// What was accepted is recorded before money may move, in the language in which it was shown, and once.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { given, PURCHASE } from './given.js';

const TERMS = { agreementTemplateId: 'tpl_1', title: 'Terms', text: 'Text', locale: 'en', demand: 'AGREEMENT_DEMAND_REQUIRED' };
let world;
beforeEach(() => {
  world = given({ options: { locale: 'en-GB', platform: 'CASHIER_PLATFORM_WEB' } });
  world.shop.isServed = true;
  world.shop.agreements = [TERMS];
});
afterEach(() => world.end());

async function choosing(options) {
  const page = await world.open(options);
  page.send({ type: 'BUY', purchase: PURCHASE });
  await world.clock.rest();
  assert.equal(page.snapshot.state, 'choosing');
  return page;
}
const calls = (name) => world.shop.calls.filter((call) => call.name === name).map(({ request }) => request);

test('the cashier is asked in the language and for the platform of the page', async () => {
  const page = await choosing();
  assert.deepEqual(calls('ListCashierChannels'), [{ orderId: 'ord_1', locale: 'en-GB', platform: 'CASHIER_PLATFORM_WEB' }]);
  assert.deepEqual(page.snapshot.agreements, [TERMS]);
});

test('accepted, then paid', async () => {
  const page = await choosing();
  page.send({ type: 'PAY', channelAccountId: 'chn_1', accepted: ['tpl_1'] });
  await world.clock.rest();
  assert.equal(page.snapshot.state, 'acting');
  const [pay] = calls('PayOrder');
  assert.deepEqual(calls('AcceptAgreement'), [{ requestId: `${pay.requestId}-1`, orderId: 'ord_1', agreementTemplateId: 'tpl_1', locale: 'en' }]);
});

test('a lost answer is asked for under the same ids, in the next page too, and no payment begins before', async () => {
  world.shop.fault('AcceptAgreement', 'lost');
  world.shop.fault('AcceptAgreement', 'silent', 9);
  const page = await choosing();
  page.send({ type: 'PAY', channelAccountId: 'chn_1', accepted: ['tpl_1'] });
  await world.clock.pass(2000);
  assert.equal(world.shop.count('PayOrder'), 0);
  page.stop();
  world.shop.mend();
  const next = await world.open();
  assert.equal(next.snapshot.state, 'acting');
  assert.equal(world.shop.ids('AcceptAgreement'), 1);
  assert.equal(world.shop.payments.size, 1);
});

test('not accepted: refused by the server, told, and asked for again', async () => {
  const page = await choosing();
  page.send({ type: 'PAY', channelAccountId: 'chn_1' });
  await world.clock.rest();
  assert.deepEqual([page.snapshot.state, page.snapshot.error.reason], ['choosing', 'AGREEMENT_NOT_ACCEPTED']);
  assert.equal(world.shop.payments.size, 0);
  page.send({ type: 'PAY', channelAccountId: 'chn_1', accepted: ['tpl_1'] });
  await world.clock.rest();
  assert.equal(page.snapshot.state, 'acting');
});

test('a version that was replaced meanwhile is refused, and the new one is shown', async () => {
  const page = await choosing();
  world.shop.agreements = [{ ...TERMS, agreementTemplateId: 'tpl_2' }];
  page.send({ type: 'PAY', channelAccountId: 'chn_1', accepted: ['tpl_1'] });
  await world.clock.rest();
  const { state, error, agreements } = page.snapshot;
  assert.deepEqual([state, error.reason, agreements[0].agreementTemplateId], ['choosing', 'AGREEMENT_TEMPLATE_NOT_FOUND', 'tpl_2']);
  assert.equal(world.shop.payments.size, 0);
});
