// What strangers write to the gateway's port, byte by byte, and with tokens that are not theirs: each has its answer, and
// nothing happens.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { givenToken, send, startGateway } from './gateway.js';
import { givenOrder, givenShop, givenSku } from './shop.js';
import { client, requestId, startWorld, stopWorld, until } from './world.js';

const CREATE = '/bmt.order.v1.OrderService/CreateOrder';
const GET_ORDER = '/bmt.order.v1.OrderService/GetOrder';

let world;
let shop;
let sku;
let gateway;
let token;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop));
  gateway = await startGateway(world, 'gateway', ['--body-ms', '400', '--log', 'debug']);
  token = await givenToken(shop);
});
after(() => stopWorld(world));

const wish = () => JSON.stringify({ requestId: requestId(), currency: 'EUR', lines: [{ skuId: sku.sku_id, quantity: '1' }] });
const headers = (more = []) => ['host: gateway', 'content-type: application/json', `authorization: Bearer ${token}`, ...more].join('\r\n');
const post = (path, body, more = [`content-length: ${Buffer.byteLength(body)}`]) => `POST ${path} HTTP/1.1\r\n${headers(more)}\r\n\r\n${body}`;

// A connection; `closed` resolves with all that came once the gateway has closed it.
function dial() {
  const socket = connect(gateway.port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (part) => { text += part; }).on('error', () => {});
  const closed = new Promise((resolve) => { socket.once('close', () => resolve(text)); });
  return { socket, closed, answers: () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => Number(found[1])), text: () => text };
}
async function say(text) {
  const line = dial();
  line.socket.write(text);
  return line.closed;
}

const unchanged = async (work) => {
  const orders = async () => (await shop.orders.ListOrders({ user_id: 'u1', page_size: 200 })).orders.length;
  const n = await orders();
  await work();
  assert.equal(await orders(), n);
};

test('a length that is given twice, or beside chunks, is refused, and the connection ends', () => unchanged(async () => {
  const body = wish();
  const n = Buffer.byteLength(body);
  for (const lengths of [[`content-length: ${n}`, `content-length: ${n}`], [`content-length: ${n}`, 'content-length: 2'], ['content-length: 2', `content-length: ${n}`],
    [`content-length: ${n}`, 'transfer-encoding: chunked'], ['transfer-encoding: chunked', `content-length: ${n}`], ['transfer-encoding: chunked', 'transfer-encoding: identity']]) {
    const told = await say(post(CREATE, body, lengths));
    assert.match(told, /^HTTP\/1\.1 400 /, lengths.join());
    assert.match(told, /LENGTH_AMBIGUOUS/, lengths.join());
    assert.equal(told.split('HTTP/1.1').length, 2, 'one answer');
  }
}));

test('what is no HTTP is refused, and the connection ends', () => unchanged(async () => {
  for (const text of ['nonsense\r\n\r\n', `GET ${GET_ORDER} HTTP/1.1\r\n\r\n`, `POST ${CREATE} HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n`,
    `POST ${CREATE} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`, `POST ${CREATE} HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n`,
    `POST ${CREATE} HTTP/9.9\r\nhost: x\r\n\r\n`, `POST ${CREATE} HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(70000)}\r\n\r\n`, `POST /${'y'.repeat(70000)} HTTP/1.1\r\n`])
    assert.match(await say(text), /^(HTTP\/1\.[01] (400|413|414|431|505) |$)/, text.slice(0, 60));
}));

