// What each state does while it lasts: stores, asks, tells. Nothing here decides about money: verdict.ts does.
import type { Client } from './client.js';
import type { AgreementTemplate, CashierChannel, CreateOrderRequest, ListCashierChannelsRequest, Order, Payment } from './contract.js';
import { asPayError, PayError } from './errors.js';
import type { Event, Work } from './interpret.js';
import type { Job } from './machine.js';
import type { Memory, Saved } from './store.js';
import { needsPayment, verdict } from './verdict.js';
import { type Bell, type Clock, createBell, pauseMs } from './wait.js';

const ORDERS = 'bmt.order.v1.OrderService';
const HUB = 'bmt.payment.v1.PaymentHubService';
const FIRST_PAUSE_MS = 500;
const POLL_FIRST_MS = 1000;
const PAUSE_MAX_MS = 10000;
/** Every so many looks the channel itself is asked. */
const ASK_EVERY = 8;

/** What to buy: a quote, or lines with a currency. Price, business and user are never the page's to say. */
export type Purchase = Omit<CreateOrderRequest, 'requestId' | 'userId'>;

/** What is known of the purchase. */
export interface Facts {
  order?: Order;
  /** The payment under way or the last one; only as new as `order`. */
  payment?: Payment;
  /** Ways to pay, best first; with `choosing`. */
  channels?: CashierChannel[];
  agreements?: AgreementTemplate[];
  /** Why the last wish was not carried out; gone with the next wish. */
  error?: PayError;
  /** Why the server could not be asked just now; gone when it could. */
  offline?: PayError;
  /** The payer closed the channel's dialog. */
  isDismissed?: boolean;
}

/** An event with what it tells. */
export interface Told extends Event, Facts {
  purchase?: Purchase;
  channelAccountId?: string;
  channel?: string;
  accepted?: string[];
}

/** What a channel's action is given. */
export interface ActionContext {
  order: Order;
  payment: Payment;
  /** Aborted when the state is left: close what is open. */
  signal: AbortSignal;
  /** To be awaited before the page is left: who comes back then waits for the outcome, and is not sent off again. */
  leaving(): Promise<void>;
}
/** Shows the payer what to do; resolves when that was done, with `'dismissed'` when the payer closed it. */
export type ChannelAction = (context: ActionContext) => unknown;

export interface Hooks {
  /** A try has failed; it may be repeated by itself. */
  failed?(error: PayError): void;
  /** Before a payment is begun; an error thrown here keeps it from being begun, and is told. */
  paying?(order: Order, channelAccountId: string): void | Promise<void>;
}

export interface Workshop {
  client: Client;
  memory: Memory;
  clock: Clock;
  bell: Bell;
  facts(): Facts;
  /** A time that the server has told. */
  learn(time: string | undefined): void;
  newId(): string;
  action(channel: string | undefined): ChannelAction | undefined;
  hooks: Required<Hooks>;
  channels: CashierChannel[] | undefined;
  cashier: Pick<ListCashierChannelsRequest, 'locale' | 'platform'>;
  returnUrl: string | undefined;
  giveUpMs: number;
  isStreaming: boolean;
  /** Milliseconds until the order expires, by the server's clock; undefined when it does not. */
  leftMs(): number | undefined;
}

type Send = (event: Told) => void;

