// A page buys through the gateway, by @connectrpc/connect-web; and what the protocol says of everything else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Code, ConnectError } from '@connectrpc/connect';
import { givenToken, ORIGIN, page, send, startGateway } from './gateway.js';
import { decide, givenOrder, givenShop, givenSku, untilState } from './shop.js';
import { requestId, startWorld, stopWorld, until } from './world.js';

const CREATE = '/bmt.order.v1.OrderService/CreateOrder';
const GET_ORDER = '/bmt.order.v1.OrderService/GetOrder';
const WATCH = '/bmt.order.v1.OrderService/WatchOrder';
const JSON_TYPE = { 'content-type': 'application/json' };

let world;
let shop;
let sku;
let gateway;
let token;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop));
  gateway = await startGateway(world);
  token = await givenToken(shop);
});
after(() => stopWorld(world));

const line = () => [{ skuId: sku.sku_id, quantity: 1n }];
const failure = async (promise) => {
  try {
    await promise;
  } catch (error) {
    const { reason } = error.details?.[0]?.debug ?? {};
    return { code: ConnectError.from(error).code, reason };
  }
  throw new Error('it was not refused');
};

for (const isProto of [false, true]) {
  test(`a page quotes, orders, pays and watches over ${isProto ? 'packed messages' : 'JSON'}`, async () => {
    const call = page(gateway, token, { isProto });
    const orders = call('bmt.order.v1.OrderService');
    const { quote } = await call('bmt.product.v1.ProductService').quotePrice({ requestId: requestId(), userId: 'u1', currency: 'EUR', lines: line() });
    assert.equal(quote.total.amountMinor, 1250n);
    const { order } = await orders.createOrder({ requestId: requestId(), userId: 'u1', quoteId: quote.quoteId });
    assert.equal(order.userId, 'u1');
    const seen = [];
    const watching = (async () => {
      for await (const message of orders.watchOrder({ orderId: order.orderId })) seen.push(message.event.case);
    })();
    await until('the present', () => seen.length > 0);
    const { payment } = await orders.payOrder({ requestId: requestId(), orderId: order.orderId, channelAccountId: shop.account.channel_account_id });
    await decide({ action: { redirect_url: payment.action.redirectUrl } });
    await untilState(shop, { order_id: order.orderId }, 'FULFILLED');
    await orders.confirmOrder({ requestId: requestId(), orderId: order.orderId });
    await watching;
    assert.equal(seen[0], 'order');
    assert.equal(seen.filter((kind) => kind === 'change').length, 4);
  });
}

test('reads go by GET, over JSON and packed messages, and see the same', async () => {
  const order = await givenOrder(shop, sku);
  const seen = [];
  for (const isProto of [false, true])
    for (const useGet of [false, true]) {
      const reply = await page(gateway, token, { isProto, useGet })('bmt.order.v1.OrderService').getOrder({ orderId: order.order_id });
      seen.push(reply.order);
    }
  for (const one of seen) assert.deepEqual(one, seen[0]);
  const query = `?encoding=json&message=${encodeURIComponent(JSON.stringify({ orderId: order.order_id }))}`;
  const reply = await send(gateway, GET_ORDER + query, { method: 'GET', headers: { authorization: `Bearer ${token}` } });
  assert.equal(reply.status, 200);
  assert.equal(reply.json.order.orderId, order.order_id);
});

test('a repeat under one request_id gets the same order', async () => {
  const orders = page(gateway, token)('bmt.order.v1.OrderService');
  const request = { requestId: requestId(), userId: 'u1', currency: 'EUR', lines: line() };
  const [first, second] = await Promise.all([orders.createOrder(request), orders.createOrder(request)]);
  assert.equal(first.order.orderId, second.order.orderId);
});

