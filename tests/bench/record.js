// Makes docs/performance.md of the JSON lines of ./bmt bench, on stdout: node record.js LINES
import { facts } from './facts.js';
import { ABOUT, HEADS, row, sectionsOf } from './figures.js';

const line = (cells) => `| ${cells.join(' | ')} |`;
const out = ['# Performance', '', 'Made by `./bmt bench --record`.', ABOUT, '', ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`)];
for (const { title, figures } of sectionsOf(process.argv[2])) {
  out.push(`\n## ${title}\n`, line(HEADS), `|${'---|'.repeat(HEADS.length)}`);
  for (const [name, ...cells] of figures.map(row)) out.push(line([`\`${name}\``, ...cells]));
}
console.log(out.join('\n'));
