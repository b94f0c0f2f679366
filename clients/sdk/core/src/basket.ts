// What is chosen before it is bought, and what it costs by the server's word. It adds nothing up: each choice has a quote
// of its own, which binds, and which the order is then made from.
import { type Client, drawId } from './client.js';
import type { Money, Quote, QuotePriceRequest } from './contract.js';
import { asPayError, type PayError } from './errors.js';
import { type Clock, createBell, pauseMs, systemClock } from './wait.js';
import type { Purchase } from './work.js';

const SETTLE_MS = 250;
const FIRST_PAUSE_MS = 500;
const PAUSE_MAX_MS = 10000;
/** A quote that ends sooner is not ordered any more. */
const SPARE_MS = 30000;
/** So often a price is asked for anew while nobody does anything: a page that was forgotten is not an endless customer. */
const RENEWALS_MAX = 6;

/** Something that can be chosen. */
export interface Offer {
  skuId: string;
  /** Its title (the server's). */
  title?: string;
  /** What a buyer should know of it. */
  about?: string;
}

/** An offer with what the server says of it. */
export interface PricedOffer extends Offer {
  /** Price of one; absent while it is not known. */
  unitPrice?: Money;
  /** Why it cannot be bought. */
  error?: PayError;
}

/** What is chosen, and what is known of it. */
export interface Choice {
  readonly offers: readonly PricedOffer[];
  readonly skuId: string;
  readonly quantity: number;
  /** The price of just this choice; absent while it is asked for, or cannot be told. */
  readonly quote?: Quote;
  /** Why there is no quote, or why it does not come just now. */
  readonly error?: PayError;
}

export interface BasketOptions extends Pick<QuotePriceRequest, 'currency' | 'couponCodes' | 'region' | 'level'> {
  client: Client;
  /** What is sold here, at least one; the first is chosen. */
  offers: readonly Offer[];
  /** Most units of an order (99). */
  quantityMax?: number;
  clock?: Clock;
  newId?(): string;
}

export interface Basket {
  readonly choice: Choice;
  readonly quantityMax: number;
  /** Tells now and after every change; gives what ends it. */
  subscribe(listener: (choice: Choice) => void): () => void;
  /** Chooses; a quantity that is none is the nearest one. */
  choose(choice: { skuId?: string; quantity?: number }): void;
  /** What to buy: the choice at the price that was told; undefined while none binds. It is good for one order. */
  take(): Purchase | undefined;
  /** Asks for prices that are missing; cuts pauses short. */
  wake(): void;
  stop(): void;
}

interface Held {
  quote: Quote;
  /** Until when it may be ordered, by the page's clock. */
  until: number;
}

export function createBasket(options: BasketOptions): Basket {
  const { client, currency, offers, quantityMax = 99, clock = systemClock, newId = drawId } = options;
  const bell = createBell(clock);
  const listeners = new Set<(choice: Choice) => void>();
  const held = new Map<string, Held>();
  const known = new Map<string, Pick<PricedOffer, 'title' | 'unitPrice' | 'error'>>();
  const asking = new Map<string, AbortController>();
  let skuId = offers[0]?.skuId ?? '';
  let quantity = 1;
  let error: PayError | undefined;
  let timer: unknown;
  let renewals = 0;

  const keyOf = (sku: string, units: number) => `${sku} ${units}`;
  const fresh = (key: string) => {
    const one = held.get(key);
    return one && one.until > clock.now() ? one.quote : undefined;
  };
  const choice = (): Choice => ({
    offers: offers.map((offer) => ({ ...known.get(offer.skuId), ...offer })), skuId, quantity, error, quote: fresh(keyOf(skuId, quantity)),
  });
  const tell = () => {
    for (const listener of [...listeners]) listener(choice());
  };

  // The price that is shown is asked for anew when it stops to bind.
  function renew() {
    clock.clear(timer);
    const { until = 0 } = held.get(keyOf(skuId, quantity)) ?? {};
    if (until <= clock.now()) return;
    timer = clock.set(() => {
      renewals += 1;
      if (renewals <= RENEWALS_MAX) ask(skuId, quantity, 0);
      tell();
    }, until - clock.now());
  }

  // Asks until it is answered; what is refused is told, and asked for again when it is chosen again.
  async function ask(sku: string, units: number, first: number): Promise<void> {
    const key = keyOf(sku, units);
    if (asking.has(key) || fresh(key)) return;
    const abort = new AbortController();
    const { signal } = abort;
    asking.set(key, abort);
    const requestId = newId();
    const { couponCodes, region, level } = options;
    if (first) await createBell(clock).wait(first, signal);
    for (let n = 0; !signal.aborted; n += 1) {
      try {
        const { quote = {} } = await client.call('bmt.product.v1.ProductService/QuotePrice',
          { requestId, currency, lines: [{ skuId: sku, quantity: units }], couponCodes, region, level }, signal);
        const livesMs = Date.parse(quote.expireTime ?? '') - Date.parse(quote.createTime ?? '') - SPARE_MS;
        held.set(key, { quote, until: clock.now() + (livesMs || 0) });
        renew();
        known.set(sku, { title: quote.lines?.[0]?.title, unitPrice: quote.lines?.[0]?.unitPrice });
        return end(undefined);
      } catch (thrown) {
        if (signal.aborted) return;
        const why = asPayError(thrown, 'failed_precondition', 'SDK_FAULT');
        if (!why.retryable) {
          if (units === 1) known.set(sku, { ...known.get(sku), error: why });
          return end(why);
        }
        if (isChosen()) error = why;
        tell();
        await bell.wait(Math.max(why.retryAfterMs, pauseMs(clock, n, FIRST_PAUSE_MS, PAUSE_MAX_MS)), signal);
      }
    }

    function isChosen() {
      return key === keyOf(skuId, quantity);
    }
    function end(why: PayError | undefined) {
      asking.delete(key);
      if (isChosen()) error = why;
      tell();
    }
  }

  const price = () => {
    renewals = 0;
    for (const offer of offers) if (!known.get(offer.skuId)?.unitPrice) ask(offer.skuId, 1, 0);
    ask(skuId, quantity, 0);
  };

  const basket: Basket = {
    get choice() {
      return choice();
    },
    quantityMax,
    subscribe: (listener) => {
      listeners.add(listener);
      listener(choice());
      return () => listeners.delete(listener);
    },
    choose: (wish) => {
      const before = keyOf(skuId, quantity);
      if (offers.some((offer) => offer.skuId === wish.skuId)) skuId = wish.skuId as string;
      quantity = Math.min(quantityMax, Math.max(1, Math.round(wish.quantity ?? quantity) || 1));
      if (keyOf(skuId, quantity) === before) return;
      error = undefined;
      renewals = 0;
      // Who clicks through quantities asks for the last alone; prices of one unit are wanted in any case.
      for (const [key, abort] of asking) {
        if (key !== before || before.endsWith(' 1')) continue;
        abort.abort();
        asking.delete(key);
      }
      ask(skuId, quantity, SETTLE_MS);
      renew();
      tell();
    },
    take: () => {
      const key = keyOf(skuId, quantity);
      const quote = fresh(key);
      held.delete(key);
      clock.clear(timer);
      return quote && { quoteId: quote.quoteId };
    },
    wake: () => {
      bell.ring();
      price();
      tell();
    },
    stop: () => {
      clock.clear(timer);
      for (const abort of asking.values()) abort.abort();
      asking.clear();
      listeners.clear();
    },
  };
  price();
  return basket;
}
