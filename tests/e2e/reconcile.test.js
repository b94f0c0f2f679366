// Reconciliation: rows that were broken by hand, and money that a channel's statement proves, are found and repaired.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { statement } from '../channelsim/statement.js';
import { bookPayment } from './book.js';
import { beginPayment, decide, givenFulfilledOrder, givenOrder, givenShop, givenSku, orderState, untilState } from './shop.js';
import { BIN, client, query, refused, requestId, startWorld, stopWorld, until } from './world.js';

let world;
let shop;
let sku;
let reconcile;
let hub;
before(async () => {
  world = await startWorld({ settings: 'reconcile: { poll_ms = 50; recheck_ms = 20; };' });
  shop = await givenShop(world);
  ({ sku } = await givenSku(shop, { stock: 100 }));
  reconcile = client(world, 'reconcile.ReconcileService', world.adminKey);
  hub = client(world, 'payment.PaymentHubService', world.adminKey, { business: shop.business.business_id });
});
after(() => stopWorld(world));

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const number = (id) => [...id.split('_')[1]].reduce((sum, letter) => sum * 32n + BigInt(ALPHABET.indexOf(letter)), 0n);
const run = (text) => text.split(';').map((one) => one.trim()).filter(Boolean).forEach((one) => query(world, one));

async function runToEnd(request = {}) {
  const { run: begun } = await reconcile.StartRun({ request_id: requestId('run'), ...request });
  return until('the run is over', async () => {
    const { run: now } = await reconcile.GetRun({ run_id: begun.run_id });
    assert.notEqual(now.state, 'RUN_STATE_FAILED', now.detail);
    return now.state === 'RUN_STATE_DONE' && now;
  });
}
const openBreaks = async (kind = '') => (await reconcile.ListBreaks({ kind, page_size: 200 })).breaks;
const repair = (found, more = {}) =>
  reconcile.RepairBreak({ request_id: requestId('repair'), break_id: found.break_id, reason: 'a test', ...more });

// Finds the break of this kind, tells what its repair would do, does it, and looks at it again.
async function repaired(kind, object, done) {
  const found = (await openBreaks(kind)).find((one) => one.object === object);
  assert.ok(found, `${kind} of ${object} among ${JSON.stringify((await openBreaks()).map((one) => [one.kind, one.object, one.what]))}`);
  const dry = await repair(found, { dry_run: true });
  assert.match(dry.done, done);
  assert.equal(dry.break.state, 'BREAK_STATE_OPEN');
  const real = await repair(found);
  assert.match(real.done, done);
  assert.deepEqual([real.break.state, real.break.reason], ['BREAK_STATE_REPAIRED', 'a test'], real.done);
  assert.deepEqual((await repair(found)).break, real.break); // again: as it is
  return real.break;
}

const lots = async (order) => (await shop.products.ListEntitlements({ user_id: 'u1', page_size: 200 })).lots
  .filter((lot) => lot.order_id === order.order_id);
const stock = async () => {
  const { stock: now } = await shop.products.GetStock({ sku_id: sku.sku_id });
  return [now.available, now.held, now.sold].map(Number);
};
const closedOrder = async () => {
  const order = await givenOrder(shop, sku);
  await shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id });
  return order;
};

// A payment under way whose money the channel has taken, as if our row had been written and the order's had not.
async function unusedMoney(order) {
  const { payment } = await beginPayment(shop, order);
  const id = number(payment.payment_id);
  run(`UPDATE bmt_payment.payments SET state = 3, version = 3, due_time_ms = 0, succeed_time_ms = update_time_ms WHERE payment_id = ${id};
    INSERT INTO bmt_payment.payment_events SELECT payment_id, 3, biz_id, 4, 2, 3, 'a test', '', update_time_ms FROM bmt_payment.payments WHERE payment_id = ${id}`);
  bookPayment(world, id);
  world.channel.payments.move(world.channel.payments.byMerchantId.get(payment.payment_id), 'SUCCEEDED');
  return payment;
}

