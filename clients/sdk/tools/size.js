// What a page loads, and what it may weigh: each bundle minified and packed by gzip.
//   node clients/sdk/tools/size.js
import { BUNDLES, bundle, weight } from './bundle.js';

for (const one of BUNDLES) {
  const size = weight(await bundle(one));
  console.log(`    ${one.what}: ${(size / 1024).toFixed(2)} of ${one.most / 1024} KiB`);
  if (size > one.most) {
    console.error(`${one.what} weighs ${size} bytes, at most ${one.most}`);
    process.exitCode = 1;
  }
}
