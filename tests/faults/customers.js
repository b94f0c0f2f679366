// What customers do, as the seed has it; and the journal of what they were told.
import { Random } from './random.js';
import { fleetClient } from './fleet.js';
import { lasting } from './lasting.js';

const USERS = 5000;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Customers {
  constructor(fleet, shop, seed) {
    this.fleet = fleet;
    this.shop = shop;
    this.seed = seed;
    this.isOver = false;
    this.journal = new Map(); // request_id -> what was said of the order that it made
    this.acts = []; // what was said to other requests: { method, request, told }
    this.refunds = new Map();
    this.counts = { orders: 0, refused: 0, repeats: 0, paid: 0, cancelled: 0, confirmed: 0, refunded: 0, unanswered: 0, tries: 0 };
    this.breaks = [];
    this.running = [];
  }

  start(n) {
    for (let i = 0; i < n; i += 1) this.running.push(this.live(i));
  }

  async stop() {
    this.isOver = true;
    await Promise.all(this.running);
  }

  async live(i) {
    const random = new Random(this.seed * 7919 + i * 104729 + 1);
    const orders = fleetClient(this.fleet, 'order.OrderService', this.shop.key, random);
    for (let n = 0; !this.isOver; n += 1) {
      const name = (what) => `${what}-${this.seed}-${i}-${n}`;
      const made = random.chance(0.5) ? await this.createMany(orders, random, name) : await this.createOne(orders, random, name);
      await Promise.all(made.map((order, at) => this.decide(orders, random, order, `${name('d')}-${at}`)));
    }
    this.counts.tries += orders.tries;
  }

  wish(random, request_id) {
    return {
      request_id,
      user_id: `u${random.below(USERS)}`,
      currency: 'EUR',
      lines: [{ sku_id: random.pick(this.shop.skus), quantity: 1 + random.below(3) }],
      expires_in_s: 300,
    };
  }

  // What is acknowledged once stays as it was said.
  note(request, order) {
    const before = this.journal.get(request.request_id);
    if (before && (before.orderId !== order.order_id || before.amount !== order.total.amount_minor)) {
      this.breaks.push(`request ${request.request_id} was answered with ${before.orderId} and with ${order.order_id}`);
    }
    this.journal.set(request.request_id, { request, orderId: order.order_id, amount: order.total.amount_minor });
    if (!before) this.counts.orders += 1;
    return order;
  }

  async createOne(orders, random, name) {
    const request = this.wish(random, name('c'));
    const said = await orders.call('CreateOrder', request);
    if (!said?.reply) {
      this.counts[said ? 'refused' : 'unanswered'] += 1;
      return [];
    }
    const order = this.note(request, said.reply.order);
    if (random.chance(0.1)) {
      this.counts.repeats += 1;
      const again = await orders.call('CreateOrder', request);
      if (again?.reply) this.note(request, again.reply.order);
    }
    return [order];
  }

  async createMany(orders, random, name) {
    const requests = Array.from({ length: 3 + random.below(8) }, (_, k) => this.wish(random, `${name('b')}-${k}`));
    const said = await orders.call('BatchCreateOrders', { request_id: name('batch'), orders: requests });
    if (!said?.reply) {
      this.counts.unanswered += 1;
      return [];
    }
    return said.reply.results.flatMap((result, k) => {
      if (result.order) return [this.note(requests[k], result.order)];
      this.counts.refused += 1;
      return [];
    });
  }

  // A request that changes something other than by a new order; what is said of it stays.
  async act(orders, method, request) {
    const said = await orders.call(method, request);
    if (said?.reply) this.acts.push({ method, request, told: lasting(method, said.reply) });
    return said;
  }

  async decide(orders, random, order, name) {
    const what = random.weighted({ pay: 55, cancel: 25, leave: 20 });
    if (what === 'leave') return;
    if (what === 'cancel') {
      const said = await this.act(orders, 'CancelOrder', { request_id: `${name}-cancel`, order_id: order.order_id });
      if (said?.reply) this.counts.cancelled += 1;
      return;
    }
    await this.pay(orders, random, order, name);
  }

  async pay(orders, random, order, name) {
    const begun = await this.act(orders, 'PayOrder', { request_id: `${name}-pay`, order_id: order.order_id, channel_account_id: this.shop.accountId });
    const { payment } = begun?.reply ?? {};
    const known = payment && this.fleet.world.channel.payments.byMerchantId.get(payment.payment_id);
    if (!known) return; // the janitor will find out, or the order expires
    await fetch(`${this.fleet.world.channel.url}/pay/${known.id}`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ decision: random.chance(0.92) ? 'pay' : 'refuse' }),
    }).then((answer) => answer.arrayBuffer());
    this.counts.paid += 1;
    if (random.chance(0.2)) await this.afterwards(orders, random, order, name);
  }

  // What was paid is fulfilled soon, unless the channel hides it.
  async untilFulfilled(orders, order) {
    for (let i = 0; i < 40 && !this.isOver; i += 1) {
      const said = await orders.call('GetOrder', { order_id: order.order_id });
      if (said?.reply?.order.state === 'ORDER_STATE_FULFILLED') return true;
      await pause(100);
    }
    return false;
  }

  async afterwards(orders, random, order, name) {
    if (!await this.untilFulfilled(orders, order)) return;
    if (random.chance(0.5)) {
      const said = await this.act(orders, 'ConfirmOrder', { request_id: `${name}-confirm`, order_id: order.order_id });
      if (said?.reply) this.counts.confirmed += 1;
      return;
    }
    const lines = random.chance(0.5) ? [{ line_no: 1, quantity: 1 }] : [];
    const request = { request_id: `${name}-refund`, order_id: order.order_id, lines, reason: 'soak' };
    const said = await this.act(orders, 'RefundOrder', request);
    if (!said?.reply) return;
    this.counts.refunded += 1;
    this.refunds.set(request.request_id, { orderId: order.order_id, refundId: said.reply.refund.refund_id, amount: said.reply.refund.amount.amount_minor });
  }
}
