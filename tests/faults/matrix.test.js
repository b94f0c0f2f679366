// A part of the matrix, as the seed has it: BMT_TEST_SEED repeats one. All of it: ./bmt faults.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestId, servers } from '../e2e/world.js';
import { Life } from './life.js';
import { allCases, runCases } from './matrix.js';
import { Site } from './site.js';

const SECONDS = Number(process.env.BMT_TEST_SECONDS ?? 40);
const seed = Number(process.env.BMT_TEST_SEED ?? Date.now() % 1000000);

test(`fail points, each with what may happen there (seed ${seed})`, async (t) => {
  const { n, failures } = await runCases(allCases(), { seed, seconds: SECONDS, say: (line) => t.diagnostic(line) });
  assert.deepEqual(failures, [], `repeat with BMT_TEST_SEED=${seed}`);
  assert.ok(n > 5, `only ${n} cases in ${SECONDS} s`);
});

test('a refund is asked for again while its payment is still being committed', { skip: servers().length === 1 && 'needs several servers' }, async () => {
  const site = await new Site().open();
  await site.arm('order.begin_refund/xa.decided=once,recovery.found=error'); // nobody finishes its branch
  const life = new Life(site, []);
  const { order } = await life.buy();
  const request = { request_id: requestId('refund'), order_id: order.order_id, reason: 'faults' };
  const refund = () => site.once('order.OrderService', 'RefundOrder', request, site.shop.key);
  for (const said of [await refund(), await refund(), await refund()]) assert.equal(said.refusal?.reason, 'COMMIT_UNCERTAIN');
  assert.equal(site.deaths, 0);
  await site.arm('');
  const reply = await site.call('order.OrderService', 'RefundOrder', request);
  assert.equal(reply.refund.order_id, order.order_id);
  await life.untilOrder(order, 'REFUNDED');
  await life.check();
  await site.close();
});

test('a repair is asked for again while its own rows are still being committed', { skip: servers().length === 1 && 'needs several servers' }, async () => {
  const site = await new Site().open();
  const life = new Life(site, ['repair']);
  await life.prepare();
  await site.arm('order.repair/xa.decided=once,recovery.found=error');
  const found = (await life.untilReconciled()).find(({ kind }) => kind === 'LOT_MISSING');
  const repair = () => site.once('reconcile.ReconcileService', 'RepairBreak', { request_id: requestId(), break_id: found.break_id, reason: 'faults' }, site.world.adminKey);
  assert.equal((await repair()).refusal?.reason, 'COMMIT_UNCERTAIN');
  const again = repair(); // sees no lot yet, and waits for its row
  await site.start(1); // this one finishes the branch
  const { reply, refusal } = await again;
  assert.equal(reply?.break.state, 'BREAK_STATE_GONE', refusal?.message);
  await life.repair();
  await life.check();
  await site.close();
});
