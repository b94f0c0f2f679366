// Everything that an end-to-end test needs: a private MariaDB, bmtd, the channel, and clients made by @grpc/grpc-js.
// All of it is this test program's own and ends with it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { openKeys } from '../channelsim/keys.js';
import { startChannel } from '../channelsim/server.js';

const TOP = fileURLToPath(new URL('../..', import.meta.url));
export const PROTOS = join(TOP, 'protos');
export const BIN = process.env.BMT_BIN ?? join(TOP, 'build/dev/bmtd');
const WAIT_MS = 20000;

export const until = async (what, question, waitMs = WAIT_MS) => {
  for (const end = Date.now() + waitMs; ;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const CRC = Array.from({ length: 256 }, (_, n) => {
  for (let i = 0; i < 8; i += 1) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

// A well-formed API key: prefix, 30 characters, checksum (server/rpc/auth.h).
export function makeKey(prefix = 'bmt_test_') {
  let text = prefix + Array.from(randomBytes(30), (byte) => BASE62[byte % 62]).join('');
  let sum = 0xffffffff;
  for (const byte of Buffer.from(text)) sum = (sum >>> 8) ^ CRC[(sum ^ byte) & 255];
  sum = (sum ^ 0xffffffff) >>> 0;
  let check = '';
  for (let i = 0; i < 6; i += 1) {
    check = BASE62[sum % 62] + check;
    sum = Math.floor(sum / 62);
  }
  text += check;
  return text;
}

// With BMT_TEST_SERVERS=3 products and payments live on servers of their own: two-phase commit, the same results.
const MAP = process.env.BMT_TEST_SERVERS === '3' ? { db: ['platform', 'business', 'order', 'settlement'], 'db-product': ['product'], 'db-payment': ['payment'] }
  : { db: ['platform', 'business', 'product', 'order', 'payment', 'settlement'] };

// Runs mariadbd on the folder's data; a later call runs it again. `inside` is a command that it is run by, `network` its
// options to be reached otherwise than by its socket. It has a folder of its own for temporary tables: a
// starting server deletes those that it finds in a shared one.
export function startDatabase(folder, name = 'db', durable = false, { inside = [], network = [] } = {}) {
  const root = userInfo().uid === 0 ? ['--user=root'] : [];
  const env = { ...process.env, TMPDIR: `${folder}/${name}.tmp` };
  mkdirSync(env.TMPDIR, { recursive: true });
  if (!existsSync(`${folder}/${name}`)) execFileSync(join(TOP, 'tests/lib/database_files'), [`${folder}/${name}`], { env });
  const log = openSync(`${folder}/${name}.log`, 'a');
  const [command, ...first] = [...inside, 'mariadbd'];
  const settings = durable ? ['--no-defaults', '--skip-networking', '--skip-log-bin'] : [`--defaults-file=${join(TOP, 'tests/lib/database.cnf')}`];
  return spawn(command, [...first, ...settings, ...root, `--datadir=${folder}/${name}`, `--socket=${folder}/${name}.sock`, ...network],
    { stdio: ['ignore', log, log], env });
}

// Asks the server of the first schema that the text names.
export function query(world, text, name) {
  const module = /bmt_([a-z]+)/.exec(text)?.[1] ?? 'platform';
  const server = name ?? Object.keys(MAP).find((key) => MAP[key].includes(module)) ?? 'db';
  return execFileSync('mariadb', ['--no-defaults', '-u', 'root', '-S', `${world.folder}/${server}.sock`, '-BN', '-e', text],
    { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 }).toString().trim();
}

export const servers = () => Object.keys(MAP);

export const untilDatabase = (world) => until('the databases answer', () => {
  try {
    return Object.keys(MAP).every((name) => query(world, 'SELECT 1', name) === '1');
  } catch {
    return false;
  }
});

function databaseSettings(folder) {
  const names = Object.keys(MAP);
  const made = names.map((name) => `{ name = "${name}"; socket = "${folder}/${name}.sock"; user = "root"; }`);
  const modules = names.flatMap((name) => MAP[name].map((module) => `{ module = "${module}"; server = "${name}"; }`));
  return `commit_mode = "${names.length > 1 ? 'xa' : 'one'}"; servers = ( ${made.join(', ')} ); modules = ( ${modules.join(', ')} );`;
}

function writeSettings(folder, adminKey, settings, leaseMs) {
  writeFileSync(`${folder}/pepper`, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  writeFileSync(`${folder}/admin.key`, `${adminKey}\n`, { mode: 0o600 });
  writeFileSync(`${folder}/token.pem`, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(`${folder}/bmtd.conf`, `mode = "sandbox";
listen = "127.0.0.1:0";
metrics: { listen = "127.0.0.1:0"; };
secrets_dir = "${folder}";
auth: { pepper_file = "${folder}/pepper"; admin_key_file = "${folder}/admin.key";
  token_key_file = "${folder}/token.pem"; refresh_ms = 200; };
database: { ${databaseSettings(folder)} };
jobs: { tick_ms = 50; lease_ms = ${leaseMs}; };
rpc: { watch_poll_ms = 100; heartbeat_ms = 500; };
${settings}`);
}

// Starts a bmtd; resolves with the process and its ports once it serves. `spawned` is told of the process at once;
// `edit` alters the settings of this one.
export async function startServer(world, name = 'bmtd', { settings = '', port = 0, spawned = () => {}, edit = (text) => text } = {}) {
  const conf = `${world.folder}/${name}.conf`;
  const common = readFileSync(`${world.folder}/bmtd.conf`, 'utf8');
  if (settings || port) writeFileSync(conf, edit(common.replace('listen = "127.0.0.1:0"', `listen = "127.0.0.1:${port}"`)) + settings);
  const ready = `${world.folder}/${name}.ready`;
  rmSync(ready, { force: true });
  const log = openSync(`${world.folder}/${name}.log`, 'a');
  const child = spawn(BIN, ['--config', settings || port ? conf : `${world.folder}/bmtd.conf`, '--ready-file', ready], { stdio: ['ignore', log, log] });
  spawned(child);
  let ended = false;
  child.once('exit', () => { ended = true; });
  const text = await until('bmtd serves', () => {
    if (ended) throw new Error(`bmtd ended: ${readFileSync(`${world.folder}/${name}.log`, 'utf8')}`);
    return existsSync(ready) && readFileSync(ready, 'utf8').trim();
  }).catch((error) => {
    child.kill('SIGKILL'); // one that neither serves nor ends, such as a stopped one
    throw error;
  });
  const [grpcPort, metricsPort] = text.split(' ').map(Number);
  return { child, port: grpcPort, metricsPort };
}

const packages = {};
export function services() {
  if (!packages.all) {
    const files = ['business', 'product', 'order', 'payment', 'reconcile', 'recovery', 'sandbox', 'settlement'].map((name) => `bmt/${name}/v1/${name}.proto`);
    packages.all = grpc.loadPackageDefinition(loader.loadSync([...files, 'grpc/health/v1/health.proto',
      'grpc/reflection/v1/reflection.proto', 'grpc/reflection/v1alpha/reflection.proto'],
    { includeDirs: [PROTOS], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }));
  }
  return packages.all;
}

const statusType = loader.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'],
  { includeDirs: [PROTOS], keepCase: true });

// Code, reason and metadata of a failed call.
export function refusal(error) {
  const packed = error.metadata?.get('grpc-status-details-bin')[0];
  const found = { code: grpc.status[error.code], message: error.details, reason: '', metadata: {} };
  if (packed) {
    const decode = (name, bytes) => decodeMessage(statusType[name], bytes);
    for (const detail of decode('google.rpc.Status', packed).details ?? []) {
      const info = decode('google.rpc.ErrorInfo', detail.value);
      found.reason = info.reason;
      found.metadata = info.metadata ?? {};
    }
  }
  return found;
}

// proto-loader gives descriptors; protobufjs inside it decodes by them.
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor/index.js';
const roots = new Map();
function decodeMessage(definition, bytes) {
  let root = roots.get('status');
  if (!root) {
    root = new protobuf.Root();
    root.resolvePath = (_, target) => join(PROTOS, target);
    root.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], { keepCase: true });
    roots.set('status', root);
  }
  const type = root.lookupType(definition.type.name === 'Status' ? 'google.rpc.Status' : 'google.rpc.ErrorInfo');
  return type.toObject(type.decode(bytes));
}

// A client of one service: methods by name, resolving with the reply or rejecting with code and reason.
export function client(world, service, credential, { business, port } = {}) {
  const [, module, name] = /^(\w+)\.(\w+)$/.exec(service);
  const Service = services().bmt[module].v1[name];
  const raw = new Service(`127.0.0.1:${port ?? world.port}`, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  world.clients.push(raw);
  const metadata = () => {
    const made = new grpc.Metadata();
    if (credential) made.set('authorization', `Bearer ${credential}`);
    if (business) made.set('bmt-business', business);
    return made;
  };
  return new Proxy({ raw, metadata }, {
    get: (self, method) => self[method] ?? ((request) => new Promise((resolve, reject) => {
      raw[method](request, metadata(), { deadline: Date.now() + WAIT_MS }, (error, reply) => {
        if (!error) return resolve(reply);
        return reject(Object.assign(new Error(`${method}: ${error.message}`), { refusal: refusal(error) }));
      });
    })),
  });
}

// What a refused call was refused with.
export async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    if (!error.refusal) throw error;
    return error.refusal;
  }
  throw new Error('it was not refused');
}

let requests = 0;
export const requestId = (name = 'r') => `${name}-${process.pid}-${++requests}`;

// Databases with schemas, settings and secrets, and no server yet.
export async function prepareWorld({ settings = '', durable = false, leaseMs = 3000 } = {}) {
  const folder = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'bmt-e2e-'));
  const world = { folder, adminKey: makeKey(), clients: [], servers: [] };
  const others = Object.keys(MAP).slice(1).map((name) => startDatabase(folder, name, durable));
  world.database = startDatabase(folder, 'db', durable);
  world.otherDatabases = others;
  process.once('exit', () => [world.database, ...others].forEach((one) => one.kill('SIGKILL'))); // whichever runs then
  writeSettings(folder, world.adminKey, settings, leaseMs);
  await untilDatabase(world);
  execFileSync(BIN, ['--config', `${folder}/bmtd.conf`, '--migrate'], { stdio: 'ignore' });
  const keys = openKeys(`${folder}/channel`);
  writeFileSync(`${folder}/sandbox-main`, `${keys.secret}\n`, { mode: 0o600 });
  copyFileSync(`${folder}/channel/channel.pub.pem`, `${folder}/sandbox-main.pub`);
  world.keys = keys;
  return world;
}

