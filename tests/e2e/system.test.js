// The server as operators meet it: reflection, health, metrics, a database that goes away, settings that are wrong.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { methods } from './contract.js';
import { givenOrder, givenShop, givenSku } from './shop.js';
import { BIN, client, query, refused, requestId, servers, services, startDatabase, startServer, startWorld, stopWorld, until, untilDatabase } from './world.js';

let world;
let shop;
let sku;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop, { stock: 100 }));
});
after(() => stopWorld(world));

const standard = (Service) => {
  const made = new Service(`127.0.0.1:${world.port}`, grpc.credentials.createInsecure());
  world.clients.push(made);
  return made;
};

for (const version of ['v1', 'v1alpha']) {
  test(`reflection ${version} lists every service and gives its files`, async () => {
    const stream = standard(services().grpc.reflection[version].ServerReflection).ServerReflectionInfo();
    const answers = [];
    stream.on('data', (answer) => answers.push(answer));
    stream.write({ list_services: '*' });
    stream.write({ file_containing_symbol: 'bmt.order.v1.OrderService' });
    await until('two answers', () => answers.length === 2);
    stream.end();
    const names = answers[0].list_services_response.service.map(({ name }) => name);
    for (const { service } of methods) assert.ok(names.includes(service), service);
    for (const name of ['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection']) assert.ok(names.includes(name), name);
    assert.ok(answers[1].file_descriptor_response.file_descriptor_proto.length > 0);
  });
}

test('health says SERVING', async () => {
  const health = standard(services().grpc.health.v1.Health);
  const reply = await new Promise((resolve, reject) => health.Check({ service: '' }, (error, found) => (error ? reject(error) : resolve(found))));
  assert.equal(reply.status, 'SERVING');
});

test('metrics and healthz answer over HTTP', async () => {
  const answer = await fetch(`http://127.0.0.1:${world.metricsPort}/metrics`);
  assert.match(answer.headers.get('content-type'), /^application\/openmetrics-text; version=1\.0\.0/);
  const text = await answer.text();
  assert.match(text, /# EOF\n$/);
  assert.match(text, /bmt_rpc_calls_total\{[^}]*CreateSku[^}]*\} \d+/);
  assert.equal((await fetch(`http://127.0.0.1:${world.metricsPort}/healthz`)).status, 200);
});

test('over several servers commits have two phases; on one server they have one', async () => {
  await givenOrder(shop, (await givenSku(shop, { stock: 1 })).sku);
  const text = await (await fetch(`http://127.0.0.1:${world.metricsPort}/metrics`)).text();
  assert.equal(/bmt_xa_transactions_total\{outcome="committed"\} [1-9]/.test(text), servers().length > 1);
});

test('secrets are in no log and no metric', async () => {
  const log = readFileSync(`${world.folder}/bmtd.log`, 'utf8') + await (await fetch(`http://127.0.0.1:${world.metricsPort}/metrics`)).text();
  for (const secret of [shop.key, world.adminKey, readFileSync(`${world.folder}/pepper`, 'utf8').trim(), readFileSync(`${world.folder}/sandbox-main`, 'utf8').trim()]) {
    assert.ok(!log.includes(secret));
  }
});

test('a database that stops is told, and the server recovers by itself with nothing lost', async () => {
  const before = await givenOrder(shop, sku);
  const connections = query(world, "SELECT GROUP_CONCAT(id) FROM information_schema.processlist WHERE db IS NULL AND id <> CONNECTION_ID() AND command <> 'Daemon'").split(',');
  for (const id of connections) {
    try {
      query(world, `KILL ${id}`);
    } catch {
      // It has gone by itself.
    }
  }
  const order = await givenOrder(shop, sku); // cut connections are opened again
  world.database.kill('SIGSTOP');
  const request = { request_id: requestId(), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] };
  const waiting = shop.orders.CreateOrder(request).then(() => 'OK', (error) => error.refusal.code);
  await new Promise((resolve) => setTimeout(resolve, 200));
  world.database.kill('SIGCONT');
  assert.equal(await waiting, 'OK');
  assert.equal((await shop.orders.GetOrder({ order_id: before.order_id })).order.order_id, before.order_id);
  assert.equal((await shop.orders.GetOrder({ order_id: order.order_id })).order.state, 'ORDER_STATE_PENDING_PAYMENT');
});

