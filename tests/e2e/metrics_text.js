// Prints the metrics of a server after some work, for promtool to judge.
import { givenFulfilledOrder, givenShop, givenSku } from './shop.js';
import { startWorld, stopWorld } from './world.js';

const world = await startWorld();
try {
  const shop = await givenShop(world);
  await givenFulfilledOrder(shop, (await givenSku(shop)).sku);
  process.stdout.write(await (await fetch(`http://127.0.0.1:${world.metricsPort}/metrics`)).text());
} finally {
  await stopWorld(world);
}
