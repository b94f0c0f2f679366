// The gateway's JSON against @bufbuild/protobuf, both ways, over messages made at random of every type that is called
// with. BMT_TEST_SEED repeats a run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { create, equals, fromBinary, fromJsonString, ScalarType, toBinary, toJsonString } from '@bufbuild/protobuf';
import { registry } from './gateway.js';
import { BIN } from './world.js';

const MESSAGES = 10000;
const seed = Number(process.env.BMT_TEST_SEED ?? Math.floor(Math.random() * 1e9));
console.log(`# seed ${seed}`);

// mulberry32: small, and the same everywhere.
let state = seed;
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const below = (n) => Math.floor(random() * n);
const of = (list) => list[below(list.length)];

const TEXTS = ['', 'a', 'ord_0000000000001', 'Gold, a month', '\u00e9\u4f60\u597d\ud83c\udf89', '"\\\b\f\n\r\t\u0001\u007f', '/</script>', '2026-01-31'];
const scalar = (type) => {
  switch (type) {
    case ScalarType.STRING: return of(TEXTS);
    case ScalarType.BOOL: return random() < 0.5;
    case ScalarType.BYTES: return Uint8Array.from({ length: below(9) }, () => below(256));
    case ScalarType.INT64: return of([0n, 1n, -1n, 1250n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(below(2 ** 31)) << 20n]);
    case ScalarType.INT32: return of([0, 1, -1, 2 ** 31 - 1, -(2 ** 31), below(1000)]);
    case ScalarType.UINT32: return of([0, 1, 2 ** 32 - 1, below(1000)]);
    default: throw new Error(`no field of the protos has had the type ${ScalarType[type]}: add it here and to the gateway`);
  }
};
const WELL_KNOWN = {
  'google.protobuf.Timestamp': () => ({ seconds: of([-62135596800n, -1n, 0n, 1n, 1769853600n, 253402300799n]), nanos: of([0, 1, 999999999, 500000000, 1000, 120000]) }),
  'google.protobuf.Duration': () => {
    const seconds = of([0n, 90n, -90n, 315576000000n, -315576000000n]);
    return { seconds, nanos: Number(seconds < 0n ? -1 : 1) * of([0, 500000000, 1000, 1]) };
  },
  'google.protobuf.FieldMask': () => ({ paths: Array.from({ length: below(3) }, () => of(['title', 'display_name', 'grant_kind'])) }),
};

function value(field, depth) {
  const one = () => {
    if (field.message) return make(field.message, depth + 1);
    if (field.enum) return random() < 0.1 ? 9999 : of(field.enum.values).number;
    return scalar(field.scalar);
  };
  return one();
}

function make(type, depth = 0) {
  const known = WELL_KNOWN[type.typeName];
  if (known) return create(type, known());
  const message = create(type);
  for (const field of type.fields) {
    if (field.oneof || random() < 0.4 || (depth > 4 && field.message)) continue;
    if (field.fieldKind === 'map') throw new Error(`${type.typeName}.${field.name} is a map: add maps to the gateway`);
    if (field.fieldKind === 'list') {
      for (let n = below(4); n > 0; n -= 1)
        message[field.localName].push(field.listKind === 'message' ? make(field.message, depth + 1)
          : field.listKind === 'enum' ? of(field.enum.values).number : scalar(field.scalar));
    } else message[field.localName] = value(field, depth);
  }
  for (const group of type.oneofs) {
    if (random() < 0.3) continue;
    const field = of(group.fields);
    message[group.localName] = { case: field.localName, value: value(field, depth) };
  }
  return message;
}

const types = [];
for (const module of ['business', 'order', 'payment', 'product', 'settlement'])
  for (const one of registry)
    if (one.kind === 'service' && one.typeName.startsWith(`bmt.${module}.`))
      for (const method of one.methods) types.push(method.input, method.output);

const run = (lines) => {
  const done = spawnSync(join(dirname(BIN), 'tests/gateway_json_filter'), { input: `${lines.join('\n')}\n`, encoding: 'utf8', maxBuffer: 1 << 30 });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.slice(0, -1).split('\n');
};

