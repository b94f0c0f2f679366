// The commands of ./bmt: each explains itself and refuses words that it does not take, at once, before it installs, builds
// or starts anything. Tried in a copy that has nothing but the commands.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';

const TOP = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bmt-commands-'));
for (const name of ['bmt', 'tools/cmd', 'tools/ci', 'tools/progress.sh']) cpSync(join(TOP, name), join(folder, name), { recursive: true });
after(() => rmSync(folder, { recursive: true, force: true }));
const filesIn = () => readdirSync(folder).concat(readdirSync(join(folder, 'tools')));
const before = filesIn();

// Without a way to install, build or start; whoever tries makes a file, or ends with another code.
function bmt(words, env = {}) {
  const done = spawnSync(join(folder, 'bmt'), words, { encoding: 'utf8', timeout: 20000, env: { PATH: '/usr/bin:/bin', ...env } });
  assert.deepEqual(filesIn(), before, `${words.join(' ')} has made files`);
  return { code: done.status, out: done.stdout, err: done.stderr };
}

const commands = readdirSync(join(TOP, 'tools/cmd')).filter((name) => !name.includes('.'));

test('help lists every command', () => {
  const { code, out } = bmt(['help']);
  assert.equal(code, 0);
  assert.deepEqual([...out.matchAll(/^ {2}\.\/bmt (\w+)/gm)].map((found) => found[1]).sort(), commands.sort());
  assert.equal(bmt([]).out, out);
  assert.equal(bmt(['--help']).out, out);
});

for (const command of commands) {
  test(`${command} explains itself, wherever --help stands`, () => {
    for (const words of [[command, '--help'], [command, '-h'], [command, 'nonsense', '--help'], ['help', command]]) {
      const { code, out, err } = bmt(words);
      assert.deepEqual([code, err], [0, '']);
      assert.ok(out.startsWith(`./bmt ${command}`), out);
    }
  });

  test(`${command} refuses a word that it does not know`, () => {
    for (const word of ['nonsense', '--nonsense']) {
      const { code, out, err } = bmt([command, word]);
      assert.deepEqual([code, out, err], [2, '', `bmt ${command}: unknown word '${word}'; ./bmt ${command} --help explains\n`]);
    }
  });
}

test('values are judged at once', () => {
  const cases = [
    [['up', '--port'], "up: --port needs a value: NUMBER"],
    [['up', '--port', 'x'], "up: --port takes NUMBER, not 'x'"],
    [['up', '--once', '--servers', '2'], "up: --servers takes 1|3, not '2'"],
    [['up', '--var', '--once'], "up: --var takes FOLDER, not '--once'"],
    [['down', '--var'], 'down: --var needs a value: FOLDER'],
    [['bench', 'echo', '--seconds', '1.2.3'], "bench: --seconds takes NUMBER, not '1.2.3'"],
    [['bench', 'clearing', '--orders', 'many'], "bench: --orders takes NUMBER, not 'many'"],
    [['bench', 'all', '--mode', 'xa'], 'bench: idle start settle can be measured on one server only'],
    [['bench', '--html', '/nowhere/at/all/page.html'], 'bench: there is no folder for /nowhere/at/all/page.html'],
    [['bench', 'settle', '--partners', 'x'], "bench: --partners takes NUMBER, not 'x'"],
    [['bench', '--mode', 'one|xa'], "bench: --mode takes one|xa, not 'one|xa'"],
    [['soak', '--minutes', 'ten'], "soak: --minutes takes NUMBER, not 'ten'"],
    [['verify', '--threads', ''], "verify: --threads takes NUMBER, not ''"],
    [['test', 'unit', 'unti'], "test: unknown word 'unti'"],
  ];
  for (const [words, problem] of cases) {
    const { code, err } = bmt(words);
    assert.deepEqual([code, err.split(';')[0]], [2, `bmt ${problem}`]);
  }
  assert.match(bmt(['up'], { BMT_SERVERS: '2' }).err, /^bmt up: BMT_SERVERS is 1 or 3, not '2';/);
  assert.match(bmt(['up'], { BMT_PORT: 'x' }).err, /^bmt up: BMT_PORT is a number, not 'x';/);
});

test('what is no command is refused, so are the files that commands are made of', () => {
  for (const word of ['nope', 'run.sh', '../ci', '-x']) {
    assert.deepEqual([bmt([word]).code, bmt([word]).err], [2, `bmt: there is no command '${word}'; ./bmt help lists them\n`]);
  }
});

test('test --help names every suite', () => {
  const { out } = bmt(['help', 'test']);
  const steps = spawnSync(join(folder, 'tools/ci'), ['--list'], { encoding: 'utf8' }).stdout.trim().split(' ');
  assert.ok(steps.length > 15);
  for (const step of steps) assert.match(out, new RegExp(`(?<![-\\w])${step}(?![-\\w])`));
});
