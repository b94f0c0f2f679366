// One sale as the elements share it: the basket, the purchase, and what the payer has ticked so far. No DOM; whatever is
// about money is the core's.
import {
  type ActionContext, type Basket, type BasketOptions, type CheckoutOptions, type Checkout, type Choice, createBasket, createCheckout,
  type HostEvent, type Plugin, redirectAction, type Snapshot, type State,
} from '@bmt/pay-core';

export interface DeskOptions extends CheckoutOptions, Omit<BasketOptions, 'client' | 'clock' | 'newId'> {
  /** Channels, by their names, whose address is shown as a QR code instead of leaving the page. */
  qr?: readonly string[];
  /** How the page is left for the channel's (`location.assign`). */
  go?(url: string): void;
}

/** An address that the payer is to scan. */
export interface Scan {
  readonly url: string;
  /** The payer has paid, or closed it. */
  done(how?: 'dismissed'): void;
}

/** Everything that is shown. */
export interface View extends Snapshot {
  readonly choice: Choice;
  /** What is bought can be chosen: there is no purchase under way, or the payer begins another. */
  readonly isShopping: boolean;
  /** The chosen way to pay. */
  readonly channelAccountId: string | undefined;
  /** Agreements that must be accepted before it can be paid. */
  readonly required: readonly string[];
  /** Those that the payer has ticked. */
  readonly accepted: ReadonlySet<string>;
  /** The payer wanted to pay before everything was ticked. */
  readonly isReminded: boolean;
  readonly scan: Scan | undefined;
}

export interface Desk {
  readonly checkout: Checkout;
  readonly basket: Basket;
  readonly view: View;
  /** Tells now and after every change; gives what ends it. */
  subscribe(listener: (view: View) => void): () => void;
  pick(channelAccountId: string): void;
  accept(agreementTemplateId: string, isAccepted: boolean): void;
  /** The one button: buys, then pays. False when there is something to do before. */
  proceed(): boolean;
  /** What else the payer may wish. */
  wish(type: Exclude<HostEvent, 'BUY' | 'PAY'>): boolean;
  /** After an end: choose again. */
  again(): void;
  /** The network is back, or the page is seen again. */
  wake(): void;
  stop(): void;
}

const SHOPPING: readonly State[] = ['idle', 'refused'];

export function createDesk(options: DeskOptions): Desk {
  const { qr = [], go = (url) => location.assign(url), plugins = [] } = options;
  const listeners = new Set<(view: View) => void>();
  let isAgain = false;
  let picked: string | undefined;
  let accepted = new Set<string>();
  let isReminded = false;
  let scan: Scan | undefined;

  const show = ({ payment, signal }: ActionContext) =>
    new Promise((resolve) => {
      const done = (how?: 'dismissed') => {
        scan = undefined;
        resolve(how);
        tell();
      };
      scan = { url: payment.action?.redirectUrl as string, done };
      signal.addEventListener('abort', () => done());
      tell();
    });
  // The page's own come first: the core takes the first that it finds.
  const own: Plugin = { name: 'elements', actions: { ...Object.fromEntries(qr.map((name) => [name, show])), redirect: redirectAction(go) } };
  const checkout = createCheckout({ ...options, plugins: [...plugins, own] });
  const basket = createBasket({ ...options, client: checkout.client });

  const view = (): View => {
    const snapshot = checkout.snapshot;
    const { state, channels = [], agreements = [] } = snapshot;
    const ways = channels.map((one) => one.channelAccountId);
    const required = agreements.filter((one) => one.demand === 'AGREEMENT_DEMAND_REQUIRED').map((one) => one.agreementTemplateId as string);
    const best = channels.find((one) => one.isPreferred) ?? channels[0];
    return {
      ...snapshot, choice: basket.choice, isShopping: isAgain || SHOPPING.includes(state),
      channelAccountId: picked && ways.includes(picked) ? picked : best?.channelAccountId,
      required, accepted, isReminded: isReminded && required.some((id) => !accepted.has(id)), scan,
    };
  };
  const tell = () => {
    for (const listener of [...listeners]) listener(view());
  };

  let last = checkout.snapshot.state;
  checkout.subscribe(({ state }) => {
    if (state !== last && state === 'creating') {
      isAgain = isReminded = false;
      accepted = new Set();
    }
    // The quote that was ordered is used up.
    const isNew = state !== last;
    last = state;
    if (isNew && SHOPPING.includes(state)) basket.wake();
    tell();
  });
  basket.subscribe(tell);

  return {
    checkout,
    basket,
    get view() {
      return view();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      listener(view());
      return () => listeners.delete(listener);
    },
    pick: (channelAccountId) => {
      picked = channelAccountId;
      tell();
    },
    accept: (id, isAccepted) => {
      accepted = new Set(accepted);
      if (isAccepted) accepted.add(id);
      else accepted.delete(id);
      tell();
    },
    proceed: () => {
      const { state, isShopping, channelAccountId, required } = view();
      if (isShopping) {
        const purchase = checkout.can('BUY') ? basket.take() : undefined;
        if (purchase) return checkout.send({ type: 'BUY', purchase });
        basket.wake();
        return false;
      }
      if (state !== 'choosing' || !channelAccountId) return false;
      isReminded = required.some((id) => !accepted.has(id));
      tell();
      return !isReminded && checkout.send({ type: 'PAY', channelAccountId, accepted: [...required] });
    },
    wish: (type) => checkout.send({ type }),
    again: () => {
      isAgain = checkout.can('BUY');
      basket.wake();
    },
    wake: () => {
      checkout.wake();
      if (view().isShopping) basket.wake();
    },
    stop: () => {
      checkout.stop();
      basket.stop();
      listeners.clear();
    },
  };
}
