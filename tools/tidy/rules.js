// What tidy holds sources to. Every rule takes a file { path, text, lines } and returns problems { line, message };
// each message says what to do instead.

const SERVICES = ['business', 'product', 'order', 'payment', 'recovery', 'sandbox', 'settlement'];

// Which rooms a room may include from; a service's files by their name.
const LAYERS = {
  base: ['base'],
  sql: ['base', 'sql'],
  jobs: ['base', 'sql', 'jobs'],
  http: ['base', 'http'],
  rpc: ['base', 'sql', 'rpc'],
  flows: ['base', 'sql', 'jobs', 'rpc', 'http', 'flows', ...SERVICES],
};
LAYERS.verify = ['base', 'sql', 'verify'];
// Reconciliation stands above the services: what verify finds, their flows repair.
LAYERS.reconcile = ['base', 'sql', 'jobs', 'rpc', 'flows', 'verify', 'reconcile'];
const PURE = ['base'];
const VERBS = ['base', 'sql', 'jobs', 'rpc', 'http'];
const EDGES = [...VERBS, 'flows'];

function allowedRooms(path) {
  const [, room, file] = /^server\/(\w+)\/(.+)$/.exec(path) ?? [];
  if (!room) return null;
  if (!SERVICES.includes(room)) return LAYERS[room] ?? null;
  if (/^(state|rules)\./.test(file)) return [...PURE, room];
  if (/^(service|jobs)/.test(file)) return [...EDGES, room];
  return [...VERBS, room];
}

const each = (file, pattern, message) => file.lines.flatMap((text, i) => {
  const found = pattern.exec(text);
  return found ? [{ line: i + 1, message: message(found) }] : [];
});

export function layers(file) {
  const allowed = allowedRooms(file.path);
  if (!allowed) return [];
  // Verify shares the tables of states with the services, and nothing else.
  const pattern = file.path.startsWith('server/verify/') ? /^#include "(?!\w+\/state\.h")(\w+)\/[\w/]+\.h"/ : /^#include "(\w+)\/[\w/]+\.h"/;
  return each(file, pattern, (found) => found[1])
    .filter(({ message: room }) => !allowed.includes(room) && !['bmt', 'google', 'grpc'].includes(room))
    .map(({ line, message: room }) => ({
      line,
      message: SERVICES.includes(room)
        ? `includes ${room}/: a service never includes another; what needs two is a flow (server/flows)`
        : `includes ${room}/: this file may use ${allowed.join(', ')} (ARCHITECTURE.md, layers)`,
    }));
}

// A room that nobody has placed could include whatever it likes: each stands in LAYERS or SERVICES.
export function rooms(files) {
  const first = new Map();
  for (const { path } of files) {
    const room = /^server\/([^/]+)\//.exec(path)?.[1];
    if (room && !SERVICES.includes(room) && !Object.hasOwn(LAYERS, room) && !first.has(room)) first.set(room, path);
  }
  return [...first].map(([room, path]) => ({ path, line: 1,
    message: `the room ${room}/ has no layer: give it one in tools/tidy/rules.js (LAYERS, SERVICES) and in ARCHITECTURE.md` }));
}

