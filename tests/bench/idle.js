// What a server costs that has nothing to do: node idle.js SECONDS [--json]. It has served a purchase before, so that its
// sessions, lanes and connections are there, and a client's connection stays open.
import { startChannel } from '../channelsim/server.js';
import { givenFulfilledOrder, givenShop, givenSku } from '../e2e/shop.js';
import { stopWorld } from '../e2e/world.js';
import { ownServer, ownWorld } from './own.js';
import { costOf, tell, usageOf } from './process.js';

const SETTLES_MS = 3000;
const seconds = Math.max(Number(process.argv[2]), 10); // time is counted in hundredths of a second
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const world = await ownWorld();
try {
  const server = await ownServer(world);
  world.channel = await startChannel({ keys: world.keys, relayTo: `127.0.0.1:${world.port}` });
  const shop = await givenShop(world);
  await givenFulfilledOrder(shop, (await givenSku(shop, { stock: 100 })).sku);
  await pause(SETTLES_MS);
  const before = [usageOf(server.pid), usageOf(world.database.pid)];
  await pause(seconds * 1000);
  const after = [usageOf(server.pid), usageOf(world.database.pid)];
  tell({ name: 'idle', params: { seconds }, value: (after[0].cpuS - before[0].cpuS) * 100 / ((after[0].timeMs - before[0].timeMs) / 1000), unit: '%',
    processes: { bmtd: costOf(before[0], after[0]), mariadbd: costOf(before[1], after[1]) } }, process.argv.includes('--json'));
} finally {
  await stopWorld(world);
}
