// What is kept so that a purchase goes on after a reload, a redirect or a crash: every request is stored, whole and with
// its request_id, before it is sent, and is sent again exactly so.
import type { AcceptAgreementRequest, CreateOrderRequest, PayOrderRequest } from './contract.js';
import { asPayError } from './errors.js';

/** Where text is kept. `lock` runs `work` while no other tab does so for the same key. */
export interface Store {
  get(key: string): string | null | undefined | Promise<string | null | undefined>;
  set(key: string, value: string): void | Promise<void>;
  remove(key: string): void | Promise<void>;
  lock?<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** An agreement that was accepted, and the language in which it was shown. */
export type Accepted = Pick<AcceptAgreementRequest, 'agreementTemplateId' | 'locale'>;

/** One purchase, as it is kept. */
export interface Saved {
  /** Of this form. */
  v: 1;
  create: CreateOrderRequest;
  /** Of the order, once it was answered. */
  orderId?: string;
  /** The attempt under way; dropped when its payment has failed or was closed. */
  pay?: { request: PayOrderRequest; channel?: string; accepted?: Accepted[]; paymentId?: string; isActed?: boolean };
  /** Cancelling, once it was asked for. */
  cancelId?: string;
  /** It has ended: another one may take its place. */
  isOver?: boolean;
}

/** One purchase's place in a store. */
export interface Memory {
  load(): Promise<Saved | undefined>;
  /** Reads, alters and writes in one piece; `undefined` removes. Gives what is stored then. */
  change(alter: (saved: Saved | undefined) => Saved | undefined): Promise<Saved | undefined>;
}

// For stores without a lock of their own: changes of one key follow each other within this page.
const turns = new WeakMap<Store, Promise<unknown>>();
function inTurn<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(store) ?? Promise.resolve()).then(work);
  turns.set(store, mine.catch(() => {}));
  return mine;
}

export function createMemory(store: Store, key: string): Memory {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asPayError(error, 'failed_precondition', 'STORE_FAILED');
    }
  };
  async function read(): Promise<Saved | undefined> {
    const text = await store.get(key);
    try {
      const saved = JSON.parse(text ?? 'null');
      return saved?.v === 1 && saved.create?.requestId ? saved : undefined;
    } catch {
      return undefined; // not ours, or cut: nothing can be resumed from it
    }
  }
  const alone = <T>(work: () => Promise<T>) => (store.lock ? store.lock(key, work) : inTurn(store, work));
  return {
    load: () => guard(read),
    change: (alter) => guard(() => alone(async () => {
      const before = await read();
      const after = alter(before);
      if (after === before) return after;
      await (after ? store.set(key, JSON.stringify(after)) : store.remove(key));
      return after;
    })),
  };
}

/** Keeps nothing beyond the page: for tests and for hosts with a memory of their own. */
export function memoryStore(): Store {
  const kept = new Map<string, string>();
  return { get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value), remove: (key) => void kept.delete(key) };
}

/** Keeps in `localStorage` or the like; tabs take turns where the browser has locks: `webStore(localStorage, navigator.locks)`. */
export function webStore(
  storage: { getItem(key: string): string | null; setItem(key: string, value: string): void; removeItem(key: string): void },
  locks?: { request<T>(name: string, work: () => Promise<T>): Promise<T> },
): Store {
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    remove: (key) => storage.removeItem(key),
    ...(locks && { lock: <T>(key: string, work: () => Promise<T>) => locks.request(key, work) }),
  };
}
