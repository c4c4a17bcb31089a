import { type Env, jittered } from '@fwk/kernel';
import type { DnsRegistryOptions } from './dns-options.js';

/** When to ask again, as monotonic times. Each pause is shortened at random, so that not everybody asks at once. */
export class Pace {
  readonly #options: DnsRegistryOptions;
  readonly #env: Env;

  constructor(options: DnsRegistryOptions, env: Env) {
    this.#options = options;
    this.#env = env;
  }

  get nowMs(): number {
    return this.#env.clock.now();
  }

  /** After an answer that holds for so long, brought into bounds. */
  after(ttlMs: number): number {
    const { minTtlMs, maxTtlMs } = this.#options;
    return this.#in(Math.min(Math.max(ttlMs, minTtlMs), maxTtlMs));
  }

  /** After SRV records, whose TTL Node does not tell. */
  afterTargets(): number {
    return this.#in(this.#options.srvRefreshMs);
  }

  afterFailure(): number {
    return this.#in(this.#options.retryMs);
  }

  #in(pauseMs: number): number {
    return this.nowMs + jittered(pauseMs, this.#options.jitter, this.#env.random);
  }
}
