// Runs the channel as a process of its own; see README.md.
import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openKeys } from './keys.js';
import { startChannel } from './server.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7452' },
    keys: { type: 'string' },
    'relay-to': { type: 'string' },
    'fee-basis-points': { type: 'string', default: '0' },
    log: { type: 'string' },
    'ready-file': { type: 'string' },
  },
});
if (!values.keys) {
  console.error('channelsim: --keys FOLDER is missing');
  process.exit(2);
}
const write = values.log ? (line) => appendFileSync(values.log, `${JSON.stringify(line)}\n`) : () => {};
const fee = { basis_points: Number(values['fee-basis-points']) };
const channel = await startChannel({ port: Number(values.port), keys: openKeys(values.keys), relayTo: values['relay-to'], fee, write })
  .catch((error) => {
    console.error(`channelsim: ${error.message}`);
    process.exit(error.code === 'EADDRINUSE' ? 5 : 1);
  });
console.log(`channelsim: ${channel.url}`);
if (values['ready-file']) {
  writeFileSync(values['ready-file'], `${channel.port}\n`);
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => channel.stop().then(() => process.exit(0)));
}
