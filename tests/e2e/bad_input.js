// What the bad-input suites share: to send bytes as they are, with any credential, and to see that no row has changed.
import assert from 'node:assert/strict';
import grpc from '@grpc/grpc-js';
import { methods } from './contract.js';
import { query, refusal, requestId, servers, until } from './world.js';

export const keyOf = (method) => `${method.service.split('.').pop()}.${method.name}`;

// Changes with any row of any table (but the leases and runs, which go on by themselves).
const checksum = (world) => servers().map((name) => {
  const tables = query(world, `SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables
    WHERE table_schema LIKE 'bmt\\_%' AND table_name NOT IN ('jobs', 'replicas', 'reconcile_runs')`, name).split('\n');
  return query(world, `CHECKSUM TABLE ${tables.join(', ')}`, name);
}).join('\n');

// Until nothing moves by itself: what can be cleared is cleared, and the job that asks about open payments comes later.
async function untilStill(world) {
  await until('all that can be cleared is', () => query(world, 'SELECT COUNT(*) FROM bmt_settlement.clearings WHERE due_time_ms > 0') === '0');
  query(world, 'UPDATE bmt_payment.payments SET due_time_ms = due_time_ms + 600000 WHERE due_time_ms > 0');
  const looks = []; // a job may have been at work already
  await until('three looks are alike', () => {
    looks.push(checksum(world));
    return looks.length >= 3 && new Set(looks.slice(-3)).size === 1;
  });
}

// Runs what must be refused: no row of any database may be another afterwards. Says which tables have changed.
export async function expectNothingChanged(world, act) {
  await untilStill(world);
  const old = checksum(world).split('\n');
  const answer = await act();
  const now = checksum(world).split('\n');
  assert.deepEqual(now.filter((line, i) => line !== old[i]), [], 'rows have changed');
  return answer;
}

// Sends bytes as they are; resolves with the refusal, or null when there was none.
export function send(world, path, bytes, { credential, business, isStream = false } = {}) {
  world.raw ??= new grpc.Client(`127.0.0.1:${world.port}`, grpc.credentials.createInsecure());
  if (!world.clients.includes(world.raw)) world.clients.push(world.raw);
  const metadata = new grpc.Metadata();
  if (credential) metadata.set('authorization', `Bearer ${credential}`);
  if (business) metadata.set('bmt-business', business);
  const same = (buffer) => buffer;
  const options = { deadline: Date.now() + 10000 };
  return new Promise((resolve) => {
    if (isStream) {
      const stream = world.raw.makeServerStreamRequest(path, same, same, bytes, metadata, options);
      stream.on('data', () => { // a stream that speaks has refused nothing
        resolve({ reply: null });
        stream.cancel();
      });
      stream.on('error', (error) => resolve({ refusal: refusal(error) }));
      stream.on('end', () => resolve({ reply: null }));
    } else {
      world.raw.makeUnaryRequest(path, same, same, bytes, metadata, options,
        (error, reply) => resolve(error ? { refusal: refusal(error) } : { reply }));
    }
  });
}

export const pack = (type, value, bytes) => {
  const packed = Buffer.from(type.encode(type.fromObject(value)).finish());
  if (bytes) Buffer.from(bytes).copy(packed, packed.indexOf('QQQQ'));
  return packed;
};

// A credential that may call the method.
export function rights(world, shop, method) {
  const roles = method.rule.roles;
  if (roles.includes('ROLE_PUBLIC')) return {};
  if (roles.includes('ROLE_MERCHANT')) return { credential: shop.key };
  return { credential: world.adminKey, ...(!method.rule.business_optional && { business: shop.business.business_id }) };
}

// Calls with a request as an object, by rights of the shop unless others are given; resolves with `refusal` or `reply`.
export async function call(world, shop, method, request, { bytes, ...by } = {}) {
  const found = await send(world, method.path, pack(method.request, request, bytes), { ...rights(world, shop, method), ...by, isStream: method.isStream });
  return found.reply ? { reply: method.response.toObject(method.response.decode(found.reply), { longs: String, enums: String, defaults: true }) } : found;
}

export const reasonOf = async (...asked) => (await call(...asked)).refusal?.reason ?? 'OK';

// Methods by what the server does with them; one that it does not serve yet says so.
export async function servedMethods(world, shop) {
  const served = [];
  for (const method of methods) {
    const { refusal: found } = await send(world, method.path, Buffer.alloc(0), { ...rights(world, shop, method), isStream: method.isStream });
    if (found?.reason === 'METHOD_NOT_YET') assert.equal(found.code, 'UNIMPLEMENTED', method.name);
    else served.push(method);
  }
  return served;
}

// The request of a valid call, with a request_id of its own where the method takes one.
export function validCall(method, table) {
  const made = table[keyOf(method)];
  assert.ok(made, `${keyOf(method)} is served, and tests/e2e/valid_calls.js has no valid call of it`);
  return { ...(method.request.fields.request_id && { request_id: requestId('valid') }), ...made() };
}
