// Makes a page of the JSON lines of ./bmt bench, on stdout: node html.js LINES. It needs nothing but itself: no script, no
// font, no picture from elsewhere.
import { facts } from './facts.js';
import { ABOUT, HEADS, row, sectionsOf } from './figures.js';
import { escape, plot, SERIES_MAX } from './plot.js';

const STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --faint: #59636e; --rule: #d8dee4;
  --plot-0: #0860ca; --plot-1: #b35900; --plot-2: #1a7f37; --plot-3: #a0368f; --plot-4: #57606a; --plot-5: #0f766e; --plot-6: #b42318; --plot-7: #6639ba; --plot-8: #8a6d00; --plot-9: #24292f; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1318; --ink: #e6e9ec; --faint: #9aa4ae; --rule: #30363d;
  --plot-0: #6cb0ff; --plot-1: #f0a04b; --plot-2: #5fd07a; --plot-3: #ee8fdc; --plot-4: #b3bcc5; --plot-5: #4fd6c8; --plot-6: #ff8f85; --plot-7: #c0a1ff; --plot-8: #e3c64d; --plot-9: #d0d7de; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0.25rem; } h2 { margin-top: 2.5rem; } p, dl { max-width: 46rem; }
dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem; } dt { color: var(--faint); } dd { margin: 0; }
figure { margin: 2rem 0; } figcaption { font-weight: 600; } figure > svg { width: 100%; height: auto; }
svg text { fill: var(--faint); font: 12px system-ui, sans-serif; } .grid { stroke: var(--rule); }
.series { fill: currentColor; stroke: currentColor; } .line { fill: none; stroke-width: 2; } .hollow { fill: var(--paper); stroke-width: 2; }
${Array.from({ length: SERIES_MAX }, (_, i) => `.s${i} { color: var(--plot-${i}); }`).join(' ')}
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; } .legend li { display: flex; align-items: center; gap: 0.4rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid var(--rule); white-space: nowrap; } td:nth-child(4) { white-space: normal; }
`;

const sections = sectionsOf(process.argv[2]);

// Figures that count orders, by how many ask at once. Of several sections those in later ones are named after them.
function concurrency() {
  const series = new Map();
  for (const [i, { title, figures }] of sections.entries()) {
    for (const { name, params, value, unit } of figures) {
      const at = params.callers ?? params.connections;
      if (unit !== '1/s' || !at || !/^(create-order|create-order-dirty|create-order-hot|batch-create-orders|one-tx|procedure|bare-batch|whole-life)$/.test(name)) continue;
      const key = i > 0 && sections[0].figures.some((one) => one.name === name) ? `${name} (${title})` : name;
      series.set(key, [...(series.get(key) ?? []), [at, value]]);
    }
  }
  return [...series].map(([name, points]) => ({ name, points }));
}

const all = sections.flatMap(({ figures }) => figures);
function latencies() {
  const open = all.filter(({ name }) => name === 'create-order-open');
  return [['p50', 'p50_ms'], ['p99', 'p99_ms']].map(([name, key]) => ({ name, points: open.map(({ params, [key]: value }) => [params.per_s, value]) }));
}

const growth = () => [{ name: 'create-order', points: all.filter(({ name }) => name === 'growth').map(({ params, value }) => [params.orders, value]) }];

const plots = [
  { title: 'Throughput against concurrency', xLabel: 'callers (baselines: connections)', yLabel: 'orders a second', logarithmic: true, series: concurrency() },
  { title: 'Latency against load, CreateOrder at a constant rate', xLabel: 'orders a second', yLabel: 'ms', series: latencies() },
  { title: 'Growth: throughput against orders that are there', xLabel: 'orders', yLabel: 'orders a second', series: growth() },
].filter(({ series }) => series.some(({ points }) => points.length > 1)); // one point shows nothing that the table does not

const cells = (tag, list) => `<tr>${list.map((one) => `<${tag}>${escape(one)}</${tag}>`).join('')}</tr>`;
const table = ({ title, figures }) => `<h2>${escape(title)}</h2>
<div class="wide"><table><thead>${cells('th', HEADS)}</thead>
<tbody>${figures.map((figure) => cells('td', row(figure))).join('\n')}</tbody></table></div>`;

console.log(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>bmt performance, ${escape(facts.commit)}, ${facts.date}</title><style>${STYLE}</style></head><body>
<h1>bmt performance</h1>
<dl>${Object.entries(facts).map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('')}</dl>
<p>${escape(ABOUT)}</p>
${plots.map(plot).join('\n')}
${sections.map(table).join('\n')}
</body></html>`);
