// `buf curl` as a peer of the gateway: another's client, in Go, that reads our protos itself.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { givenToken, startGateway } from './gateway.js';
import { givenOrder, givenShop, givenSku } from './shop.js';
import { PROTOS, requestId, startWorld, stopWorld } from './world.js';

const PACKAGES = fileURLToPath(new URL('../../tools/node/node_modules/@bufbuild', import.meta.url));
const BUF = join(PACKAGES, readdirSync(PACKAGES).find((name) => name.startsWith('buf-')), 'bin/buf');

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

const curl = (method, message) => new Promise((resolve) => {
  execFile(BUF, ['curl', '--schema', PROTOS, '-H', `authorization: Bearer ${token}`, '-d', JSON.stringify(message), `${gateway.url}/bmt.order.v1.OrderService/${method}`],
    { env: { ...process.env, BUF_CACHE_DIR: `${world.folder}/buf` } },
    (error, out, err) => resolve({ code: error?.code ?? 0, out, err }));
});
// The messages that it printed, one behind the other.
const messages = (out) => JSON.parse(`[${out.trim().replace(/\}\s*\{/g, '},{')}]`);

test('buf curl orders, reads, and is refused', async () => {
  const made = await curl('CreateOrder', { requestId: requestId(), currency: 'EUR', lines: [{ skuId: sku.sku_id, quantity: '1' }] });
  assert.equal(made.code, 0, made.err);
  const [{ order }] = messages(made.out);
  assert.equal(order.total.amountMinor, '1250');
  const got = await curl('GetOrder', { orderId: order.orderId });
  assert.deepEqual(messages(got.out)[0].order, order);
  const refused = await curl('GetOrder', { orderId: 'ord_0000000000001' });
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /"code": "not_found"[^]*ORDER_NOT_FOUND/);
});

test('buf curl follows a stream to its end', async () => {
  const order = await givenOrder(shop, sku);
  await shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id });
  const watched = await curl('WatchOrder', { orderId: order.order_id });
  assert.equal(watched.code, 0, watched.err);
  assert.equal(messages(watched.out)[0].order.state, 'ORDER_STATE_CLOSED');
});
