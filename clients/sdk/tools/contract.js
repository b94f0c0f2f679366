// Writes the SDK's types from the protos: the methods that a browser may call, and the messages and enums that they
// need, as proto3 JSON has them. Types alone, so they weigh nothing in a page.
//   node clients/sdk/tools/contract.js DESCRIPTOR_SET >core/src/contract.ts     (tools/gen/run does it)
import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary, getOption, ScalarType } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const set = fromBinary(FileDescriptorSetSchema, readFileSync(process.argv[2]));
const registry = createFileRegistry(set);
const methodRule = registry.getExtension('bmt.common.v1.method');
const fieldRule = registry.getExtension('bmt.common.v1.field');
const ROLE_BROWSER = registry.getEnum('bmt.common.v1.Role').values.find(({ name }) => name === 'ROLE_BROWSER').number;

// Comments, by file and by the place of what they stand before (descriptor.proto, SourceCodeInfo).
const comments = new Map(set.file.map((file) => [file.name, new Map((file.sourceCodeInfo?.location ?? [])
  .filter(({ leadingComments }) => leadingComments).map(({ path, leadingComments }) => [path.join('.'), leadingComments]))]));
const FILE = { message: 4, enum: 5, service: 6 };
const INSIDE = { field: 2, message: 3, enum: 4, value: 2, method: 2 };

function place(desc) {
  const { parent } = desc;
  const owner = desc.kind === 'message' || desc.kind === 'enum'
    ? { path: parent ? `${place(parent)}.${INSIDE[desc.kind]}` : `${FILE[desc.kind]}`, list: parent ? parent.proto[desc.kind === 'message' ? 'nestedType' : 'enumType'] : desc.file.proto[desc.kind === 'message' ? 'messageType' : 'enumType'] }
    : desc.kind === 'service' ? { path: `${FILE.service}`, list: desc.file.proto.service }
      : { path: `${place(parent)}.${INSIDE[desc.kind === 'rpc' ? 'method' : 'field']}`, list: desc.kind === 'rpc' ? parent.proto.method : parent.proto.field };
  return `${owner.path}.${owner.list.indexOf(desc.proto)}`;
}

const fileOf = (desc) => desc.file ?? fileOf(desc.parent);
const comment = (desc, indent = '') => {
  const text = comments.get(fileOf(desc).proto.name)?.get(place(desc))?.trim();
  if (!text) throw new Error(`${desc.typeName ?? desc.name} has no comment`);
  const lines = text.split('\n').map((one) => one.trim().replaceAll('*/', '* /'));
  return lines.length === 1 ? `${indent}/** ${lines[0]} */\n` : `${indent}/**\n${lines.map((one) => `${indent} * ${one}`.trimEnd()).join('\n')}\n${indent} */\n`;
};

const TEXTS = new Set(['google.protobuf.Timestamp', 'google.protobuf.Duration', 'google.protobuf.FieldMask']);
const WIDE = new Set([ScalarType.INT64, ScalarType.UINT64, ScalarType.SINT64, ScalarType.FIXED64, ScalarType.SFIXED64]);
const found = { sent: new Map(), got: new Map() };

// Everything that a message needs, too; `side` is whether a page sends it or gets it.
function gather(desc, side) {
  if (found[side].has(desc.typeName) || TEXTS.has(desc.typeName)) return;
  found[side].set(desc.typeName, desc);
  for (const field of desc.fields ?? []) {
    if (field.fieldKind === 'map') throw new Error(`${desc.typeName}.${field.name}: maps are not known here`);
    const inner = field.message ?? field.enum;
    if (inner) gather(inner, side);
  }
}

function typeOf(field, isSent) {
  const inner = field.message ?? field.enum;
  if (inner) return TEXTS.has(inner.typeName) ? 'string' : inner.name;
  if (field.scalar === ScalarType.BOOL) return 'boolean';
  if (field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES) return 'string';
  return WIDE.has(field.scalar) ? (isSent ? 'string | number' : 'string') : 'number';
}

function fieldLine(field, isSent) {
  const one = typeOf(field, isSent);
  const type = field.fieldKind === 'list' ? `${one.includes('|') ? `(${one})` : one}[]` : one;
  // A browser's user is its token's; what is required besides must be sent, and a default is not sent to a page.
  const isRequired = isSent && field.name !== 'user_id' && getOption(field, fieldRule).required;
  return `${comment(field, '  ')}  ${field.jsonName}${isRequired ? '' : '?'}: ${type};\n`;
}

const messageText = (desc, isSent) =>
  `${comment(desc)}export interface ${desc.name} {\n${desc.fields.map((field) => fieldLine(field, isSent)).join('')}}\n`;
const enumText = (desc) =>
  `${comment(desc)}export type ${desc.name} =\n${desc.values.map(({ name }) => `  | '${name}'`).join('\n')};\n`;

const methods = [...registry].filter(({ kind }) => kind === 'service').flatMap((service) => service.methods)
  .filter((method) => getOption(method, methodRule).roles.includes(ROLE_BROWSER))
  .sort((a, b) => (a.parent.typeName === b.parent.typeName ? 0 : a.parent.typeName < b.parent.typeName ? -1 : 1));
for (const { input, output } of methods) {
  gather(input, 'sent');
  gather(output, 'got');
}
const all = new Map([...found.sent, ...found.got]);
if (new Set([...all.values()].map(({ name }) => name)).size !== all.size) throw new Error('two messages have one name');

const table = (name, about, kind) => `/** ${about} */\nexport interface ${name} {\n${methods.filter(({ methodKind }) => methodKind === kind)
  .map((method) => `${comment(method, '  ')}  '${method.parent.typeName}/${method.name}': { request: ${method.input.name}; response: ${method.output.name} };\n`).join('')}}\n`;

process.stdout.write([
  '// What a page may call, and the messages of it as proto3 JSON has them. Generated from protos/bmt by\n// clients/sdk/tools/contract.js; never edited. 64-bit numbers are text, times RFC 3339; what has its default is absent.\n',
  table('Methods', 'Calls with one answer, by their path.', 'unary'),
  table('Streams', 'Calls with a stream of answers, by their path.', 'server_streaming'),
  ...[...all.values()].sort((a, b) => (a.typeName < b.typeName ? -1 : 1))
    .map((desc) => (desc.kind === 'enum' ? enumText(desc) : messageText(desc, !found.got.has(desc.typeName)))),
].join('\n'));
