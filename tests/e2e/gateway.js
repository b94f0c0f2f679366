// A bmt-gateway before the world's bmtd, and pages that call it: @connectrpc/connect-web, which we did not write.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { http2Fetch } from './http2_fetch.js';
import { BIN, until } from './world.js';

export const ORIGIN = 'https://shop.example';
export const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(join(dirname(BIN), 'descriptors.binpb'))));
export const GATEWAY = join(dirname(BIN), 'clients/bmt-gateway');

const TOP = fileURLToPath(new URL('../..', import.meta.url));

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

// nginx before the gateway, from a package that is unpacked and never installed: where it is, and how it is asked.
async function startNginx(world, name, gatewayPort) {
  execFileSync(join(TOP, 'tools/extract'), ['nginx', 'nginx', 'usr/sbin/nginx'], { stdio: 'inherit' });
  const folder = `${world.folder}/${name}-nginx`;
  const port = await freePort();
  const log = openSync(`${world.folder}/${name}-nginx.log`, 'a');
  const child = spawn(join(TOP, 'tools/nginx'), [join(TOP, 'build/tools/nginx'), folder, String(port), `127.0.0.1:${gatewayPort}`], { stdio: ['ignore', log, log] });
  world.servers.push({ child });
  const url = `https://localhost:${port}`;
  await until('nginx has its certificate', () => existsSync(`${folder}/nginx.conf`));
  const fetch = http2Fetch(readFileSync(`${folder}/certificate.pem`));
  await until('nginx serves', () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${readFileSync(`${world.folder}/${name}-nginx.log`, 'utf8')}`);
    return fetch(url).then(() => true, () => false);
  });
  return { url, fetch };
}

// With BMT_TEST_NGINX nginx stands before it, unless it is asked for bare.
export async function startGateway(world, name = 'gateway', args = [], { isBare = !process.env.BMT_TEST_NGINX } = {}) {
  const ready = `${world.folder}/${name}.ready`;
  const log = openSync(`${world.folder}/${name}.log`, 'a');
  rmSync(ready, { force: true });
  const child = spawn(GATEWAY, ['--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0', '--server', `127.0.0.1:${world.port}`,
    '--origins', `${ORIGIN},http://localhost:8080`, '--ready-file', ready, ...args], { stdio: ['ignore', log, log] });
  world.servers.push({ child });
  const text = await until('the gateway serves', () => {
    if (child.exitCode !== null) throw new Error(`bmt-gateway ended: ${readFileSync(`${world.folder}/${name}.log`, 'utf8')}`);
    return existsSync(ready) && readFileSync(ready, 'utf8').trim();
  });
  const [port, metricsPort] = text.split(' ').map(Number);
  const way = isBare ? { url: `http://127.0.0.1:${port}`, fetch: (...all) => fetch(...all) } : await startNginx(world, name, port);
  return { child, port, metricsPort, ...way, log: () => readFileSync(`${world.folder}/${name}.log`, 'utf8') };
}

export async function givenToken(shop, user = 'u1') {
  return (await shop.businesses.IssueClientToken({ user_id: user })).token;
}

// What a page of the user calls with: clients by service, over JSON or packed messages, reads by GET where asked for.
export function page(gateway, token, { isProto = false, useGet = false } = {}) {
  const transport = createConnectTransport({
    baseUrl: gateway.url,
    fetch: gateway.fetch,
    useBinaryFormat: isProto,
    useHttpGet: useGet,
    interceptors: [(next) => (request) => {
      if (token) request.header.set('authorization', `Bearer ${token}`);
      return next(request);
    }],
  });
  return (service) => createClient(registry.getService(service), transport);
}

// A bare request: what a browser, or a stranger, may send.
export async function send(gateway, path, { method = 'POST', body, headers = {} } = {}) {
  const reply = await gateway.fetch(gateway.url + path, { method, body, headers });
  const bytes = Buffer.from(await reply.arrayBuffer());
  const isJson = (reply.headers.get('content-type') ?? '').startsWith('application/json');
  return { status: reply.status, headers: reply.headers, bytes, json: isJson && bytes.length ? JSON.parse(bytes) : undefined };
}

