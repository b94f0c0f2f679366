// Databases and servers that are a benchmark's own: durable, and with the server's own settings but for where things are.
import { prepareWorld, query, startServer } from '../e2e/world.js';

const LEASE_MS = 10000; // the default of jobs.lease_ms
const defaults = (text) => text.replace(/^jobs:.*$/m, '').replace(/^rpc:.*$/m, '').replace('refresh_ms = 200;', '');

export async function ownWorld() {
  const world = await prepareWorld({ durable: true, leaseMs: LEASE_MS });
  world.channel = { stop() {} };
  query(world, 'SET GLOBAL innodb_buffer_pool_size = 256 << 20'); // as ./bmt up has it
  return world;
}

// Resolves with the process, which serves.
export async function ownServer(world) {
  const server = await startServer(world, 'bmtd', { settings: '\n', edit: defaults });
  world.servers.push(server);
  world.port = server.port;
  return server.child;
}
