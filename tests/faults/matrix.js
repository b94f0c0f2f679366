// Each fail point with each thing that may happen there, under a purchase's life that passes it: after each, what was
// answered holds, the books balance, and nothing is left in doubt. By itself the whole matrix of this mode:
//   node tests/faults/matrix.js [--seed N] [--only TEXT] [--part PART] [--what error|kill|stop|database|line|channel] [--seconds N]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { query, servers, until, verify } from '../e2e/world.js';
import { Life } from './life.js';
import { CHANNEL_CALLS, allPoints, allStatements } from './points.js';
import { Random } from './random.js';
import { Site } from './site.js';

const ERRORS_AT_ONCE = 6;
const FAILURES_MAX = 10;
const LOST_REPLIES = 2; // who loses one may ask once more by itself

// Errors leave the server alive, so that one life passes several of them: neighbours apart, since one may hide the next.
// Each comes twice in a row: a batch tries once more by itself, and only then tells its callers.
function errors(points) {
  const groups = Array.from({ length: Math.ceil(points.length / ERRORS_AT_ONCE) }, () => []);
  points.forEach((point, i) => groups[i % groups.length].push(point));
  return groups.map((some) => ({ what: 'error', points: some, failpoints: some.map(({ name }) => `${name}=once,${name}=once`).join(',') }));
}

const single = (points, what, action = what, more = {}) => points.map((point) => (point.before
  ? { what, points: [point], failpoints: `${point.before}=kill`, next: `${point.name}=${action}`, ...more }
  : { what, points: [point], failpoints: `${point.name}=${action}`, ...more }));

const FAULTS_OF_LINES = ['swallow', 'cut', 'halfopen', 'delay'];

const lines = (statements) => statements.flatMap((statement) => FAULTS_OF_LINES
  .map((fault) => ({ what: 'line', points: [{ name: statement.name, part: statement.part }], fault, statement })));

// A refund's question is asked only where its first answer was lost, too.
const channels = () => CHANNEL_CALLS.map(([op, part]) => ({ what: 'channel', points: [{ name: op, part }],
  calls: op === 'query_refund' ? ['refund', op] : [op] }));

// Everything that can happen, in this mode.
export function allCases() {
  const isSpread = servers().length > 1;
  const points = allPoints(isSpread);
  return [
    ...errors(points.filter(({ isAlone }) => !isAlone)), ...single(points.filter(({ isAlone }) => isAlone), 'error', 'once'), ...single(points, 'kill'), ...single(points, 'stop'),
    ...servers().flatMap((database) => single(points, 'database', 'stop', { database })), ...lines(allStatements(isSpread)), ...channels(),
  ];
}

export const caseName = ({ what, points, database, fault }) =>
  `${what}${database ? ` of ${database}` : ''}${fault ? `, ${fault},` : ''} at ${points.map(({ name, before }) => (before ? `${name} after ${before}` : name)).join(', ')}`;

const preparedAnywhere = (site) => servers().some((name) => query(site.world, 'XA RECOVER', name) !== '');

export async function runCase(site, one) {
  const life = new Life(site, [...new Set(one.points.map(({ part }) => part))].filter((part) => part !== 'purchase'));
  await life.prepare();
  const proxy = one.statement && site.proxies[one.statement.server];
  const met = proxy?.hits.length;
  await site.arm(one.failpoints ?? '', { next: one.next, ...(one.database && { stopped: () => site.killDatabase(one.database) }) });
  if (proxy) proxy.rule({ when: one.statement.when, after: one.statement.after, fault: one.fault, ms: 300 });
  if (one.calls) site.world.channel.faults.add(one.calls.map((op) => ({ op, fault: 'lost_reply', times: LOST_REPLIES })));
  await life.run();
  const hits = site.hits();
  const missed = one.points.map(({ name }) => name).filter((name) => {
    if (proxy) return proxy.hits.length === met;
    if (one.calls) return site.world.channel.faults.rules.some(({ op, times }) => op === name && times === LOST_REPLIES);
    return !hits.includes(name);
  });
  site.world.channel.faults.clear();
  if (one.what !== 'kill' && !one.points[0].isAlone && site.deaths > 0) throw new Error('the server died');
  if (missed.length > 0) throw new Error(`never hit: ${missed.join(', ')}`);
  await until('the silent one goes on', () => !site.isWaking);
  await until('nothing is prepared', () => !preparedAnywhere(site));
  await life.check();
  verify(site.world);
}

// The cases in the order of the seed, until the time is over. Resolves with how many ran and what failed; whose site is
// kept as evidence.
export async function runCases(cases, { seed, seconds, say = () => {} }) {
  const random = new Random(seed);
  let site = await new Site().open();
  const left = [...cases];
  const failures = [];
  let n = 0;
  for (const end = Date.now() + seconds * 1000; left.length > 0 && Date.now() < end && failures.length < FAILURES_MAX; n += 1) {
    const [one] = left.splice(random.below(left.length), 1);
    const begin = Date.now();
    try {
      await runCase(site, one);
      say(`ok ${caseName(one)} (${Date.now() - begin} ms)`);
    } catch (error) {
      failures.push(`${caseName(one)}: ${error.message}; evidence in ${site.world.folder}`);
      say(`FAILED ${failures.at(-1)}`);
      await site.abandon();
      site = await new Site().open();
    }
  }
  await site.close();
  return { n, failures };
}

async function main() {
  const { values } = parseArgs({ options: {
    seed: { type: 'string', default: String(Date.now() % 1000000) }, only: { type: 'string', default: '' },
    part: { type: 'string', default: '' }, what: { type: 'string', default: '' }, seconds: { type: 'string', default: '86400' } } });
  const cases = allCases().filter((one) => caseName(one).includes(values.only) && (!values.what || one.what === values.what)
    && (!values.part || one.points.some(({ part }) => part === values.part)));
  console.log(`matrix: ${cases.length} cases, mode ${servers().length > 1 ? 'xa' : 'one'}, seed ${values.seed}`);
  const { n, failures } = await runCases(cases, { seed: Number(values.seed), seconds: Number(values.seconds), say: console.log });
  console.log(`${n - failures.length} passed, ${failures.length} failed; repeat with --seed ${values.seed}`);
  return failures.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await main());