test('a database that dies is UNAVAILABLE, health says so, and all is there when it is back', async () => {
  const order = await givenOrder(shop, sku);
  world.database.kill('SIGKILL');
  await new Promise((resolve) => world.database.once('exit', resolve));
  const refusal = await refused(shop.orders.GetOrder({ order_id: order.order_id }));
  assert.deepEqual([refusal.code, refusal.reason], ['UNAVAILABLE', 'DATABASE_UNAVAILABLE']);
  assert.equal((await refused(givenOrder(shop, sku))).reason, 'DATABASE_UNAVAILABLE');
  assert.equal((await fetch(`http://127.0.0.1:${world.metricsPort}/healthz`)).status, 503);
  world.database = startDatabase(world.folder);
  await untilDatabase(world);
  assert.equal((await shop.orders.GetOrder({ order_id: order.order_id })).order.state, 'ORDER_STATE_PENDING_PAYMENT');
  await givenOrder(shop, sku);
  assert.equal((await fetch(`http://127.0.0.1:${world.metricsPort}/healthz`)).status, 200);
});

// Starts a bmtd with changed settings that must end by itself.
function ends(change, ...options) {
  const path = join(world.folder, 'changed.conf');
  writeFileSync(path, change(readFileSync(`${world.folder}/bmtd.conf`, 'utf8')));
  const done = spawnSync(BIN, ['--config', path, ...options], { timeout: 20000 });
  return [done.status, done.stderr.toString()];
}

test('a server that cannot start says why, with its own exit code', () => {
  const cases = [
    [(text) => text.replace('db.sock', 'nowhere.sock'), 3, /could not be reached/],
    [(text) => `${text}\nnonsense = 1;`, 2, /there is no setting 'nonsense'/],
    [(text) => text.replace('mode = "sandbox"', 'mode = "production"') + 'failpoints = "sql.connect=error";', 2, /not in production mode/],
    [(text) => text.replace('mode = "sandbox"', 'mode = "production"').replace(/token_key_file = "[^"]*";/, ''), 2, /token_key_file: must be set/],
    ...(servers().length === 1 ? [] : [[(text) => text.replace('mode = "sandbox"', 'mode = "production"'), 2, /database.cluster: .* not the default 'bmt'/]]),
    [(text) => text.replace('127.0.0.1:0', `127.0.0.1:${world.port}`), 5, /./],
    [(text) => text.replace('/pepper"', '/no-pepper"'), 2, /no-pepper/],
  ];
  for (const [change, code, message] of cases) {
    const [status, told] = ends(change);
    assert.equal(status, code, told);
    assert.match(told, message);
  }
  assert.deepEqual(ends((text) => text, '--check'), [0, '']);
});

test('in production mode the clock cannot be moved', async () => {
  const conf = `${world.folder}/bmtd.conf`;
  const text = readFileSync(conf, 'utf8');
  writeFileSync(conf, text.replace('mode = "sandbox"', 'mode = "production"').replace('commit_mode = "xa";', 'commit_mode = "xa"; cluster = "e2e";').replace('metrics: { listen = "127.0.0.1:0"; };', 'metrics: { listen = ""; };'));
  const production = await startServer(world, 'production');
  writeFileSync(conf, text);
  world.servers.push(production);
  assert.equal(production.metricsPort, 0); // and without metrics over HTTP
  const sandbox = client(world, 'sandbox.SandboxService', world.adminKey, { port: production.port });
  assert.equal((await refused(sandbox.GetClock({}))).reason, 'SANDBOX_ONLY');
  assert.equal((await refused(sandbox.AdvanceClock({ request_id: requestId(), by: { seconds: 5 } }))).reason, 'SANDBOX_ONLY');
});

test('the commit\'s lost answer is told, and the same request_id tells the truth', async () => {
  const conf = `${world.folder}/bmtd.conf`;
  const text = readFileSync(conf, 'utf8');
  writeFileSync(conf, `${text}failpoints = "sql.after_commit=error:20";\n`);
  const uncertain = await startServer(world, 'uncertain');
  writeFileSync(conf, text);
  world.servers.push(uncertain);
  const orders = client(world, 'order.OrderService', shop.key, { port: uncertain.port });
  let refusal;
  let request;
  for (let i = 0; i < 200 && !refusal; i += 1) {
    request = { request_id: requestId('uncertain'), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] };
    refusal = await refused(orders.CreateOrder(request)).catch(() => null);
  }
  assert.deepEqual([refusal.code, refusal.reason], ['UNAVAILABLE', 'COMMIT_UNCERTAIN']);
  const { order } = await shop.orders.CreateOrder(request);
  assert.equal(query(world, `SELECT COUNT(*) FROM bmt_order.orders WHERE request_id = '${request.request_id}'`), '1');
  assert.equal(order.state, 'ORDER_STATE_PENDING_PAYMENT');
});

