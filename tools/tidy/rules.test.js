// The rules find what they name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { banned, codeOnly, doors, failpoints, layers, leftovers, movers, newer, rooms, sizes } from './rules.js';

const file = (path, text) => ({ path, text, lines: text.split('\n') });
const cases = [
  ['a lower layer includes a higher one', layers, 'server/base/x.c', '#include "sql/db.h"'],
  ['a service includes another', layers, 'server/order/ops.c', '#include "product/ops.h"'],
  ['pure code includes the database', layers, 'server/order/rules.c', '#include "sql/sql.h"'],
  ['a store includes a flow', layers, 'server/order/store.c', '#include "flows/place_order.h"'],
  ['gRPC outside its room', doors, 'server/order/service.c', '#include <grpc/grpc.h>'],
  ['the database client outside its room', doors, 'server/order/store.c', '#include <mysql.h>'],
  ['GLib outside its room', doors, 'server/settlement/rules.c', '#include <glib.h>'],
  ['messages in a store', doors, 'server/order/store.c', '#include "bmt/order/v1/order.pb-c.h"'],
  ['strcpy', banned, 'server/order/ops.c', '    strcpy(a, b);'],
  ['malloc outside the arena', banned, 'server/order/ops.c', '    x = malloc(3);'],
  ['time()', banned, 'server/order/ops.c', '    now = time(NULL);'],
  ['sleep in tests', banned, 'tests/unit/x_test.c', '    sleep(1);'],
  ['FIXME', leftovers, 'server/order/ops.c', '/* FIXME later */'],
  ['#if 0', leftovers, 'server/order/ops.c', '#if 0'],
];

for (const [name, rule, path, text] of cases) {
  test(`${name} is found`, () => assert.equal(rule(file(path, text)).length, 1));
}

test('words in comments and texts are no calls', () => {
  assert.equal(banned(file('server/order/ops.c', '/* never malloc() */ f("strcpy(");')).length, 0);
  assert.equal(codeOnly('"a\\"b" x').trim().endsWith('x'), true);
});

test('a flow may use services', () => {
  assert.equal(layers(file('server/flows/x.c', '#include "order/ops.h"\n#include "product/ops.h"')).length, 0);
});

test('a long function is found by its name', () => {
  const [found] = sizes(file('server/order/ops.c', `int f(int a)\n{\n${'    x();\n'.repeat(80)}}\n`));
  assert.equal(found.key, 'server/order/ops.c:f');
});

test('a second mover is found', () => {
  const update = '"UPDATE bmt_order.orders\\n"\n"SET state = ?\\n"\n"WHERE x"';
  assert.equal(movers([file('a.c', update), file('b.c', update)]).length, 1);
});

test('a room without a layer is refused, once', () => {
  const found = rooms(['server/base/x.c', 'server/order/ops.c', 'server/main.c', 'server/attic/a.c', 'server/attic/b.h', 'server/con-structor/c.c']
    .map((path) => file(path, '')));
  assert.deepEqual(found.map(({ path }) => path), ['server/attic/a.c', 'server/con-structor/c.c']);
  assert.match(found[0].message, /^the room attic\/ has no layer: .*ARCHITECTURE\.md$/);
});

test('fail points and plans that are listed nowhere, or gone, are found', () => {
  const flow = file('server/flows/x.c', 'rc = failpoint_step("x.locked", err); (void)FAILPOINT("x.moved");\n' +
    'struct batch_plan a = {\n.name = "x.a", .body = a_body};\nstruct batch_plan b = {\n.name = "x.b", .is_read = true};');
  const found = (names, plans) => failpoints([flow], { names, plans }).map(({ message }) => /'(.*?)'/.exec(message)[1]);
  assert.deepEqual(found(['x.locked', 'x.moved'], ['x.a']), []);
  assert.deepEqual(found(['x.locked'], []), ['x.moved', 'x.a']);
  assert.deepEqual(found(['x.locked', 'x.moved', 'x.gone'], ['x.a', 'x.lost']), ['x.gone', 'x.lost']);
});

test('what node 18 does not know is found', () => {
  const found = newer(file('tests/x.js', 'a.toSorted()\nimport.meta.dirname\n[...a].sort()\nObject.groupBy(a, f)'));
  assert.deepEqual(found.map(({ line }) => line).sort(), [1, 2, 4]);
});
