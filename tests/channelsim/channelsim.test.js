// The simulator itself: what it says of fees and payouts, and what it writes into statement files.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { startChannel } from './server.js';

const keys = { key: generateKeyPairSync('ed25519').privateKey, secret: 'a secret' };
let channel;
before(async () => { channel = await startChannel({ keys }); });
after(() => channel.stop());
afterEach(() => control('DELETE', 'rules').then(() => control('POST', 'fee', {})));

// A signed request of a merchant; rejects when the connection breaks. The answer must be signed by the channel.
async function ask(method, path, value, merchant = 'shop') {
  const body = value ? JSON.stringify(value) : '';
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), 'n'];
  const signature = createHmac('sha256', keys.secret).update([method, path, timestamp, nonce, body].join('\n')).digest('hex');
  const answer = await fetch(channel.url + path, { method, ...(body && { body }), headers: {
    'sandbox-merchant': merchant, 'sandbox-timestamp': timestamp, 'sandbox-nonce': nonce, 'sandbox-signature': signature } });
  const text = await answer.text();
  const [time, once, proof] = ['timestamp', 'nonce', 'signature'].map((name) => answer.headers.get(`sandbox-${name}`));
  const isSigned = verify(null, Buffer.from(`${time}\n${once}\n${text}`), createPublicKey(keys.key), Buffer.from(proof, 'base64'));
  return { status: answer.status, isSigned, ...JSON.parse(text) };
}

async function control(method, name, value) {
  const answer = await fetch(`${channel.url}/control/${name}`, { method, ...(value && { body: JSON.stringify(value) }) });
  return { status: answer.status, ...await answer.json() };
}

let n = 0;
const today = () => new Date().toISOString().slice(0, 10);
const payment = async (amount_minor, merchant) => {
  const asked = { merchant_payment_id: `p${++n}`, amount_minor, currency: 'EUR', subject: 's', notify_url: `${channel.url}/healthz`, return_url: '', expires_at: 0 };
  return { asked, begun: await ask('POST', '/v1/payments', asked, merchant) };
};
const decide = (begun, decision) => fetch(begun.pay_url, { method: 'POST', body: new URLSearchParams({ decision }) });
const notified = async (id) => {
  for (const end = Date.now() + 10000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 5))) {
    const line = channel.seen.find(({ what, body }) => what === 'notification' && body.merchant_payment_id === id);
    if (line) return line.body;
  }
  throw new Error(`waited in vain: a notification of ${id}`);
};
const query = (id) => ask('GET', `/v1/payments/by-merchant-id/${id}`);
const payout = (more = {}) => ({ merchant_payout_id: `o${++n}`, amount_minor: 700, currency: 'EUR', account: 'DE02', ...more });
const pay = (asked, merchant) => ask('POST', '/v1/payouts', asked, merchant);
const became = (asked) => ask('GET', `/v1/payouts/${asked.merchant_payout_id}`);
const told = ({ status, state, failure }) => [status, state, failure];

test('a payment that succeeds tells its fee, by the rule of that moment, wherever it is told', async () => {
  const cases = [ // rule, amount, fee: half up, and never more than there is
    [{}, 1250, 0],
    [{ basis_points: 250 }, 1250, 31],
    [{ basis_points: 250 }, 1260, 32],
    [{ fixed_minor: 30 }, 1250, 30],
    [{ basis_points: 250, fixed_minor: 30 }, 1250, 61],
    [{ fixed_minor: 30 }, 20, 20],
    [{ basis_points: 1 }, 9007199254740991, 900719925474],
  ];
  for (const [rule, amount, fee] of cases) {
    await control('POST', 'fee', rule);
    const { asked, begun } = await payment(amount);
    assert.equal(begun.fee_minor, undefined);
    await decide(begun, 'pay');
    await control('POST', 'fee', { fixed_minor: 7 });
    const [queried, again] = [await query(asked.merchant_payment_id), await ask('POST', '/v1/payments', asked)];
    assert.deepEqual([queried.isSigned, queried.state, queried.fee_minor, again.fee_minor], [true, 'SUCCEEDED', fee, fee], JSON.stringify(rule));
    assert.equal((await notified(asked.merchant_payment_id)).fee_minor, fee);
  }
  const { asked, begun } = await payment(1250);
  await decide(begun, 'refuse');
  assert.deepEqual(told(await query(asked.merchant_payment_id)), [200, 'FAILED', 'PAYER_REFUSED']);
  assert.equal((await query(asked.merchant_payment_id)).fee_minor, undefined);
  for (const rule of [{ basis_points: -1 }, { basis_points: 2.5 }, { fixed_minor: '3' }]) assert.equal((await control('POST', 'fee', rule)).status, 400);
});

test('a payout succeeds at once, and asking again pays nothing twice', async () => {
  const asked = payout();
  const paid = await pay(asked);
  assert.deepEqual([...told(paid), paid.isSigned, paid.amount_minor], [200, 'PAID', undefined, true, 700]);
  assert.match(`${paid.channel_payout_id} ${paid.channel_transaction_id}`, /^co_\w+ ct_\w+$/);
  assert.deepEqual(await pay(asked), paid);
  assert.deepEqual(await became(asked), paid);
  assert.deepEqual([(await pay({ ...asked, account: 'DE03' })).error, (await pay({ ...asked, amount_minor: 1 })).error], ['ID_REUSED', 'ID_REUSED']);
  assert.deepEqual([(await pay(payout({ account: '' }))).error, (await pay(payout({ amount_minor: 0 }))).error], ['ACCOUNT_MISSING', 'AMOUNT_INVALID']);
  assert.equal((await became(payout())).status, 404);
});