test('a page need not name its user, and cannot name another', async () => {
  const call = page(gateway, token);
  const orders = call('bmt.order.v1.OrderService');
  const products = call('bmt.product.v1.ProductService');
  const request = { requestId: requestId(), currency: 'EUR', lines: line() };
  const { order } = await orders.createOrder(request);
  assert.equal(order.userId, 'u1');
  assert.equal((await orders.createOrder({ ...request, userId: 'u1' })).order.orderId, order.orderId); // the same request
  assert.deepEqual(await failure(orders.createOrder({ ...request, requestId: requestId(), userId: 'u2' })),
    { code: Code.InvalidArgument, reason: 'FIELD_MALFORMED' });
  const { quote } = await products.quotePrice({ requestId: requestId(), currency: 'EUR', lines: line() });
  assert.equal(quote.userId, 'u1');
  await givenOrder(shop, sku, { user: 'u2' });
  const { orders: listed } = await orders.listOrders({ pageSize: 200 });
  assert.ok(listed.length > 0 && listed.every(({ userId }) => userId === 'u1'));
  const named = { userId: 'u1', spuId: sku.spu_id };
  assert.deepEqual(await products.checkEntitlement({ spuId: sku.spu_id }), await products.checkEntitlement(named));
  assert.deepEqual(await products.listEntitlements({ spuId: sku.spu_id }), await products.listEntitlements(named));
  assert.equal((await failure(products.listEntitlements({ userId: 'u2' }))).reason, 'ENTITLEMENT_NOT_FOUND');
});

test('refusals of the server keep their code, reason and metadata', async () => {
  const orders = page(gateway, token)('bmt.order.v1.OrderService');
  assert.deepEqual(await failure(orders.getOrder({ orderId: 'ord_0000000000001' })), { code: Code.NotFound, reason: 'ORDER_NOT_FOUND' });
  const other = await givenToken(shop, 'u2');
  const order = await givenOrder(shop, sku);
  assert.deepEqual(await failure(page(gateway, other)('bmt.order.v1.OrderService').getOrder({ orderId: order.order_id })),
    { code: Code.NotFound, reason: 'ORDER_NOT_FOUND' });
  const reply = await send(gateway, GET_ORDER, { body: '{"orderId":"nonsense"}', headers: { ...JSON_TYPE, authorization: `Bearer ${token}` } });
  assert.equal(reply.status, 400);
  assert.equal(reply.json.code, 'invalid_argument');
  assert.equal(reply.json.details[0].type, 'google.rpc.ErrorInfo');
  assert.equal(reply.json.details[0].debug.metadata.field, 'order_id');
});

test('who has no token, a forged one, or a business key is refused', async () => {
  const order = await givenOrder(shop, sku);
  const ask = (credential) => failure(page(gateway, credential)('bmt.order.v1.OrderService').getOrder({ orderId: order.order_id }));
  assert.deepEqual(await ask(undefined), { code: Code.Unauthenticated, reason: 'CREDENTIAL_MISSING' });
  assert.deepEqual(await ask(`${token}x`), { code: Code.Unauthenticated, reason: 'CREDENTIAL_INVALID' });
  assert.deepEqual(await ask(shop.key), { code: Code.PermissionDenied, reason: 'CREDENTIAL_NOT_FOR_PAGES' });
});

test('methods that are not for pages, and paths that are nothing, are not there', async () => {
  for (const path of ['/', '/nothing', '/bmt.order.v1.OrderService/RefundOrder', '/bmt.order.v1.OrderService/getOrder', '/bmt.business.v1.BusinessService/RegisterBusiness'])
    assert.equal((await send(gateway, path, { body: '{}', headers: JSON_TYPE })).status, 404, path);
});

test('a verb, a codec, an encoding or a version that is unknown has its own answer', async () => {
  const verb = await send(gateway, CREATE, { method: 'GET' });
  assert.equal(verb.status, 405);
  assert.equal(verb.headers.get('allow'), 'POST');
  assert.equal((await send(gateway, GET_ORDER, { method: 'PUT', body: '{}' })).headers.get('allow'), 'GET, POST');
  assert.equal((await send(gateway, CREATE, { body: '{}', headers: { 'content-type': 'text/plain' } })).status, 415);
  assert.equal((await send(gateway, `${GET_ORDER}?encoding=xml&message={}`, { method: 'GET' })).status, 415);
  const coded = await send(gateway, CREATE, { body: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'br' } });
  assert.deepEqual([coded.status, coded.json.code], [501, 'unimplemented']);
  const version = await send(gateway, CREATE, { body: '{}', headers: { ...JSON_TYPE, 'connect-protocol-version': '2' } });
  assert.deepEqual([version.status, version.json.code], [400, 'invalid_argument']);
  for (const timeout of ['', '-1', '1.5', 'x', '12345678901'])
    assert.equal((await send(gateway, CREATE, { body: '{}', headers: { ...JSON_TYPE, 'connect-timeout-ms': timeout } })).status, 400, timeout);
});

