// The client against answers as bytes: what a gateway says, what a proxy says, what a network does to a stream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, PayError } from '../dist/index.js';

const GET_ORDER = 'bmt.order.v1.OrderService/GetOrder';
const WATCH = 'bmt.order.v1.OrderService/WatchOrder';
const asked = [];
const client = (answer, more = {}) => createClient({
  baseUrl: 'https://pay.example', token: 'token', fetch: async (url, init) => { asked.push({ url, ...init }); return answer(init); }, ...more,
});
const failure = (promise) => promise.then(() => assert.fail('it was not refused'), (error) => error);
const answering = (status, body, headers = {}) => () => new Response(body, { status, headers });
const ask = (answer, more) => failure(client(answer, more).call(GET_ORDER, { orderId: 'ord_1' }));

test('a call is a POST of JSON with a token and a time limit', async () => {
  const { order } = await client(answering(200, '{"order":{"orderId":"ord_1"}}'), { timeoutMs: 1234 }).call(GET_ORDER, { orderId: 'ord_1' });
  assert.equal(order.orderId, 'ord_1');
  const { url, method, body, headers } = asked.at(-1);
  assert.deepEqual([url, method, body], [`https://pay.example/${GET_ORDER}`, 'POST', '{"orderId":"ord_1"}']);
  assert.deepEqual(headers, { 'content-type': 'application/json', 'connect-protocol-version': '1', authorization: 'Bearer token', 'connect-timeout-ms': '1234' });
});

test('an error keeps code, reason, metadata, message and correlation id', async () => {
  const body = { code: 'failed_precondition', message: 'SKU is gone', details: [{ type: 'google.rpc.ErrorInfo', value: 'x', debug: { reason: 'STOCK_INSUFFICIENT', metadata: { sku: 'sku_1' } } }] };
  const error = await failure(client(answering(400, JSON.stringify(body))).call('bmt.order.v1.OrderService/CreateOrder', { requestId: 'req-1' }));
  assert.ok(error instanceof PayError && error instanceof Error);
  assert.deepEqual([error.name, error.code, error.reason, error.message, error.metadata, error.correlationId, error.retryable, error.isRefusal],
    ['PayError', 'failed_precondition', 'STOCK_INSUFFICIENT', 'SKU is gone', { sku: 'sku_1' }, 'req-1', false, true]);
});

// By the protocol's table; what a proxy writes is no refusal unless its status says so.
for (const [status, body, code, retryable] of [
  [400, '<html>', 'internal', true], [401, '', 'unauthenticated', false], [403, '<html>', 'permission_denied', false], [404, '', 'unimplemented', false],
  [429, 'slow down', 'unavailable', true], [500, '', 'unknown', true], [502, '<html>', 'unavailable', true], [503, '{}', 'unavailable', true],
  [504, '', 'unavailable', true], [418, '', 'unknown', true], [200, '<html>', 'unknown', true], [200, '', 'unknown', true],
])
  test(`HTTP ${status} with ${body || 'nothing'} is ${code}`, async () => {
    const error = await ask(answering(status, body));
    assert.deepEqual([error.code, error.retryable, error.correlationId, error.isRefusal], [code, retryable, 'ord_1', false]);
  });

test('a refusal without a reason may be anyone\'s: it proves nothing', async () => {
  const error = await ask(answering(404, '{"code":"not_found","message":"no such route"}'));
  assert.deepEqual([error.code, error.retryable, error.isRefusal], ['not_found', false, false]);
});

test('no answer is UNREACHABLE, a late one TIMED_OUT, an unwanted one ABORTED', async () => {
  const gone = await ask(() => { throw new TypeError('fetch failed'); });
  assert.deepEqual([gone.code, gone.reason, gone.retryable, gone.isRefusal], ['unavailable', 'UNREACHABLE', true, false]);
  const never = ({ signal }) => new Promise((_, reject) => {
    if (signal.aborted) reject(new Error('aborted'));
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });
  const late = await ask(never, { timeoutMs: 10 });
  assert.deepEqual([late.code, late.reason, late.retryable], ['deadline_exceeded', 'TIMED_OUT', true]);
  const leaving = new AbortController();
  const left = failure(client(never).call(GET_ORDER, { orderId: 'ord_1' }, leaving.signal));
  leaving.abort();
  assert.deepEqual([(await left).code, (await left).reason, (await left).retryable], ['canceled', 'ABORTED', false]);
  assert.equal((await failure(client(never).call(GET_ORDER, {}, leaving.signal))).reason, 'ABORTED');
});

