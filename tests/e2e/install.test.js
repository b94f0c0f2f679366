// What `cmake --install` gives: exactly the programs, the client library with its header, and a pkg-config file that a
// caller elsewhere builds by.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { after, before, test } from 'node:test';
import { givenOrder, givenShop, givenSku } from './shop.js';
import { BIN, startWorld, stopWorld } from './world.js';

const BUILD = dirname(BIN);
const GEN = fileURLToPath(new URL('../../gen/c', import.meta.url));
const run = promisify(execFile); // the channel lives in this process, which must not stand still

const filesIn = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  (entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)]));

let folder;
let prefix;
let installed;
let world;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bmt-install-'));
  execFileSync('cmake', ['--install', BUILD, '--prefix', '/opt/bmt'], { stdio: 'ignore', env: { ...process.env, DESTDIR: folder } });
  prefix = join(folder, 'opt/bmt');
  installed = filesIn(folder).map((path) => relative(prefix, path));
  world = await startWorld();
});
after(async () => {
  await stopWorld(world);
  rmSync(folder, { recursive: true, force: true });
});

const libraries = () => dirname(installed.find((path) => path.endsWith('libbmtclient.a')) ?? '');

test('programs, client library, its public header with the messages, and nothing else are installed', () => {
  const messages = filesIn(GEN).filter((path) => path.endsWith('.h')).map((path) => relative(GEN, path))
    .filter((path) => !path.startsWith('grpc/reflection/'));
  assert.deepEqual([...installed].sort(), [
    'bin/bmt-gateway', 'bin/bmtctl', 'bin/bmtd',
    ...['bmtclient.h', ...messages].map((path) => `include/bmtclient/${path}`),
    ...['libbmtclient.a', 'libbmt_protos.a', 'pkgconfig/bmtclient.pc'].map((path) => join(libraries(), path)),
  ].sort());
});

test('the installed programs run, and depend on no folder of the build', () => {
  for (const program of ['bmtd', 'bmtctl']) {
    const path = join(prefix, 'bin', program);
    assert.ok(statSync(path).mode & 0o111);
    assert.ok(execFileSync(path, ['--help'], { encoding: 'utf8', env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' } }).startsWith(program));
    assert.doesNotMatch(execFileSync('readelf', ['-d', path], { encoding: 'utf8' }), /RPATH|RUNPATH/);
  }
});

// A library that was built with a sanitizer wants its callers to be linked alike.
function compiler() {
  const cache = readFileSync(join(BUILD, 'CMakeCache.txt'), 'utf8');
  const value = (name) => new RegExp(`^${name}:\\w+=(.*)$`, 'm').exec(cache)?.[1] ?? '';
  return [value('CMAKE_C_COMPILER'), ...(value('BMT_SANITIZE') ? [`-fsanitize=${value('BMT_SANITIZE')}`] : []),
    ...(value('BMT_COVERAGE') === 'ON' ? ['--coverage'] : [])];
}

test('a program elsewhere is built by pkg-config alone, and calls the server', async () => {
  const env = { ...process.env, PKG_CONFIG_PATH: join(prefix, libraries(), 'pkgconfig') };
  const words = (...args) => execFileSync('pkg-config', [...args, 'bmtclient'], { encoding: 'utf8', env }).trim().split(/\s+/);
  const [cc, ...flags] = compiler();
  const program = join(folder, 'caller');
  await run(cc, [...flags, '-Wall', '-Werror', ...words('--cflags'), fileURLToPath(new URL('install_client.c', import.meta.url)), '-o', program, ...words('--libs')],
    { cwd: folder });

  const shop = await givenShop(world);
  const { sku } = await givenSku(shop);
  const order = await givenOrder(shop, sku, { user: 'a-caller-elsewhere' });
  const ask = async (key, id) => (await run(program, [`127.0.0.1:${world.port}`, key, id])).stdout.trim();
  assert.equal(await ask(shop.key, order.order_id), 'a-caller-elsewhere');
  assert.equal(await ask(shop.key, 'ord_0000000000001'), 'ORDER_NOT_FOUND');
  assert.equal(await ask('nobody', order.order_id), 'CREDENTIAL_INVALID');
});
