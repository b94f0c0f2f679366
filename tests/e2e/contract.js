// The contract as tests read it: every method with its rule, every request field with its rule, out of the protos.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { PROTOS } from './world.js';

const root = new protobuf.Root();
root.resolvePath = (_, target) => join(PROTOS, target);
const files = readdirSync(join(PROTOS, 'bmt'), { recursive: true }).filter((name) => name.endsWith('.proto')).map((name) => join('bmt', name));
root.loadSync(files, { keepCase: true, alternateCommentMode: true });
root.resolveAll();

// Options are kept as they were parsed: a list of one-entry objects.
function option(object, name) {
  for (const parsed of object.parsedOptions ?? []) {
    const value = parsed[`(bmt.common.v1.${name})`] ?? parsed[`(${name})`];
    if (value) return value;
  }
  return null;
}

const isMessage = (field) => field.resolvedType instanceof protobuf.Type && !field.resolvedType.fullName.startsWith('.google.');

export const fieldRule = (field) => option(field, 'field') ?? {};

export const methods = root.lookup('bmt').nestedArray
  .flatMap((module) => module.nestedArray ?? []).flatMap((version) => version.nestedArray ?? [])
  .filter((found) => found instanceof protobuf.Service)
  .flatMap((service) => service.methodsArray.map((method) => ({
    service: service.fullName.slice(1),
    name: method.name,
    path: `/${service.fullName.slice(1)}/${method.name}`,
    comment: method.comment ?? '',
    isStream: Boolean(method.responseStream),
    request: method.resolvedRequestType,
    response: method.resolvedResponseType,
    rule: option(method, 'method'),
    idempotency: option(method, 'idempotency_level') ?? method.options?.idempotency_level,
  })));

// The reasons that a method's comment names, and those of the method whose errors it says to share.
export function documentedReasons(method) {
  const text = method.comment.replace(/\s+/g, ' ');
  const shared = /Errors as (\w+)/.exec(text);
  const own = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, reason]) => reason);
  return shared ? [...own, ...documentedReasons(methods.find((one) => one.service === method.service && one.name === shared[1]))] : own;
}

// A request that keeps every rule of form.
const TEXTS = { TEXT_FORMAT_CURRENCY: 'EUR', TEXT_FORMAT_URL: 'https://example.org/', TEXT_FORMAT_CODE: 'code', TEXT_FORMAT_LOCALE: 'en' };

export function validValue(field) {
  const rule = fieldRule(field);
  const type = field.resolvedType;
  if (type instanceof protobuf.Enum) return Object.values(type.values).find((value) => value !== 0);
  if (type?.fullName === '.google.protobuf.FieldMask') return { paths: ['title'] };
  if (type?.fullName === '.google.protobuf.Timestamp') return { seconds: 4102444800 };
  if (type?.fullName === '.google.protobuf.Duration') return { seconds: 1 };
  if (type) return validRequest(type);
  if (rule.id) return `${rule.id}_0000000000001`;
  if (field.type === 'string') return TEXTS[rule.format] ?? 'x';
  if (field.type === 'bytes') return Buffer.from('x');
  return rule.range ? Number(rule.range.min) || Number(rule.range.max) : 1;
}

export function validRequest(type) {
  const request = {};
  for (const field of type.fieldsArray) {
    if (field.partOf || !fieldRule(field).required) continue;
    request[field.name] = field.repeated ? [validValue(field)] : validValue(field);
  }
  return request;
}

const WRONG_TIMES = {
  '.google.protobuf.Timestamp': {
    'before the year 1': { seconds: -62135596801 },
    'after the year 9999': { seconds: 253402300800 },
    'what overflows in milliseconds': { seconds: '9223372036854775807' },
    'negative nanos': { seconds: 1, nanos: -1 },
    'a whole second of nanos': { seconds: 1, nanos: 1000000000 },
  },
  '.google.protobuf.Duration': {
    'too short': { seconds: -315576000001 },
    'too long': { seconds: 315576000001 },
    'what overflows in milliseconds': { seconds: '9223372036854775807' },
    'nanos of the other sign': { seconds: 1, nanos: -1 },
    'a whole second of nanos': { seconds: 1, nanos: 1000000000 },
  },
};

const EMPTY = { string: '', bytes: Buffer.alloc(0) };
const EDGES = { int32: ['2147483647', '-2147483648'], int64: ['9223372036854775807', '-9223372036854775808'] };

