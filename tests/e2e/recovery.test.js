// Global transactions in doubt, as operators see them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { givenShop, givenSku } from './shop.js';
import { client, query, refused, requestId, servers, startServer, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let recovery;
before(async () => {
  world = await startWorld({ settings: 'xa: { in_doubt_ms = 600000; };' });
  shop = await givenShop(world);
  recovery = client(world, 'recovery.RecoveryService', world.adminKey);
});
after(() => stopWorld(world));

const NAME = 'bmt1.bmt.0000000000000fc0.order.00000001';

test('what is unknown is told', async () => {
  for (const gtid of ['nonsense', NAME, NAME.replace('bmt.', 'other.'), "bmt1.bmt.0000000000000fc0.nope.00000001"]) {
    const request = { gtid };
    assert.equal((await refused(recovery.GetTransaction(request))).reason, 'TRANSACTION_NOT_FOUND');
    assert.equal((await refused(recovery.RetryTransaction({ request_id: requestId(), ...request }))).reason, 'TRANSACTION_NOT_FOUND');
  }
});

// A second server dies between prepare and decision: what it leaves is listed, explained, and settled by retry.
test('what a dead server leaves is listed, explained and settled', { skip: servers().length === 1 }, async () => {
  const { sku } = await givenSku(shop, { stock: 5 });
  const dying = await startServer(world, 'dying', { settings: 'failpoints = "xa.before_decision=kill";' });
  const orders = client(world, 'order.OrderService', shop.key, { port: dying.port });
  const request = { request_id: requestId(), user_id: 'u1', currency: 'EUR', lines: [{ sku_id: sku.sku_id, quantity: 1 }] };
  await assert.rejects(orders.CreateOrder(request));
  const found = await until('it is listed', async () => (await recovery.ListTransactions({})).transactions[0]);
  assert.deepEqual([found.fate, found.home_module, found.branches.map(({ server, module }) => [server, module])],
    ['FATE_UNDECIDED', 'order', [['db-product', 'product']]]);
  const { transaction } = await recovery.GetTransaction({ gtid: found.gtid });
  assert.match(transaction.explanation, /between prepare and decision/);
  assert.equal((await refused(client(world, 'recovery.RecoveryService', shop.key).ListTransactions({}))).reason, 'ROLE_NOT_ALLOWED');

  const { transaction: settled } = await recovery.RetryTransaction({ request_id: requestId(), gtid: found.gtid });
  assert.deepEqual([settled.fate, settled.branches], ['FATE_ABORTED', []]);
  assert.match(settled.explanation, /tombstone/);
  assert.equal((await recovery.ListTransactions({})).in_doubt, '0');
  assert.equal(query(world, `SELECT held FROM bmt_product.stocks WHERE sku_id = (SELECT sku_id FROM bmt_product.skus WHERE code = '${sku.code}')`), '0');
  assert.equal((await shop.orders.CreateOrder(request)).order.state, 'ORDER_STATE_PENDING_PAYMENT');
});
