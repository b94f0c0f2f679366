// Bad input, for every method of the contract: the documented reason comes back, and no row changes. Here the form of
// each field and message; credentials, ids, request_ids and states have files of their own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { call, expectNothingChanged, keyOf, rights, send, servedMethods, validCall } from './bad_input.js';
import { breaks, methods, places } from './contract.js';
import { givenFullShop, validCalls } from './valid_calls.js';
import { startWorld, stopWorld } from './world.js';

let world;
let full;
let table;
let served;
before(async () => {
  world = await startWorld();
  full = await givenFullShop(world);
  table = validCalls(full);
  served = await servedMethods(world, full);
});
after(() => stopWorld(world));

test('every served method has a valid call to break, and every method that is not served says so', () => {
  for (const method of served) assert.ok(validCall(method, table));
  const known = new Set(methods.map(keyOf));
  assert.deepEqual(Object.keys(table).filter((key) => !known.has(key)), [], 'valid calls of methods that do not exist');
});

test('each field of each method is broken, at any depth, and is named', () => expectNothingChanged(world, async () => {
  let broken = 0;
  for (const method of served) {
    for (const place of places(method.request, validCall(method, table))) {
      for (const { how, value, bytes, reason } of breaks(place.field)) {
        const { refusal, reply } = await call(world, full, method, place.set(value), { bytes });
        const found = place.each && reply ? ofEntry(reply) : refusal;
        broken += 1;
        const name = `${keyOf(method)} ${place.path}, ${how}`;
        assert.deepEqual([found?.reason, found?.code], [reason, 'INVALID_ARGUMENT'], `${name}: ${found?.message}`);
        assert.ok(found.metadata.field.startsWith(place.path), `${name}: names ${found.metadata.field}`);
      }
    }
  }
  assert.ok(broken > 10 * served.length, `only ${broken} ways were tried`); // the rules were read
}));

// The refusal of the first entry, where entries are answered one by one.
function ofEntry({ results: [{ refusal }] }) {
  return refusal && { ...refusal, code: grpc.status[refusal.code], metadata: Object.fromEntries(refusal.details.map(({ key, value }) => [key, value])) };
}

test('an update_mask that names what cannot be updated, or no text, is refused by every update', () => expectNothingChanged(world, async () => {
  const updates = served.filter(({ request }) => request.fields.update_mask);
  assert.ok(updates.length > 0);
  for (const method of updates) {
    const asked = (paths, bytes) => call(world, full, method, { ...validCall(method, table), update_mask: { paths } }, { bytes });
    for (const path of ['nope', 'request_id', 'update_mask', 'create_time', 'Title', '*', '']) {
      const { refusal } = await asked([path]);
      assert.deepEqual([refusal?.code, refusal?.reason, refusal?.metadata.path], ['INVALID_ARGUMENT', 'FIELD_MASK_UNKNOWN', path], keyOf(method));
    }
    for (const bytes of [[0x51, 0xff, 0xfe, 0x51], [0x51, 0x00, 0x51, 0x51]]) {
      assert.equal((await asked(['QQQQ'], bytes)).refusal?.reason, 'FIELD_NOT_UTF8', keyOf(method));
    }
  }
}));

test('a message over the limit is refused by every method', () => expectNothingChanged(world, async () => {
  for (const method of served) {
    const { refusal } = await send(world, method.path, Buffer.alloc(262145), { ...rights(world, full, method), isStream: method.isStream });
    assert.deepEqual([refusal?.code, refusal?.reason, refusal?.metadata.max], ['RESOURCE_EXHAUSTED', 'MESSAGE_TOO_LARGE', '262144'], keyOf(method));
  }
}));

test('bytes that are no message are refused by every method', () => expectNothingChanged(world, async () => {
  for (const method of served) {
    for (const bytes of [[0xff, 0xff], [0x0a], [0x0a, 0x7f, 0x78], [0x0b], [0x80]]) {
      const { refusal } = await send(world, method.path, Buffer.from(bytes), { ...rights(world, full, method), isStream: method.isStream });
      assert.equal(refusal?.reason, 'MESSAGE_MALFORMED', `${keyOf(method)}: ${bytes}`);
    }
  }
}));

test('a method that does not exist, and a message that gRPC does not even read', async () => {
  const key = { credential: full.key };
  for (const path of ['/bmt.order.v1.OrderService/Nope', '/bmt.order.v1.NoService/GetOrder', '/x', '/bmt.order.v1.OrderService/getOrder']) {
    const { refusal } = await send(world, path, Buffer.alloc(0), key);
    assert.deepEqual([refusal.code, refusal.reason], ['UNIMPLEMENTED', 'METHOD_UNKNOWN'], path);
  }
  const { refusal: enormous } = await send(world, '/bmt.order.v1.OrderService/GetOrder', Buffer.alloc(3000000), key);
  assert.equal(enormous.code, 'RESOURCE_EXHAUSTED'); // gRPC itself stops reading, and gives no reason
});

test('a message that unpacks to too much is refused before it is unpacked', async () => {
  const empty = Buffer.from([0x22, 0x00]); // CreateOrder.lines, an empty message, again and again
  const { refusal: found } = await send(world, '/bmt.order.v1.OrderService/CreateOrder', Buffer.concat(Array.from({ length: 120000 }, () => empty)), { credential: full.key });
  assert.ok(['MESSAGE_TOO_LARGE', 'FIELD_TOO_MANY', 'FIELD_REQUIRED'].includes(found.reason), found.reason);
});
