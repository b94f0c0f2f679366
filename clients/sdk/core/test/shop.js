// A gateway that is none: a `fetch` over orders and payments in memory that keeps the promises of the protos (requests are
// answered once for ever by their request_id), fails as it is told to, and counts what a payer would be charged.
const ORDER = 'bmt.order.v1.OrderService';
const HUB = 'bmt.payment.v1.PaymentHubService';
export const CHANNELS = [{ channelAccountId: 'chn_1', channel: 'sandbox', title: 'Sandbox' }, { channelAccountId: 'chn_2', channel: 'other', title: 'Other' }];
const OPEN = ['CREATED', 'PENDING', 'UNKNOWN'];

// What the gateway answers to an error.
export const refusal = (code, reason, metadata = {}, status = 400) =>
  ({ status, body: { code, message: reason.toLowerCase(), details: [{ type: 'google.rpc.ErrorInfo', value: '', debug: { reason, metadata } }] } });

// A clock that moves when it is told to: `pass` runs what comes due, in order, and lets everything else come to rest.
export function createClock(start = Date.UTC(2026, 6, 1)) {
  let now = start;
  let timers = [];
  const rest = async () => {
    for (let i = 0; i < 12; i += 1) await new Promise(setImmediate);
  };
  return {
    now: () => now,
    set: (work, ms) => {
      const timer = { work, at: now + ms };
      timers.push(timer);
      return timer;
    },
    clear: (timer) => { timers = timers.filter((one) => one !== timer); },
    random: () => 0.5,
    rest,
    timers: () => timers.length,
    pass: async (ms) => {
      await rest();
      for (const end = now + ms; ;) {
        const [next] = [...timers].sort((a, b) => a.at - b.at);
        if (!next || next.at > end) {
          now = end;
          return rest();
        }
        timers = timers.filter((one) => one !== next);
        now = Math.max(now, next.at);
        next.work();
        await rest();
      }
    },
  };
}

