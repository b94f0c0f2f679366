// One server at work, which carries fail points, and the supervisor of it: what dies is started again without them; what
// falls silent is waited for past its lease while another replica serves. Customers go on with whoever answers.
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { startChannel } from '../channelsim/server.js';
import { givenShop, givenSku } from '../e2e/shop.js';
import { client, prepareWorld, refusal, requestId, servers, services, startDatabase, startServer, stopWorld, until, untilDatabase } from '../e2e/world.js';
import { freePort } from './fleet.js';
import { Proxy } from './proxy.js';

const LEASE_MS = 500;
const STOPPED_MS = 3 * LEASE_MS;
const DEATHS_MAX = 5;
const SETTINGS = `log: { level = "warn"; calls = false; };
order: { expires_in_s = 86400; confirm_after_s = 3600; };
payment: { channel_timeout_ms = 1000; };
xa: { in_doubt_ms = 500; recover_ms = 100; };
settlement: { payout_account_hold_s = 0; };
reconcile: { every_s = 0; poll_ms = 50; recheck_ms = 20; };`;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function isStopped(child) {
  try {
    return readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)[0] === 'T';
  } catch {
    return false;
  }
}

export class Site {
  async open() {
    this.world = await prepareWorld({ settings: SETTINGS, leaseMs: LEASE_MS });
    this.ports = [await freePort(), await freePort()];
    this.children = [null, null];
    this.proxies = {};
    for (const name of servers()) this.proxies[name] = await new Proxy(0, `${this.world.folder}/${name}.sock`).start();
    this.clients = new Map();
    this.databases = { db: this.world.database };
    servers().slice(1).forEach((name, i) => { this.databases[name] = this.world.otherDatabases[i]; });
    this.world.channel = await startChannel({ keys: this.world.keys, relayTo: `ipv4:${this.ports.map((port) => `127.0.0.1:${port}`).join(',')}` });
    process.once('exit', () => [...this.children, ...Object.values(this.databases)].forEach((child) => child?.kill('SIGKILL')));
    this.watching = setInterval(() => this.look(), 10);
    await this.arm('');
    this.shop = await this.openShop();
    this.reopener = await this.openShop();
    await this.reopener.businesses.UpdateBusiness({ request_id: requestId(), business_id: this.reopener.business.business_id,
      update_mask: { paths: ['late_money'] }, late_money: 'LATE_MONEY_REOPEN' });
    return this;
  }

  async openShop() {
    this.world.port = this.ports[this.at];
    const shop = await givenShop(this.world);
    shop.sku = (await givenSku(shop, { stock: 1000000 })).sku;
    return shop;
  }

  admin(service) {
    return client(this.world, service, this.world.adminKey, { port: this.ports[this.at] });
  }

  async close() {
    clearInterval(this.watching);
    for (const place of [0, 1]) await this.end(place);
    await stopWorld(this.world);
    for (const proxy of Object.values(this.proxies)) await proxy.stop();
  }

  // As it is, for who looks for a reason; nothing runs any more.
  async abandon() {
    clearInterval(this.watching);
    for (const place of [0, 1]) await this.end(place);
    for (const made of this.world.clients) made.close();
    await this.world.channel.stop();
    for (const proxy of Object.values(this.proxies)) await proxy.stop();
    for (const child of Object.values(this.databases)) child.kill('SIGKILL');
  }

  // A new server with these fail points, and no other. `next` is carried by the one that follows its death;
  // `stopped` is what is done when it falls silent, before it goes on.
  async arm(failpoints, { next = '', stopped = () => this.passLease() } = {}) {
    for (const place of [1, 0]) await this.end(place);
    Object.assign(this, { at: 0, deaths: 0, stops: 0, next, stopped, problem: null });
    this.logged = this.logSize();
    await this.start(0, failpoints);
  }

  start(place, failpoints = '') {
    const settings = failpoints ? `failpoints = "${failpoints}";\n` : '\n';
    const spawned = (child) => {
      this.children[place] = child;
      child.once('exit', () => this.died(place, child));
    };
    return startServer(this.world, `bmtd-${place}`, { settings, port: this.ports[place], spawned, edit: (text) => this.overTcp(text) }).catch((error) => {
      if (this.deaths === 0) this.problem = error; // whose death nobody has seen
    });
  }

