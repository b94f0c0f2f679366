// The guard of the contract (tools/breaking), in a repository of its own.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';

const BREAKING = fileURLToPath(new URL('../../tools/breaking', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'bmt-breaking-'));
after(() => rmSync(work, { recursive: true, force: true }));

const git = (folder, ...args) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args],
  { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const write = (folder, fields) => writeFileSync(join(folder, 'protos/x.proto'), `syntax = "proto3";\npackage x.v1;\nmessage X {\n${fields.join('\n')}\n}\n`);
const commit = (folder, name) => {
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', name);
};

// A repository whose baseline is its first commit, with two fields.
function givenRepository(name) {
  const folder = join(work, name);
  mkdirSync(join(folder, 'protos'), { recursive: true });
  git(folder, 'init', '-q');
  writeFileSync(join(folder, 'protos/buf.yaml'), 'version: v2\nbreaking:\n  use:\n    - WIRE_JSON\n');
  write(folder, ['string kept = 1;', 'string given_up = 2;']);
  commit(folder, 'the first contract');
  writeFileSync(join(folder, 'protos/BASELINE'), `# since\n${git(folder, 'rev-parse', 'HEAD')}\n`);
  commit(folder, 'baseline');
  return folder;
}

function breaking(folder) {
  const done = spawnSync(BREAKING, [folder], { encoding: 'utf8' });
  return { code: done.status, said: done.stdout + done.stderr };
}

test('what is added breaks nothing', () => {
  const folder = givenRepository('added');
  write(folder, ['string kept = 1;', 'string given_up = 2;', 'int64 more = 3;']);
  assert.deepEqual(breaking(folder), { code: 0, said: '    nothing is broken that 2 commits promised\n' });
});

test('a change that is not committed yet is refused', () => {
  const folder = givenRepository('now');
  write(folder, ['string kept = 1;', 'int64 given_up = 2;']);
  const { code, said } = breaking(folder);
  assert.equal(code, 1);
  assert.match(said, /\(the first contract\) promised is broken:\nx\.proto:.*"given_up"/);
});

test('a number given up properly in one commit is not given away in a later one', () => {
  const folder = givenRepository('two-steps');
  write(folder, ['string kept = 1;', 'reserved 2; reserved "given_up";']);
  commit(folder, 'give it up');
  assert.equal(breaking(folder).code, 0);
  write(folder, ['string kept = 1;', 'reserved "given_up";']);
  commit(folder, 'forget that it was given up');
  write(folder, ['string kept = 1;', 'reserved "given_up";', 'int64 other = 2;']);
  commit(folder, 'give it away');
  write(folder, ['string kept = 1;', 'reserved "given_up";', 'int64 other = 2;', 'int64 more = 3;']);
  commit(folder, 'go on');
  const { code, said } = breaking(folder);
  assert.equal(code, 1);
  assert.match(said, /\(the first contract\) promised is broken:/);
});

test('what only a branch promised counts once it is merged', () => {
  const folder = givenRepository('merged');
  git(folder, 'checkout', '-q', '-b', 'side');
  write(folder, ['string kept = 1;', 'string given_up = 2;', 'string side = 3;']);
  commit(folder, 'side');
  git(folder, 'checkout', '-q', '-');
  writeFileSync(join(folder, 'other'), 'x');
  commit(folder, 'other');
  git(folder, 'merge', '-q', '--no-commit', 'side');
  write(folder, ['string kept = 1;', 'string given_up = 2;', 'int64 side = 3;']);
  commit(folder, 'merge');
  assert.match(breaking(folder).said, /\(side\) promised is broken:/);
});

test('a history that was cut off is told, and none at all; one that is whole must hold the baseline', () => {
  const folder = givenRepository('deep');
  git(work, 'clone', '-q', '--depth', '1', `file://${folder}`, 'shallow');
  assert.match(breaking(join(work, 'shallow')).said, /a shallow clone: .*git fetch --unshallow/);
  assert.equal(breaking(join(work, 'shallow')).code, 0);
  const baseline = join(folder, 'protos/BASELINE');
  const named = readFileSync(baseline, 'utf8');
  writeFileSync(baseline, `${'0'.repeat(39)}1\n`);
  assert.match(breaking(folder).said, /the history does not hold 0{39}1/);
  writeFileSync(baseline, named);
  rmSync(join(folder, '.git'), { recursive: true });
  assert.deepEqual(breaking(folder), { code: 0, said: '    no history here, so the contract is not compared with earlier ones\n' });
});