test('JSON that is none, or no message of the method, names the place and the rule, and nothing happens', async () => {
  const before = await shop.orders.ListOrders({ user_id: 'u1' });
  const bad = {
    '': /is not JSON/, '{': /is not JSON/, nonsense: /is not JSON/, '[]': /is not an object/, '{"requestId":1}': /requestId is not text/,
    '{"requestId":"a","request_id":"b"}': /request_id is given twice/, '{"requestId":"a","requestId":"b"}': /is not JSON: duplicate/,
    '{"lines":{}}': /lines is not a list/, '{"lines":[1]}': /lines\[0\] is not an object/, '{"lines":[null]}': /lines\[0\] is not an object/,
    '{"lines":[{"quantity":"1x"}]}': /lines\[0\]\.quantity is not a whole number/, '{"lines":[{"quantity":1.5}]}': /lines\[0\]\.quantity/,
    '{"requestId":"\\u0000"}': /is not JSON/, '{"requestId":"\\ud800"}': /is not JSON/,
    [`{"x":${'['.repeat(5000)}`]: /is not JSON/, '{"requestId":"\\ф"}': /is not JSON: invalid escape, at byte \d+$/,
  };
  for (const [body, rule] of Object.entries(bad)) {
    const reply = await send(gateway, CREATE, { body, headers: { ...JSON_TYPE, authorization: `Bearer ${token}` } });
    assert.equal(reply.status, 400, body);
    assert.match(reply.json.message, rule, body);
  }
  assert.deepEqual(await shop.orders.ListOrders({ user_id: 'u1' }), before);
});

test('unknown fields are left out', async () => {
  const body = JSON.stringify({ requestId: requestId(), userId: 'u1', currency: 'EUR', lines: [{ skuId: sku.sku_id, quantity: '1', colour: 'red' }], theme: { dark: true } });
  const reply = await send(gateway, CREATE, { body, headers: { ...JSON_TYPE, authorization: `Bearer ${token}` } });
  assert.equal(reply.status, 200);
});

test('a small text that would take much memory is refused', async () => {
  const own = await startGateway(world, 'large', ['--body-max', '4194304'], { isBare: true });
  const reply = await send(own, CREATE, { body: `{"lines":[${'{},'.repeat(1300000)}{}]}`, headers: { ...JSON_TYPE, authorization: `Bearer ${token}` } });
  assert.equal(reply.status, 400);
  assert.match(reply.json.message, /takes too much memory/);
});

test('a body over the limit is refused before it is read', async () => {
  const reply = await send(gateway, CREATE, { body: `{"x":"${'a'.repeat(300000)}"}`, headers: JSON_TYPE }).catch((error) => error);
  assert.ok(reply.status === 413 || reply instanceof Error, `${reply.status}`); // the connection may be closed while the page still sends
});

