// Runs the machine: one event after the other, and each state's work while the state lasts.
import { type EventName, type Job, machine, type State } from './machine.js';

export interface Event {
  readonly type: EventName;
}

/** The work of a state: it may send until the state is left; then `signal` is aborted. */
export type Work<E extends Event> = (event: E, send: (event: E) => void, signal: AbortSignal) => Promise<void>;

export interface Running<E extends Event> {
  readonly state: State;
  /** False when the state does not know the event: nothing has happened. */
  send(event: E): boolean;
  stop(): void;
}

/** `onEvent` hears of every event that was taken, after the machine has moved. `failed` makes an event of a thrown error. */
export function interpret<E extends Event>(
  work: Record<Job, Work<E>>, first: E, onEvent: (event: E, state: State, before: State) => void, failed: (error: unknown) => E,
): Running<E> {
  let state: State = machine.initial;
  let leave = new AbortController();
  let isBusy = false;
  let isStopped = false;
  const queue: [event: E, signal?: AbortSignal][] = [];

  function enter(event: E) {
    const { signal } = leave;
    const send = (sent: E) => void take(sent, signal);
    for (const { src } of machine.states[state].invoke ?? []) work[src](event, send, signal).catch((error) => send(failed(error)));
  }

  // Events that are sent while one is taken wait for their turn; those of a state's work end with the state.
  function take(event: E, signal?: AbortSignal): boolean {
    if (isBusy) return queue.push([event, signal]) > 0;
    const found = !isStopped && !signal?.aborted && machine.states[state].on[event.type];
    if (!found) return false;
    isBusy = true;
    const before = state;
    if (found.target && found.target !== state) {
      state = found.target;
      leave.abort();
      leave = new AbortController();
    }
    try {
      onEvent(event, state, before);
    } finally {
      if (state !== before) enter(event);
      isBusy = false;
      while (!isBusy && queue.length) take(...(queue.shift() as [E, AbortSignal?]));
    }
    return true;
  }

  enter(first);
  return {
    get state() {
      return state;
    },
    send: (event) => take(event),
    stop: () => {
      isStopped = true;
      leave.abort();
    },
  };
}
