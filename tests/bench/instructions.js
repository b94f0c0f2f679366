// How many instructions a call takes, by room: called by tools/instructions, which tells more.
//   instructions.js                compares with docs/instructions.md; fails where more than 5 % have been added
//   instructions.js --record       writes docs/instructions.md
//   instructions.js --functions    shows what takes most besides
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { client, prepareWorld, requestId, until } from '../e2e/world.js';
import { functionsOf } from './callgrind.js';
import { METHODS, asMarkdown, compare, figuresOf, heldIn } from './instructions_table.js';

const TOP = fileURLToPath(new URL('../..', import.meta.url));
const RECORD = join(TOP, 'docs/instructions.md');
const BUILT = join(TOP, 'build/release/tests/bench');
const FUNCTIONS_SHOWN = 30;
const START_MS = 60000;
const LOAD_MS = 240000;

// Of counted.h: calls that are counted of each method.
const header = readFileSync(join(TOP, 'tests/bench/counted.h'), 'utf8');
const [batch, batches] = ['COUNTED_BATCH', 'COUNTED_BATCHES'].map((name) => Number(new RegExp(`${name} = (\\d+)`).exec(header)[1]));

// What libc and libcrypto choose by the processor, chosen: their oldest code, which every machine has.
const SAME_EVERYWHERE = {
  GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-AVX,-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-BMI1,-BMI2,-ERMS,-FSRM,-LZCNT,-MOVBE,-POPCNT,-RTM,-SSE4_1,-SSE4_2,-SSSE3',
  OPENSSL_ia32cap: '~0xffffffffffffffff:~0xffffffffffffffff',
};

// bmtd with gates (gate.c), under callgrind, in a world of its own: one lane, and nothing read by the clock meanwhile,
// the runs of reconciliation least of all, which judge orders while others are counted.
async function startCounted(world) {
  const conf = join(world.folder, 'counted.conf');
  const ready = join(world.folder, 'counted.ready');
  const log = join(world.folder, 'counted.log');
  writeFileSync(conf, readFileSync(join(world.folder, 'bmtd.conf'), 'utf8')
    .replace('refresh_ms = 200', 'refresh_ms = 5000')
    .replace('watch_poll_ms = 100;', 'watch_poll_ms = 60000; lanes_sale = 1; lanes_read = 1;')
    .concat('reconcile: { every_s = 0; };\n'));
  const out = openSync(log, 'a');
  const child = spawn('valgrind', ['--tool=callgrind', '--instr-atstart=no', '--fair-sched=yes', `--callgrind-out-file=${world.folder}/callgrind`,
    join(BUILT, 'bmtd-counted'), '--config', conf, '--ready-file', ready], { stdio: ['ignore', out, out], env: { ...process.env, ...SAME_EVERYWHERE } });
  const server = { child, log, ended: false };
  child.once('exit', () => { server.ended = true; });
  process.once('exit', () => child.kill('SIGKILL'));
  const ports = await until('bmtd serves', () => {
    if (server.ended) throw new Error(`bmtd ended: ${readFileSync(log, 'utf8')}`);
    return existsSync(ready) && readFileSync(ready, 'utf8').trim();
  }, START_MS);
  world.port = Number(ports.split(' ')[0]);
  return server;
}

async function givenKey(world) {
  const admin = client(world, 'business.BusinessService', world.adminKey);
  const { business } = await admin.RegisterBusiness({ request_id: requestId(), code: 'counted', name: 'A shop', currency: 'EUR' });
  const staff = client(world, 'business.BusinessService', world.adminKey, { business: business.business_id });
  return (await staff.IssueApiKey({ request_id: requestId(), role: 'KEY_ROLE_MERCHANT', label: 'counted' })).key;
}

// The functions of each method, with what they took of one call.
async function count(world) {
  const server = await startCounted(world);
  const key = await givenKey(world);
  for (const made of world.clients) made.close();
  try {
    execFileSync(join(BUILT, 'bmt-counted-load'), { env: { ...process.env, BMT_ADDRESS: `127.0.0.1:${world.port}`, BMT_API_KEY: key }, timeout: LOAD_MS });
  } catch (error) {
    throw new Error(`the load ended with ${error.status ?? error.code}; bmtd's log ends with:\n${readFileSync(server.log, 'utf8').slice(-2000)}`);
  }
  server.child.kill('SIGTERM');
  await until('bmtd ends', () => server.ended, START_MS);
  if (server.child.exitCode !== 0) throw new Error(`bmtd ended with ${server.child.exitCode}: ${readFileSync(server.log, 'utf8').slice(-2000)}`);
  return METHODS.map((_, i) => functionsOf(readFileSync(join(world.folder, `callgrind.${i + 1}`), 'utf8'))
    .map((one) => ({ ...one, count: one.count / (batch * batches) })));
}

const world = await prepareWorld();
let methods;
try {
  methods = await count(world);
} finally {
  world.database.kill('SIGKILL');
  rmSync(world.folder, { recursive: true, force: true });
}
const figures = figuresOf(methods);
console.log(asMarkdown(figures));
if (process.argv[2] === '--functions') {
  methods.forEach((functions, i) => {
    console.log(`\n${METHODS[i]}, instructions of a call in the function itself:`);
    for (const { room, name, count: n } of functions.slice(0, FUNCTIONS_SHOWN)) console.log(`${Math.round(n).toString().padStart(7)}  ${room}  ${name}`);
  });
} else if (process.argv[2] === '--record') {
  const [head] = readFileSync(RECORD, 'utf8').split('\n| room ');
  writeFileSync(RECORD, `${head}\n${asMarkdown(figures)}\n`);
  console.log('written: docs/instructions.md');
} else {
  const { problems, remarks } = compare(heldIn(readFileSync(RECORD, 'utf8')), figures);
  for (const line of [...remarks, ...problems]) console.log(line);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
