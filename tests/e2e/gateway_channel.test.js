// What channels and their payers send to the gateway: notifications, handed on as they came, and browsers that come back.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { signedHeaders } from '../channelsim/keys.js';
import { ORIGIN, send, startGateway } from './gateway.js';
import { beginPayment, decide, givenOrder, givenShop, givenSku, orderState, untilState } from './shop.js';
import { client, requestId, startServer, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let sku;
let gateway;
let path;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop));
  gateway = await startGateway(world);
  path = `/notifications/${shop.account.channel_account_id}`;
  await client(world, 'payment.PaymentHubService', world.adminKey, { business: shop.business.business_id }).UpdateChannelAccount({
    request_id: requestId(), channel_account_id: shop.account.channel_account_id, update_mask: { paths: ['notify_url'] }, notify_url: `${gateway.url}/notifications`,
  });
});
after(() => stopWorld(world));

const told = () => world.channel.seen.filter((line) => line.what === 'notification');
const fault = (op, name, more = {}) => world.channel.faults.add([{ op, fault: name, ...more }]);

async function begun() {
  world.channel.seen.length = 0;
  const order = await givenOrder(shop, sku);
  return { order, payment: (await beginPayment(shop, order)).payment };
}

// What the channel would tell of a payment that it holds back.
async function heldBack() {
  const { order, payment } = await begun();
  fault('notify', 'hold');
  await decide(payment);
  return { order, payment, body: (await until('it is held back', () => world.channel.notifier.held))[0].body };
}

test('the channel\'s notification pays the order and gets the channel\'s own word', async () => {
  const { order, payment } = await begun();
  await decide(payment);
  await untilState(shop, order, 'FULFILLED');
  await until('it is accepted', () => told().some(({ accepted }) => accepted));
  assert.deepEqual(told().map(({ status, accepted }) => [status, accepted]), [[200, true]]);
  assert.equal(world.channel.seen.some(({ what }) => what === 'relay'), false);
});

test('the body is handed on byte for byte, and only the signed one is believed', async () => {
  const { order, body } = await heldBack();
  const headers = { 'content-type': 'application/json', ...signedHeaders(world.keys, body) };
  for (const other of [`${body} `, body.replace('SUCCEEDED', 'FAILED'), JSON.stringify(JSON.parse(body), null, 1), `\ufeff${body}`]) {
    const reply = await send(gateway, path, { body: other, headers });
    assert.deepEqual([reply.status, reply.json.code, reply.json.details[0].debug.reason], [401, 'unauthenticated', 'NOTIFICATION_INVALID']);
  }
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
  const reply = await send(gateway, path, { body, headers });
  assert.deepEqual([reply.status, reply.bytes.toString(), reply.headers.get('content-type')], [200, '{"accepted":true}', 'application/json']);
  await untilState(shop, order, 'FULFILLED');
  assert.equal((await send(gateway, path, { body, headers })).status, 200); // and again, as channels do
  await world.channel.notifier.flush();
});

test('a notification that cannot be kept is not acknowledged, and comes again', async () => {
  const { order, payment } = await begun();
  fault('query', 'error_500', { times: 2 });
  await decide(payment);
  await until('it is refused', () => told().some(({ status }) => status === 503));
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
  await untilState(shop, order, 'FULFILLED');
  await until('it is accepted at last', () => told().some(({ accepted }) => accepted));
});

test('while bmtd is gone notifications are refused, and all of them arrive when it is back', async () => {
  const own = await startServer(world, 'second', { settings: '\n' });
  const alone = await startGateway(world, 'alone', ['--server', `127.0.0.1:${own.port}`]);
  own.child.kill('SIGKILL');
  await until('it has ended', () => own.child.signalCode !== null);
  const { order, body } = await heldBack();
  const headers = signedHeaders(world.keys, body);
  assert.equal((await send(alone, path, { body, headers })).status, 503);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
  await world.channel.notifier.flush();
  await untilState(shop, order, 'FULFILLED');
});

