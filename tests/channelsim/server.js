// The channel over HTTP: see README.md.
import { createServer } from 'node:http';
import { Faults } from './faults.js';
import { Fees } from './fees.js';
import { isMerchant, signedHeaders } from './keys.js';
import { Notifier } from './notifier.js';
import { payPage } from './page.js';
import { Payments } from './payments.js';
import { Payouts } from './payouts.js';
import { Refunds } from './refunds.js';
import { openRelay } from './relay.js';
import { Settlements } from './settlements.js';
import { statement } from './statement.js';

const BODY_MAX = 1 << 20;

async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > BODY_MAX) {
      throw new Error('body too large');
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function answer(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
}

// Starts the channel; resolves with its port, what it has seen, and how to stop it. `fee` is the rule to begin with.
export async function startChannel({ port = 0, keys, relayTo, fee = {}, write = () => {} }) {
  const seen = [];
  const log = (entry) => {
    const line = { time: new Date().toISOString(), ...entry };
    seen.push(line);
    write(line);
  };
  const faults = new Faults();
  const notifier = new Notifier(keys, faults, log);
  const relay = relayTo ? openRelay(relayTo) : null;
  const fees = new Fees(fee);
  const payouts = new Payouts();
  const settlements = new Settlements();
  let payments;
  let refunds;

  // A signed answer, unless a rule spoils it.
  async function answerMerchant(request, response, rule, status, value) {
    const body = JSON.stringify(rule?.fault === 'padded' ? { ...value, padding: '.'.repeat(rule.bytes) } : value);
    log({ what: 'request', method: request.method, path: request.url, status, fault: rule?.fault });
    if (rule?.fault === 'slow') {
      await new Promise((resolve) => setTimeout(resolve, rule.delay_ms ?? 1000));
    }
    if (rule?.fault === 'lost_reply') {
      request.socket.destroy();
      return;
    }
    const failed = rule?.fault === 'error_500';
    response.writeHead(failed ? 500 : status, {
      'content-type': 'application/json',
      ...signedHeaders(keys, body, { forged: rule?.fault === 'forged' }),
      ...(rule?.fault === 'padded' && Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`x-padding-${n}`, '.'.repeat(16000)]))),
    });
    response.end(body);
  }

  async function merchantRequest(request, response, path) {
    const body = (await readBody(request)).toString('utf8');
    if (!isMerchant(keys, request.method, path, request.headers, body)) {
      return answerMerchant(request, response, null, 401, { error: 'BAD_SIGNATURE' });
    }
    if (request.method === 'POST' && path === '/v1/payments') {
      const asked = JSON.parse(body);
      const rule = faults.take('create', asked.merchant_payment_id);
      if (rule?.fault === 'reject') return answerMerchant(request, response, rule, 429, { error: 'TOO_MANY' });
      const payment = payments.create(request.headers['sandbox-merchant'], asked);
      return payment
        ? answerMerchant(request, response, rule, 200, payments.show(payment))
        : answerMerchant(request, response, rule, 409, { error: 'ID_REUSED' });
    }
    const [, date, part] = /^\/v1\/statements\/(\d{4}-\d\d-\d\d)\/(\d+)$/.exec(path) ?? [];
    if (date) {
      return answerMerchant(request, response, null, 200, statement({ payments, refunds, payouts, settlements }, request.headers['sandbox-merchant'], date, Number(part)));
    }
    if (path.startsWith('/v1/refunds')) {
      return refundRequest(request, response, path, body);
    }
    if (path.startsWith('/v1/payouts')) {
      return payoutRequest(request, response, path, body);
    }
    const [, id, verb] = /^\/v1\/payments\/by-merchant-id\/([^/]+)(\/close)?$/.exec(path) ?? [];
    const payment = payments.byMerchantId.get(id);
    const rule = faults.take(verb ? 'close' : 'query', id);
    if (!payment) {
      return answerMerchant(request, response, rule, 404, { error: 'NOT_FOUND' });
    }
    if (verb) {
      payments.move(payment, 'CLOSED');
    }
    return answerMerchant(request, response, rule, 200, payments.show(payment));
  }

  // A rule may let the refund wait (`pending`) or fail (`refuse`) besides spoiling the answer.
  async function refundRequest(request, response, path, body) {
    if (request.method === 'POST') {
      const asked = JSON.parse(body);
      const rule = faults.take('refund', asked.merchant_refund_id);
      if (rule?.fault === 'reject') return answerMerchant(request, response, rule, 429, { error: 'TOO_MANY' });
      const outcome = { pending: 'PENDING', refuse: 'FAILED' }[rule?.fault] ?? 'SUCCEEDED';
      const refund = refunds.create(asked, outcome);
      return refund.error
        ? answerMerchant(request, response, rule, 409, refund)
        : answerMerchant(request, response, rule, 200, refunds.show(refund));
    }
    const [, id] = /^\/v1\/refunds\/by-merchant-id\/([^/]+)$/.exec(path) ?? [];
    const refund = refunds.byMerchantId.get(id);
    const rule = faults.take('query_refund', id);
    if (refund?.state === 'PENDING') refunds.end(refund, rule?.fault === 'refuse' ? 'FAILED' : 'SUCCEEDED');
    return refund
      ? answerMerchant(request, response, rule, 200, refunds.show(refund))
      : answerMerchant(request, response, rule, 404, { error: 'NOT_FOUND' });
  }

  // Whoever asks, for the payout or what became of it, ends one that waits. Rules as for refunds.
  async function payoutRequest(request, response, path, body) {
    const [, id] = /^\/v1\/payouts\/([^/]+)$/.exec(path) ?? [];
    const asked = request.method === 'POST' ? JSON.parse(body) : null;
    const payout = asked ? payouts.create(request.headers['sandbox-merchant'], asked) : payouts.byMerchantId.get(id);
    const rule = faults.take(asked ? 'payout' : 'query_payout', asked?.merchant_payout_id ?? id);
    if (!payout || payout.error) {
      return answerMerchant(request, response, rule, payout ? 409 : 404, payout ?? { error: 'NOT_FOUND' });
    }
    payouts.ask(payout, rule);
    return answerMerchant(request, response, rule, 200, payouts.show(payout));
  }

  async function payerRequest(request, response, id) {
    const payment = payments.byId.get(id);
    if (!payment) {
      return answer(response, 404, { error: 'NOT_FOUND' });
    }
    if (request.method === 'POST') {
      const decision = new URLSearchParams((await readBody(request)).toString('utf8')).get('decision');
      const moved = payments.move(payment, decision === 'pay' ? 'SUCCEEDED' : 'FAILED');
      log({ what: 'decision', decision, payment: payments.show(payment), moved });
      if (moved && faults.take('pay', payment.request.merchant_payment_id)?.fault !== 'hold') {
        notifier.tell(payment, payments.show(payment));
      }
    }
    if ((request.headers.accept ?? '').includes('application/json')) {
      return answer(response, 200, payments.show(payment));
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    return response.end(payPage(payment));
  }

  // What tests may do to the channel; what it gives is the answer.
  const controls = {
    'POST /control/rules': (rules) => faults.add(rules),
    'DELETE /control/rules': () => faults.clear(),
    'POST /control/fee': (rule) => fees.set(rule),
    'POST /control/returns': (asked) => payouts.show(payouts.comeBack(asked.merchant_payout_id, asked.reason)),
    'POST /control/settlements': (asked) => settlements.show(settlements.create(asked)),
    'POST /control/flush': () => notifier.flush(),
    'GET /control/log': () => seen,
  };

  async function controlRequest(request, response, path) {
    const control = controls[`${request.method} ${path}`];
    const body = (await readBody(request)).toString('utf8');
    return control
      ? answer(response, 200, await control(body && JSON.parse(body)) ?? {})
      : answer(response, 404, { error: 'NOT_FOUND' });
  }

  async function relayRequest(request, response, accountId) {
    const error = relay ? await relay.pass(accountId, request.headers, await readBody(request)) : new Error('no relay');
    log({ what: 'relay', account: accountId, code: error?.code ?? 0, details: error?.details });
    return error ? answer(response, 503, { accepted: false }) : answer(response, 200, { accepted: true });
  }

  async function route(request, response) {
    const path = request.url.split('?')[0];
    if (path.startsWith('/v1/')) return merchantRequest(request, response, path);
    if (path.startsWith('/pay/')) return payerRequest(request, response, path.slice('/pay/'.length));
    if (path.startsWith('/control/')) return controlRequest(request, response, path);
    if (path.startsWith('/relay/')) return relayRequest(request, response, path.slice('/relay/'.length));
    return answer(response, path === '/healthz' ? 200 : 404, {});
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error) => answer(response, 400, { error: String(error) }));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${server.address().port}`;
  payments = new Payments(url, fees);
  refunds = new Refunds(payments);
  return {
    url,
    port: server.address().port,
    payments,
    refunds,
    payouts,
    settlements,
    fees,
    faults,
    notifier,
    seen,
    stop: () => new Promise((resolve) => {
      notifier.stop();
      relay?.close();
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