test('books that balance have no breaks, and a run says what it has looked at', async () => {
  await givenFulfilledOrder(shop, sku);
  const done = await runToEnd();
  assert.deepEqual([done.orders, done.payments, done.breaks, done.new_breaks, done.share_percent], ['1', '1', '0', '0', 100]);
  assert.ok(Number(done.rows) >= 5 && done.end_time);
  assert.equal((await reconcile.ListRuns({})).runs[0].run_id, done.run_id);
  const later = await runToEnd({ from_time: { seconds: Math.floor(Date.now() / 1000) + 60 } });
  assert.deepEqual([later.orders, later.breaks], ['0', '0']);
  const request = { request_id: requestId('run') };
  const { run_id: one } = await runToEnd(request);
  assert.equal((await reconcile.StartRun(request)).run.run_id, one);
  assert.equal((await refused(reconcile.StartRun({ ...request, from_time: { seconds: 5 } }))).reason, 'REQUEST_ID_REUSED');
});

test('what is not there, has no repair, or is not for the caller is refused', async () => {
  assert.equal((await refused(reconcile.GetRun({ run_id: 'run_0000000000001' }))).reason, 'RUN_NOT_FOUND');
  assert.equal((await refused(reconcile.GetBreak({ break_id: 'brk_0000000000001' }))).reason, 'BREAK_NOT_FOUND');
  assert.equal((await refused(repair({ break_id: 'brk_0000000000001' }))).reason, 'BREAK_NOT_FOUND');
  assert.deepEqual(await refused(reconcile.ListBreaks({ kind: 'NONSENSE' })).then(({ reason, metadata }) => [reason, metadata.field]),
    ['FIELD_MALFORMED', 'kind']);
  const merchant = client(world, 'reconcile.ReconcileService', shop.key);
  assert.equal((await refused(merchant.ListBreaks({}))).reason, 'ROLE_NOT_ALLOWED');

  const order = await givenOrder(shop, sku);
  run(`UPDATE bmt_order.orders SET amount_minor = amount_minor + 1 WHERE order_id = ${number(order.order_id)}`);
  assert.equal((await runToEnd()).new_breaks, '1');
  const [found] = await openBreaks();
  assert.deepEqual([found.kind, found.object, found.repair, found.business_id],
    ['ORDER_AMOUNT', order.order_id, 'REPAIR_NONE', shop.business.business_id]);
  assert.match(found.what, /amount 1251 over 1 lines, there are 1 with sum 1250/);
  assert.equal((await refused(repair(found))).reason, 'BREAK_NO_REPAIR');
  await until('the metric tells', async () => (await (await fetch(`http://127.0.0.1:${world.metricsPort}/metrics`)).text())
    .includes('bmt_breaks_open{kind="ORDER_AMOUNT"} 1'));
  const again = await runToEnd();
  assert.deepEqual([again.breaks, again.new_breaks, (await openBreaks()).length], ['1', '0', 1]);

  // Mended by hand: the next run closes it, and no repair is left to do.
  run(`UPDATE bmt_order.orders SET amount_minor = amount_minor - 1 WHERE order_id = ${number(order.order_id)}`);
  assert.equal((await repair(found, { dry_run: true })).done, 'it is not there any more');
  assert.equal((await runToEnd()).gone_breaks, '1');
  const { break: gone } = await reconcile.GetBreak({ break_id: found.break_id });
  assert.deepEqual([gone.state, gone.last_run_id], ['BREAK_STATE_GONE', again.run_id]);
  assert.equal((await reconcile.ListBreaks({ state: 'BREAK_STATE_GONE' })).breaks.length, 1);
});

test('what nothing repairs is closed by hand, and found again is a break of its own', async () => {
  const close = (found, reason) => reconcile.CloseBreak({ request_id: requestId('close'), break_id: found.break_id, reason });
  assert.equal((await refused(close({ break_id: 'brk_0000000000001' }, 'a test'))).reason, 'BREAK_NOT_FOUND');
  const order = await givenOrder(shop, sku);
  run(`UPDATE bmt_order.orders SET amount_minor = amount_minor + 1 WHERE order_id = ${number(order.order_id)}`);
  await runToEnd();
  const [found] = await openBreaks('ORDER_AMOUNT');
  const { break: closed } = await close(found, 'looked at');
  assert.deepEqual([closed.state, closed.reason, closed.break_id, Boolean(closed.ended_by && closed.end_time)],
    ['BREAK_STATE_CLOSED', 'looked at', found.break_id, true]);
  assert.deepEqual((await close(found, 'again')).break, closed); // as it is
  assert.deepEqual((await reconcile.GetBreak({ break_id: found.break_id })).break, closed);
  assert.deepEqual(await openBreaks(), []);
  assert.equal((await runToEnd()).new_breaks, '1');
  const [again] = await openBreaks('ORDER_AMOUNT');
  assert.notEqual(again.break_id, found.break_id);
  run(`UPDATE bmt_order.orders SET amount_minor = amount_minor - 1 WHERE order_id = ${number(order.order_id)}`);
  assert.equal((await runToEnd()).gone_breaks, '1');
});

