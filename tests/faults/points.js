// THE list of fail points, with the part of a purchase's life (life.js) that passes each. Tidy holds the names against
// the sources, both ways. Those of PROTOCOL are passed within a plan or a job: `order.place/sql.after_commit`.

export const FLOWS = {
  purchase: [
    'place_order.priced', 'place_order.decided', 'place_order.recorded',
    'begin_payment.locked', 'begin_payment.recorded',
    'ask_channel.asking', 'ask_channel.answered', 'ask_channel.back', 'ask_channel.applied',
    'complete_payment.locked', 'complete_payment.paid', 'complete_payment.moved', 'complete_payment.kept',
    'order_paid.moved', 'order_paid.sold', 'order_paid.granted',
    'confirm_order.locked', 'confirm_order.moved', 'confirm_order.ended',
    'settlement_jobs.found', 'clear_order.locked', 'clear_order.moved', 'clear_order.entered',
    'begin_refund.locked', 'begin_refund.moved', 'begin_refund.recorded',
    'ask_refund.asking', 'ask_refund.answered', 'ask_refund.back', 'ask_refund.applied',
    'complete_refund.locked', 'complete_refund.moved', 'complete_refund.order_moved', 'complete_refund.recalled', 'book_money.reversed',
    'close_order.locked', 'close_order.moved', 'close_order.released',
  ],
  timers: ['payment_jobs.turn_taken', 'order_jobs.expired_found', 'order_jobs.unconfirmed_found'],
  late: ['payment_jobs_refund.turn_taken'],
  reopened: ['reopen_order.held'],
  paidout: [
    'settlement_jobs.periods_found', 'open_period.opened', 'settlement_jobs.statements_found', 'gather_statement.taken',
    'begin_payout.locked', 'begin_payout.recorded', 'begin_payout.moved',
    'ask_payout.asking', 'ask_payout.answered', 'ask_payout.back', 'ask_payout.applied', 'ask_payout.turn_taken',
    'complete_payout.locked', 'complete_payout.moved', 'complete_payout.statement_moved',
  ],
  charge: ['create_payment.decided'],
  disputed: ['open_dispute.locked', 'open_dispute.noted', 'close_dispute.locked', 'close_dispute.noted'],
  partner: ['create_partner.looked', 'create_split_rule.checked', 'create_split_rule.looked'],
  repair: [
    'reconcile.begun', 'reconcile.recorded', 'repair_break.acted',
    'repair_order.locked', 'repair_order.fulfilled', 'repair_order.granted', 'repair_payment.locked', 'repair_payment.line_found',
  ],
};

// Passed by everything, or by what is started first.
export const EVERYWHERE = ['sql.connect', 'sql.statement', 'arena.grow', 'job.leased'];

// In servers that find what another one has left: a server dies at the first point, the next one is at the second.
export const RECOVERY = ['recovery.found', 'recovery.settled', 'recovery.branch'];

export const PROTOCOL = {
  one: ['batch.begun', 'sql.statement', 'sql.before_commit', 'sql.after_commit', 'batch.committed'],
  xa: ['xa.start', 'xa.branch', 'xa.end', 'xa.prepare', 'xa.prepared', 'xa.before_decision', 'xa.decided', 'xa.commit', 'xa.finished'],
  job: ['sql.before_commit', 'sql.after_commit', 'job.worked'],
};

// Plans, the part that runs each, and whether it writes on other servers than its own where there are several.
export const PLANS = [
  ['order.place', 'purchase', true],
  ['payment.begin', 'purchase', true],
  ['payment.complete', 'purchase', true],
  ['order.confirm', 'purchase', false],
  ['settlement.clear', 'purchase', false],
  ['order.begin_refund', 'purchase', true],
  ['payment.complete_refund', 'purchase', true],
  ['order.cancel', 'purchase', true],
  ['order.expire', 'timers', true],
  ['order.confirm_due', 'timers', false],
  ['payment.create', 'charge', false],
  ['payment.refund', 'charge', false],
  ['payment.offer', 'offered', false],
  ['payment.create_agreement', 'agreed', false],
  ['payment.accept_agreement', 'agreed', false],
  ['settlement.create_partner', 'partner', false],
  ['settlement.update_partner', 'partner', false],
  ['settlement.create_rule', 'partner', false],
  ['settlement.adjust', 'partner', false],
  ['settlement.open_dispute', 'disputed', false],
  ['settlement.close_dispute', 'disputed', false],
  ['settlement.open_period', 'paidout', false],
  ['settlement.close_statement', 'paidout', false],
  ['settlement.gather_statement', 'paidout', false],
  ['settlement.approve_statement', 'paidout', false],
  ['settlement.begin_payout', 'paidout', false],
  ['settlement.complete_payout', 'paidout', false],
  ['order.repair', 'repair', true],
  ['payment.repair', 'repair', true],
];
const JOBS = [['payment.ask_channel', 'timers'], ['payment.ask_refund', 'late'], ['settlement.ask_payout', 'paidout']];

