// A disk that fills up under the databases: what cannot be written is refused, nothing that was acknowledged is lost, and
// work goes on when there is room again. Needs the right to mount a file system.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { givenShop, givenSku } from '../e2e/shop.js';
import { query, requestId, startWorld, stopWorld } from '../e2e/world.js';

const MB = 1 << 20;

// A folder with a file system of its own in memory; null where that is not allowed.
function mounted() {
  const folder = mkdtempSync(join(tmpdir(), 'bmt-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1200m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
}

const freeBytes = (folder) => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

// Leaves so many bytes free.
function fill(folder, leftBytes) {
  const file = openSync(join(folder, 'ballast'), 'w');
  const piece = Buffer.alloc(MB);
  while (freeBytes(folder) > leftBytes + MB) writeSync(file, piece);
  closeSync(file);
}

const disk = mounted();
test('a full disk refuses, loses nothing, and is forgotten once there is room', { skip: disk ? false : 'mounting is not allowed here' }, async () => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = disk;
  const world = await startWorld({ settings: 'log: { calls = false; };' });
  try {
    const shop = await givenShop(world);
    const { sku } = await givenSku(shop, { stock: 1000000 });
    const acknowledged = new Map();
    const refusals = new Map();
    const labels = Array.from({ length: 8 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(64) }));
    const create = async (request_id) => {
      const request = { request_id, user_id: 'u1', currency: 'EUR', labels, lines: [{ sku_id: sku.sku_id, quantity: 1 }] };
      try {
        acknowledged.set(request_id, (await shop.orders.CreateOrder(request)).order.order_id);
        return true;
      } catch (error) {
        if (!error.refusal) throw error;
        refusals.set(error.refusal.reason || error.refusal.code, 1 + (refusals.get(error.refusal.reason) ?? 0));
        return false;
      }
    };

    fill(disk, 8 * MB);
    const refused = [];
    for (let n = 0; n < 400 && refused.length < 100; n += 1) {
      const ids = Array.from({ length: 50 }, () => requestId('full'));
      const done = await Promise.all(ids.map(create));
      refused.push(...ids.filter((_, i) => !done[i]));
    }
    assert.ok(refused.length >= 100, `the disk did not fill up: ${acknowledged.size} orders, ${freeBytes(disk)} bytes free`);
    assert.deepEqual([...refusals.keys()].filter((reason) => !['DATABASE_UNAVAILABLE', 'COMMIT_UNCERTAIN'].includes(reason)), []);
    const [[one, order_id]] = acknowledged;
    assert.equal((await shop.orders.GetOrder({ order_id })).order.order_id, order_id); // reading goes on
    assert.ok(one);

    rmSync(join(disk, 'ballast'));
    for (const id of refused) {
      for (let tries = 0; !(await create(id)); tries += 1) assert.ok(tries < 100, `still refused: ${[...refusals]}`);
    }
    assert.equal(query(world, 'SELECT COUNT(*) FROM bmt_order.orders'), String(acknowledged.size));
    assert.equal((await shop.products.GetStock({ sku_id: sku.sku_id })).stock.held, String(acknowledged.size));
  } finally {
    await stopWorld(world);
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  }
});