test('a payout waits as long as a rule says, then it is paid or fails', async () => {
  await control('POST', 'rules', [{ op: 'payout', fault: 'pending' }, { op: 'query_payout', fault: 'pending', times: 2 }]);
  const asked = payout();
  const states = [(await pay(asked)).state];
  for (let i = 0; i < 3; i += 1) states.push((await became(asked)).state);
  assert.deepEqual(states, ['PENDING', 'PENDING', 'PENDING', 'PAID']);

  await control('POST', 'rules', [{ op: 'payout', fault: 'pending' }, { op: 'query_payout', fault: 'refuse' }, { op: 'payout', fault: 'refuse', reason: 'NAME_DIFFERS' }]);
  const later = payout();
  assert.equal((await pay(later)).state, 'PENDING');
  assert.deepEqual(told(await became(later)), [200, 'FAILED', 'ACCOUNT_CLOSED']);
  const refused = payout();
  assert.deepEqual(told(await pay(refused)), [200, 'FAILED', 'NAME_DIFFERS']);
  assert.deepEqual(told(await pay(refused)), [200, 'FAILED', 'NAME_DIFFERS']);
});

test('a payout whose answer is lost or spoiled is done nonetheless', async () => {
  for (const fault of ['lost_reply', 'error_500', 'forged']) {
    const asked = payout();
    await control('POST', 'rules', [{ op: 'payout', fault, merchant_payment_id: asked.merchant_payout_id, times: 2 }]);
    const answer = await pay(asked).catch(() => null);
    assert.equal(answer === null || answer.status === 500 || !answer.isSigned, true, fault);
    await control('DELETE', 'rules');
    assert.deepEqual(told(await became(asked)), [200, 'PAID', undefined]);
  }
});

test('what was paid can come back, once', async () => {
  const asked = payout();
  await control('POST', 'rules', [{ op: 'payout', fault: 'pending' }]);
  await pay(asked);
  const id = { merchant_payout_id: asked.merchant_payout_id };
  assert.match((await control('POST', 'returns', id)).error, /is PENDING/);
  await became(asked);
  assert.deepEqual(told(await control('POST', 'returns', { ...id, reason: 'NO_SUCH_PERSON' })), [200, 'RETURNED', 'NO_SUCH_PERSON']);
  assert.deepEqual(told(await became(asked)), [200, 'RETURNED', 'NO_SUCH_PERSON']);
  assert.deepEqual(told(await pay(asked)), [200, 'RETURNED', 'NO_SUCH_PERSON']);
  assert.match((await control('POST', 'returns', id)).error, /is RETURNED/);
  assert.match((await control('POST', 'returns', payout())).error, /is not known/);
});

test('a statement file lists fees, payouts, returns and settlements of the merchant', async () => {
  await control('POST', 'fee', { basis_points: 200 });
  const { asked, begun } = await payment(1000, 'other');
  await decide(begun, 'pay');
  await ask('POST', '/v1/refunds', { merchant_refund_id: 'r1', merchant_payment_id: asked.merchant_payment_id, amount_minor: 100, currency: 'EUR' }, 'other');
  const [kept, back, failed] = [payout(), payout({ amount_minor: 5 }), payout()];
  await pay(kept, 'other');
  await pay(back, 'other');
  await control('POST', 'rules', [{ op: 'payout', fault: 'refuse' }]);
  await pay(failed, 'other');
  await control('POST', 'returns', { merchant_payout_id: back.merchant_payout_id });
  const settled = await control('POST', 'settlements', { merchant: 'other', amount_minor: 180, currency: 'EUR' });
  assert.match(settled.channel_settlement_id, /^cs_/);
  assert.equal((await control('POST', 'settlements', { merchant: 'other', amount_minor: -1, currency: 'EUR' })).status, 400);

  const file = await ask('GET', `/v1/statements/${today()}/1`, null, 'other');
  const line = (type, merchant_id, amount_minor, fee_minor = 0) => ({ type, merchant_id, amount_minor, fee_minor });
  const lines = file.lines.map((one) => line(one.type, one.merchant_id, one.amount_minor, one.fee_minor));
  assert.deepEqual(lines.sort((a, b) => a.amount_minor - b.amount_minor || a.type.localeCompare(b.type)), [
    line('PAYOUT', back.merchant_payout_id, 5), line('RETURN', back.merchant_payout_id, 5), line('REFUND', 'r1', 100),
    line('SETTLEMENT', undefined, 180), line('PAYOUT', kept.merchant_payout_id, 700), line('PAYMENT', asked.merchant_payment_id, 1000, 20),
  ]);
  const of = (type) => file.lines.filter((one) => one.type === type && one.merchant_id === back.merchant_payout_id)[0];
  assert.equal(of('PAYOUT').channel_id, of('RETURN').channel_id);
  assert.notEqual(of('PAYOUT').channel_transaction_id, of('RETURN').channel_transaction_id);
  assert.equal(file.lines.find((one) => one.type === 'SETTLEMENT').channel_id, settled.channel_settlement_id);
});
