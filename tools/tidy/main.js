// Our own check of C sources: layers, doors of libraries, banned calls, sizes, leftovers, headers that stand alone.
//   node tools/tidy/main.js [--write-ratchet]
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLANS, names } from '../../tests/faults/points.js';
import { FILE_RULES, failpoints, movers, newer, rooms, sizes } from './rules.js';

const top = join(dirname(fileURLToPath(import.meta.url)), '../..');
process.chdir(top);
const RATCHET = 'tools/tidy/ratchet.json';

const files = execFileSync('tools/c-files').toString().trim().split('\n').map((path) => {
  const text = readFileSync(path, 'utf8');
  return { path, text, lines: text.split('\n') };
});
const scripts = execFileSync('find', ['tests', 'tools', 'clients',
  '(', '-name', 'node_modules', '-o', '-name', 'dist', ')', '-prune', '-o', '(', '-name', '*.js', '-o', '-name', '*.ts', ')', '-print']).toString().trim().split('\n');
const problems = [];
const report = (path, line, message) => problems.push(`${path}:${line}: ${message}`);

for (const file of files) {
  for (const rule of FILE_RULES) {
    for (const { line, message } of rule(file)) report(file.path, line, message);
  }
}
for (const path of scripts.filter((one) => !one.startsWith('tools/tidy/'))) {
  const text = readFileSync(path, 'utf8');
  for (const { line, message } of newer({ path, text, lines: text.split('\n') })) report(path, line, message);
}
for (const { path, line, message } of [...movers(files), ...rooms(files)]) report(path, line, message);
for (const { path, line, message } of failpoints(files, { names: names(true), plans: PLANS.map(([plan]) => plan) })) report(path, line, message);

// What is too large already may only shrink.
const known = JSON.parse(readFileSync(RATCHET, 'utf8'));
const present = Object.fromEntries(files.flatMap(sizes).map(({ key, size }) => [key, size]));
if (process.argv.includes('--write-ratchet')) {
  writeFileSync(RATCHET, `${JSON.stringify(present, null, 2)}\n`);
} else {
  for (const file of files) {
    for (const { key, size, line, what } of sizes(file)) {
      if (size > (known[key] ?? 0)) report(file.path, line, what);
    }
  }
  for (const [key, size] of Object.entries(known)) {
    if ((present[key] ?? 0) < size) report(key, 1, `is smaller than ${RATCHET} says: lower it with node tools/tidy/main.js --write-ratchet`);
  }
}

// Every header compiles alone.
const flags = ['-std=gnu11', '-fsyntax-only', '-Wall', '-Werror', '-Iserver', '-Igen/c', '-Iclients/lib', '-Itests', '-I.',
  '-I/usr/include/mariadb', '-D_GNU_SOURCE', '-x', 'c'];
for (const { path } of files.filter((file) => file.path.endsWith('.h') && !/^tests\/rpc\//.test(file.path))) {
  const done = spawnSync('gcc', [...flags, '-include', path, '/dev/null']);
  if (done.status !== 0) report(path, 1, `does not compile alone: ${done.stderr.toString().split('\n')[0]}`);
}

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? `${files.length} files are tidy` : `${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
