// The faults, as the seed has them: replicas and databases that die or fall silent, fail points, a channel that lies.
import { servers } from '../e2e/world.js';
import { freeze, killDatabase, killReplica } from './fleet.js';
import { soakPoints } from './points.js';
import { Random } from './random.js';

const CHANNEL = [
  ['create', ['lost_reply', 'error_500', 'forged', 'slow']],
  ['query', ['lost_reply', 'error_500', 'forged', 'slow']],
  ['close', ['lost_reply', 'error_500']],
  ['refund', ['lost_reply', 'error_500', 'forged', 'pending', 'refuse']],
  ['notify', ['hold', 'duplicate', 'forged', 'contradictory', 'wrong_amount']],
];

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Script {
  constructor(fleet, seed, killsPerMinute) {
    this.fleet = fleet;
    this.random = new Random(seed * 31 + 17);
    this.lies = new Random(seed * 37 + 19);
    this.everyMs = 60000 / killsPerMinute;
    this.counts = { 'kill bmtd': 0, 'kill at a fail point': 0, 'kill mariadbd': 0, 'stop bmtd': 0, 'stop mariadbd': 0, 'channel fault': 0 };
    this.isOver = false;
  }

  start() {
    this.running = [this.killing(), this.lying()];
  }

  async stop() {
    this.isOver = true;
    await Promise.all(this.running);
    this.fleet.world.channel.faults.clear();
    await this.fleet.world.channel.notifier.flush();
    this.counts['kill at a fail point'] = this.fleet.deaths;
  }

  kills() {
    return this.counts['kill bmtd'] + this.counts['kill mariadbd'] + this.fleet.deaths;
  }

  // One blow after the other, each at its time; a late one is made up for.
  async killing() {
    const begin = Date.now();
    for (let n = 1; !this.isOver; n += 1) {
      await this.strike();
      await pause(Math.max(50, begin + n * this.everyMs - Date.now()));
    }
  }

  async strike() {
    const what = this.random.weighted({ 'kill bmtd': 74, 'kill mariadbd': 12, 'stop bmtd': 8, 'stop mariadbd': 6 });
    const place = this.random.below(this.fleet.ports.length);
    const database = this.random.pick(servers());
    // Every second replica comes back with a bomb at one of the named points.
    const point = this.random.pick(soakPoints(servers().length > 1));
    const bomb = this.random.chance(0.5)
      ? `failpoints = "${point.name}=${this.random.chance(0.85) ? 'kill' : 'stop'}:${this.random.below(point.passesMax)}";` : '';
    this.counts[what] += 1;
    if (what === 'kill bmtd') await killReplica(this.fleet, place, bomb);
    if (what === 'kill mariadbd') await killDatabase(this.fleet, database);
    if (what === 'stop bmtd') void freeze(this.fleet.replicas[place], 1000 + this.random.below(6000)); // past the lease
    if (what === 'stop mariadbd') await freeze(this.fleet.databases[database], 200 + this.random.below(1800));
    if (this.random.chance(0.2)) this.wakeStopped();
  }

  // What stopped itself at a fail point goes on some time.
  wakeStopped() {
    for (const child of this.fleet.replicas) child?.kill('SIGCONT');
  }

  async lying() {
    while (!this.isOver) {
      const [op, faults] = this.lies.pick(CHANNEL);
      this.counts['channel fault'] += 1;
      this.fleet.world.channel.faults.add([{ op, fault: this.lies.pick(faults), times: 1 + this.lies.below(3), delay_ms: 1500 }]);
      await pause(100 + this.lies.below(500));
      if (this.lies.chance(0.2)) void this.fleet.world.channel.notifier.flush();
    }
  }
}