test('a body in chunks is read like any other, and ends where it may end', async () => {
  const chunks = (body, size) => `${(body.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
  const line = dial();
  line.socket.write(post(CREATE, chunks(wish(), 7), ['transfer-encoding: chunked']));
  await until('it is answered', () => line.answers().length === 1);
  assert.deepEqual(line.answers(), [200]);
  line.socket.destroy();
  await unchanged(async () => {
    const huge = dial();
    huge.socket.write(post(CREATE, chunks(`{"x":"${'a'.repeat(600000)}"}`, 60000), ['transfer-encoding: chunked']));
    await Promise.race([huge.closed, until('it is answered', () => huge.answers().length > 0)]);
    assert.ok(huge.answers().every((status) => status === 413));
    huge.socket.destroy();
  });
});

test('a body that comes in drops is not waited for', () => unchanged(async () => {
  const drip = dial();
  drip.socket.write(post(CREATE, '', ['content-length: 1000']));
  const drops = setInterval(() => drip.socket.write(' '), 20);
  await drip.closed;
  clearInterval(drops);
}));

test('nothing is made of a body that breaks off', () => unchanged(async () => {
  const left = () => gateway.log().split('"page left"').length;
  const n = left();
  const body = wish();
  const cut = dial();
  cut.socket.write(post(CREATE, body.slice(0, -5), [`content-length: ${Buffer.byteLength(body)}`]));
  await until('it is sent', () => cut.socket.writableLength === 0 && cut.socket.bytesWritten > body.length);
  cut.socket.destroy();
  await until('the gateway has seen that it is gone', () => left() > n);
}));

test('requests that come before the last is answered are answered in their order', async () => {
  const order = await givenOrder(shop, sku);
  const line = dial();
  const get = (id) => post(GET_ORDER, JSON.stringify({ orderId: id }));
  line.socket.write(get(order.order_id) + get('ord_0000000000001') + get(order.order_id));
  await until('all are answered', () => line.answers().length === 3);
  assert.deepEqual(line.answers(), [200, 404, 200]);
  line.socket.destroy();
});

test('unknown fields are told in the log for us, and never what stood in them', async () => {
  const body = JSON.stringify({ ...JSON.parse(wish()), cardNumber: '4111111111111111' });
  assert.equal((await send(gateway, CREATE, { body, headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } })).status, 200);
  await until('it is logged', () => gateway.log().includes('unknown fields were left out'));
  assert.ok(!/4111111111111111|cardNumber/.test(gateway.log()));
});

test('tokens of another business, of another user, altered, and no longer good ones reach nothing', async () => {
  const order = await givenOrder(shop, sku);
  const other = await givenShop(world);
  const ask = async (credential) => (await send(gateway, GET_ORDER, {
    body: JSON.stringify({ orderId: order.order_id }), headers: { 'content-type': 'application/json', ...(credential && { authorization: credential }) },
  })).json;
  const reason = async (credential) => (await ask(credential)).details[0].debug.reason;
  const [head, claims, signature] = token.split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  const mine = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url')), sub: 'u2' })).toString('base64url');
  assert.equal((await ask(`Bearer ${token}`)).order.orderId, order.order_id);
  assert.equal(await reason(`Bearer ${await givenToken(other)}`), 'ORDER_NOT_FOUND');
  assert.equal(await reason(`Bearer ${await givenToken(shop, 'u2')}`), 'ORDER_NOT_FOUND');
  for (const bad of [`${head}.${mine}.${signature}`, `${none}.${claims}.`, `${head}.${claims}.`, `${head}.${claims}`, 'x', '..', 'x'.repeat(1500)])
    assert.equal(await reason(`Bearer ${bad}`), 'CREDENTIAL_INVALID', bad.slice(0, 40));
  for (const bad of ['', 'Bearer', 'Basic eDp5', `bearer ${token}`, `Bearer ${'x'.repeat(3000)}`])
    assert.ok(['AUTHORIZATION_MALFORMED', 'CREDENTIAL_MISSING', 'CREDENTIAL_INVALID'].includes(await reason(bad)), bad.slice(0, 40));
  await client(world, 'sandbox.SandboxService', world.adminKey).AdvanceClock({ request_id: requestId(), by: { seconds: 16 * 60 } });
  assert.equal((await ask(`Bearer ${token}`)).code, 'unauthenticated');
});