// Every fail point, on one server or spread over several: { name, part, isAlone, before }; `before` is where the server before it has died.
export function allPoints(isSpread) {
  const inFlows = Object.entries(FLOWS).flatMap(([part, names]) => names.map((name) => ({ name, part })));
  const within = PLANS.flatMap(([plan, part, spans]) => [...PROTOCOL.one, ...(isSpread && spans ? PROTOCOL.xa : [])]
    .map((name) => ({ name: `${plan}/${name}`, part })));
  const ofJobs = JOBS.flatMap(([job, part]) => PROTOCOL.job.map((name) => ({ name: `${job}/${name}`, part })));
  const first = EVERYWHERE.map((name) => ({ name, part: 'purchase', isAlone: true }));
  const recovery = isSpread ? RECOVERY.flatMap((name) => ['xa.prepared', 'xa.decided']
    .map((before) => ({ name, part: 'purchase', isAlone: true, before: `order.place/${before}` }))) : [];
  return [...inFlows, ...within, ...ofJobs, ...first, ...recovery];
}

// By which statement a transaction of each flow is known, in each module that it writes to; and the part that runs it,
// where it is not a purchase.
const STORIES = [
  ['place', { order: /INSERT INTO bmt_order\.order_lines/, product: /INSERT INTO bmt_product\.stock_holds/ }],
  ['pay', { order: /UPDATE bmt_order\.orders\s+SET payment_id = /, payment: /INSERT INTO bmt_payment\.payments/ }],
  ['money', { order: /INSERT INTO bmt_settlement\.clearings/, product: /INSERT INTO bmt_product\.entitlement_lots/, payment: /UPDATE bmt_payment\.payments\s+SET state = / }],
  ['confirm', { order: /UPDATE bmt_settlement\.clearings/ }],
  ['clear', { order: /INSERT INTO bmt_settlement\.postings/ }],
  ['refund', { order: /INSERT INTO bmt_order\.refunds/, payment: /INSERT INTO bmt_payment\.refunds/ }],
  ['return', { order: /UPDATE bmt_order\.order_lines/, product: /UPDATE bmt_product\.entitlement_lots/, payment: /UPDATE bmt_payment\.refunds/ }],
  ['cancel', { product: /UPDATE bmt_product\.stock_holds/ }],
  ['period', { order: /INSERT INTO bmt_settlement\.partner_statements/ }, 'paidout'],
  ['close', { order: /INSERT INTO bmt_settlement\.partner_statement_chunks/ }, 'paidout'],
  ['approve', { order: /INSERT INTO bmt_settlement\.statement_approvals/ }, 'paidout'],
  ['pay out', { order: /INSERT INTO bmt_settlement\.payouts/ }, 'paidout'],
  ['paid out', { order: /UPDATE bmt_settlement\.payouts\s+SET state = / }, 'paidout'],
];
const HOME = { work: null, decision: /txn_decisions/, commit: /^COMMIT/ };
const BRANCH = { work: null, end: /^XA END/, prepare: /^XA PREPARE/, commit: /^XA COMMIT/ };

// Every statement that decides, of each flow on each server: { name, part, server, when, after }.
export function allStatements(isSpread) {
  return STORIES.flatMap(([flow, modules, part = 'purchase']) => Object.entries(modules).flatMap(([module, after]) => {
    const isHome = !isSpread || module === 'order';
    const isAlone = !isSpread || Object.keys(modules).join() === 'order'; // on one server: nothing to decide but the commit
    return Object.entries(isHome ? HOME : BRANCH).filter(([verb]) => verb !== 'decision' || !isAlone)
      .map(([verb, when]) => ({ name: `${flow}: ${verb} in ${module}`, part, server: isHome ? 'db' : `db-${module}`, when: when ?? after, after }));
  }));
}

// Calls of a channel, and the part of the life that makes each.
export const CHANNEL_CALLS = [['create', 'purchase'], ['query', 'purchase'], ['refund', 'purchase'], ['close', 'timers'], ['query_refund', 'late'],
  ['payout', 'paidout'], ['query_payout', 'paidout']];

// Those that a soak passes, at least the replica that has the jobs: hot ones at each transaction, the others now and then.
export function soakPoints(isSpread) {
  const hot = ['arena.grow', ...PROTOCOL.one, ...(isSpread ? PROTOCOL.xa : [])];
  const cool = [...FLOWS.purchase, ...FLOWS.timers, ...FLOWS.late, 'job.leased', ...(isSpread ? RECOVERY : [])];
  return [...hot.map((name) => ({ name, passesMax: 400 })), ...cool.map((name) => ({ name, passesMax: 20 }))];
}

// Every name, without plans and jobs.
export const names = (isSpread) => [...new Set([...EVERYWHERE, ...Object.values(FLOWS).flat(), ...PROTOCOL.one, ...PROTOCOL.job,
  ...(isSpread ? [...PROTOCOL.xa, ...RECOVERY] : [])])];
