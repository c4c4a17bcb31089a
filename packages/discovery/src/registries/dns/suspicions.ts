import type { Env } from '@fwk/kernel';
import type { DnsRegistryOptions } from './dns-options.js';

/** Questions that may be brought forward in a second. */
const QUESTIONS_PER_SECOND = 50;
/** Questions in a row that may be brought forward in vain before their distance grows. */
const PATIENCE = 10;

/**
 * Addresses to which connections fail, and when they are to be asked for ahead of their TTL: at once where the last answer
 * is older than the least TTL, otherwise when it will be, and never so that more than 50 questions a second come of it. The
 * eleventh and every further question in a row that changes nothing comes a least TTL later than the one before it.
 */
export class Suspicions {
  readonly #options: DnsRegistryOptions;
  readonly #env: Env;
  #addresses = new Set<string>();
  #earliestMs = Number.NEGATIVE_INFINITY;
  #inVain = 0;
  /** Monotonic time at which to ask; `Infinity` while nothing is suspected. */
  dueMs = Number.POSITIVE_INFINITY;

  constructor(options: DnsRegistryOptions, env: Env) {
    this.#options = options;
    this.#env = env;
  }

  add(address: string): void {
    this.#addresses.add(address);
    if (this.dueMs < Number.POSITIVE_INFINITY) return;
    const { minTtlMs, jitter } = this.#options;
    // Many processes see the same server go at the same moment.
    this.dueMs = Math.max(this.#env.clock.now(), this.#earliestMs) + minTtlMs * jitter * this.#env.random();
  }

  /** What is suspected, which is about to be asked for. */
  take(): ReadonlySet<string> {
    const taken = this.#addresses;
    this.#addresses = new Set();
    this.dueMs = Number.POSITIVE_INFINITY;
    return taken;
  }

  /**
   * @param asked - how many hosts and sets of records were asked for.
   * @param inVain - whether something was suspected and nothing has changed.
   * @param present - the addresses that are known now; what is gone is suspected no longer.
   */
  answered(asked: number, inVain: boolean, present: ReadonlySet<string>): void {
    this.#inVain = inVain ? this.#inVain + 1 : 0;
    const gapMs = this.#options.minTtlMs * Math.max(1, this.#inVain - PATIENCE + 1);
    this.#earliestMs = this.#env.clock.now() + Math.max(gapMs, (asked / QUESTIONS_PER_SECOND) * 1000);
    const meanwhile = [...this.take()].filter((address) => present.has(address));
    for (const address of meanwhile) this.add(address);
  }
}
