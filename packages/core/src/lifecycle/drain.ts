import { type Clock, settleWithin, type Token, token, warnOfListener } from '@fwk/kernel';

/**
 * What servers and the stopping application share: how many calls are in flight, and how far stopping has come.
 * Stopping goes through two moments. First *draining*: nobody should send us more, but we serve whatever comes, saying
 * `Connection: close`. Then, after the propagation delay, *closing*: servers stop accepting, and the application waits
 * until the calls in flight are answered. Only then do components stop.
 */
export interface Drain {
  /** True from the moment that stopping began. */
  readonly draining: boolean;
  /** Calls in flight. */
  readonly active: number;
  /**
   * Counts one call in flight until it is disposed; disposing twice counts once.
   * @param what - its operation, for the report of what was cut off. @defaultValue none
   */
  track(what?: string): Disposable;
  /** Calls `listener` once when draining begins, at once if it has begun. */
  onDrain(listener: () => void): Disposable;
  /**
   * Registers what must stop accepting when the propagation delay is over. Its promise may wait for connections, but
   * not for calls in flight: those are counted here. Servers that do not use it stop accepting in their `stop` step.
   */
  onClose(listener: () => Promise<void> | void): Disposable;
}

/** The stopping side of {@link Drain}. */
export interface DrainControl extends Drain {
  /** Begins draining. */
  begin(): void;
  /** Tells everybody to stop accepting; answers when they have. The number told is `closers`. */
  close(): Promise<void>;
  readonly closers: number;
  /** What the calls in flight are, as far as it was said, with the number of each. */
  inFlight(): Readonly<Record<string, number>>;
  /**
   * Waits until nothing is in flight, at most so long.
   * @returns how many calls were still in flight when the wait ended; 0 when all were answered.
   */
  idle(limitMs: number): Promise<number>;
}

/** The application's drain. */
export const drainToken: Token<Drain> = token('drain');

/** What calls are that nobody has named. */
const unnamed = 'unnamed';

/** Makes a drain for an application. */
export function createDrain(clock: Clock): DrainControl {
  const drainListeners = new Set<() => void>();
  const closeListeners = new Set<() => Promise<void> | void>();
  const idleListeners = new Set<() => void>();
  let draining = false;
  let active = 0;
  let newest: Tracked | undefined;

  /** The calls in flight are a list through themselves: entering and leaving cost two writes each. */
  class Tracked implements Disposable {
    readonly what: string;
    older: Tracked | undefined = newest;
    newer: Tracked | undefined;
    #open = true;

    constructor(what: string) {
      this.what = what;
      if (newest) newest.newer = this;
      newest = this;
      active++;
    }

    [Symbol.dispose](): void {
      if (!this.#open) return;
      this.#open = false;
      if (this.older) this.older.newer = this.newer;
      if (this.newer) this.newer.older = this.older;
      else newest = this.older;
      this.older = undefined;
      this.newer = undefined;
      active--;
      if (active === 0) for (const listener of [...idleListeners]) listener();
    }
  }

  return {
    get draining() {
      return draining;
    },
    get active() {
      return active;
    },
    get closers() {
      return closeListeners.size;
    },
    track: (what = unnamed) => new Tracked(what),
    inFlight() {
      const counts = new Map<string, number>();
      for (let each = newest; each; each = each.older) counts.set(each.what, (counts.get(each.what) ?? 0) + 1);
      return Object.fromEntries(counts);
    },
    onDrain(listener) {
      // A wrapper of its own, so that the same function may subscribe twice and leave once.
      const own = () => listener();
      if (draining) listener();
      else drainListeners.add(own);
      return { [Symbol.dispose]: () => void drainListeners.delete(own) };
    },
    onClose(listener) {
      const own = () => listener();
      closeListeners.add(own);
      return { [Symbol.dispose]: () => void closeListeners.delete(own) };
    },
    begin() {
      if (draining) return;
      draining = true;
      for (const listener of [...drainListeners]) {
        try {
          listener();
        } catch (error) {
          warnOfListener(error, 'the drain');
        }
      }
      drainListeners.clear();
    },
    async close() {
      const results = await Promise.allSettled([...closeListeners].map(async (listener) => listener()));
      closeListeners.clear();
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
    async idle(limitMs) {
      if (active === 0) return 0;
      let told = () => {};
      const idle = new Promise<void>((resolve) => {
        told = resolve;
        idleListeners.add(told);
      });
      await settleWithin(idle, { clock, limitMs, late: () => undefined });
      idleListeners.delete(told);
      return active;
    },
  };
}