export function createWork(shop: Workshop): Record<Job, Work<Told>> {
  const { client, memory, clock, bell, facts, hooks } = shop;

  // Repeats what may be repeated, with growing pauses, until it is answered or the time to give up has come.
  async function persist<T>(signal: AbortSignal, send: Send, attempt: () => Promise<T>): Promise<T> {
    let isLate = false;
    const timer = clock.set(() => {
      isLate = true;
    }, shop.giveUpMs);
    try {
      for (let n = 0; ; n += 1) {
        try {
          return await attempt();
        } catch (thrown) {
          const offline = fault(thrown);
          if (signal.aborted || !offline.retryable || isLate) throw offline;
          hooks.failed(offline);
          send({ type: 'OFFLINE', offline });
          await bell.wait(Math.max(offline.retryAfterMs, pauseMs(clock, n, FIRST_PAUSE_MS, PAUSE_MAX_MS)), signal);
        }
      }
    } finally {
      clock.clear(timer);
    }
  }

  // The payment as it is known, or as its channel says when asked; undefined when it cannot be seen yet.
  async function readPayment(paymentId: string, signal: AbortSignal, isAsked: boolean): Promise<Payment | undefined> {
    try {
      return (await client.call(`${HUB}/${isAsked ? 'QueryPayment' : 'GetPayment'}`, { paymentId }, signal)).payment;
    } catch (error) {
      if (isAsked && !signal.aborted) return readPayment(paymentId, signal, false);
      if ((error as PayError).reason === 'PAYMENT_NOT_FOUND') return undefined;
      throw error;
    }
  }

  // Where the purchase stands, from an order that was just read. An attempt that can take no money is forgotten.
  async function judge(order: Order, signal: AbortSignal, payment?: Payment, isAsked = false): Promise<Told> {
    shop.learn(order.updateTime);
    if (!payment && needsPayment(order)) payment = await readPayment(order.paymentId as string, signal, isAsked);
    const pay = (await memory.load())?.pay;
    const type = verdict(order, payment, pay?.isActed);
    if (type === 'OPEN' && pay?.paymentId) await change(({ pay: now, ...saved }) => (now?.paymentId === pay.paymentId ? saved : undefined));
    return { type, order, payment };
  }

  const look = async (orderId: string, signal: AbortSignal, isAsked: boolean): Promise<Told> => {
    const { order } = await client.call(`${ORDERS}/GetOrder`, { orderId }, signal);
    return judge(order as Order, signal, undefined, isAsked);
  };

  // Alters what is stored, if anything is; an alteration to nothing leaves it.
  const change = (alter: (saved: Saved) => Saved | undefined) => memory.change((saved) => saved && (alter(saved) ?? saved));

  // Asks for what was stored, and undoes the storing when the server refuses just this; what comes after cannot undo it.
  async function request<T>(signal: AbortSignal, send: Send, ask: () => Promise<T>, then: (reply: T) => Promise<Told>, forget: () => Promise<unknown>) {
    let reply: T;
    try {
      reply = await persist(signal, send, ask);
    } catch (thrown) {
      const error = fault(thrown);
      if (!error.isRefusal) throw error;
      await forget();
      return send({ type: 'REFUSED', error });
    }
    send(await persist(signal, send, () => then(reply)));
  }

  // The stream tells when to look, and what time it is; what it cannot tell, the looks find out.
  async function follow(orderId: string, signal: AbortSignal) {
    for (let n = 0; !signal.aborted; n += 1) {
      try {
        for await (const { order, change: changed, heartbeat } of client.stream(`${ORDERS}/WatchOrder`, { orderId }, signal)) {
          shop.learn(heartbeat?.time);
          if (changed || (order && order.version !== facts().order?.version)) bell.ring();
        }
      } catch (error) {
        if (!signal.aborted) hooks.failed(fault(error));
      }
      await createBell(clock).wait(pauseMs(clock, n + 1, POLL_FIRST_MS, 6 * PAUSE_MAX_MS), signal);
    }
  }

  return {
    // Takes up what is stored: wishes whose answer was never heard are repeated, all else is asked for.
    async look(_, send, signal) {
      const saved = await memory.load();
      if (!saved) return send({ type: 'NOTHING' });
      const { orderId, create, pay, cancelId } = saved;
      if (!orderId) return send({ type: 'BUY', purchase: create });
      await request(signal, send, () => client.call(`${ORDERS}/GetOrder`, { orderId }, signal), async ({ order }) => {
        const seen = await judge(order as Order, signal, undefined, true);
        if (seen.order?.state !== 'ORDER_STATE_PENDING_PAYMENT') return seen;
        if (cancelId) return { ...seen, type: 'CANCEL' };
        return pay && !pay.paymentId ? { ...seen, type: 'PAY' } : seen;
      }, () => memory.change((now) => (now?.orderId === orderId ? undefined : now)));
    },

    // A purchase that is stored and not over is gone on with, whoever stored it: tabs of one key make one order.
    async create({ purchase }, send, signal) {
      const saved = await memory.change((now) => (now && !now.isOver ? now : { v: 1, create: { ...purchase, requestId: shop.newId() } })) as Saved;
      const isSame = (now?: Saved) => now?.create.requestId === saved.create.requestId;
      await request(signal, send, () => client.call(`${ORDERS}/CreateOrder`, saved.create, signal), async ({ order }) => {
        await change((now) => (isSame(now) ? { ...now, orderId: order?.orderId } : undefined));
        return judge(order as Order, signal);
      }, () => memory.change((now) => (isSame(now) ? undefined : now)));
    },

    async offer(_, send, signal) {
      if (shop.channels) return send({ type: 'CHANNELS', channels: shop.channels });
      try {
        const offered = await persist(signal, send, () =>
          client.call(`${HUB}/ListCashierChannels`, { orderId: facts().order?.orderId as string, ...shop.cashier }, signal));
        send({ type: 'CHANNELS', channels: offered.channels ?? [], agreements: offered.agreements });
      } catch (error) {
        // A server that does not offer yet leaves it to the page; an error that is told already stays.
        const told = fault(error);
        send({ type: 'CHANNELS', channels: [], error: facts().error ?? (told.code === 'unimplemented' ? undefined : told) });
      }
    },

    async pay({ channelAccountId = '', channel, accepted }, send, signal) {
      const { order, channels, agreements = [] } = facts();
      // One attempt at a time: one that is stored is gone on with, and a new one has a new id.
      if (!(await memory.load())?.pay) {
        try {
          await hooks.paying(order as Order, channelAccountId);
        } catch (error) {
          return send({ type: 'REFUSED', error: asPayError(error, 'failed_precondition', 'NOT_WANTED') });
        }
      }
      const saved = await change((now) => (now.pay ? undefined : {
        ...now, pay: {
          request: { requestId: shop.newId(), orderId: now.orderId as string, channelAccountId, ...(shop.returnUrl && { returnUrl: shop.returnUrl }) },
          channel: channel ?? channels?.find((one) => one.channelAccountId === channelAccountId)?.channel,
          accepted: accepted?.map((id) => ({ agreementTemplateId: id, locale: agreements.find((one) => one.agreementTemplateId === id)?.locale })),
        },
      }));
      if (!saved?.pay) throw gone();
      const { request: wish, accepted: templates = [] } = saved.pay;
      const ours = (kept: Saved) => kept.pay?.request.requestId === wish.requestId && kept.pay;
      // What was accepted is recorded before money may move, under ids that a repeat has again.
      const ask = async () => {
        for (const [n, shown] of templates.entries()) {
          await client.call(`${HUB}/AcceptAgreement`, { requestId: `${wish.requestId}-${n + 1}`, orderId: wish.orderId, ...shown }, signal);
        }
        return client.call(`${ORDERS}/PayOrder`, wish, signal);
      };
      await request(signal, send, ask, async ({ order: now, payment }) => {
        await change((kept) => {
          const pay = ours(kept);
          return pay ? { ...kept, pay: { ...pay, paymentId: payment?.paymentId } } : undefined;
        });
        return judge(now as Order, signal, payment);
      }, () => change((kept) => (ours(kept) ? { ...kept, pay: undefined } : undefined)));
    },

    async act(_, send, signal) {
      const { order, payment } = facts();
      const action = shop.action((await memory.load())?.pay?.channel);
      if (!action) return; // the page itself shows what payment.action says, and sends ACTED
      let how: unknown = 'dismissed';
      let error: PayError | undefined;
      try {
        how = await action({ order: order as Order, payment: payment as Payment, signal, leaving: mark });
      } catch (thrown) {
        error = fault(thrown);
      }
      send({ type: how === 'dismissed' ? 'DISMISSED' : 'ACTED', error });
    },

    mark,

    async cancel(_, send, signal) {
      const saved = await change((now) => (now.cancelId ? undefined : { ...now, cancelId: shop.newId() }));
      if (!saved) throw gone();
      const { cancelId: requestId, orderId } = saved as { cancelId: string; orderId: string };
      await request(signal, send, () => client.call(`${ORDERS}/CancelOrder`, { requestId, orderId }, signal),
        ({ order }) => judge(order as Order, signal), () => change((now) => ({ ...now, cancelId: undefined })));
    },

    // Asks until the machine leaves: one look at a time, the next when the last one has ended.
    async watch(event, send, signal) {
      const orderId = facts().order?.orderId as string;
      if (shop.isStreaming) follow(orderId, signal);
      for (let n = 0, failures = 0, retryAfterMs = 0; !signal.aborted; n += 1) {
        if (n || !event.order) {
          try {
            send(await look(orderId, signal, n % ASK_EVERY === 0));
            failures = retryAfterMs = 0;
          } catch (thrown) {
            const offline = fault(thrown);
            if (!offline.retryable) throw offline;
            hooks.failed(offline);
            send({ type: 'OFFLINE', offline });
            failures += 1;
            ({ retryAfterMs } = offline);
          }
        }
        const pause = pauseMs(clock, Math.max(n, failures), POLL_FIRST_MS, PAUSE_MAX_MS);
        const left = shop.leftMs() ?? 0;
        await bell.wait(Math.max(retryAfterMs, left > 0 ? Math.min(pause, left + FIRST_PAUSE_MS) : pause), signal);
      }
    },

    async finish() {
      const orderId = facts().order?.orderId;
      await change((now) => (now.orderId === orderId && !now.isOver ? { ...now, isOver: true } : undefined));
    },
  };

  async function mark() {
    await change(({ pay, ...now }) => (pay && !pay.isActed ? { ...now, pay: { ...pay, isActed: true } } : undefined));
  }
}

const gone = () => new PayError('failed_precondition', 'STORE_FAILED', 'the stored purchase is gone');
const fault = (thrown: unknown): PayError => asPayError(thrown, 'failed_precondition', 'SDK_FAULT');
