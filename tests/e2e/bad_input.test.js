// Bad input, for every method of the contract: the documented reason comes back, and no row changes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { breaks, methods, validRequest } from './contract.js';
import { givenShop } from './shop.js';
import { makeKey, query, refusal, servers, startWorld, stopWorld } from './world.js';

let world;
let shop;
let raw;
before(async () => {
  world = await startWorld();
  shop = await givenShop(world);
  raw = new grpc.Client(`127.0.0.1:${world.port}`, grpc.credentials.createInsecure());
  world.clients.push(raw);
});
after(() => stopWorld(world));

// Changes with any row of any table (but the leases and runs, which go on by themselves).
const checksum = () => servers().map((name) => {
  const tables = query(world, `SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables
    WHERE table_schema LIKE 'bmt\\_%' AND table_name NOT IN ('jobs', 'replicas', 'reconcile_runs')`, name).split('\n');
  return query(world, `CHECKSUM TABLE ${tables.join(', ')}`, name);
}).join('\n');

// Sends bytes as they are; resolves with the refusal, or null when there was none.
function send(path, bytes, { credential, business, isStream = false, extra = {} } = {}) {
  const metadata = new grpc.Metadata();
  if (credential) metadata.set('authorization', `Bearer ${credential}`);
  if (business) metadata.set('bmt-business', business);
  for (const [name, value] of Object.entries(extra)) metadata.set(name, value);
  const same = (buffer) => buffer;
  const options = { deadline: Date.now() + 10000 };
  return new Promise((resolve) => {
    if (isStream) {
      const stream = raw.makeServerStreamRequest(path, same, same, bytes, metadata, options);
      stream.on('data', () => {});
      stream.on('error', (error) => resolve(refusal(error)));
      stream.on('end', () => resolve(null));
    } else {
      raw.makeUnaryRequest(path, same, same, bytes, metadata, options, (error) => resolve(error ? refusal(error) : null));
    }
  });
}

// A credential that may call the method.
function rights(method) {
  const roles = method.rule.roles;
  if (roles.includes('ROLE_PUBLIC')) return {};
  if (roles.includes('ROLE_MERCHANT')) return { credential: shop.key };
  return { credential: world.adminKey, ...(!method.rule.business_optional && { business: shop.business.business_id }) };
}

const pack = (type, value, bytes) => {
  const packed = Buffer.from(type.encode(type.fromObject(value)).finish());
  if (bytes) Buffer.from(bytes).copy(packed, packed.indexOf('QQQQ'));
  return packed;
};

for (const method of methods) {
  test(`${method.service.split('.')[1]}.${method.name} names what is wrong with each field`, async () => {
    const with_ = { ...rights(method), isStream: method.isStream };
    const before_ = checksum();
    const served = await send(method.path, Buffer.alloc(0), with_);
    if (served?.reason === 'METHOD_NOT_YET') return;
    for (const field of method.request.fieldsArray) {
      for (const { how, value, bytes, reason } of breaks(field)) {
        const request = { ...validRequest(method.request), [field.name]: value };
        if (value === undefined) delete request[field.name];
        const found = await send(method.path, pack(method.request, request, bytes), with_);
        assert.equal(found?.reason, reason, `${field.name}, ${how}: ${found?.message}`);
        assert.ok(found.metadata.field.startsWith(field.name), `${field.name}, ${how}: names ${found.metadata.field}`);
      }
    }
    assert.equal(checksum(), before_);
  });
}

test('every method refuses a call without a credential, with a broken one and with an unknown one', async () => {
  for (const method of methods.filter(({ rule }) => !rule.roles.includes('ROLE_PUBLIC'))) {
    const bytes = pack(method.request, validRequest(method.request));
    const ask = (credential) => send(method.path, bytes, { credential, isStream: method.isStream });
    assert.equal((await ask()).reason, 'CREDENTIAL_MISSING', method.name);
    assert.equal((await ask(`${shop.key.slice(0, -1)}!`)).reason, 'CREDENTIAL_INVALID', method.name);
    assert.equal((await ask(makeKey())).reason, 'CREDENTIAL_INVALID', method.name);
  }
});

test('every method refuses roles that the contract does not name', async () => {
  const { token } = await shop.businesses.IssueClientToken({ user_id: 'u1' });
  for (const method of methods) {
    const bytes = pack(method.request, validRequest(method.request));
    const { roles } = method.rule;
    if (!roles.includes('ROLE_PUBLIC') && !roles.includes('ROLE_MERCHANT')) {
      const found = await send(method.path, bytes, { credential: shop.key, isStream: method.isStream });
      assert.ok(['ROLE_NOT_ALLOWED', 'METHOD_NOT_YET'].includes(found.reason), `${method.name}: ${found.reason}`);
    }
    if (!roles.includes('ROLE_PUBLIC') && !roles.includes('ROLE_BROWSER')) {
      const found = await send(method.path, bytes, { credential: token, isStream: method.isStream });
      assert.ok(['ROLE_NOT_ALLOWED', 'METHOD_NOT_YET'].includes(found.reason), `${method.name}: ${found.reason}`);
    }
  }
});

test('staff must name a business where a method needs one', async () => {
  const method = methods.find(({ name }) => name === 'CreateSpu');
  const found = await send(method.path, pack(method.request, validRequest(method.request)), { credential: world.adminKey });
  assert.equal(found.reason, 'BUSINESS_REQUIRED');
});

test('an unknown method, a message that is none, and one that is too large', async () => {
  assert.equal((await send('/bmt.order.v1.OrderService/Nope', Buffer.alloc(0), { credential: shop.key })).reason, 'METHOD_UNKNOWN');
  assert.equal((await send('/bmt.order.v1.OrderService/GetOrder', Buffer.from([0xff, 0xff]), { credential: shop.key })).reason, 'MESSAGE_MALFORMED');
  const tooLarge = await send('/bmt.order.v1.OrderService/GetOrder', Buffer.alloc(262145), { credential: shop.key });
  assert.deepEqual([tooLarge.code, tooLarge.reason, tooLarge.metadata.max], ['RESOURCE_EXHAUSTED', 'MESSAGE_TOO_LARGE', '262144']);
  const enormous = await send('/bmt.order.v1.OrderService/GetOrder', Buffer.alloc(3000000), { credential: shop.key });
  assert.equal(enormous.code, 'RESOURCE_EXHAUSTED'); // gRPC itself stops reading, and gives no reason
});

test('a message that unpacks to too much is refused before it is unpacked', async () => {
  const empty = Buffer.from([0x22, 0x00]); // CreateOrder.lines, an empty message, again and again
  const found = await send('/bmt.order.v1.OrderService/CreateOrder', Buffer.concat(Array.from({ length: 120000 }, () => empty)), { credential: shop.key });
  assert.ok(['MESSAGE_TOO_LARGE', 'FIELD_TOO_MANY', 'FIELD_REQUIRED'].includes(found.reason), found.reason);
});
