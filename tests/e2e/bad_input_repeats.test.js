// A request_id names one request for ever: for each writing method, the same request_id with any field changed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import protobuf from 'protobufjs';
import { call, expectNothingChanged, keyOf, reasonOf, servedMethods, validCall } from './bad_input.js';
import { documentedReasons, fieldRule, isNest, methods, places, validValue } from './contract.js';
import { ANSWERS, givenFullShop, validCalls } from './valid_calls.js';
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

// Their request_id names the call in logs only, and why that is right.
const BY_NATURE = {
  'OrderService.BatchCreateOrders': 'each entry has a request_id of its own',
  'PaymentHubService.ClosePayment': 'a closed payment is returned as it is',
  'ReconcileService.CloseBreak': 'a closed break is returned as it is',
  'ReconcileService.RepairBreak': 'a repaired break is returned as it is',
  'SettlementService.QueryPayout': 'only learns what has happened',
  'RecoveryService.RetryTransaction': 'a finished transaction is returned as it is',
};

// They may change something and take no request_id, and why that is right.
const WITHOUT = {
  'BusinessService.IssueClientToken': 'nothing is stored',
  'PaymentHubService.QueryPayment': 'only learns what has happened',
  'PaymentHubService.HandleNotification': "the channel's own id of the event",
};

// A mask that names another field of the request; where there is none, an empty one, which is wrong in form.
const anotherMask = (type, { paths }) => ({
  paths: type.fieldsArray.filter(({ name }) => !/_id$|^update_mask$|^etag$/.test(name) && !paths.includes(name)).slice(0, 1).map(({ name }) => name),
});

const SAID_BEFORE = /^FIELD_|^ROLE_NOT_ALLOWED$/;

// Another value of the same form.
function another(field, value) {
  const rule = fieldRule(field);
  if (field.type === 'bool') return !value;
  if (field.repeated || value === undefined) return field.repeated ? [...(value ?? []), validValue(field)] : validValue(field);
  if (field.resolvedType instanceof protobuf.Enum) return Object.values(field.resolvedType.values).find((one) => one !== 0 && one !== field.resolvedType.values[value]);
  if (field.type.endsWith('FieldMask')) return anotherMask(field.parent, value);
  if (field.resolvedType) return { ...value, seconds: Number(value.seconds ?? 0) + 1 };
  if (rule.id) return `${rule.id}_0000000000001`;
  if (rule.format === 'TEXT_FORMAT_CURRENCY') return 'USD';
  if (field.type === 'string') return `${value}x`;
  if (field.type === 'bytes') return Buffer.concat([value, Buffer.from('x')]);
  return Number(value) + 1;
}

test('every method that changes something has a request_id, or a reason', () => {
  for (const method of methods) {
    const reads = method.idempotency === 'NO_SIDE_EFFECTS';
    const has = Boolean(method.request.fields.request_id);
    assert.equal(has, !reads && !WITHOUT[keyOf(method)], `${keyOf(method)}: a request_id is for methods that change something`);
  }
});

const asked = []; // valid calls that were answered

test('a valid call of every method is answered', async (t) => {
  for (const method of served) {
    const key = keyOf(method);
    await t.test(key, async () => {
      const request = validCall(method, table);
      const { refusal } = await call(world, full, method, request);
      assert.equal(refusal?.reason ?? 'OK', ANSWERS[key] ?? 'OK', refusal?.message);
      if (request.request_id && !BY_NATURE[key]) asked.push({ method, key, request });
    });
  }
});

test('a request_id is good for no other request, whichever field is another', () => expectNothingChanged(world, async () => {
  for (const { method, key, request } of asked) {
    let reused = 0;
    assert.ok(documentedReasons(method).includes('REQUEST_ID_REUSED'), `${key}: the comment does not name it`);
    for (const { field, path, value, set } of places(method.request, request)) {
      if (path === 'request_id' || isNest(field)) continue; // a nest differs by its fields
      const found = await reasonOf(world, full, method, set(another(field, value)));
      if (found === 'REQUEST_ID_REUSED') reused += 1;
      else assert.match(found, SAID_BEFORE, `${key} ${path}: only form and role are looked at before the request_id`);
    }
    assert.ok(reused > 0 || method.request.fieldsArray.length === 1, `${key}: no field could be changed`);
  }
}));