test('pages of allowed origins may read answers, and others are refused', async () => {
  const preflight = await send(gateway, CREATE, {
    method: 'OPTIONS', headers: { origin: ORIGIN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), ORIGIN);
  assert.match(preflight.headers.get('access-control-allow-headers'), /Authorization/);
  const mine = await send(gateway, CREATE, { body: '{}', headers: { ...JSON_TYPE, origin: ORIGIN } });
  assert.equal(mine.headers.get('access-control-allow-origin'), ORIGIN);
  assert.equal(mine.status, 401);
  for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil`, 'https://shop.exampl']) {
    const other = await send(gateway, CREATE, { body: '{}', headers: { ...JSON_TYPE, origin } });
    assert.equal(other.status, 403, origin);
    assert.equal(other.headers.get('access-control-allow-origin'), null);
    assert.equal(other.json.details[0].debug.reason, 'ORIGIN_NOT_ALLOWED');
  }
});

const frame = (text, flags = 0) => Buffer.concat([Buffer.from([flags, 0, 0, 0, Buffer.byteLength(text)]), Buffer.from(text)]);

test('a stream takes exactly one frame, and ends with why', async () => {
  const headers = { 'content-type': 'application/connect+json', authorization: `Bearer ${token}` };
  const message = frame(JSON.stringify({ orderId: 'ord_0000000000001' }));
  const reply = await send(gateway, WATCH, { body: message, headers });
  assert.equal(reply.status, 200);
  assert.equal(reply.bytes[0], 2);
  assert.equal(JSON.parse(reply.bytes.subarray(5)).error.code, 'not_found');
  const endOf = async (body) => {
    const { status, bytes } = await send(gateway, WATCH, { body, headers });
    assert.deepEqual([status, bytes[0], bytes.readUInt32BE(1)], [200, 2, bytes.length - 5]);
    return JSON.parse(bytes.subarray(5)).error;
  };
  for (const body of ['', frame('{}').subarray(0, 6), frame('{}', 1)]) {
    const error = await endOf(body);
    assert.deepEqual([error.code, error.details[0].debug.reason], ['invalid_argument', 'FRAME_MALFORMED']);
  }
  assert.equal((await endOf(Buffer.concat([message, message]))).code, 'unimplemented');
});

test('streams that are refused at once are answered, however many', async () => {
  const own = await startGateway(world, 'many', ['--streams-per-token', '0']);
  const headers = { 'content-type': 'application/connect+json', authorization: `Bearer ${token}` };
  const body = frame(JSON.stringify({ orderId: 'ord_0000000000001' }));
  for (let round = 0; round < 20; round += 1)
    for (const reply of await Promise.all(Array.from({ length: 20 }, () => send(own, WATCH, { body, headers }))))
      assert.equal(JSON.parse(reply.bytes.subarray(5)).error.code, 'not_found');
});

test('a page that leaves a stream ends it at the server, too', async () => {
  const order = await givenOrder(shop, sku);
  const leaving = new AbortController();
  const watching = (async () => {
    for await (const message of page(gateway, token)('bmt.order.v1.OrderService').watchOrder({ orderId: order.order_id }, { signal: leaving.signal }))
      if (message.event.case === 'order') leaving.abort();
  })();
  await assert.rejects(watching);
  await until('the stream is over', () => /"method":"WatchOrder".*"page left"/.test(gateway.log()));
});

test('a call that takes longer than the page waits is told as deadline_exceeded', async () => {
  const slow = await startGateway(world, 'slow', ['--server', '127.0.0.1:1', '--deadline-ms', '300']);
  const refused = await failure(page(slow, token)('bmt.order.v1.OrderService').getOrder({ orderId: 'ord_0000000000001' }));
  assert.ok([Code.Unavailable, Code.DeadlineExceeded].includes(refused.code));
  assert.equal((await fetch(`http://127.0.0.1:${slow.metricsPort}/healthz`)).status, 503);
});

test('health and counts are there for operators', async () => {
  const health = await fetch(`http://127.0.0.1:${gateway.metricsPort}/healthz`);
  assert.equal(health.status, 200);
  const text = await (await fetch(`http://127.0.0.1:${gateway.metricsPort}/metrics`)).text();
  assert.match(text, /bmt_gateway_requests_total\{method="CreateOrder",status="200"\} [1-9]/);
});

test('a gateway that is asked to end lets streams go with UNAVAILABLE and ends well', async () => {
  const own = await startGateway(world, 'ending');
  const order = await givenOrder(shop, sku);
  const seen = [];
  const watching = failure((async () => {
    for await (const message of page(own, token)('bmt.order.v1.OrderService').watchOrder({ orderId: order.order_id })) seen.push(message);
  })());
  await until('the present', () => seen.length > 0);
  own.child.kill('SIGTERM');
  assert.equal((await watching).code, Code.Unavailable);
  await until('it has ended', () => own.child.exitCode !== null);
  assert.equal(own.child.exitCode, 0);
});
