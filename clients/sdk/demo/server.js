// The demo shop: its pages, and the one thing that a shop's backend must do, ask for the token of its visitor. The API key
// stays here.
//   node clients/sdk/demo/server.js --port 7454 --settings FILE [--ready-file FILE]
// FILE is JSON, read at each request: {address, key, gateway, currency, skus: {CODE: SKU_ID}}. `./bmt up` writes it.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBackend } from './backend.js';
import { fillPage, wordsOf } from './render.js';

const PAGES = new URL('pages/', import.meta.url);
const BUNDLES = new URL('../elements/dist/', import.meta.url);
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json', '.svg': 'image/svg+xml' };

// Nothing but our own scripts and styles runs in a page where people pay.
const policy = (gateway) => `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ${gateway}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

// The visitor: in a real shop, whoever has signed in.
function visitor(request, response) {
  const [, known] = /(?:^|; )visitor=(guest-[0-9a-f]{16})(?:;|$)/.exec(request.headers.cookie ?? '') ?? [];
  const user = known ?? `guest-${randomBytes(8).toString('hex')}`;
  if (!known) response.setHeader('set-cookie', `visitor=${user}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000`);
  return user;
}

function send(response, status, type, body, headers = {}) {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store', ...headers });
  response.end(body);
}

async function page(request, response, url, settings) {
  const name = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
  const [folder, file] = name.startsWith('sdk/') ? [BUNDLES, name.slice(4)] : [PAGES, name];
  if (!/^[a-z-]+(\.min)?\.(html|js|css|json|svg)$/.test(file)) throw Object.assign(new Error('no such page'), { code: 'ENOENT' });
  const text = await readFile(new URL(file, folder), 'utf8');
  const type = TYPES[extname(file)];
  if (extname(file) !== '.html') return send(response, 200, type, text);
  const integrity = JSON.parse(await readFile(new URL('integrity.json', BUNDLES), 'utf8'));
  const user = visitor(request, response);
  return send(response, 200, type, fillPage(text, { ...settings, user, integrity, words: wordsOf(url), url }), { 'content-security-policy': policy(settings.gateway) });
}

// What a page made by configuration reads: its own file, with the ids of the SKUs that it names by code.
async function activity(response, name, { skus }) {
  const made = JSON.parse(await readFile(new URL(`${name}.json`, PAGES), 'utf8'));
  made.offers = made.offers.map(({ sku, ...more }) => ({ skuId: skus[sku], ...more }));
  send(response, 200, TYPES['.json'], JSON.stringify(made));
}

export async function startDemo({ port = 0, settingsFile }) {
  const backend = createBackend();
  const answer = async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const settings = JSON.parse(await readFile(settingsFile, 'utf8'));
    if (url.pathname === '/token') {
      // A page of another origin may send this, but never read the answer.
      if (request.method !== 'POST') return send(response, 405, 'text/plain', 'use POST\n', { allow: 'POST' });
      return send(response, 200, 'text/plain', await backend.token(settings, visitor(request, response)));
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'text/plain', 'use GET\n', { allow: 'GET, HEAD' });
    const [, name] = /^\/activity\/([a-z-]+)$/.exec(url.pathname) ?? [];
    return name ? activity(response, name, settings) : page(request, response, url, settings);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (error.code === 'ENOENT') return send(response, 404, 'text/plain', 'there is no such page\n');
      console.error(`${request.method} ${request.url}: ${error.message}`);
      return send(response, 503, 'text/plain', 'the shop cannot answer just now\n');
    });
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: server.address().port,
    url: `http://localhost:${server.address().port}`,
    stop: () => new Promise((resolve) => {
      backend.close();
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '7454' }, settings: { type: 'string' }, 'ready-file': { type: 'string' } } });
  if (!values.settings) {
    console.error('demo: --settings FILE is missing');
    process.exit(2);
  }
  const demo = await startDemo({ port: Number(values.port), settingsFile: values.settings }).catch((error) => {
    console.error(`demo: ${error.message}`);
    process.exit(error.code === 'EADDRINUSE' ? 5 : 1);
  });
  console.log(`demo: ${demo.url}`);
  if (values['ready-file']) await writeFile(values['ready-file'], `${demo.port}\n`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => demo.stop().then(() => process.exit(0)));
}