test('each repair mends what its kind names, and nothing else', async () => {
  const [stuck, bare, held, extra, unused, tooLate] = [await givenFulfilledOrder(shop, sku, { quantity: 2 }), await givenFulfilledOrder(shop, sku),
    await closedOrder(), await closedOrder(), await givenOrder(shop, sku), await givenOrder(shop, sku)];
  const late = await givenOrder(shop, sku);
  const balanced = await stock();
  run(`DELETE FROM bmt_order.order_events WHERE order_id = ${number(stuck.order_id)} AND version > 2;
    UPDATE bmt_order.orders SET state = 2, version = 2, fulfil_time_ms = 0, due_time_ms = 0 WHERE order_id = ${number(stuck.order_id)};
    DELETE FROM bmt_product.entitlement_lots WHERE order_id IN (${number(stuck.order_id)}, ${number(bare.order_id)});
    UPDATE bmt_product.stock_holds SET state = 1 WHERE order_id IN (${number(stuck.order_id)}, ${number(held.order_id)});
    UPDATE bmt_product.stocks SET held = held + 3, sold = sold - 2, available = available - 1 WHERE sku_id = ${number(sku.sku_id)};
    INSERT INTO bmt_product.entitlement_lots SELECT 1, biz_id, 'u1', 1, sku_id, ${number(extra.order_id)}, 1, 1, 1, 0, 0, 1, 2, 1, 1, 1, 1, 0
      FROM bmt_product.stocks WHERE sku_id = ${number(sku.sku_id)}`);
  run(`INSERT INTO bmt_product.stock_holds SELECT 1, sku_id, biz_id, 5, 1, 1, 1, 0 FROM bmt_product.stocks WHERE sku_id = ${number(sku.sku_id)};
    UPDATE bmt_product.stocks SET held = held + 5, available = available - 5 WHERE sku_id = ${number(sku.sku_id)}`);
  await unusedMoney(unused);
  const lateMoney = await unusedMoney(tooLate);
  const known = await unusedMoney(late);
  for (const order of [tooLate, late]) await shop.orders.CancelOrder({ request_id: requestId(), order_id: order.order_id });
  run(`UPDATE bmt_payment.payments SET is_late = 1 WHERE payment_id = ${number(known.payment_id)}`);
  const looked = await runToEnd();
  assert.equal(looked.breaks, looked.new_breaks);

  await repaired('ORDER_STUCK', stuck.order_id, /fulfilled; 1 lines are granted; held stock is sold/);
  assert.equal(await orderState(shop, stuck), 'ORDER_STATE_FULFILLED');
  assert.equal((await lots(stuck))[0].quantity, '2');
  const { events } = await shop.orders.ListOrderEvents({ order_id: stuck.order_id });
  assert.match(events.at(-1).detail, /repair brk_\w+: a test/);
  await repaired('LOT_MISSING', bare.order_id, /1 lines are granted/);
  await repaired('HOLD_STATE', held.order_id, /held stock is released/);
  await repaired('HOLD_STATE', 'ord_0000000000001', /held stock is released/); // of an order that is not there
  await repaired('LOT_EXTRA', extra.order_id, /1 lots are recalled/);
  assert.equal((await lots(extra))[0].state, 'LOT_STATE_RECALLED');
  await repaired('PAYMENT_UNUSED', (await shop.payments.ListPayments({ order_id: unused.order_id })).payments[0].payment_id, /paid and fulfilled/);
  assert.equal(await orderState(shop, unused), 'ORDER_STATE_FULFILLED');
  await repaired('PAYMENT_UNUSED', lateMoney.payment_id, /too late and goes back/);
  await repaired('PAYMENT_LATE', known.payment_id, /too late and goes back/);
  await until('the money went back', () => [lateMoney, known].every(({ payment_id: id }) =>
    [...world.channel.refunds.byMerchantId.values()].some(({ state, request }) => state === 'SUCCEEDED' && request.merchant_payment_id === id)));
  // Two orders were pending before and are closed now; one was and is sold now.
  const [available, heldUnits, sold] = balanced;
  assert.deepEqual(await stock(), [available + 2, heldUnits - 3, sold + 1]);

  const after = await runToEnd();
  assert.equal(after.breaks, '0', JSON.stringify(await openBreaks()));
});

