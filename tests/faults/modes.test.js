// What each commit mode says to its servers, over whole lives of purchases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { query, servers } from '../e2e/world.js';
import { Life } from './life.js';
import { FLOWS } from './points.js';
import { Site } from './site.js';

test(servers().length === 1 ? 'on one server no XA statement is ever sent' : 'other servers than the home module\'s are told by XA statements', async () => {
  const site = await new Site().open();
  const life = new Life(site, Object.keys(FLOWS).filter((part) => part !== 'purchase'));
  await life.prepare();
  await life.run();
  await life.check();
  for (const name of servers()) {
    const counts = Object.fromEntries(query(site.world, "SHOW GLOBAL STATUS LIKE 'Com_xa%'", name).split('\n').map((line) => line.split('\t')));
    assert.equal(Object.keys(counts).length, 6, JSON.stringify(counts));
    if (servers().length === 1) assert.deepEqual(Object.values(counts), Array(6).fill('0'), JSON.stringify(counts));
    else if (name !== 'db') for (const verb of ['start', 'end', 'prepare', 'commit']) assert.ok(Number(counts[`Com_xa_${verb}`]) > 0, `${name}: ${JSON.stringify(counts)}`);
  }
  await site.close();
});
