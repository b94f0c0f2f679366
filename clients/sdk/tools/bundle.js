// Makes what a page loads without a bundler: each package in one minified file, with the hash by which a browser checks it.
//   node clients/sdk/tools/bundle.js        (writes elements/dist/pay-*.min.js and integrity.json, and tells what they weigh)
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transformSync } from 'esbuild';

const SDK = fileURLToPath(new URL('..', import.meta.url));
export const OUT = join(SDK, 'elements/dist');

/** What is loaded, and what it may weigh, packed by gzip. */
export const BUNDLES = [
  { file: 'pay-core.min.js', what: '@bmt/pay-core', text: "export * from '@bmt/pay-core';", most: 14 * 1024 },
  { file: 'pay-elements.min.js', what: 'the panel with everything', text: "import '@bmt/pay-elements/define.js'; export * from '@bmt/pay-elements';", most: 24 * 1024 },
];

// Templates and style sheets are text to a minifier: their indentation goes here, which no browser shows, and style sheets
// are minified as such.
const squeeze = {
  name: 'squeeze',
  setup: ({ onLoad }) => onLoad({ filter: /elements\/dist\/[a-z-]+\.js$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8').replace(/\bcss`([^`]*)`/g, (_, text) => `css\`${transformSync(text, { loader: 'css', minify: true, target: 'chrome123' }).code.trim()}\``)
      .replace(/\n\s+/g, '\n'),
    resolveDir: dirname(path), loader: 'js',
  })),
};

export async function bundle({ text }) {
  const { outputFiles: [{ contents }] } = await build({
    stdin: { contents: text, resolveDir: join(SDK, 'elements') }, bundle: true, minify: true, format: 'esm', target: 'es2022', write: false,
    legalComments: 'none', banner: { js: '/* @bmt/pay, Apache-2.0; with lit, BSD-3-Clause, Google LLC; lean-qr, MIT, David Evans */' },
    define: { 'process.env.NODE_ENV': '"production"' }, plugins: [squeeze],
  });
  return contents;
}

export const weight = (contents) => gzipSync(contents, { level: 9 }).length;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const manifest = {};
  for (const one of BUNDLES) {
    const contents = await bundle(one);
    writeFileSync(join(OUT, one.file), contents);
    const integrity = `sha384-${createHash('sha384').update(contents).digest('base64')}`;
    manifest[one.file] = { integrity, bytes: contents.length, gzip: weight(contents) };
    console.log(`    ${one.file}: ${(weight(contents) / 1024).toFixed(2)} KiB, ${integrity}`);
  }
  writeFileSync(join(OUT, 'integrity.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