test('a connection that is old enough is given up, where that is wanted', async () => {
  const server = await startServer(world, 'aged', { settings: '\n', edit: (text) => text.replace('heartbeat_ms = 500;', 'heartbeat_ms = 500; connection_age_s = 1;') });
  world.servers.push(server);
  const connect = (port) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    return { session, goneAway: once(session, 'goaway', { signal: AbortSignal.timeout(20000) }) };
  };
  const kept = connect(world.port); // the older one: by default it stays
  let isKept = true;
  kept.goneAway.then(() => { isKept = false; }, () => {});
  await once(kept.session, 'connect');
  const aged = connect(server.port);
  const [code] = await aged.goneAway;
  assert.equal(code, http2.constants.NGHTTP2_NO_ERROR);
  assert.ok(isKept);
  aged.session.destroy();
  kept.session.destroy();
});

test('SIGHUP takes over what may change, and a wrong file changes nothing', async () => {
  const server = await startServer(world, 'reloaded', { settings: 'order: { expires_in_s = 100; };\n' });
  world.servers.push(server);
  const conf = `${world.folder}/reloaded.conf`;
  const first = readFileSync(conf, 'utf8');
  const orders = client(world, 'order.OrderService', shop.key, { port: server.port });
  const log = () => readFileSync(`${world.folder}/reloaded.log`, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const reload = async (text, message) => {
    const before = log().length;
    writeFileSync(conf, text);
    server.child.kill('SIGHUP');
    return until(message, () => {
      const told = log().slice(before);
      return told.some(({ event }) => event === message) && told.filter(({ event }) => /^setting/.test(event));
    });
  };
  const timeToPay = async () => {
    const { order } = await orders.CreateOrder({
      request_id: requestId('reload'), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] });
    return order.expire_time.seconds - order.create_time.seconds;
  };
  assert.equal(await timeToPay(), 100);
  const again = 'settings read again';
  const told = await reload(`${first.replace('expires_in_s = 100', 'expires_in_s = 200')}xa: { keep_s = 7300; };\n`, again);
  assert.deepEqual(told.map(({ level, event, setting, before, after, now, file }) => [level, event, setting, before ?? now, after ?? file]).slice(0, 2), [
    ['warn', 'setting differs in the file, it needs a new start', 'xa.keep_s', '86400', '7300'],
    ['info', 'setting changed', 'order.expires_in_s', '100', '200']]);
  assert.equal(await timeToPay(), 200);
  for (const wrong of ['order: { expires_in_s = 300000; };', 'log: { level = "loud"; };', 'oops']) {
    const [line] = await reload(first.replace('order: { expires_in_s = 100; };', wrong), 'settings not read again, going on with those from before');
    assert.equal(line.level, 'error');
    assert.ok(line.problems.length > 10, line.problems);
  }
  assert.equal(await timeToPay(), 200);
  await reload(first.replace('expires_in_s = 100; };', 'expires_in_s = 300; };\nlog: { level = "warn"; };'), 'setting changed');
  assert.equal(await timeToPay(), 300);
  const lines = log().length;
  await timeToPay();
  assert.equal(log().length, lines); // calls are logged as info
});
