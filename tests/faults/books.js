// What must be true when the faults are over: recovery ends, and everything that anyone was told still holds.
import { isDeepStrictEqual } from 'node:util';
import { statement } from '../channelsim/statement.js';
import { client, query, requestId, until, verify } from '../e2e/world.js';
import { fleetClient, preparedBranches } from './fleet.js';
import { lasting } from './lasting.js';

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// The text of an id, as the platform shows it.
export function idText(prefix, id) {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz';
  let text = '';
  for (let left = BigInt(id), i = 0; i < 13; i += 1, left >>= 5n) text = digits[Number(left & 31n)] + text;
  return `${prefix}_${text}`;
}

// Waits until no branch of ours is prepared; resolves with how long that took and the oldest one seen.
export async function untilRecovered(fleet, limitMs = 60000) {
  const begin = Date.now();
  let oldestMs = 0;
  for (;;) {
    const left = preparedBranches(fleet);
    oldestMs = Math.max(oldestMs, ...left.map(({ ageMs }) => ageMs));
    if (left.length === 0) return { recoveryMs: Date.now() - begin, oldestMs };
    if (Date.now() - begin > limitMs) throw new Error(`still prepared: ${left[0].data}`);
    await pause(100);
  }
}

// Moves the clock until every payment and refund has its channel's word.
export async function untilSettled(fleet, sandbox) {
  const open = () => Number(query(fleet.world, 'SELECT COUNT(*) FROM bmt_payment.payments WHERE state IN (1, 2, 6)'))
    + Number(query(fleet.world, 'SELECT COUNT(*) FROM bmt_payment.refunds WHERE state IN (1, 2, 5)'));
  for (let i = 0; open() > 0; i += 1) {
    if (i === 40) throw new Error(`${open()} payments or refunds did not find their end`);
    await sandbox.call('AdvanceClock', { request_id: `settle-${Date.now()}-${i}`, by: { seconds: 3700 } });
    for (let k = 0; k < 40 && open() > 0; k += 1) await pause(250);
  }
  const due = () => Number(query(fleet.world, 'SELECT COUNT(*) FROM bmt_order.orders WHERE state = 1'));
  for (let i = 0; i < 240 && due() > 0; i += 1) await pause(250);
  if (due() > 0) throw new Error(`${due()} orders that nobody paid did not close`);
}

function rows(fleet, text) {
  const out = query(fleet.world, text);
  return out ? out.split('\n').map((line) => line.split('\t')) : [];
}

// Every order and refund that was acknowledged is there, with the amount that was said.
export function checkJournal(fleet, customers) {
  const breaks = [...customers.breaks];
  const stored = new Map(rows(fleet, 'SELECT request_id, order_id, amount_minor, user_id FROM bmt_order.orders')
    .map(([request, id, amount, user]) => [request, { orderId: idText('ord', id), amount, user }]));
  for (const [requestId, { request, orderId, amount }] of customers.journal) {
    const row = stored.get(requestId);
    if (!row || row.orderId !== orderId || row.amount !== amount || row.user !== request.user_id) {
      breaks.push(`order ${orderId} of ${requestId} over ${amount} is ${JSON.stringify(row)}`);
    }
  }
  const refunds = new Map(rows(fleet, 'SELECT request_id, refund_id, order_id, amount_minor FROM bmt_order.refunds')
    .map(([request, id, order, amount]) => [request, { refundId: idText('rfd', id), orderId: idText('ord', order), amount }]));
  for (const [requestId, told] of customers.refunds) {
    const row = refunds.get(requestId);
    if (!isDeepStrictEqual(row, { refundId: told.refundId, orderId: told.orderId, amount: told.amount })) {
      breaks.push(`refund ${told.refundId} of ${requestId} over ${told.amount} is ${JSON.stringify(row)}`);
    }
  }
  return breaks;
}

// A sample of requests is sent once more: the answers are those of before.
export async function checkRepeats(fleet, customers, random, max = 20000) {
  const orders = fleetClient(fleet, 'order.OrderService', customers.shop.key, random);
  const breaks = [];
  const all = [...customers.journal.values()].filter(() => customers.journal.size <= max || random.chance(max / customers.journal.size));
  for (let at = 0; at < all.length; at += 100) {
    const piece = all.slice(at, at + 100);
    const said = await orders.call('BatchCreateOrders', { request_id: `again-${at}-${Date.now()}`, orders: piece.map(({ request }) => request) });
    piece.forEach(({ orderId, amount }, i) => {
      const { order, refusal } = said?.reply?.results[i] ?? {};
      if (order?.order_id !== orderId || order.total.amount_minor !== amount) breaks.push(`${orderId} is answered with ${order?.order_id ?? refusal?.reason}`);
    });
  }
  const acts = customers.acts.filter(() => customers.acts.length <= max || random.chance(max / customers.acts.length));
  for (let at = 0; at < acts.length; at += 50) {
    await Promise.all(acts.slice(at, at + 50).map(async ({ method, request, told }) => {
      const said = await orders.call(method, request);
      const now = said?.reply && lasting(method, said.reply);
      if (!isDeepStrictEqual(now, told)) breaks.push(`${method} ${request.request_id} was answered with ${JSON.stringify(told)}, now with ${JSON.stringify(now ?? said?.refusal)}`);
    }));
  }
  return { breaks, n: all.length + acts.length };
}

