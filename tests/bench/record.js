// Makes docs/performance.md of the JSON lines of ./bmt bench, on stdout: node record.js LINES
// A line that only has a `section` begins a table.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const first = (command, args, otherwise) => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return otherwise;
  }
};

// What is measured is what is on the disk; what it becomes here does not count.
const changed = first('git', ['status', '--porcelain', '--', '.', ':!docs/performance.md'], '');
const commit = `${first('git', ['rev-parse', '--short', 'HEAD'], 'unknown')}${changed ? ' (dirty)' : ''}`;
const database = /Ver (\S+)/.exec(first('mariadbd', ['--version'], ''))?.[1] ?? 'unknown';
const facts = {
  commit,
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0].model}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`,
  'MariaDB': database,
};

const number = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
const words = (object, text) => Object.entries(object ?? {}).map(text).join(', ');
const ms = (value) => (value === undefined ? '' : `${value.toFixed(2)} ms`);
// Of what is measured: the server, or verify.
const memory = (mib) => (mib === undefined ? '' : `${mib} MiB`);
const row = ({ name, params, value, unit, ratios, p50_ms: p50, p99_ms: p99, peak_kib: kib, processes }) => [
  `\`${name}\``, words(params, ([key, one]) => `${number(one)} ${key}`), `${number(value)}${unit === '1/s' ? '/s' : ` ${unit}`}`,
  words(ratios, ([key, one]) => `${one.toFixed(2)} x ${key}`), ms(p50), ms(p99), memory(kib === undefined ? processes?.bmtd?.peak_mib : Math.ceil(kib / 1024)),
];

const out = [`# Performance

Made by \`./bmt bench --record\`. Server, databases and load share the machine; commits are durable; every ratio is to a
baseline of the same run. After each run \`verify\` found no break. \`one-tx\` is a bare program that writes the rows of
CreateOrder by prepared statements, one transaction an order; \`echo\` is a method that touches no database.
`, ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`)];
for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  const figure = JSON.parse(line);
  if (figure.section) {
    out.push(`\n## ${figure.section}\n`, '| what | with | figure | beside | p50 | p99 | peak memory |', '|---|---|---|---|---|---|---|');
  } else {
    if (figure.errors > 0) throw new Error(`${figure.name} had errors`);
    out.push(`| ${row(figure).join(' | ')} |`);
  }
}
console.log(out.join('\n'));
