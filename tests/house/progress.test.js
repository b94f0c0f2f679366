// Long steps show that they go on (tools/progress.sh), whatever they do with their output.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import { until } from '../e2e/world.js';

const TOP = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bmt-progress-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const shell = (text) => ['-c', `set -eu; cd ${folder}; . ${TOP}/tools/progress.sh; ${text}`];

test('the last line of a running step is shown again and again, then its code is given', async () => {
  // The step goes on until it is told to end: a pipe that nobody writes to yet.
  spawnSync('mkfifo', [join(folder, 'end')]);
  writeFileSync(join(folder, 'step'), 'echo "[1/2] first"; read -r code <end; exit $code');
  const child = spawn('sh', shell('progress last_line log sh step || exit $?'), { env: { ...process.env, BMT_PROGRESS_S: '1' } });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let out = '';
  child.stdout.on('data', (bytes) => { out += bytes; });
  await until('two lines', () => /^ {4}\[1\/2\] first, \d+ s\n {4}\[1\/2\] first, \d+ s\n/m.test(out));
  appendFileSync(join(folder, 'log'), '[2/2] second\n');
  await until('the new line', () => out.includes('    [2/2] second, '));
  writeFileSync(join(folder, 'end'), '7\n');
  assert.equal(await ended, 7);
});

test('a short step shows nothing', () => {
  const done = spawnSync('sh', shell('progress last_line log echo done'), { encoding: 'utf8' });
  assert.deepEqual([done.status, done.stdout, done.stderr], [0, '', '']);
  assert.equal(readFileSync(join(folder, 'log'), 'utf8'), 'done\n');
});

test('who shows the progress ends with the shell that was killed', async () => {
  const child = spawn('sh', shell('progress last_line log sh step'),
    { env: { ...process.env, BMT_PROGRESS_S: '1' }, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  let shown = false;
  let closed = false;
  child.stdout.once('data', () => { shown = true; }).once('close', () => { closed = true; });
  await until('it shows', () => shown);
  process.kill(child.pid, 'SIGKILL');
  await until('nobody holds its output', () => closed);
  process.kill(-child.pid, 'SIGKILL'); // the step itself, which waits for a word that never comes
});

test('tests are counted as they go, by ctest and by node', () => {
  const shown = (text) => {
    writeFileSync(join(folder, 'tests.log'), text);
    return spawnSync('sh', shell('tests_so_far tests.log'), { encoding: 'utf8' }).stdout;
  };
  assert.equal(shown('    Start 2: store/xa_test\n2: [ RUN      ] a\n2: [       OK ] a\n2: [  FAILED  ] b\n2: [  FAILED  ] 1 test(s)\n'),
    '1 passed, 1 failed, at store/xa_test\n');
  assert.equal(shown('# Subtest: it works\nok 1 - it works\n# Subtest: that too\nnot ok 2 - that too\n'), '1 passed, 1 failed, after that too\n');
  assert.equal(shown(''), '0 passed, 0 failed\n');
});
