// What a page loads, and what it may weigh: each entry in one piece, minified and packed by gzip.
//   node clients/sdk/tools/size.js
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const LIMITS = [['@bmt/pay-core', '../core/dist/index.js', 14 * 1024]];

for (const [name, entry, most] of LIMITS) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))], bundle: true, minify: true, format: 'esm', target: 'es2021', write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  console.log(`    ${name}: ${(size / 1024).toFixed(2)} of ${most / 1024} KiB`);
  if (size > most) {
    console.error(`${name} weighs ${size} bytes, at most ${most}`);
    process.exitCode = 1;
  }
}
