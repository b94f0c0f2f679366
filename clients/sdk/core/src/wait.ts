// Time, and waiting: everything that waits does it here, by a clock that tests can set.

/** The machine's clock and its chance. */
export interface Clock {
  /** Milliseconds since 1970, as this machine believes. */
  now(): number;
  set(work: () => void, ms: number): unknown;
  clear(timer: unknown): void;
  /** From 0 on, below 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  set: (work, ms) => setTimeout(work, ms),
  clear: (timer) => clearTimeout(timer as number),
  random: () => Math.random(),
};

/** Waits that someone can cut short. */
export interface Bell {
  /** Ends every wait now; where nobody waits, the next one. */
  ring(): void;
  /** Resolves after `ms`, when rung, or when `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createBell(clock: Clock): Bell {
  const waiting = new Set<() => void>();
  let isRung = false;
  return {
    ring: () => {
      isRung = !waiting.size;
      for (const end of [...waiting]) end();
    },
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const end = () => {
          clock.clear(timer);
          waiting.delete(end);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = clock.set(end, ms);
        waiting.add(end);
        signal.addEventListener('abort', end);
        if (signal.aborted || isRung) end();
        isRung = false;
      }),
  };
}

/** The pause after the n-th try (from 0 on): doubled up to `most`, of which chance takes up to a half away. */
export const pauseMs = (clock: Clock, n: number, first: number, most: number): number =>
  Math.min(most, first * 2 ** n) * (1 - clock.random() / 2);