test('what is no notification is refused with its reason, and changes nothing', async () => {
  const { order, body } = await heldBack();
  const signed = signedHeaders(world.keys, body);
  const verb = await send(gateway, path, { method: 'GET' });
  assert.deepEqual([verb.status, verb.headers.get('allow')], [405, 'POST']);
  assert.equal((await send(gateway, path, { method: 'OPTIONS' })).status, 405);
  for (const one of ['/notifications', '/notifications/', '/notifications/CHN', '/notifications/chn_1/x', '/notifications/..%2fx', '/notifications/%ff'])
    assert.equal((await send(gateway, one, { body, headers: signed })).status, 404, one);
  const reason = async (to, more) => (await send(gateway, to, { body, headers: signed, ...more })).json.details[0].debug.reason;
  assert.equal(await reason('/notifications/nonsense'), 'FIELD_MALFORMED');
  assert.equal(await reason('/notifications/chn_0000000000001'), 'CHANNEL_ACCOUNT_NOT_FOUND');
  assert.equal(await reason(path, { body: '' }), 'FIELD_REQUIRED');
  assert.equal(await reason(path, { headers: {} }), 'NOTIFICATION_INVALID');
  const large = await send(gateway, path, { body: 'x'.repeat(65537), headers: signed }).catch((error) => error);
  assert.ok(large.status === 413 || large instanceof Error); // the connection may be closed while the channel still sends
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
  await world.channel.notifier.flush();
  await untilState(shop, order, 'FULFILLED');
});

test('a proxy\'s long headers stand in nobody\'s way; too many headers are refused', async () => {
  const { order, body } = await heldBack();
  const signed = signedHeaders(world.keys, body);
  const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`x-more-${i}`, 'x']));
  assert.equal((await send(gateway, path, { body, headers: { ...signed, ...many } })).status, 431);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
  const odd = { 'x-long': 'x'.repeat(1025), 'x-latin': 'caf\u00e9', 'x!odd': 'x', [`x-${'y'.repeat(70)}`]: 'x', authorization: 'Bearer bmt_test_nothing' };
  assert.equal((await send(gateway, path, { body, headers: { ...signed, ...odd } })).status, 200);
  await untilState(shop, order, 'FULFILLED');
  await world.channel.notifier.flush();
});

// fetch would clean a URL before it is sent; this sends what it is told.
const back = (query, { method = 'GET', body } = {}) => new Promise((resolve, reject) => {
  const sent = request({ port: gateway.port, host: '127.0.0.1', method, path: `/returns${query}`, headers: body ? { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://channel.example' } : {} }, (reply) => {
    reply.resume();
    reply.on('end', () => resolve({ status: reply.statusCode, location: reply.headers.location, headers: reply.headers }));
  });
  sent.on('error', reject);
  sent.end(body);
});
const to = (url) => `?to=${encodeURIComponent(url)}`;

test('a payer who comes back is led to the page, without what the channel says', async () => {
  const { order } = await begun();
  for (const url of [`${ORIGIN}`, `${ORIGIN}/`, `${ORIGIN}/done?order=ord_1&x=%20#paid`, `${ORIGIN}?a`, `${ORIGIN}#b`, 'http://localhost:8080/back']) {
    const reply = await back(to(url));
    assert.deepEqual([reply.status, reply.location], [303, url]);
    assert.deepEqual([reply.headers['cache-control'], reply.headers['referrer-policy']], ['no-store', 'no-referrer']);
  }
  assert.equal((await back(`${to(`${ORIGIN}/done`)}&state=SUCCEEDED&trade_no=1`)).location, `${ORIGIN}/done`);
  const posted = await back(to(`${ORIGIN}/done`), { method: 'POST', body: `state=SUCCEEDED&order=${order.order_id}` });
  assert.deepEqual([posted.status, posted.location], [303, `${ORIGIN}/done`]);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_PENDING_PAYMENT');
});

test('no link to the gateway leads to a stranger', async () => {
  const strangers = [
    'https://evil.example/', `https://evil.example/?${ORIGIN}`, `${ORIGIN}.evil.example/`, `${ORIGIN}@evil.example/`, `${ORIGIN}:443/`, `${ORIGIN}:pass@evil.example/`,
    `${ORIGIN}\\@evil.example/`, '//shop.example/', '/done', 'done', '', 'javascript:alert(1)', `javascript:${ORIGIN}/`, 'data:text/html,x', `\t${ORIGIN}/`, ` ${ORIGIN}/`, 'HTTPS://shop.example/',
    `${ORIGIN}/\r\nset-cookie: a=b`, `${ORIGIN}/\u00e9`, `${ORIGIN}/ x`, `${ORIGIN}/\u0000`, `${ORIGIN}/${'x'.repeat(2048)}`, 'http://shop.example/', 'https://', '://', `${ORIGIN},http://localhost:8080`, 'null',
  ];
  for (const url of strangers) {
    const reply = await back(to(url));
    assert.deepEqual([reply.status, reply.location, reply.headers['set-cookie']], [403, undefined, undefined], url);
  }
  assert.equal((await back('')).status, 403);
  assert.equal((await back('?to')).status, 403);
  assert.equal((await back(to(ORIGIN), { method: 'PUT' })).headers.allow, 'GET, POST');
  for (const path of ['/returns/', '/returns/x', '/return']) assert.equal((await send(gateway, path, { method: 'GET' })).status, 404, path);
});
