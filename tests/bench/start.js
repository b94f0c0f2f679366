// How soon a server serves whose schemas are there: node start.js [--json]. From the start of the process until its ready
// file is written, which is when it takes calls; told is the slowest of all starts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, rmSync } from 'node:fs';
import { BIN, stopWorld } from '../e2e/world.js';
import { ownServer, ownWorld } from './own.js';
import { tell } from './process.js';

const STARTS = 7;
const LOOK_EVERY_MS = 2;
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const world = await ownWorld();
const conf = `${world.folder}/bmtd.conf`; // as ownServer has written it
const ready = `${world.folder}/start.ready`;

async function oneStart() {
  const log = openSync(`${world.folder}/start.log`, 'a');
  const begin = performance.now();
  const child = spawn(BIN, ['--config', conf, '--ready-file', ready], { stdio: ['ignore', log, log] });
  while (!existsSync(ready)) {
    if (child.exitCode !== null) throw new Error(`bmtd ended with ${child.exitCode}`);
    await pause(LOOK_EVERY_MS);
  }
  const tookMs = performance.now() - begin;
  child.kill('SIGTERM');
  await once(child, 'exit');
  rmSync(ready);
  return tookMs;
}

try {
  const first = await ownServer(world); // whatever only the first start ever does
  first.kill('SIGTERM');
  await once(first, 'exit');
  const times = [];
  for (let i = 0; i < STARTS; i += 1) times.push(await oneStart());
  times.sort((a, b) => a - b);
  tell({ name: 'start', params: { starts: STARTS }, value: times.at(-1) / 1000, unit: 's', p50_ms: Number(times[STARTS >> 1].toFixed(2)), p99_ms: Number(times.at(-1).toFixed(2)) },
    process.argv.includes('--json'));
} finally {
  await stopWorld(world);
}
