// Several replicas of bmtd on one set of databases, that die and come back; and a client that goes on with another one.
import { createServer } from 'node:net';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { startChannel } from '../channelsim/server.js';
import { prepareWorld, query, refusal, servers, services, startDatabase, startServer, untilDatabase } from '../e2e/world.js';

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

// Replicas are stopped for 1 to 7 s (script.js); most must lose their jobs meanwhile.
const LEASE_MS = 2000;
const SETTINGS = `log: { level = "warn"; calls = false; };
order: { expires_in_s = 600; };
payment: { channel_timeout_ms = 1000; };
xa: { in_doubt_ms = 2000; recover_ms = 500; };
reconcile: { every_s = 60; window_s = 0; };`;

// Databases, replicas and the channel; `replicas[i]` is what runs in that place now.
export async function startFleet({ replicas = 3 } = {}) {
  const world = await prepareWorld({ settings: SETTINGS, durable: true, leaseMs: LEASE_MS });
  const ports = await Promise.all(Array.from({ length: replicas }, freePort));
  const fleet = { world, ports, replicas: [], starting: [], databases: {}, isStopping: false, deaths: 0 };
  fleet.databases.db = world.database;
  servers().slice(1).forEach((name, i) => { fleet.databases[name] = world.otherDatabases[i]; });
  world.channel = await startChannel({ keys: world.keys, relayTo: `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(',')}` });
  await Promise.all(ports.map((_, i) => startReplica(fleet, i)));
  return fleet;
}

// Starts the replica in a place; one that dies by itself is started again, as a supervisor would. One start at a time.
export function startReplica(fleet, place, settings = '') {
  const before = fleet.starting[place] ?? Promise.resolve();
  fleet.starting[place] = before.then(() => startOne(fleet, place, settings));
  return fleet.starting[place];
}

const lives = (child) => child && child.exitCode === null && child.signalCode === null;

async function startOne(fleet, place, settings) {
  for (let tries = 60; !fleet.isStopping && !lives(fleet.replicas[place]); tries -= 1) {
    try {
      const { child } = await startServer(fleet.world, `bmtd-${place}`, { settings: `${tries === 60 ? settings : ''}\n`, port: fleet.ports[place] });
      fleet.replicas[place] = child;
      child.once('exit', () => {
        if (fleet.isStopping || fleet.replicas[place] !== child) return;
        fleet.deaths += 1;
        void startReplica(fleet, place);
      });
    } catch (error) {
      if (tries === 0) throw error;
      await pause(500); // its database may be on its way up
    }
  }
}

export async function killReplica(fleet, place, settings = '') {
  const child = fleet.replicas[place];
  if (!lives(child)) return false;
  fleet.replicas[place] = null;
  child.kill('SIGKILL');
  await once(child, 'exit');
  await startReplica(fleet, place, settings);
  return true;
}

export async function killDatabase(fleet, name) {
  const child = fleet.databases[name];
  child.kill('SIGKILL');
  await once(child, 'exit');
  fleet.databases[name] = startDatabase(fleet.world.folder, name, true);
  await untilDatabase(fleet.world);
}

// Stopped by a signal for a while: alive, and silent.
export async function freeze(child, ms) {
  if (!child || child.exitCode !== null) return;
  child.kill('SIGSTOP');
  await pause(ms);
  child.kill('SIGCONT');
}

export async function stopFleet(fleet, { keep = false } = {}) {
  fleet.isStopping = true;
  for (const child of fleet.replicas) {
    child?.kill('SIGCONT');
    child?.kill('SIGTERM');
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  for (const made of fleet.world.clients) made.close();
  await fleet.world.channel.stop();
  for (const child of Object.values(fleet.databases)) child.kill('SIGKILL');
  if (!keep) rmSync(fleet.world.folder, { recursive: true, force: true });
}

const RETRIED = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'RESOURCE_EXHAUSTED', 'UNKNOWN', 'INTERNAL']);

// A client that repeats with the same request at another replica until one answers, as well-behaved ones do. Resolves
// with `{ reply }` or `{ refusal }`; null when nobody has answered for long.
export function fleetClient(fleet, service, credential, random) {
  const [, module, name] = /^(\w+)\.(\w+)$/.exec(service);
  const Service = services().bmt[module].v1[name];
  const raws = fleet.ports.map((port) => new Service(`127.0.0.1:${port}`, grpc.credentials.createInsecure(),
    { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500, 'grpc.min_reconnect_backoff_ms': 100 }));
  fleet.world.clients.push(...raws);
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${credential}`);
  const once1 = (raw, method, request) => new Promise((resolve) => {
    raw[method](request, metadata, { deadline: Date.now() + 6000 }, (error, reply) => {
      resolve(error ? { refusal: refusal(error) } : { reply });
    });
  });
  return {
    tries: 0,
    async call(method, request, { patienceMs = 60000 } = {}) {
      for (const end = Date.now() + patienceMs; ;) {
        const said = await once1(random.pick(raws), method, request);
        if (said.reply || !RETRIED.has(said.refusal.code)) return said;
        this.tries += 1;
        if (Date.now() > end) return null;
        await pause(20 + random.below(200));
      }
    },
  };
}

// Prepared branches of ours on all servers, with their age by the id in their names.
export function preparedBranches(fleet) {
  const found = [];
  for (const name of servers()) {
    for (const line of query(fleet.world, 'XA RECOVER', name).split('\n').filter(Boolean)) {
      const data = line.split('\t')[3];
      if (!data.startsWith('bmt1.')) continue;
      const id = BigInt(`0x${data.split('.')[2]}`);
      found.push({ name, data, ageMs: Date.now() - (Number(id >> 22n) + Date.UTC(2024, 0, 1)) });
    }
  }
  return found;
}