// Money in = money out + what the orders hold by their states. In and out are the channel's own books.
export function checkMoney(fleet) {
  const { payments, refunds } = fleet.world.channel;
  const sum = (objects) => [...objects.values()].filter(({ state }) => state === 'SUCCEEDED').reduce((all, { request }) => all + Number(request.amount_minor), 0);
  const [inMinor, outMinor] = [sum(payments.byMerchantId), sum(refunds.byMerchantId)];
  const held = Number(query(fleet.world, 'SELECT COALESCE(SUM(amount_minor - refunded_minor), 0) FROM bmt_order.orders WHERE state IN (2, 3, 4, 5, 7, 8)'));
  return { breaks: inMinor === outMinor + held ? [] : [`in ${inMinor} is not out ${outMinor} + held by orders ${held}`], inMinor, outMinor, held };
}

// The channel's own books against ours: each movement of money is in both, once.
export function checkChannel(fleet) {
  const breaks = [];
  const compare = (what, theirs, ours) => {
    for (const [id, amount] of theirs) if (ours.get(id) !== amount) breaks.push(`${what} ${id}: the channel has ${amount}, we have ${ours.get(id)}`);
    for (const [id, amount] of ours) if (!theirs.has(id)) breaks.push(`${what} ${id}: we have ${amount}, the channel has none`);
  };
  const { payments, refunds } = fleet.world.channel;
  const taken = [...payments.byMerchantId.values()].filter(({ state }) => state === 'SUCCEEDED');
  const given = [...refunds.byMerchantId.values()].filter(({ state }) => state === 'SUCCEEDED');
  compare('payment', new Map(taken.map(({ request }) => [request.merchant_payment_id, request.amount_minor])),
    new Map(rows(fleet, 'SELECT payment_id, amount_minor FROM bmt_payment.payments WHERE state = 3').map(([id, amount]) => [idText('pay', id), Number(amount)])));
  compare('refund', new Map(given.map(({ request }) => [request.merchant_refund_id, request.amount_minor])),
    new Map(rows(fleet, 'SELECT refund_id, amount_minor FROM bmt_payment.refunds WHERE state = 3').map(([id, amount]) => [idText('rfd', id), Number(amount)])));
  return { breaks, payments: taken.length, refunds: given.length };
}

export function checkBooks(fleet) {
  try {
    return { breaks: [], report: verify(fleet.world) };
  } catch (error) {
    return { breaks: [error.message], report: '' };
  }
}

// Every day's statement of the channel is imported: each of its lines must agree with a payment or a refund.
export async function checkStatements(fleet, shop) {
  const { channel } = fleet.world;
  const hub = client(fleet.world, 'payment.PaymentHubService', fleet.world.adminKey, { business: shop.businessId, port: fleet.ports[0] });
  const moved = [...channel.payments.byId.values(), ...channel.refunds.byMerchantId.values()].filter((one) => one.movedAt);
  const days = new Set(moved.map((one) => new Date(one.movedAt).toISOString().slice(0, 10)));
  const breaks = [];
  let lines = 0;
  for (const date of days) {
    for (let part = 1, parts = 1; part <= parts; part += 1) {
      const file = statement(channel, shop.merchant, date, part);
      parts = file.parts;
      const seen = await hub.ImportStatement({ request_id: requestId('statement'), channel_account_id: shop.accountId, date, file: Buffer.from(JSON.stringify(file)) });
      lines += Number(seen.lines);
      breaks.push(...seen.shown.map((one) => `statement of ${date}: ${one.object_id} ${one.explanation}`));
    }
  }
  return { breaks, lines };
}

// Late money whose refund the lying channel has refused stays with us, and reconciliation says so: its repair asks the
// channel once more.
async function repairLateMoney(fleet, reconcile, sandbox) {
  const { breaks } = await reconcile.ListBreaks({ page_size: 200, kind: 'PAYMENT_LATE' });
  for (const one of breaks) await reconcile.RepairBreak({ request_id: requestId('repair'), break_id: one.break_id, reason: 'soak' });
  if (breaks.length > 0) await untilSettled(fleet, sandbox);
  return breaks.length;
}

// Reconciliation, which ran beside everything, has one run more to do: after that no break is open.
export async function checkReconciliation(fleet, sandbox) {
  const reconcile = client(fleet.world, 'reconcile.ReconcileService', fleet.world.adminKey, { port: fleet.ports[0] });
  const runToEnd = async () => {
    const { run } = await reconcile.StartRun({ request_id: requestId('run') });
    await until('the run is over', async () => (await reconcile.GetRun({ run_id: run.run_id })).run.state === 'RUN_STATE_DONE', 300000);
  };
  await runToEnd();
  const repaired = await repairLateMoney(fleet, reconcile, sandbox);
  if (repaired > 0) await runToEnd();
  const { breaks } = await reconcile.ListBreaks({ page_size: 200 });
  return {
    repaired,
    runs: Number(query(fleet.world, 'SELECT COUNT(*) FROM bmt_platform.reconcile_runs WHERE state = 3')),
    passing: Number(query(fleet.world, 'SELECT COUNT(*) FROM bmt_platform.breaks')) - breaks.length - repaired,
    breaks: breaks.map((one) => `${one.kind} ${one.object}: ${one.what}`),
  };
}