test(`${MESSAGES} messages at random are the same JSON, and the same message again`, () => {
  const made = Array.from({ length: MESSAGES }, () => {
    const type = of(types);
    return { type, message: make(type) };
  });
  const there = run(made.map(({ type, message }) => `to ${type.typeName} ${Buffer.from(toBinary(type, message)).toString('base64url')}`));
  assert.equal(there.length, made.length);
  made.forEach(({ type, message }, i) => {
    assert.deepEqual(JSON.parse(there[i]), JSON.parse(toJsonString(type, message)), `${type.typeName}, seed ${seed}`);
    assert.ok(equals(type, fromJsonString(type, there[i]), message), `${type.typeName}, seed ${seed}`);
  });
  const back = run(made.map(({ type, message }, i) => `from ${type.typeName} ${toJsonString(type, message, { useProtoFieldName: i % 2 === 0, enumAsInteger: i % 3 === 0, alwaysEmitImplicit: i % 5 === 0 })}`));
  made.forEach(({ type, message }, i) => {
    assert.ok(!back[i].startsWith('!'), `${type.typeName}: ${back[i]}, seed ${seed}`);
    assert.ok(equals(type, fromBinary(type, Buffer.from(back[i], 'base64url')), message), `${type.typeName}, seed ${seed}`);
  });
});

test('what JSON cannot mean is refused with its place', () => {
  const order = 'from bmt.order.v1.CreateOrderRequest';
  const spu = 'from bmt.product.v1.UpdateSpuRequest';
  const price = 'from bmt.product.v1.CreatePriceVersionRequest';
  const notification = 'from bmt.payment.v1.HandleNotificationRequest';
  const bad = [
    [`${order} {"lines":[{"quantity":"9223372036854775808"}]}`, /lines\[0\]\.quantity is not a whole number/],
    [`${order} {"lines":[{"quantity":9223372036854775808}]}`, /is not JSON/],
    [`${order} {"lines":[{"quantity":" 1"}]}`, /quantity/], [`${order} {"lines":[{"quantity":""}]}`, /quantity/],
    [`${order} {"lines":[{"quantity":1e30}]}`, /quantity/], [`${order} {"lines":[{"quantity":true}]}`, /quantity/],
    [`${spu} {"updateMask":"display_name"}`, /updateMask is not a list of field names/], [`${spu} {"updateMask":"a,,b"}`, /updateMask/],
    [`${spu} {"updateMask":"a\\\\b"}`, /updateMask/], [`${spu} {"updateMask":"a\\"b"}`, /updateMask/],
    [`${spu} {"updateMask":{"paths":[]}}`, /updateMask is not text/],
    ...['2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00', '2026-01-01 00:00:00Z', '2026-01-01T00:00:00.Z',
      '2026-01-01T00:00:00.1234567890Z', '0000-01-01T00:00:00Z', '2026-01-01T00:00:00+24:00', '', '1'].map((time) => [`${price} {"effectiveTime":"${time}"}`, /effectiveTime is not a time/]),
    ...['=', 'a', 'YQ=', 'YQ===', 'Y Q=', 'YQ==x'].map((bytes) => [`${notification} {"body":"${bytes}"}`, /body is not base64/]),
  ];
  const answers = run(bad.map(([line]) => line));
  bad.forEach(([line, rule], i) => assert.match(answers[i], new RegExp(`^! .*${rule.source}`), line));
});

test('what JSON can mean in several ways is taken', () => {
  const good = [
    ['from bmt.order.v1.CreateOrderRequest {"lines":[{"quantity":1.0}]}', 'from bmt.order.v1.CreateOrderRequest {"lines":[{"quantity":"1"}]}'],
    ['from bmt.order.v1.CreateOrderRequest {"lines":null,"requestId":null}', 'from bmt.order.v1.CreateOrderRequest {}'],
    ['from bmt.payment.v1.HandleNotificationRequest {"body":"-_8"}', 'from bmt.payment.v1.HandleNotificationRequest {"body":"+/8="}'],
    ['from bmt.product.v1.CreatePriceVersionRequest {"effectiveTime":"2026-01-31T18:00:00+08:00"}', 'from bmt.product.v1.CreatePriceVersionRequest {"effectiveTime":"2026-01-31T10:00:00.000Z"}'],
  ];
  const answers = run(good.flat());
  for (let i = 0; i < answers.length; i += 2) {
    assert.ok(!answers[i].startsWith('!'), answers[i]);
    assert.equal(answers[i], answers[i + 1]);
  }
});
