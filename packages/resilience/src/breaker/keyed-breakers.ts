/**
 * A breaker for each key of the request, so that one failing tenant or host does not stop the others.
 *
 * Bounded: at most `maxKeys` are kept, and the one used least recently goes first; one that somebody has set by hand lines
 * up anew instead, unless more than a few are. A breaker that is closed and was not
 * used for `keyIdleMs` goes when the next new key comes: nothing is remembered that would still mean something.
 */
import type { CallContext, Env, Service, Status } from '@fwk/kernel';
import { KeyError } from '../layer/key-error.js';
import { type KeyOf, requestKey } from '../layer/request-key.js';
import { Breaker } from './breaker.js';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerSeries } from './breaker-series.js';
import { BreakerService } from './breaker-service.js';
import { isManual } from './breaker-state.js';
import type { OpossumSource } from './engine-share.js';
import type { OpossumView } from './opossum-view.js';

/** So many in a row that were set by hand are passed over for one new key: it is to cost O(1), whatever was set. */
const MAX_SPARED = 16;

interface Entry<Req, Res> {
  readonly service: BreakerService<Req, Res>;
  readonly breaker: Breaker;
  usedAtMs: number;
}

/** Calls go through the breaker of their key. */
export class KeyedBreakerService<Req, Res> implements OpossumSource, Service<Req, Res>, Disposable {
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: BreakerOptions;
  readonly #name: string;
  readonly #series: BreakerSeries;
  readonly #keyOf: KeyOf;
  /** In order of use, oldest first. */
  readonly #entries = new Map<string, Entry<Req, Res>>();

  constructor(
    next: Service<Req, Res>,
    env: Env,
    options: BreakerOptions,
    name: string,
    keyOf: KeyOf,
    series: BreakerSeries,
  ) {
    this.#next = next;
    this.#env = env;
    this.#options = options;
    this.#name = name;
    this.#keyOf = keyOf;
    this.#series = series;
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    let key: string;
    try {
      key = requestKey(this.#keyOf, request);
    } catch (error) {
      return Promise.reject(new KeyError(this.#name, error));
    }
    return this.#serviceOf(key).call(request, context);
  }

  /** One open key says nothing about requests of other keys, so only of a given request it is asked. */
  status(request?: Req): Status {
    const known = request === undefined ? undefined : this.#known(request);
    return known ? known.service.status(request) : this.#next.status(request);
  }

  [Symbol.dispose](): void {
    for (const { breaker } of this.#entries.values()) breaker.end();
  }

  /** Of the breaker of the request's key, if there is one. */
  viewOf(request: unknown): OpossumView | undefined {
    return this.#known(request)?.breaker.viewOf();
  }

  #known(request: unknown): Entry<Req, Res> | undefined {
    try {
      return this.#entries.get(requestKey(this.#keyOf, request));
    } catch {
      // The call will say so.
      return undefined;
    }
  }

  #serviceOf(key: string): BreakerService<Req, Res> {
    const nowMs = this.#env.clock.now();
    const known = this.#entries.get(key);
    if (known) {
      known.usedAtMs = nowMs;
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.service;
    }
    this.#makeRoom(nowMs);
    const breaker = new Breaker(`${this.#name}:${key}`, this.#options, this.#env, this.#series);
    const service = new BreakerService(this.#next, breaker);
    this.#entries.set(key, { service, breaker, usedAtMs: nowMs });
    this.#built(breaker);
    return service;
  }

  /** Here in the middle of a call, which is not to pay for a listener that throws. */
  #built(breaker: Breaker): void {
    try {
      this.#options.onBuilt?.(breaker);
    } catch (error) {
      this.#env.logger.error({ err: error, breaker: breaker.name }, 'the onBuilt function of a breaker threw');
    }
  }

  /**
   * Stops at the first that is in use: what follows was used more recently. An open breaker still means something, however
   * long nobody asked, so an idle one lines up anew; each is passed once in `keyIdleMs`, and a new key costs O(1).
   */
  #makeRoom(nowMs: number): void {
    let spared = 0;
    for (const [key, entry] of this.#entries) {
      const full = this.#entries.size >= this.#options.maxKeys;
      if (!full && nowMs - entry.usedAtMs <= this.#options.keyIdleMs) return;
      this.#entries.delete(key);
      const { state } = entry.breaker;
      if (full ? !isManual(state) || ++spared > MAX_SPARED : state === 'closed') {
        entry.breaker.end();
        continue;
      }
      entry.usedAtMs = nowMs;
      this.#entries.set(key, entry);
    }
  }
}