const today = () => new Date().toISOString().slice(0, 10);
const fileOf = (more = {}, lines = undefined) => {
  const file = statement(world.channel, shop.account.merchant ?? shop.business.code, today(), 1);
  return Buffer.from(JSON.stringify({ ...file, ...(lines && { lines }), ...more }));
};
const importFile = (file, more = {}) => hub.ImportStatement({
  request_id: requestId('statement'), channel_account_id: shop.account.channel_account_id, date: today(), file, ...more });

test('a statement that is not the account\'s, or not a statement, is refused whole', async () => {
  const cases = [
    [{ file: Buffer.from('nonsense') }, 'STATEMENT_UNREADABLE', /not in the channel's format/],
    [{ file: fileOf({ merchant: 'other' }) }, 'STATEMENT_UNREADABLE', /of another merchant/],
    [{ file: fileOf({ date: '2026-01-01' }) }, 'STATEMENT_UNREADABLE', /of another day/],
    [{ file: fileOf({ part: 2 }) }, 'STATEMENT_UNREADABLE', /which part/],
    [{ file: fileOf({}, [{ type: 'PAYMENT' }]) }, 'STATEMENT_UNREADABLE', /line 1/],
    [{ file: fileOf({}, [{ ...JSON.parse(fileOf()).lines[0], fee_minor: 1251 }]) }, 'STATEMENT_UNREADABLE', /line 1/],
    [{ date: '2026-02-30' }, 'FIELD_MALFORMED', /a day such as/],
    [{ date: '2026-2-3' }, 'FIELD_MALFORMED', /a day such as/],
    [{ channel_account_id: 'chn_0000000000001' }, 'CHANNEL_ACCOUNT_NOT_FOUND', /does not exist/],
  ];
  for (const [more, reason, message] of cases) {
    const refusal = await refused(importFile(fileOf(), more));
    assert.equal(refusal.reason, reason);
    assert.match(refusal.message, message);
  }
  assert.equal(query(world, 'SELECT COUNT(*) FROM bmt_payment.statements'), '0');
  assert.equal(query(world, 'SELECT COUNT(*) FROM bmt_payment.statement_lines'), '0');
});

test('money that only the statement knows of is found, and applied by its repair', async () => {
  const order = await givenOrder(shop, sku);
  const { payment } = await beginPayment(shop, order);
  world.channel.faults.add([{ op: 'pay', fault: 'hold' }, { op: 'query', fault: 'error_500', times: 1000 }]);
  await decide(payment);
  const file = fileOf();
  const seen = await importFile(file);
  const { lines } = JSON.parse(file);
  assert.deepEqual([Number(seen.lines), Number(seen.matched), seen.differences, seen.is_complete], [lines.length, lines.length - 1, '1', true]);
  assert.deepEqual([seen.shown[0].object_id, seen.shown[0].explanation], [payment.payment_id, 'the channel moved the money, ours is PENDING']);
  assert.equal((await importFile(file)).lines, seen.lines); // the same file again
  assert.equal((await refused(importFile(fileOf({}, lines.slice(1))))).reason, 'STATEMENT_TAKEN');
  assert.equal(query(world, 'SELECT line_count FROM bmt_payment.statements'), String(lines.length));

  assert.equal((await runToEnd()).breaks, '1');
  await repaired('STATEMENT_UNPROVEN', payment.payment_id, /as the statement proves/);
  await untilState(shop, order, 'FULFILLED');
  world.channel.faults.clear();
  assert.equal((await runToEnd()).breaks, '0');
});

test('money that nobody knows of, and money that the channel does not know of, are breaks that people look at', async () => {
  const [known] = JSON.parse(fileOf()).lines;
  const tomorrow = new Date(Date.now() + 86400000).toISOString().slice(0, 10);
  const lines = [{ ...known, merchant_id: 'pay_0000000000001', channel_id: 'cp_strange' }, known, { ...known, merchant_id: 'not ours' }];
  const seen = await importFile(fileOf({ date: tomorrow }, lines), { date: tomorrow });
  assert.deepEqual([seen.matched, seen.differences, seen.shown.map(({ line_no: at }) => at)], ['1', '2', [1, 3]]);
  const unlisted = await givenFulfilledOrder(shop, sku); // today, after today's statement was made
  await runToEnd();
  const found = await openBreaks();
  assert.deepEqual(found.map((one) => one.kind).sort(),
    ['STATEMENT_MISSING', 'STATEMENT_TWICE', 'STATEMENT_UNKNOWN', 'STATEMENT_UNKNOWN']);
  assert.equal(found.find((one) => one.kind === 'STATEMENT_MISSING').object,
    (await shop.payments.ListPayments({ order_id: unlisted.order_id })).payments[0].payment_id);
  assert.equal(found.find((one) => one.kind === 'STATEMENT_TWICE').object, known.merchant_id);
  for (const one of found) assert.equal((await refused(repair(one))).reason, 'BREAK_NO_REPAIR');
  const page = await reconcile.ListBreaks({ page_size: 3 });
  const rest = await reconcile.ListBreaks({ page_size: 3, page_token: page.next_page_token });
  assert.deepEqual([...page.breaks, ...rest.breaks].map((one) => one.break_id), found.map((one) => one.break_id));
  run('DELETE FROM bmt_payment.statements; DELETE FROM bmt_payment.statement_lines; DELETE FROM bmt_payment.statement_parts');
  assert.equal((await runToEnd()).gone_breaks, '4');
});

test('a refund that failed here and is in the statement is proven, and takes back what it paid', async () => {
  const order = await givenFulfilledOrder(shop, sku);
  world.channel.faults.add([{ op: 'refund', fault: 'refuse' }]);
  const { refund } = await shop.orders.RefundOrder({ request_id: requestId(), order_id: order.order_id, reason: 'not wanted' });
  assert.equal(refund.state, 'REFUND_STATE_FAILED');
  assert.equal(await orderState(shop, order), 'ORDER_STATE_FULFILLED');
  const atChannel = world.channel.refunds.byMerchantId.get(refund.refund_id);
  world.channel.refunds.end(atChannel, 'SUCCEEDED'); // it said so, and paid after all
  atChannel.failure = '';
  const seen = await importFile(fileOf());
  assert.deepEqual(seen.shown.map(({ object_id: id, explanation }) => [id, explanation]), [[refund.refund_id, 'the channel moved the money, ours is FAILED']]);

  assert.equal((await runToEnd()).breaks, '1');
  await repaired('STATEMENT_UNPROVEN', refund.refund_id, /the refund has succeeded, as the statement proves/);
  assert.equal(await orderState(shop, order), 'ORDER_STATE_REFUNDED');
  assert.deepEqual((await lots(order)).map(({ state }) => state), ['LOT_STATE_RECALLED']);
  run('DELETE FROM bmt_payment.statements; DELETE FROM bmt_payment.statement_lines; DELETE FROM bmt_payment.statement_parts');
  assert.equal((await runToEnd()).breaks, '0', JSON.stringify(await openBreaks()));
});

test('the channel\'s fee is kept with the payment, and a statement that tells another one is a break', async () => {
  world.channel.fees.set({ basis_points: 250, fixed_minor: 5 });
  const order = await givenFulfilledOrder(shop, sku);
  world.channel.fees.set({});
  const [payment] = (await shop.payments.ListPayments({ order_id: order.order_id })).payments;
  assert.deepEqual([payment.amount.amount_minor, payment.fee_minor], ['1250', '36']);
  assert.equal((await shop.payments.GetPayment({ payment_id: payment.payment_id })).payment.fee_minor, '36');

  const asked = { merchant_payout_id: 'pyo_0000000000005', amount_minor: 700, currency: 'EUR', account: 'DE02' };
  const { payouts, settlements } = world.channel;
  payouts.ask(payouts.create(shop.account.merchant, asked));
  payouts.comeBack(asked.merchant_payout_id);
  settlements.create({ merchant: shop.account.merchant, amount_minor: 9000, currency: 'EUR' });
  const ours = ({ type, merchant_id: id }) => id === payment.payment_id || ['PAYOUT', 'RETURN', 'SETTLEMENT'].includes(type);
  const lines = JSON.parse(fileOf()).lines.filter(ours);
  payouts.byMerchantId.clear();
  settlements.list.length = 0;
  assert.deepEqual(lines.map((one) => [one.type, one.fee_minor]), [['PAYMENT', 36], ['PAYOUT', 0], ['RETURN', 0], ['SETTLEMENT', 0]]);
  const good = await importFile(fileOf({}, lines)); // payouts are compared by reconciliation, settlements by nobody
  assert.deepEqual([good.lines, good.matched, good.differences], ['4', '1', '0']);
  assert.equal(query(world, 'SELECT GROUP_CONCAT(CONCAT_WS(" ", kind, object_id, amount_minor, fee_minor) ORDER BY line_no) FROM bmt_payment.statement_lines'),
    `1 ${number(payment.payment_id)} 1250 36,3 5 700 0,4 5 700 0,5 0 9000 0`);
  assert.equal((await runToEnd()).breaks, '2', JSON.stringify(await openBreaks()));
  const strange = await openBreaks('STATEMENT_UNKNOWN');
  assert.deepEqual(strange.map(({ what, repair: proposed }) => [what, proposed]), ['took back', 'paid out'].map((word) =>
    [`the channel ${word} 700 minor units for a payout that its account does not have`, 'REPAIR_NONE']));
  run('DELETE FROM bmt_payment.statements; DELETE FROM bmt_payment.statement_lines; DELETE FROM bmt_payment.statement_parts');

  const other = await importFile(fileOf({}, [{ ...lines[0], fee_minor: 35 }]));
  assert.deepEqual([other.matched, other.differences, other.shown[0].object_id, other.shown[0].explanation],
    ['0', '1', payment.payment_id, 'the channel kept a fee of 35 EUR, ours says 36']);
  assert.equal((await runToEnd()).breaks, '1');
  const [found] = await openBreaks('STATEMENT_FEE');
  assert.deepEqual([found.object, found.what, found.repair], [payment.payment_id, 'the channel kept a fee of 35 minor units, ours says 36', 'REPAIR_NONE']);
  assert.equal((await refused(repair(found))).reason, 'BREAK_NO_REPAIR');
  run('DELETE FROM bmt_payment.statements; DELETE FROM bmt_payment.statement_lines; DELETE FROM bmt_payment.statement_parts');
  assert.equal((await runToEnd()).gone_breaks, '1');
});

test('bmtctl runs, lists, shows what a repair would do, and does it once confirmed', async () => {
  const order = await closedOrder();
  const ctl = (...args) => {
    const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', BMT_ADDRESS: `127.0.0.1:${world.port}`, BMT_API_KEY: world.adminKey, BMT_BUSINESS: shop.business.business_id };
    const done = spawnSync(join(dirname(BIN), 'clients/bmtctl'), args, { encoding: 'utf8', timeout: 60000, env });
    return { code: done.status, out: done.stdout, err: done.stderr };
  };
  run(`UPDATE bmt_product.stock_holds SET state = 1 WHERE order_id = ${number(order.order_id)};
    UPDATE bmt_product.stocks SET held = held + 1, available = available - 1 WHERE sku_id = ${number(sku.sku_id)}`);
  const found = ctl('reconcile', 'run');
  assert.deepEqual([found.code, /breaks +1/.test(found.out)], [1, true], found.out + found.err);
  const [id] = ctl('reconcile', 'list', '-q').out.trim().split('\n');
  assert.match(ctl('reconcile', 'show', id).out, /REPAIR_SETTLE_HOLD/);
  const look = ctl('reconcile', 'repair', id, '--dry-run', 'true');
  assert.deepEqual([look.code, /repair: held stock is released/.test(look.err)], [0, true], look.err);
  assert.deepEqual([ctl('reconcile', 'repair', id).code, ctl('reconcile', 'repair', id, '--reason', 'x').code], [2, 2]);
  assert.equal(JSON.parse(ctl('reconcile', 'show', id, '-o', 'json').out).break.state, 'BREAK_STATE_OPEN');
  const done = ctl('reconcile', 'repair', id, '--reason', 'a test', '--yes', '-o', 'json');
  assert.equal(JSON.parse(done.out).break.state, 'BREAK_STATE_REPAIRED', done.err);
  assert.equal(ctl('reconcile', 'run').code, 0);
  assert.equal(ctl('reconcile', 'close', id).code, 2); // without a reason
  const closed = ctl('reconcile', 'close', id, '--reason', 'x', '--yes', '-o', 'json');
  assert.equal(JSON.parse(closed.out).break.state, 'BREAK_STATE_REPAIRED', closed.err); // it had ended before
  assert.equal(ctl('reconcile', 'runs', '-q').out.trim().split('\n')[0].slice(0, 4), 'run_');
  const path = join(world.folder, 'statement.json');
  writeFileSync(path, fileOf());
  const imported = ctl('channel', 'import', shop.account.channel_account_id, '--date', today(), '--file', path, '-o', 'json');
  assert.equal(JSON.parse(imported.out).differences, '0', imported.err);
  assert.equal(ctl('channel', 'import', shop.account.channel_account_id, '--date', today(), '--file', '/nonexistent').code, 2);
});