test('a wait that the server asks for is told in milliseconds', async () => {
  assert.equal((await ask(answering(503, '', { 'retry-after': '7' }))).retryAfterMs, 7000);
  assert.equal((await ask(answering(503, '', { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }))).retryAfterMs, 0);
});

test('a token is asked for once by all calls, and again by those that were refused with it', async () => {
  const given = [];
  const token = async (isRefused) => { given.push(isRefused); return `token-${given.length}`; };
  let old = '';
  const answer = ({ headers }) => (headers.authorization === `Bearer ${old}` ? new Response('{"code":"unauthenticated"}', { status: 401 }) : new Response('{}'));
  const made = client(answer, { token });
  const both = () => Promise.all([made.call(GET_ORDER, { orderId: 'ord_1' }), made.call(GET_ORDER, { orderId: 'ord_2' })]);
  await both();
  await both();
  assert.deepEqual(given, [false]);
  old = 'token-1';
  await both();
  assert.deepEqual(given, [false, true]);
  assert.equal(asked.at(-1).headers.authorization, 'Bearer token-2');
});

test('a token function says itself whether it may be asked again', async () => {
  const error = await ask(answering(200, '{}'), { token: async () => { throw new PayError('unavailable', 'TOKEN_FAILED', 'shop closed'); } });
  assert.deepEqual([error.code, error.reason, error.retryable, error.isRefusal], ['unavailable', 'TOKEN_FAILED', true, false]);
});

test('a token function that fails is told as such, and nothing is sent', async () => {
  const before = asked.length;
  const error = await ask(answering(200, '{}'), { token: async () => { throw new Error('no session'); } });
  assert.deepEqual([error.code, error.reason, error.message, error.isRefusal], ['unauthenticated', 'TOKEN_FAILED', 'no session', false]);
  assert.equal(asked.length, before);
});

const frame = (text, flags = 0) => Buffer.concat([Buffer.from([flags, 0, 0, 0, Buffer.byteLength(text)]), Buffer.from(text)]);
const streaming = (bytes, size) => () => new Response(new ReadableStream({
  start(controller) {
    for (let i = 0; i < bytes.length; i += size) controller.enqueue(new Uint8Array(bytes.subarray(i, i + size)));
    controller.close();
  },
}), { status: 200 });
async function follow(answer) {
  const got = [];
  try {
    for await (const message of client(answer).stream(WATCH, { orderId: 'ord_1' })) got.push(message.order?.orderId ?? 'beat');
  } catch (error) {
    return { got, error };
  }
  return { got };
}

for (const size of [1, 3, 7, 1000])
  test(`a stream that comes in pieces of ${size} bytes`, async () => {
    const bytes = Buffer.concat([frame('{"order":{"orderId":"ord_1"}}'), frame('{"heartbeat":{}}'), frame('{"order":{"orderId":"äöü"}}'), frame('{}', 2)]);
    assert.deepEqual(await follow(streaming(bytes, size)), { got: ['ord_1', 'beat', 'äöü'] });
    const { headers, body } = asked.at(-1);
    assert.deepEqual([headers['content-type'], headers['connect-timeout-ms']], ['application/connect+json', undefined]);
    assert.deepEqual(Buffer.from(body), frame('{"orderId":"ord_1"}'));
  });

test('a stream that ends with an error, breaks off, or is none', async () => {
  const ended = await follow(streaming(Buffer.concat([frame('{"heartbeat":{}}'), frame('{"error":{"code":"unavailable","message":"bye","details":[{"debug":{"reason":"SHUTTING_DOWN"}}]}}', 2)]), 50));
  assert.deepEqual([ended.got, ended.error.code, ended.error.reason], [['beat'], 'unavailable', 'SHUTTING_DOWN']);
  const broken = await follow(streaming(frame('{"heartbeat":{}}'), 50));
  assert.deepEqual([broken.got, broken.error.reason, broken.error.retryable], [['beat'], 'UNREACHABLE', true]);
  const cut = await follow(streaming(frame('{"heartbeat":{}}').subarray(0, 8), 50));
  assert.deepEqual([cut.got, cut.error.reason], [[], 'UNREACHABLE']);
  const none = await follow(answering(404, ''));
  assert.deepEqual([none.got, none.error.code], [[], 'unimplemented']);
});

test('whoever leaves a stream ends its request', async () => {
  let isLeft = false;
  const endless = () => new Response(new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(frame('{"heartbeat":{}}'))),
    cancel: () => { isLeft = true; },
  }));
  for await (const _ of client(endless).stream(WATCH, { orderId: 'ord_1' })) break;
  assert.equal(isLeft, true);
});