// Each library has one door.
const DOORS = [
  { header: /^#include <(grpc|grpc\/.*)>/, may: /^(server\/rpc\/|clients\/lib\/|tests\/)/, say: 'gRPC is known in server/rpc and clients/lib only' },
  { header: /^#include <(mysql\.h|mariadb.*|errmsg\.h|mysqld_error\.h)>/, may: /^(server\/sql\/|tests\/)/, say: 'the database client is known in server/sql only' },
  { header: /^#include <curl\//, may: /^server\/http\/client\.c$/, say: 'libcurl is known in server/http/client.c only' },
  { header: /^#include <microhttpd/, may: /^(server\/http\/metrics_http\.c|clients\/gateway\/)/, say: 'libmicrohttpd is known in server/http/metrics_http.c and clients/gateway only' },
  { header: /^#include <openssl\//, may: /^(server\/base\/(crypto|ed25519)\.c|tests\/)/, say: 'libcrypto is known in server/base/crypto.c and ed25519.c only' },
  { header: /^#include <sodium/, may: /^server\/base\/ed25519\.c$/, say: 'libsodium is known in server/base/ed25519.c only' },
  { header: /^#include <libconfig/, may: /^server\/base\/conf\.c$/, say: 'libconfig is known in server/base/conf.c only' },
  { header: /^#include <g(lib|io|object)/, may: /^server\/base\/zone\.c$/, say: 'GLib is known in server/base/zone.c only' },
  { header: /^#include "bmt\//, may: /^(server\/\w+\/(service|messages)|server\/rpc\/|server\/order\/watch\.c|server\/flows\/(create_payment|pay_order|refund_order|refund_payment|query_payment|handle_notification|pay_statement|query_payout)\.c|clients\/|tests\/)/,
    say: 'messages stop at service.c, messages.c and the flows that answer their call themselves' },
];

export function doors(file) {
  return DOORS.flatMap(({ header, may, say }) => (may.test(file.path) ? [] : each(file, header, () => say)));
}

// Calls that have a better one. `except`: files that are the better one.
const BANNED = [
  { call: 'strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat', use: 'snprintf, memcpy with a known size, or arena_printf' },
  { call: 'strtok|strtok_r', use: 'strcspn and strspn' },
  { call: 'atoi|atol|atoll|atof', use: 'strtoll with a checked end, or proto_ and conf_ readers' },
  { call: 'malloc|calloc|realloc', use: 'an arena (base/arena.h)', except: /^(server\/base\/arena\.c|clients\/|tests\/)/ },
  { call: 'rand|srand|random|drand48', use: 'crypto_random (base/crypto.h)', except: /^tests\// },
  { call: 'time|gettimeofday|localtime', use: 'clock_now_ms, or clock_wall_ms for logs (base/clock.h)', except: /^(clients\/|tests\/)/ },
  { call: 'sleep|usleep|nanosleep', use: 'waiting for an event', 
    // the last two wait for deadlines of gRPC's own clock, which cannot be set
    except: /^(server\/sql\/migrate\.c|server\/verify\/pass\.c|clients\/lib\/|clients\/cli\/reconcile\.c$|tests\/bench\/|tests\/rpc\/(lane|queue)_test\.c)/ },
  { call: 'system|popen', use: 'a library', except: /^tests\// },
];

// Code without comments and the insides of strings, so that words in prose are not calls.
export function codeOnly(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/"(?:[^"\\\n]|\\.)*"/g, (string) => `"${' '.repeat(Math.max(0, string.length - 2))}"`);
}

export function banned(file) {
  const code = { ...file, lines: codeOnly(file.text).split('\n') };
  return BANNED.filter(({ except }) => !except?.test(file.path)).flatMap(({ call, use }) =>
    each(code, new RegExp(`(?<![\\w.>])(${call})\\(`), (found) => `${found[1]}() is banned: use ${use}`));
}

export function leftovers(file) {
  return [
    ...each(file, /\b(FIXME|TODO|HACK)\b|[/*] *(XXX)\b/, (found) => `${found[1] ?? found[2]}: finish it, or write an issue`),
    ...each(file, /^\s*#\s*if 0\b/, () => '#if 0: delete it, git remembers'),
    ...each(file, /\s$/, () => 'white space at the end of the line'),
  ];
}

// Functions as they stand: a line that begins with a brace, up to the brace that closes it.
export function functions(file) {
  const found = [];
  let begin = -1;
  file.lines.forEach((text, i) => {
    if (text === '{') begin = i;
    if (text === '}' && begin >= 0) {
      const head = file.lines.slice(Math.max(0, begin - 4), begin).join(' ');
      found.push({ name: /(\w+)\([^()]*(?:\([^()]*\)[^()]*)*\)\s*$/.exec(head)?.[1] ?? '?', line: begin + 1, size: i - begin + 1 });
      begin = -1;
    }
  });
  return found;
}

export const FUNCTION_MAX = 70;
export const FILE_MAX = 400;

// Sizes over the limit, by a name that the ratchet knows.
export function sizes(file) {
  const large = functions(file).filter(({ size }) => size > FUNCTION_MAX)
    .map(({ name, line, size }) => ({ key: `${file.path}:${name}`, size, line, what: `${name} has ${size} lines, a function at most ${FUNCTION_MAX}` }));
  const count = file.lines.length - 1;
  if (count > FILE_MAX) large.push({ key: file.path, size: count, line: 1, what: `${count} lines, a file at most ${FILE_MAX}: it is asking to be two` });
  return large;
}

// One mover: each table's state column is written by one UPDATE.
export function movers(files) {
  const writers = new Map();
  for (const file of files) {
    for (const found of file.text.matchAll(/"UPDATE (bmt_\w+\.\w+)\\n"\s*"SET ([^;]*?)WHERE/g)) {
      if (/(?<!\w)state = \?/.test(found[2])) {
        const line = file.text.slice(0, found.index).split('\n').length;
        writers.set(found[1], [...(writers.get(found[1]) ?? []), { path: file.path, line }]);
      }
    }
  }
  return [...writers].filter(([, places]) => places.length > 1).flatMap(([table, places]) =>
    places.slice(1).map(({ path, line }) => ({ path, line, message: `a second statement writes ${table}.state; the first is in ${places[0].path}: one mover` })));
}

// Fail points, and plans of flows that write, stand in the faults' list, and what stands there is in the sources.
export function failpoints(files, { names, plans }) {
  const sources = files.filter(({ path }) => /^server\/.*\.c$/.test(path));
  const found = (pattern, where = sources) => where.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map((one) => ({ name: one[1], path, line: text.slice(0, one.index).split('\n').length })));
  const LIST = 'tests/faults/points.js';
  const points = found(/\b(?:FAILPOINT|failpoint_step)\("([^"]+)"/g);
  const everyPlan = found(/struct batch_plan \w+ = \{\s*\.name = "([^"]+)"/g);
  const writing = found(/struct batch_plan \w+ = \{\s*\.name = "([^"]+)"(?![^}]*\.is_read = true)/g, sources.filter(({ path }) => path.startsWith('server/flows/')));
  const unlisted = [...points.filter(({ name }) => !names.includes(name)), ...writing.filter(({ name }) => !plans.includes(name))]
    .map(({ name, path, line }) => ({ path, line, message: `'${name}' does not stand in ${LIST}: let a life pass it` }));
  const gone = [...names.filter((name) => !points.some((one) => one.name === name)), ...plans.filter((name) => !everyPlan.some((one) => one.name === name))]
    .map((name) => ({ path: LIST, line: 1, message: `no source has a fail point or plan '${name}'` }));
  return [...unlisted, ...gone];
}

// What Debian 12's node 18 does not know, and what does the same. Newer ones run where the code is written, and fail there.
const NEWER = [
  { name: /\.(toSorted|toReversed|toSpliced)\(/, use: 'a copy: [...list].sort()' },
  { name: /\b(Object|Map)\.groupBy\(|\bArray\.fromAsync\(|\bPromise\.withResolvers\(/, use: 'a loop' },
  { name: /\bimport\.meta\.(dirname|filename)\b/, use: 'fileURLToPath(import.meta.url)' },
];

export function newer(file) {
  return NEWER.flatMap(({ name, use }) => each(file, name, () => `node 18 does not know this: use ${use}`));
}

export const FILE_RULES = [layers, doors, banned, leftovers];
