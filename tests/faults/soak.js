// The whole fault programme for some minutes: ./bmt soak. Ends with a table, and with 1 and the evidence when anything
// that was acknowledged does not hold.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { givenShop, givenSku } from '../e2e/shop.js';
import { client, requestId, servers } from '../e2e/world.js';
import { checkBooks, checkChannel, checkJournal, checkMoney, checkReconciliation, checkRepeats, checkStatements, untilRecovered, untilSettled } from './books.js';
import { Customers } from './customers.js';
import { fleetClient, killReplica, startFleet, startReplica, stopFleet } from './fleet.js';
import { Random } from './random.js';
import { Script } from './script.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1000000) },
    replicas: { type: 'string', default: '3' },
    'kills-per-minute': { type: 'string', default: '40' },
    customers: { type: 'string', default: '24' },
    json: { type: 'boolean', default: false },
  },
});

const PREPARED_MS_MAX = 10000; // no branch may be prepared for longer once the faults are over

const say = (text) => process.stderr.write(`${text}\n`);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// Half of the seeds re-open orders for late money; the others give it back.
async function openShop(fleet, reopens) {
  const world = Object.assign(fleet.world, { port: fleet.ports[0] });
  const shop = await givenShop(world, 'soak');
  await client(world, 'business.BusinessService', shop.key).UpdateBusiness({
    request_id: requestId(), business_id: shop.business.business_id, update_mask: { paths: ['late_money'] },
    late_money: reopens ? 'LATE_MONEY_REOPEN' : 'LATE_MONEY_REFUND',
  });
  const skus = [];
  for (let i = 0; i < 10; i += 1) skus.push((await givenSku(shop, { stock: i < 7 ? 10000000 : undefined, price: 100 * (i + 1) })).sku.sku_id);
  skus.push((await givenSku(shop, { stock: 200 })).sku.sku_id); // soon sold out
  return { key: shop.key, businessId: shop.business.business_id, accountId: shop.account.channel_account_id, merchant: shop.account.merchant, skus };
}

// What was prepared is settled soon after the last fault, and nothing that old is seen any more.
function checkPrepared(settledAfterMs, oldestMs) {
  const breaks = [];
  if (settledAfterMs > PREPARED_MS_MAX) breaks.push(`prepared branches were left for ${settledAfterMs} ms after the last fault, more than ${PREPARED_MS_MAX}`);
  if (oldestMs > PREPARED_MS_MAX) breaks.push(`a branch was still prepared after the last fault that was ${oldestMs} ms old, more than ${PREPARED_MS_MAX}`);
  return breaks;
}

// Everything lives and is healthy again.
async function calm(fleet) {
  for (const child of fleet.replicas) child?.kill('SIGCONT');
  for (const child of Object.values(fleet.databases)) child.kill('SIGCONT');
  await pause(1500);
  for (const place of fleet.ports.keys()) { // those that still carry a bomb too
    fleet.replicas[place]?.kill('SIGCONT');
    await killReplica(fleet, place);
    await startReplica(fleet, place);
  }
}

// The row of docs/reliability.md.
function rowOf({ mode, seed, minutes, orders, kills }, repeats, settledAfterMs, breaks) {
  const grouped = (text) => String(text).replace(/\d+/g, (n) => Number(n).toLocaleString('en'));
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: dirname(fileURLToPath(import.meta.url)), encoding: 'utf8' });
  const commit = stdout?.trim() || 'no commit'; // an archive of the sources has none
  const settled = mode === 'xa' ? `${(settledAfterMs / 1000).toFixed(1)} s` : '-';
  return `| ${[commit, mode, seed, minutes, grouped(orders), grouped(kills), grouped(repeats), settled, breaks].join(' | ')} |`;
}

async function run() {
  const seed = Number(values.seed);
  const minutes = Number(values.minutes);
  const random = new Random(seed + 5);
  const mode = servers().length > 1 ? 'xa' : 'one';
  say(`soak: ${minutes} minutes, seed ${seed}, mode ${mode}, ${values.replicas} replicas`);
  const fleet = await startFleet({ replicas: Number(values.replicas) });
  const reopens = seed % 2 === 1;
  const shop = await openShop(fleet, reopens);
  const customers = new Customers(fleet, shop, seed);
  const script = new Script(fleet, seed, Number(values['kills-per-minute']));
  customers.start(Number(values.customers));
  script.start();
  const end = Date.now() + minutes * 60000;
  while (Date.now() < end) {
    await pause(Math.min(10000, end - Date.now()));
    say(`  ${Math.round((end - Date.now()) / 1000)} s left: ${customers.counts.orders} orders, ${customers.counts.paid} paid, ${script.kills()} kills`);
  }
  await script.stop();
  const lastFault = Date.now();
  await calm(fleet);
  const { recoveryMs, oldestMs } = await untilRecovered(fleet);
  const settledAfterMs = Date.now() - lastFault;
  await customers.stop();
  say('  settling');
  const sandbox = fleetClient(fleet, 'sandbox.SandboxService', fleet.world.adminKey, random);
  await untilSettled(fleet, sandbox);
  say('  checking');
  const repeats = await checkRepeats(fleet, customers, random);
  const reconciliation = await checkReconciliation(fleet, sandbox);
  const channel = checkChannel(fleet);
  const statements = await checkStatements(fleet, shop);
  const money = checkMoney(fleet);
  const books = checkBooks(fleet);
  const breaks = [...checkPrepared(settledAfterMs, oldestMs), ...checkJournal(fleet, customers), ...repeats.breaks, ...channel.breaks, ...money.breaks, ...statements.breaks, ...reconciliation.breaks, ...books.breaks];
  const result = {
    mode, seed, minutes, 'late money': reopens ? 're-opens' : 'goes back', replicas: Number(values.replicas), ...customers.counts, kills: script.kills(), ...script.counts,
    'calls repeated': customers.counts.tries, 'prepared branches gone after ms': settledAfterMs, 'oldest prepared after the last fault ms': oldestMs,
    'recovery ms': recoveryMs, 'requests answered as before': repeats.n - repeats.breaks.length,
    'money in': money.inMinor, 'money out': money.outMinor, 'held by orders': money.held,
    'payments at the channel': channel.payments, 'refunds at the channel': channel.refunds, 'statement lines that agree': statements.lines - statements.breaks.length,
    'runs of reconciliation': reconciliation.runs, 'passing breaks': reconciliation.passing,
    'late money that the channel had refused to give back, repaired': reconciliation.repaired, breaks: breaks.length,
  };
  await stopFleet(fleet, { keep: breaks.length > 0 });
  if (values.json) console.log(JSON.stringify(result));
  else for (const [key, value] of Object.entries(result)) console.log(`${key.padEnd(64)} ${value}`);
  if (breaks.length > 0) {
    for (const one of breaks.slice(0, 50)) say(`BREAK ${one}`);
    say(`soak failed; repeat with --seed ${seed} --mode ${mode}; evidence in ${fleet.world.folder}`);
  } else {
    process.stdout.write(values.json ? '' : books.report);
  }
  if (!values.json) console.log(rowOf(result, `${repeats.n - repeats.breaks.length} of ${repeats.n}`, settledAfterMs, breaks.length));
  return breaks.length === 0 ? 0 : 1;
}

process.exit(await run());
