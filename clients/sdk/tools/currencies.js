// Writes the SDK's decimals of currencies from the contract's list: those alone that do not have two.
//   node clients/sdk/tools/currencies.js protos/currencies.def >core/src/currencies.ts     (tools/gen/run does it)
import { readFileSync } from 'node:fs';

const rows = [...readFileSync(process.argv[2], 'utf8').matchAll(/^CURRENCIES\((\d), ([^)]*)\)/gm)]
  .map(([, decimals, codes]) => [decimals, codes.replace(/["\s]+/g, ' ').trim()]);
if (!rows.some(([decimals, codes]) => decimals === '2' && codes.includes('EUR'))) throw new Error('there is no list of currencies');

process.stdout.write(`// Decimals of the currencies that do not have two. Generated from protos/currencies.def by clients/sdk/tools/currencies.js;
// never edited. A browser's own list is no help: it is about what shops round to, and has none for IQD, which has three.

export const DECIMALS: Record<number, string> = {
${rows.filter(([decimals, codes]) => decimals !== '2' && codes).map(([decimals, codes]) => `  ${decimals}: '${codes}',\n`).join('')}};
`);