// Starts everything. `settings` are further lines of bmtd.conf.
export async function startWorld({ settings = '' } = {}) {
  const world = await prepareWorld({ settings });
  const server = await startServer(world);
  world.servers.push(server);
  Object.assign(world, { port: server.port, metricsPort: server.metricsPort });
  world.channel = await startChannel({ keys: world.keys, relayTo: `127.0.0.1:${server.port}` });
  return world;
}

// The proof that nothing was lost, by the databases alone; throws with what disagrees.
export function verify(world) {
  const ctl = join(dirname(BIN), 'clients/bmtctl');
  const done = spawnSync(ctl, ['verify', '--config', `${world.folder}/bmtd.conf`], { encoding: 'utf8', timeout: 600000, env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' } });
  if (done.status !== 0) throw new Error(`verify ended with ${done.status ?? done.signal}:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

// Asks a server to end; says how it did when that was not well.
async function endOf(world, child) {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
  }
  if (child.exitCode === 0 || child.signalCode === 'SIGKILL') return null;
  return `bmtd ended with ${child.exitCode ?? child.signalCode}: ${readFileSync(`${world.folder}/bmtd.log`, 'utf8').slice(-4000)}`;
}

export async function stopWorld(world) {
  for (const made of world.clients) made.close();
  await world.channel.stop();
  try {
    const bad = [];
    for (const { child } of world.servers) bad.push(await endOf(world, child));
    const [first] = bad.filter(Boolean);
    if (first) throw new Error(first);
    verify(world); // whatever a suite has done, the books balance at its end
  } finally { // a database that lives on would keep this process, and the whole run, waiting
    for (const one of [world.database, ...world.otherDatabases]) {
      one.kill('SIGCONT');
      one.kill('SIGKILL');
    }
    rmSync(world.folder, { recursive: true, force: true });
  }
}
