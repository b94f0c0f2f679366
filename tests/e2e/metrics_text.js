// Prints the metrics of a server after some work, for promtool to judge. promtool reads Prometheus' own text format, in
// which a counter's family carries the `_total` that OpenMetrics puts on its samples only: that is all that is changed.
import { givenFulfilledOrder, givenShop, givenSku } from './shop.js';
import { startWorld, stopWorld } from './world.js';

const world = await startWorld();
try {
  const shop = await givenShop(world);
  await givenFulfilledOrder(shop, (await givenSku(shop)).sku);
  const text = await (await fetch(`http://127.0.0.1:${world.metricsPort}/metrics`)).text();
  const counters = new Set([...text.matchAll(/^# TYPE (\w+) counter$/gm)].map(([, name]) => name));
  process.stdout.write(text.replace(/^(# (?:TYPE|HELP)) (\w+) /gm, (line, what, name) => (counters.has(name) ? `${what} ${name}_total ` : line)));
} finally {
  await stopWorld(world);
}