export function openShop(clock) {
  const orders = new Map();
  const quotes = new Map();
  const accepted = new Map(); // by template: what was accepted
  const payments = new Map();
  const answers = new Map(); // by request_id: what was asked, and what is answered
  const faults = [];
  const streams = new Set();
  const calls = [];
  const shop = { clock, orders, payments, calls, streams, behindMs: 0, heldMs: 900000, tokens: new Set(['token']), first: 'PENDING', agreements: [], accepted, quotes, quoteMs: 600000, looking: 0, lookingMost: 0 };
  const time = (ms = 0) => new Date(clock.now() - shop.behindMs + ms).toISOString();

  const moved = (order, state, more = {}) => {
    Object.assign(order, { state: `ORDER_STATE_${state}`, version: order.version + 1, updateTime: time(), ...more });
    if (state !== 'PENDING_PAYMENT') delete order.expireTime;
    for (const stream of streams) stream.say({ change: { order: { ...order } } });
  };
  const paymentState = (payment, state, more = {}) => {
    Object.assign(payment, { state: `PAYMENT_STATE_${state}`, updateTime: time(), ...more });
    if (state !== 'PENDING') delete payment.action;
  };
  const stateOf = ({ state }) => state.replace(/^\w+_STATE_/, '');

  const methods = {
    'bmt.product.v1.ProductService/QuotePrice': ({ currency, lines: [{ skuId, quantity }] }) => {
      if (skuId === 'sku_gone') return refusal('failed_precondition', 'SKU_NOT_ON_SALE', { sku: skuId });
      const money = (amountMinor) => ({ amountMinor: String(amountMinor), currency });
      const quote = { quoteId: `quo_${quotes.size + 1}`, total: money(1250 * quantity), createTime: time(), expireTime: time(shop.quoteMs),
        lines: [{ lineNo: 1, skuId, title: `Title of ${skuId}`, quantity: String(quantity), unitPrice: money(1250), amount: money(1250 * quantity) }] };
      quotes.set(quote.quoteId, quote);
      return () => ({ quote });
    },
    [`${ORDER}/CreateOrder`]: ({ requestId: _, ...more }) => {
      const quote = quotes.get(more.quoteId);
      if (quote?.orderId) return refusal('failed_precondition', 'QUOTE_USED', { quote: more.quoteId });
      const order = { orderId: `ord_${orders.size + 1}`, userId: 'u1', state: 'ORDER_STATE_PENDING_PAYMENT', version: 1, ...more,
        total: { amountMinor: '1250', currency: 'EUR' }, createTime: time(), updateTime: time(), expireTime: time(shop.heldMs) };
      if (quote) Object.assign(order, { total: quote.total, lines: quote.lines });
      if (quote) quote.orderId = order.orderId;
      orders.set(order.orderId, order);
      return () => ({ order });
    },
    [`${ORDER}/GetOrder`]: ({ orderId }) => (orders.has(orderId) ? () => ({ order: orders.get(orderId) }) : refusal('not_found', 'ORDER_NOT_FOUND', {}, 404)),
    [`${ORDER}/PayOrder`]: ({ orderId, channelAccountId }) => {
      const order = orders.get(orderId);
      if (stateOf(order) !== 'PENDING_PAYMENT') return refusal('failed_precondition', 'ORDER_WRONG_STATE', { state: stateOf(order) });
      const missing = shop.agreements.find((one) => one.demand === 'AGREEMENT_DEMAND_REQUIRED' && !accepted.has(one.agreementTemplateId));
      if (missing) return refusal('failed_precondition', 'AGREEMENT_NOT_ACCEPTED', { agreement_template: missing.agreementTemplateId });
      const open = [...payments.values()].find((one) => one.orderId === orderId && OPEN.includes(stateOf(one)));
      if (open && (open.channelAccountId !== channelAccountId || stateOf(open) !== 'PENDING')) return refusal('failed_precondition', 'PAYMENT_IN_DOUBT', { payment: open.paymentId });
      if (open) return () => ({ order, payment: open });
      const payment = { paymentId: `pay_${payments.size + 1}`, orderId, channelAccountId, version: 1 };
      paymentState(payment, shop.first, shop.first === 'PENDING' ? { action: { redirectUrl: `https://channel.example/${payment.paymentId}` } } : {});
      payments.set(payment.paymentId, payment);
      order.paymentId = payment.paymentId;
      return () => ({ order, payment });
    },
    [`${ORDER}/CancelOrder`]: ({ orderId }) => {
      const order = orders.get(orderId);
      if (stateOf(order) !== 'PENDING_PAYMENT') return refusal('failed_precondition', 'ORDER_WRONG_STATE', { state: stateOf(order) });
      moved(order, 'CLOSED', { closeReason: 'CLOSE_REASON_USER_CANCELLED' });
      return () => ({ order });
    },
    [`${HUB}/GetPayment`]: ({ paymentId }) => (payments.has(paymentId) ? () => ({ payment: payments.get(paymentId) }) : refusal('not_found', 'PAYMENT_NOT_FOUND', {}, 404)),
    [`${HUB}/AcceptAgreement`]: ({ agreementTemplateId, orderId, locale }) => {
      if (!shop.agreements.some((one) => one.agreementTemplateId === agreementTemplateId)) return refusal('not_found', 'AGREEMENT_TEMPLATE_NOT_FOUND', {}, 404);
      if (!accepted.has(agreementTemplateId)) accepted.set(agreementTemplateId, { orderId, locale });
      return () => ({ acceptance: { agreementTemplateId, locale } });
    },
    [`${HUB}/ListCashierChannels`]: () => (shop.isServed ? () => ({ channels: shop.ways ?? CHANNELS, agreements: shop.agreements.filter((one) => !accepted.has(one.agreementTemplateId)) }) : refusal('unimplemented', 'METHOD_NOT_YET', {}, 501)),
  };
  methods[`${HUB}/QueryPayment`] = methods[`${HUB}/GetPayment`];

  // A request_id is answered once for ever; another request under it is refused. Only what was done is kept.
  function answer(method, request) {
    const { requestId } = request;
    const text = JSON.stringify({ method, ...request });
    const before = requestId && answers.get(requestId);
    if (before) return before.text === text ? before.reply() : refusal('already_exists', 'REQUEST_ID_REUSED', {}, 409);
    const reply = methods[method](request);
    if (typeof reply !== 'function') return reply;
    if (requestId) answers.set(requestId, { text, reply });
    return reply();
  }

  const respond = ({ status = 200, body, headers = {} }) => ({
    ok: status < 300, status, headers: { get: (name) => headers[name] ?? null },
    text: async () => (typeof body === 'string' ? body : JSON.stringify(body)),
    json: async () => (typeof body === 'string' ? JSON.parse(body) : JSON.parse(JSON.stringify(body))),
  });
  const aborted = (signal) => new Promise((_, reject) => {
    const stop = () => reject(new DOMException('aborted', 'AbortError'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });

  function watch(orderId, signal) {
    const frame = (message, flags = 0) => {
      const text = new TextEncoder().encode(JSON.stringify(message));
      const bytes = new Uint8Array(5 + text.length);
      new DataView(bytes.buffer).setUint32(1, text.length);
      bytes[0] = flags;
      bytes.set(text, 5);
      return bytes;
    };
    const body = new ReadableStream({
      start(controller) {
        const stream = {
          say: (message) => controller.enqueue(frame(message)),
          break: () => { streams.delete(stream); controller.error(new TypeError('network')); },
          end: (error) => { streams.delete(stream); controller.enqueue(frame(error ? { error } : {}, 2)); controller.close(); },
        };
        streams.add(stream);
        signal.addEventListener('abort', () => { if (streams.delete(stream)) controller.error(new DOMException('aborted', 'AbortError')); });
        stream.say({ order: orders.get(orderId) });
      },
    });
    return { ok: true, status: 200, headers: { get: () => null }, body };
  }

  shop.fetch = async (url, { headers, body, signal }) => {
    const method = url.replace('https://pay.example/', '');
    const name = method.split('/')[1];
    const isStream = name === 'WatchOrder';
    const request = JSON.parse(isStream ? new TextDecoder().decode(body.subarray(5)) : body);
    calls.push({ name, request, headers });
    if (signal.aborted) return aborted(signal);
    const isLook = name === 'GetOrder';
    if (isLook) shop.looking += 1;
    shop.lookingMost = Math.max(shop.lookingMost, shop.looking);
    try {
      const fault = faults.find((one) => one.name === name && one.times > 0);
      if (fault) fault.times -= 1;
      if (fault?.how === 'unreached') throw new TypeError('fetch failed');
      if (fault?.how === 'silent') return await aborted(signal);
      if (fault?.how === 'slow') await Promise.race([aborted(signal), new Promise((resolve) => { clock.set(resolve, 5000); })]);
      if (typeof fault?.how === 'object') return respond(fault.how);
      if (!shop.tokens.has(headers.authorization.replace('Bearer ', ''))) return respond(refusal('unauthenticated', 'CREDENTIAL_EXPIRED', {}, 401));
      if (isStream) return watch(request.orderId, signal);
      const reply = answer(method, request);
      if (fault?.how === 'lost') throw new TypeError('the connection was reset');
      return respond(reply.status ? reply : { body: reply });
    } finally {
      if (isLook) shop.looking -= 1;
    }
  };

  // What others do: the payer on the channel's page, the server's jobs.
  const order = () => [...orders.values()].at(-1);
  const payment = () => [...payments.values()].at(-1);
  Object.assign(shop, {
    order, payment,
    fault: (name, how, times = 1) => faults.push({ name, how, times }),
    mend: () => faults.splice(0),
    channelSays: (state, more) => paymentState(payment(), state, more),
    orderIs: (state, more) => moved(order(), state, more),
    payerPays: () => {
      paymentState(payment(), 'SUCCEEDED', {});
      moved(order(), 'PAID', {});
    },
    tick: () => { for (const stream of streams) stream.say({ heartbeat: { time: time() } }); },
    count: (name) => calls.filter((one) => one.name === name).length,
    ids: (name) => new Set(calls.filter((one) => one.name === name).map((one) => one.request.requestId)).size,
  });
  return shop;
}