// All ways to break one field, each with the reason that must come back. `bytes` replaces QQQQ in the packed message.
export function breaks(field) {
  const rule = fieldRule(field);
  const one = (value) => (field.repeated ? [value] : value);
  const found = [];
  if (rule.required) found.push({ how: 'missing', value: undefined, reason: 'FIELD_REQUIRED' });
  if (rule.required && (field.repeated || !isMessage(field))) {
    const empty = field.resolvedType ? (field.resolvedType instanceof protobuf.Enum ? 0 : undefined) : EMPTY[field.type] ?? 0;
    found.push({ how: 'empty', value: field.repeated ? [] : empty, reason: 'FIELD_REQUIRED' });
  }
  if (rule.max_items) found.push({ how: 'too many', value: Array.from({ length: rule.max_items + 1 }, () => validValue(field)), reason: 'FIELD_TOO_MANY' });
  if (field.resolvedType instanceof protobuf.Enum) found.push({ how: 'unknown enum', value: one(9999), reason: 'FIELD_ENUM_UNKNOWN' });
  if (rule.range && !field.resolvedType) {
    const beyond = (edge, step) => String(BigInt(edge) + BigInt(step));
    if (Number(rule.range.max) < 2 ** 62) found.push({ how: 'too large', value: one(beyond(rule.range.max, 1)), reason: 'FIELD_OUT_OF_RANGE' });
    if (Number(rule.range.min) !== 1) found.push({ how: 'too small', value: one(beyond(rule.range.min, -1)), reason: 'FIELD_OUT_OF_RANGE' });
    else found.push({ how: 'negative', value: one(-1), reason: 'FIELD_OUT_OF_RANGE' });
  }
  for (const edge of (rule.range && EDGES[field.type]) ?? []) found.push({ how: `the edge ${edge}`, value: one(edge), reason: 'FIELD_OUT_OF_RANGE' });
  for (const [how, value] of Object.entries(WRONG_TIMES[field.resolvedType?.fullName] ?? {})) {
    found.push({ how, value: one(value), reason: 'FIELD_OUT_OF_RANGE' });
  }
  if (field.type !== 'string') return found;
  if (rule.id) found.push({ how: 'another kind of id', value: one(rule.id === 'biz' ? 'ord_0000000000001' : 'biz_0000000000001'), reason: 'FIELD_MALFORMED' });
  if (rule.id) found.push({ how: 'no id', value: one('nonsense'), reason: 'FIELD_MALFORMED' });
  if (rule.max_bytes && rule.max_bytes < 100000) found.push({ how: 'too long', value: one('x'.repeat(rule.max_bytes + 1)), reason: 'FIELD_TOO_LONG' });
  if (rule.format) found.push({ how: 'wrong form', value: one('\u0001'), reason: 'FIELD_MALFORMED' });
  found.push({ how: 'invalid UTF-8', value: one('QQQQ'), bytes: [0x51, 0xff, 0xfe, 0x51], reason: 'FIELD_NOT_UTF8' });
  found.push({ how: 'a NUL', value: one('QQQQ'), bytes: [0x51, 0x00, 0x51, 0x51], reason: 'FIELD_NOT_UTF8' });
  return found;
}

export const isNest = (field) => isMessage(field) && !field.repeated;

// Every field of a request at any depth, with its name as refusals write it, its present value, and the request with
// another value there (undefined: without it). What the request leaves out on the way is filled in by valid values.
export function places(type, request, { prefix = '', put = (value) => value, each = false } = {}) {
  return type.fieldsArray.flatMap((field) => {
    const set = (value) => {
      const { [field.name]: _, ...rest } = request;
      return put(value === undefined ? rest : { ...rest, [field.name]: value });
    };
    const here = { field, path: prefix + field.name, value: request[field.name], set, each };
    if (!isMessage(field)) return [here];
    const present = field.repeated ? request[field.name]?.[0] : request[field.name];
    return [here, ...places(field.resolvedType, present ?? validRequest(field.resolvedType), {
      prefix: `${here.path}${field.repeated ? '[0]' : ''}.`,
      put: (value) => set(field.repeated ? [value, ...(request[field.name] ?? []).slice(1)] : value),
      each: each || Boolean(fieldRule(field).each_on_its_own),
    })];
  });
}
