// The JSON lines of ./bmt bench: what they say in words. A line that only has a `section` begins a table.
import { readFileSync } from 'node:fs';

export const ABOUT = `Server, databases and load share the machine; commits are durable; every ratio is to a baseline of the same
run. After each run verify found no break. one-tx is a bare program that writes the rows of CreateOrder by prepared statements,
one transaction an order; echo is a method that touches no database.`;

export const HEADS = ['what', 'with', 'figure', 'beside', 'p50', 'p99', 'peak memory'];

const number = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
const words = (object, text) => Object.entries(object ?? {}).map(text).join(', ');
const ms = (value) => (value === undefined ? '' : `${value.toFixed(2)} ms`);
// Of what is measured: the server, or verify.
const memory = (mib) => (mib === undefined ? '' : `${mib} MiB`);

// The cells of a figure, by HEADS.
export const row = ({ name, params, value, unit, ratios, p50_ms: p50, p99_ms: p99, peak_kib: kib, processes }) => [
  name, words(params, ([key, one]) => `${number(one)} ${key}`), `${number(value)}${unit === '1/s' ? '/s' : ` ${unit}`}`,
  words(ratios, ([key, one]) => `${one.toFixed(2)} x ${key}`), ms(p50), ms(p99),
  memory(kib === undefined ? processes?.bmtd?.peak_mib : Math.ceil(kib / 1024)),
];

// All sections of a file with their figures; failed calls are no figure.
export function sectionsOf(file) {
  const sections = [];
  for (const line of readFileSync(file, 'utf8').trim().split('\n').filter(Boolean)) {
    const figure = JSON.parse(line);
    if (figure.section) {
      sections.push({ title: figure.section, figures: [] });
    } else {
      if (figure.errors > 0) throw new Error(`${figure.name} had errors`);
      if (sections.length === 0) sections.push({ title: 'Figures', figures: [] });
      sections.at(-1).figures.push(figure);
    }
  }
  if (sections.length === 0) throw new Error(`there is no figure in ${file}`);
  return sections;
}
