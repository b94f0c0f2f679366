// Closing a period of many partners: how long it takes and what it needs, and how soon it goes on after kill -9 (node
// settle.js ENTRIES PARTNERS [--json]). The entries are those of fill.sql, with every row that their orders have, since a
// million purchases take longer than what is measured. The command is CloseStatement, as `bmtctl statement close` calls
// it, a partner a call and CALLERS at once; statements are gathered by the server's job, in its own settings.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { client, query, stopWorld } from '../e2e/world.js';
import { idText } from '../faults/books.js';
import { ownServer, ownWorld } from './own.js';
import { costOf, tell, usageOf } from './process.js';

const CALLERS = 16;
const FIRST_S = 1500;
const SECOND_S = 2500;
const LATER = 10; // one in so many entries is left for the second period
const isJson = process.argv.includes('--json');
const [entries, partners] = process.argv.slice(2).map(Number);
assert.ok(entries >= partners * LATER && partners > 2, 'entries and partners are too few');

const later = Math.ceil(entries / LATER);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const say = (text) => console.error(`    ${text}`);

const world = await ownWorld();

const closed = (toS) => query(world, `SELECT COUNT(*), COALESCE(SUM(entry_count), 0) FROM bmt_settlement.partner_statements
  WHERE to_time_ms = ${toS * 1000} AND state = 2`).split('\t').map(Number);

// One call a partner; one that was not answered is repeated with its request_id, by whichever server answers then.
async function closeAll(toS) {
  let next = 1;
  const caller = async () => {
    for (let connected = 0, settlement; next <= partners;) {
      const partner = next;
      next += 1;
      for (let tries = 0; ; tries += 1) {
        if (connected !== world.port) {
          connected = world.port;
          settlement = client(world, 'settlement.SettlementService', world.adminKey, { business: idText('biz', 64) });
        }
        try {
          await settlement.CloseStatement({ request_id: `close-${toS}-${partner}`, partner_id: idText('ptn', partner * 64), currency: 'EUR', to_time: { seconds: toS } });
          break;
        } catch (error) {
          if (error.refusal.code !== 'UNAVAILABLE' || tries > 300) throw error;
          await pause(100);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

// Looks until `question` says of the statements and entries in closed statements that it is enough.
async function until(toS, everyMs, question) {
  for (let told = performance.now(); ;) {
    const [statements, inThem] = closed(toS);
    if (question(statements)) return statements;
    if (performance.now() - told > 2000) {
      told = performance.now();
      say(`${statements} of ${partners} statements, ${inThem} entries`);
    }
    await pause(everyMs);
  }
}

function expectAll(toS, n) {
  assert.deepEqual(closed(toS), [partners, n], 'every partner has a statement, and every entry is in one');
}

async function fill() {
  const sql = spawn('mariadb', ['--no-defaults', '-u', 'root', '-S', `${world.folder}/db.sock`, '-D', 'bmt_product'], { stdio: ['pipe', 'inherit', 'inherit'] });
  const begin = performance.now();
  const telling = setInterval(() => say(`still filling in, ${Math.round((performance.now() - begin) / 1000)} s`), 10000);
  sql.stdin.end(`SET @n = ${entries + later}, @first = 1 << 40, @sku = 4096, @partners = ${partners}, @later = ${later};
${readFileSync(new URL('fill.sql', import.meta.url), 'utf8')}`);
  const [code] = await once(sql, 'exit');
  clearInterval(telling);
  assert.equal(code, 0, 'the entries could not be filled in');
}

try {
  say(`filling in ${entries + later} entries of ${partners} partners`);
  await fill();
  const params = { entries, partners };

  let server = await ownServer(world);
  const before = [usageOf(server.pid), usageOf(world.database.pid)];
  const begin = performance.now();
  await Promise.all([closeAll(FIRST_S), until(FIRST_S, 100, (statements) => statements === partners)]);
  const seconds = (performance.now() - begin) / 1000;
  const after = [usageOf(server.pid), usageOf(world.database.pid)];
  expectAll(FIRST_S, entries);
  tell({ name: 'settle', params, value: seconds, unit: 's', processes: { bmtd: costOf(before[0], after[0]), mariadbd: costOf(before[1], after[1]) } }, isJson);

  const calls = closeAll(SECOND_S);
  const had = await until(SECOND_S, 5, (statements) => statements > partners / 4);
  server.kill('SIGKILL');
  await once(server, 'exit');
  const [left] = closed(SECOND_S);
  assert.ok(left < partners, `all ${partners} statements were closed before the server was killed: take more entries`);
  const killed = performance.now();
  say(`killed with ${left} of ${partners} statements closed`);
  server = await ownServer(world);
  const up = performance.now();
  await until(SECOND_S, 20, (statements) => statements > left);
  const goesOn = performance.now();
  await Promise.all([calls, until(SECOND_S, 20, (statements) => statements === partners)]);
  const done = performance.now();
  assert.ok(had <= left);
  expectAll(SECOND_S, later);
  assert.equal(query(world, 'SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE state <> 3'), '0');
  tell({ name: 'settle-resume', params: { entries: later, partners }, value: (goesOn - killed) / 1000, unit: 's',
    ready_s: Number(((up - killed) / 1000).toFixed(2)), closed_s: Number(((done - killed) / 1000).toFixed(2)),
    processes: { bmtd: costOf({ cpuS: 0, timeMs: killed }, usageOf(server.pid)) } }, isJson);
  say('verify');
} finally {
  await stopWorld(world);
}