  // Servers reach their databases by TCP, through a proxy each; the tests' own look goes by the sockets. A wait for rows
  // ends before the statement's own time: whoever starts while another is silent with such rows goes round them.
  overTcp(text) {
    return servers().reduce((all, name) => all.replace(`socket = "${this.world.folder}/${name}.sock"`, `host = "127.0.0.1"; port = ${this.proxies[name].port}`),
      text.replace('database: {', 'database: { statement_timeout_ms = 2500; lock_wait_s = 1; idle_transaction_s = 5;'));
  }

  died(place, child) {
    if (this.children[place] !== child) return;
    this.deaths += 1;
    if (this.deaths > DEATHS_MAX) {
      this.problem = new Error('the server dies again and again');
      return;
    }
    const carried = this.next;
    this.next = '';
    void this.start(place, carried);
  }

  async end(place) {
    const child = this.children[place];
    this.children[place] = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    await once(child, 'exit');
  }

  look() {
    const child = this.children[0];
    if (!child || this.isWaking || !isStopped(child)) return;
    this.isWaking = true;
    this.stops += 1;
    this.stopped().catch((error) => { this.problem = error; }).finally(() => {
      child.kill('SIGCONT');
      this.isWaking = false;
    });
  }

  // The leases of the silent one end, and another replica takes over.
  async passLease() {
    const end = Date.now() + STOPPED_MS;
    if (!this.children[1]) await this.start(1);
    this.at = 1;
    await pause(Math.max(0, end - Date.now()));
  }

  async killDatabase(name) {
    const child = this.databases[name];
    child.kill('SIGKILL');
    await once(child, 'exit');
    const started = startDatabase(this.world.folder, name);
    this.databases[name] = started;
    if (name === 'db') this.world.database = started;
    else this.world.otherDatabases[servers().slice(1).indexOf(name)] = started;
    await untilDatabase(this.world);
  }

  logSize() {
    try {
      return statSync(`${this.world.folder}/bmtd-0.log`).size;
    } catch {
      return 0;
    }
  }

  // The fail points that have taken effect since the server was armed.
  hits() {
    const lines = readFileSync(`${this.world.folder}/bmtd-0.log`, 'utf8').slice(this.logged).split('\n');
    return lines.filter((line) => line.includes('fail point takes effect')).map((line) => JSON.parse(line).point);
  }

  raw(service, place) {
    const key = `${service}@${place}`;
    if (!this.clients.has(key)) {
      const [, module, name] = /^(\w+)\.(\w+)$/.exec(service);
      const made = new (services().bmt[module].v1[name])(`127.0.0.1:${this.ports[place]}`, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1,
        'grpc.initial_reconnect_backoff_ms': 20, 'grpc.max_reconnect_backoff_ms': 100, 'grpc.min_reconnect_backoff_ms': 20 });
      this.clients.set(key, made);
      this.world.clients.push(made);
    }
    return this.clients.get(key);
  }

  once(service, method, request, credential, business) {
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${credential}`);
    if (business) metadata.set('bmt-business', business);
    return new Promise((resolve) => {
      this.raw(service, this.at)[method](request, metadata, { deadline: Date.now() + 1500 }, (error, reply) => {
        resolve(error ? { refusal: refusal(error) } : { reply });
      });
    });
  }

  // As a well-behaved client: the same request again until it is answered. Any other refusal is an error.
  async call(service, method, request, { credential = this.shop.key, business } = {}) {
    for (const end = Date.now() + 30000; ;) {
      if (this.problem) throw this.problem;
      const { reply, refusal: no } = await this.once(service, method, request, credential, business);
      if (reply) return reply;
      const mayRepeat = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(no.code) || (!no.reason && ['CANCELLED', 'UNKNOWN', 'INTERNAL'].includes(no.code));
      if (!mayRepeat || Date.now() > end) throw new Error(`${method} ${JSON.stringify(request)}: ${no.code} ${no.reason} ${no.message}`);
      await pause(20);
    }
  }

  advance(seconds) {
    return this.call('sandbox.SandboxService', 'AdvanceClock', { request_id: requestId('clock'), by: { seconds } }, { credential: this.world.adminKey });
  }

  // Waits for what may need the janitor, whose time is moved.
  async settled(what, question) {
    let asked = Date.now();
    return until(what, async () => {
      const answer = await question();
      if (!answer && Date.now() - asked > 400) {
        asked = Date.now();
        await this.advance(30);
      }
      return answer;
    }, 20000);
  }
}
