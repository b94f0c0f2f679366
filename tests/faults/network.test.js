// A database in a network of its own, whose link is cut: nobody is told that the other end is gone. Needs the right to
// make network name spaces.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startChannel } from '../channelsim/server.js';
import { givenShop, givenSku } from '../e2e/shop.js';
import { client, prepareWorld, query, requestId, servers, startDatabase, startServer, stopWorld, until, untilDatabase } from '../e2e/world.js';

const NAME = `bmt${process.pid % 100000}`;
const NET = `10.${100 + (process.pid % 100)}.${(process.pid >> 7) % 250}`;
const PORT = 33060;
const FAR = servers().length > 1 ? 'db-product' : 'db';
const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
const cut = () => ip('-n', NAME, 'link', 'set', `${NAME}b`, 'down');
const join = () => ip('-n', NAME, 'link', 'set', `${NAME}b`, 'up');
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// A name space with one link to this one; false where that is not allowed.
function linked() {
  try {
    ip('netns', 'add', NAME);
    ip('link', 'add', `${NAME}a`, 'type', 'veth', 'peer', 'name', `${NAME}b`, 'netns', NAME);
    ip('addr', 'add', `${NET}.1/30`, 'dev', `${NAME}a`);
    ip('link', 'set', `${NAME}a`, 'up');
    ip('-n', NAME, 'addr', 'add', `${NET}.2/30`, 'dev', `${NAME}b`);
    join();
    return true;
  } catch {
    return false;
  }
}

const isLinked = linked();
const skip = isLinked ? false : 'network name spaces are not allowed here';
let world;
let shop;

// One of the databases moves into the name space, and bmtd speaks to it by TCP; the tests' own look goes by its socket.
before(async () => {
  if (!isLinked) return;
  world = await prepareWorld({ settings: 'xa: { in_doubt_ms = 1000; recover_ms = 200; };\n' });
  query(world, `CREATE USER 'far'@'%'; GRANT ALL ON *.* TO 'far'@'%'`, FAR);
  const all = { db: world.database };
  servers().slice(1).forEach((name, i) => { all[name] = world.otherDatabases[i]; });
  all[FAR].kill('SIGTERM');
  await once(all[FAR], 'exit');
  const moved = startDatabase(world.folder, FAR, false, { inside: ['ip', 'netns', 'exec', NAME], network: ['--skip-networking=0', `--port=${PORT}`, `--bind-address=${NET}.2`] });
  if (FAR === 'db') world.database = moved;
  else world.otherDatabases[servers().slice(1).indexOf(FAR)] = moved;
  process.once('exit', () => moved.kill('SIGKILL'));
  await untilDatabase(world);
  const conf = `${world.folder}/bmtd.conf`;
  writeFileSync(conf, readFileSync(conf, 'utf8').replace('database: {', 'database: { statement_timeout_ms = 1000; connect_timeout_ms = 1000; idle_transaction_s = 5;')
    .replace(`{ name = "${FAR}"; socket = "${world.folder}/${FAR}.sock"; user = "root"; }`, `{ name = "${FAR}"; host = "${NET}.2"; port = ${PORT}; user = "far"; }`));
  world.servers.push(await startServer(world));
  Object.assign(world, { port: world.servers[0].port, metricsPort: world.servers[0].metricsPort });
  world.channel = await startChannel({ keys: world.keys, relayTo: `127.0.0.1:${world.port}` });
  shop = await givenShop(world);
});
after(async () => {
  if (isLinked) {
    await stopWorld(world);
    ip('link', 'del', `${NAME}a`);
    ip('netns', 'del', NAME);
  } else {
    try {
      ip('netns', 'del', NAME);
    } catch { /* there is none */ }
  }
});

const ordersOf = (port) => client(world, 'order.OrderService', shop.key, { port });

// As a well-behaved client: the same request again until it is answered.
async function create(orders, sku, request_id, seen) {
  const request = { request_id, user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] };
  return until('the order is acknowledged', () => orders().CreateOrder(request).then(({ order }) => order, (error) => {
    assert.ok(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'].includes(error.refusal?.code), error.message);
    seen.refused += 1;
    return null;
  }), 60000);
}

// Customers order while the link is cut and joined again.
async function orderThrough(orders, sku, during) {
  const seen = { refused: 0 };
  const made = new Map();
  let isOver = false;
  const customers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const id = requestId('cut');
      made.set(id, (await create(orders, sku, id, seen)).order_id);
    }
  });
  await pause(500);
  await during();
  await pause(500);
  isOver = true;
  await Promise.all(customers);
  assert.ok(seen.refused > 0, 'the cut was not felt');
  assert.equal(new Set(made.values()).size, made.size);
  assert.equal(query(world, `SELECT COUNT(*) FROM bmt_order.order_lines WHERE sku_id = (SELECT sku_id FROM bmt_order.order_lines WHERE order_id =
    (SELECT order_id FROM bmt_order.orders WHERE request_id = '${[...made.keys()][0]}'))`), String(made.size));
  await until('each is held once', async () => (await shop.products.GetStock({ sku_id: sku.sku_id }).catch(() => null))?.stock.held === String(made.size), 30000);
}

test('a link that is cut and joined again: every order once', { skip }, async () => {
  const { sku } = await givenSku(shop, { stock: 1000000 });
  const orders = ordersOf(world.port);
  await orderThrough(() => orders, sku, async () => {
    cut();
    await pause(4000);
    join();
  });
});

test('a server that dies behind a cut link: another one finishes what it had begun', { skip }, async () => {
  const { sku } = await givenSku(shop, { stock: 1000000 });
  const dying = await startServer(world, 'dying');
  const [first, other] = [ordersOf(dying.port), ordersOf(world.port)];
  let orders = first;
  await orderThrough(() => orders, sku, async () => {
    cut();
    dying.child.kill('SIGKILL');
    orders = other;
    await pause(2000);
    join();
  });
  await until('nothing is prepared', () => servers().every((name) => query(world, 'XA RECOVER', name) === ''), 30000);
});
