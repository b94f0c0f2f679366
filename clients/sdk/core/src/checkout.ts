// The face of the core: one purchase, from the wish to the end, for whoever shows it.
import { type Client, type ClientOptions, createClient, drawId } from './client.js';
import type { CashierChannel, CashierPlatform } from './contract.js';
import { asPayError, type PayError } from './errors.js';
import { interpret, type Running } from './interpret.js';
import { type EventName, type HostEvent, machine, type State } from './machine.js';
import { createMemory, memoryStore, type Store } from './store.js';
import { createBell, systemClock } from './wait.js';
import { type ChannelAction, createWork, type Facts, type Hooks, type Purchase, type Told } from './work.js';

/** What a page may wish. */
export type Wish =
  | { type: 'BUY'; purchase: Purchase }
  | { type: 'PAY'; channelAccountId: string; channel?: string; accepted?: string[] }
  | { type: Exclude<HostEvent, 'BUY' | 'PAY'> };

/** Where the purchase stands, and what is known of it. */
export interface Snapshot extends Readonly<Facts> {
  readonly state: State;
}

/** Adds channel actions, by the channel's name or `redirect` for all that send the payer to a page, and hooks. */
export interface Plugin {
  name: string;
  actions?: Record<string, ChannelAction>;
  hooks?: Hooks & {
    /** After every event, with what it has led to. */
    changed?(snapshot: Snapshot, event: EventName): void;
  };
}

export interface CheckoutOptions extends ClientOptions {
  /** Names the purchase in the store: of one user and one basket. Tabs with one key make one order. */
  key: string;
  /** Where it is kept (in this page's memory alone). */
  store?: Store;
  /** Ways to pay that the page knows already; without them the server is asked. */
  channels?: CashierChannel[];
  /** In which language agreements are wanted, such as `zh-CN`. */
  locale?: string;
  /** Where the page is shown: some ways to pay are for some of them alone. */
  platform?: CashierPlatform;
  /** Where the channel's page sends the payer afterwards: a page that makes this checkout again. */
  returnUrl?: string;
  plugins?: Plugin[];
  /** For how long a wish is repeated while the server cannot be reached, in milliseconds (60 s). Looks go on for ever. */
  giveUpMs?: number;
  /** Whether changes come by stream besides (yes). */
  isStreaming?: boolean;
  /** Ends everything. */
  signal?: AbortSignal;
  newId?(): string;
}

export interface Checkout {
  readonly client: Client;
  readonly snapshot: Snapshot;
  /** Tells now and after every change; gives what ends it. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;
  /** Whether the state knows the wish. */
  can(type: HostEvent): boolean;
  /** False when the state does not know the wish, such as a second click: nothing has happened. */
  send(wish: Wish): boolean;
  /** Cuts pauses short: the network is back, or the page is seen again. */
  wake(): void;
  /** Milliseconds in which the order can be paid, by the server's clock; undefined when it waits for nothing. */
  leftMs(): number | undefined;
  /** Resolves in one of the states. */
  until(...states: State[]): Promise<Snapshot>;
  /** Stops asking; the purchase is kept, and another checkout of the same key goes on with it. */
  stop(): void;
}

const WISHES: EventName[] = ['BUY', 'PAY', 'CANCEL', 'ACT', 'ACTED', 'DISMISSED', 'RETRY'];

// What is known after an event: a wish forgets the last error, a look replaces what was seen before.
function learnt(facts: Facts, { type, purchase, channelAccountId: _a, channel: _c, accepted: _g, ...told }: Told): Facts {
  if (type === 'BUY') return {};
  if (told.order) return { ...facts, isDismissed: type === 'PENDING' && facts.isDismissed, ...told, payment: told.payment, offline: undefined };
  if (WISHES.includes(type)) return { ...facts, error: undefined, ...told, isDismissed: type === 'DISMISSED' };
  return { ...facts, offline: undefined, ...told };
}

/** Starts at once: takes up what the store holds under the key, or waits for BUY. */
export function createCheckout(options: CheckoutOptions): Checkout {
  const { clock = systemClock, store = memoryStore(), plugins = [], giveUpMs = 60000, isStreaming = true, newId = drawId } = options;
  const client = createClient(options);
  const memory = createMemory(store, options.key);
  const bell = createBell(clock);
  const listeners = new Set<(snapshot: Snapshot) => void>();
  let facts: Facts = {};
  let skewMs = Number.NEGATIVE_INFINITY;

  // What a listener or hook throws is its page's to see, as if nobody had caught it, and stops nothing here.
  const safely = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (globalThis.reportError) globalThis.reportError(error);
      else Promise.reject(error);
    }
  };
  const leftMs = () => {
    const { order } = facts;
    if (!order?.expireTime) return undefined;
    return Math.max(0, Date.parse(order.expireTime) - clock.now() - (Number.isFinite(skewMs) ? skewMs : 0));
  };

  const work = createWork({
    client, memory, clock, bell, newId, giveUpMs, isStreaming, leftMs,
    facts: () => facts,
    // Every time that the server tells has passed there: the largest difference is nearest to the truth.
    learn: (time) => {
      if (time) skewMs = Math.max(skewMs, Date.parse(time) - clock.now());
    },
    action: (channel) => {
      const find = (name?: string) => plugins.map(({ actions }) => name && actions?.[name]).find(Boolean) as ChannelAction | undefined;
      return find(channel) ?? find('redirect');
    },
    hooks: {
      failed: (error: PayError) => {
        for (const { hooks } of plugins) safely(() => hooks?.failed?.(error));
      },
      paying: async (order, channelAccountId) => {
        for (const { hooks } of plugins) await hooks?.paying?.(order, channelAccountId);
      },
    },
    channels: options.channels,
    cashier: { locale: options.locale, platform: options.platform },
    returnUrl: options.returnUrl,
  });

  const running: Running<Told> = interpret<Told>(
    work, { type: 'RETRY' },
    (event) => {
      facts = learnt(facts, event);
      for (const listener of [...listeners]) safely(() => listener(checkout.snapshot));
      for (const { hooks } of plugins) safely(() => hooks?.changed?.(checkout.snapshot, event.type));
    },
    (error) => ({ type: 'LOST', error: asPayError(error, 'failed_precondition', 'SDK_FAULT') }),
  );
  options.signal?.addEventListener('abort', running.stop);
  if (options.signal?.aborted) running.stop();

  const checkout: Checkout = {
    client,
    get snapshot() {
      return { ...facts, state: running.state };
    },
    subscribe: (listener) => {
      listeners.add(listener);
      listener(checkout.snapshot);
      return () => listeners.delete(listener);
    },
    can: (type) => Boolean(machine.states[running.state].on[type]),
    send: (wish) => WISHES.includes(wish.type) && running.send(wish),
    wake: () => {
      bell.ring();
      if (facts.error?.retryable) running.send({ type: 'RETRY' });
    },
    leftMs,
    until: (...states) =>
      new Promise((resolve) => {
        const end = checkout.subscribe((snapshot) => {
          if (!states.includes(snapshot.state)) return;
          resolve(snapshot);
          Promise.resolve().then(() => end());
        });
      }),
    stop: running.stop,
  };
  return checkout;
}
