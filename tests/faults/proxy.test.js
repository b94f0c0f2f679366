// The line between bmtd and its databases, broken in each way at each statement that decides.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { givenShop, givenSku } from '../e2e/shop.js';
import { client, prepareWorld, query, requestId, servers, startServer, stopWorld, until } from '../e2e/world.js';
import { startChannel } from '../channelsim/server.js';
import { Proxy } from './proxy.js';

let world;
let shop;
const proxies = {};

// Every connection of bmtd goes through a proxy; the tests' own look at rows does not.
before(async () => {
  world = await prepareWorld({ settings: 'xa: { in_doubt_ms = 1000; recover_ms = 200; };\n' });
  const conf = `${world.folder}/bmtd.conf`;
  let text = readFileSync(conf, 'utf8');
  for (const name of servers()) {
    proxies[name] = await new Proxy(`${world.folder}/${name}.proxy`, `${world.folder}/${name}.sock`).start();
    text = text.replace(`"${world.folder}/${name}.sock"`, `"${world.folder}/${name}.proxy"`);
  }
  writeFileSync(conf, text.replace('database: {', 'database: { statement_timeout_ms = 1000; idle_transaction_s = 5;'));
  const server = await startServer(world);
  world.servers.push(server);
  Object.assign(world, { port: server.port, metricsPort: server.metricsPort });
  world.channel = await startChannel({ keys: world.keys, relayTo: `127.0.0.1:${server.port}` });
  shop = await givenShop(world);
});
after(async () => {
  const conf = `${world.folder}/bmtd.conf`; // verify goes straight to the databases
  writeFileSync(conf, readFileSync(conf, 'utf8').replaceAll('.proxy"', '.sock"'));
  await stopWorld(world);
  for (const proxy of Object.values(proxies)) await proxy.stop();
});

const hits = () => Object.values(proxies).reduce((sum, proxy) => sum + proxy.hits.length, 0);

// As a well-behaved client: the same request again until it is answered.
async function create(sku, request_id) {
  const request = { request_id, user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] };
  return until('the order is acknowledged', () => shop.orders.CreateOrder(request).then(({ order }) => order, (error) => {
    assert.ok(['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(error.refusal.code), error.message);
    return null;
  }), 30000);
}

const STATEMENTS = servers().length > 1 ? [/^XA START/, /^INSERT INTO bmt_product.txn_branches/, /^XA END/, /^XA PREPARE/, /txn_decisions/, /^COMMIT/, /^XA COMMIT/]
  : [/^COMMIT/];

for (const fault of ['delay', 'cut', 'swallow', 'halfopen']) {
  test(`${fault} at each statement that decides: acknowledged once, and the books balance`, async () => {
    const { sku } = await givenSku(shop, { stock: 100 });
    let made = 0;
    for (const when of STATEMENTS) {
      const name = /bmt_product|XA/.test(String(when)) ? 'db-product' : 'db';
      const met = hits();
      (proxies[name] ?? proxies.db).rule({ when, fault, ms: 300 });
      const id = requestId(`${fault}-${made}`);
      const order = await create(sku, id);
      assert.ok(hits() > met, `${when} was not met`);
      assert.equal((await create(sku, id)).order_id, order.order_id);
      made += 1;
      await until('each is held once', async () => (await shop.products.GetStock({ sku_id: sku.sku_id }).catch(() => null))?.stock.held === String(made));
    }
  });
}

test('a database that refuses connections is told, and comes back by itself', async () => {
  const { sku } = await givenSku(shop, { stock: 5 });
  for (const proxy of Object.values(proxies)) {
    proxy.rule({ when: 'connect', fault: 'refuse', times: 3 });
    for (const socket of proxy.sockets) socket.destroy();
  }
  assert.equal((await create(sku, requestId())).state, 'ORDER_STATE_PENDING_PAYMENT');
});
