// Runs test files and reports in TAP: node run.js FOLDER... As many files at a time as there are processors, and two at
// least: they wait for databases and clocks more than they compute, and `node --test` leaves a processor out.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { tap } from 'node:test/reporters';

const files = process.argv.slice(2).flatMap((folder) => readdirSync(folder)
  .filter((name) => name.endsWith('.test.js')).sort().map((name) => resolve(join(folder, name))));
if (files.length === 0) {
  process.stderr.write('use: node run.js FOLDER..., each with files *.test.js\n');
  process.exit(2);
}
const tests = run({ files, concurrency: Math.max(2, availableParallelism()) });
tests.on('test:fail', (event) => {
  if (!event.todo) process.exitCode = 1;
});
tests.compose(tap).pipe(process.stdout);
