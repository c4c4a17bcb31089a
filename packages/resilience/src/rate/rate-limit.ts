/**
 * Bounds how many calls start a second, so that a quota is kept or one tenant cannot use up what all share.
 *
 * State: a token bucket a stack, or one a key, made by `wrap`. Place: outside retry where a quota counts calls, inside it
 * where the callee counts attempts; outside bulkhead and attempt timeout, since a refused call needs no place and waiting
 * is not the attempt's time. A call that could not have its permit within `maxWaitMs`, or before its deadline, is refused
 * at once and told when to come back. One that waits leaves at once when its caller cancels, and its permit goes to the
 * next in line. No timer runs unless somebody waits.
 */
import {
  type CallContext,
  type Clock,
  type Counter,
  callable,
  checkOptions,
  currentOf,
  type Env,
  fixed,
  type Gauge,
  integerIn,
  type Live,
  millisecondsIn,
  numberIn,
  optional,
  type Service,
  type Status,
} from '@fwk/kernel';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { BoundedKeys } from '../layer/bounded-keys.js';
import { callSafely } from '../layer/call-safely.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { KeyError } from '../layer/key-error.js';
import { type KeyOf, requestKey } from '../layer/request-key.js';
import { type GateOwner, RateGate } from './rate-gate.js';
import { RateLimitedError } from './rate-limited-error.js';

/** Options of {@link rateLimit}. */
export interface RateLimitOptions {
  /** Calls that may start a second in the long run, 0.001 to 1 000 000. @defaultValue 100 */
  readonly permitsPerSecond: number | Live<number>;
  /** Calls that may start at once after a pause, 1 to 1 000 000. @defaultValue 10 */
  readonly burst: number | Live<number>;
  /**
   * How long a call may wait for its permit, 0 to 3 600 000 milliseconds; 0 refuses at once. It bounds the line as well:
   * at most `permitsPerSecond · maxWaitMs / 1000` calls wait. @defaultValue 0
   */
  readonly maxWaitMs: number | Live<number>;
  /**
   * Gives each key permits of its own, such as a tenant. It gets the request, or the arguments of the wrapped function.
   * @defaultValue undefined: one bucket for all
   */
  readonly keyOf: KeyOf | undefined;
  /**
   * Keys remembered, 1 to 1 000 000; the one used least recently goes first, and keys whose permits are all back go when a
   * new key comes. @defaultValue 10000
   */
  readonly maxKeys: number;
}

/** Defaults of {@link rateLimit}. */
export const rateLimitDefaults = Object.freeze({
  permitsPerSecond: 100,
  burst: 10,
  maxWaitMs: 0,
  keyOf: undefined,
  maxKeys: 10_000,
}) satisfies RateLimitOptions;

/** Rules of {@link RateLimitOptions}. */
export const rateLimitRules = Object.freeze({
  permitsPerSecond: numberIn(0.001, 1_000_000),
  burst: integerIn(1, 1_000_000),
  maxWaitMs: millisecondsIn(0, 3_600_000),
  keyOf: optional(callable),
  maxKeys: fixed(integerIn(1, 1_000_000)),
});

/**
 * Makes the rate limiting layer. Each `wrap` has permits of its own.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = rateLimit({ permitsPerSecond: 50, burst: 5 }).wrap(fetchQuote); // rejects with RateLimitedError
 */
export function rateLimit(options?: Partial<RateLimitOptions>): FunctionLayer {
  const settings = checkOptions<RateLimitOptions>('rateLimit', options, rateLimitDefaults, rateLimitRules);
  return functionLayer({
    role: 'rate-limit',
    limits: 'as-inner',
    describe: () => ({
      permitsPerSecond: currentOf(settings.permitsPerSecond),
      burst: currentOf(settings.burst),
      maxWaitMs: currentOf(settings.maxWaitMs),
      ...(settings.keyOf === undefined ? {} : { keyed: true, maxKeys: settings.maxKeys }),
    }),
    build: (next, env) => new RateLimitService(next, env, settings),
  });
}

class RateLimitService<Req, Res> implements Service<Req, Res>, GateOwner {
  readonly clock: Clock;
  readonly expiry: Expiry;
  readonly shapedBy: readonly unknown[];
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: RateLimitOptions;
  /** The gate of all calls; undefined with `keyOf`. */
  readonly #gate: RateGate | undefined;
  readonly #gates: BoundedKeys<RateGate>;
  readonly #makeGate = (nowMs: number) => new RateGate(this, nowMs);
  readonly #rejected: Counter;
  readonly #waiting: Gauge;

  constructor(next: Service<Req, Res>, env: Env, options: RateLimitOptions) {
    this.#next = next;
    this.#env = env;
    this.clock = env.clock;
    this.expiry = new Expiry(env);
    this.#options = options;
    this.shapedBy = [options.permitsPerSecond, options.burst];
    this.#gate = options.keyOf === undefined ? new RateGate(this, env.clock.now()) : undefined;
    this.#gates = new BoundedKeys(options.maxKeys, (gate, nowMs) => gate.idle(nowMs));
    const labels = { path: env.path };
    this.#rejected = env.metrics.counter(
      { name: 'resilience.rate_limit.rejected', help: 'Calls refused because they came faster than allowed.' },
      labels,
    );
    this.#waiting = env.metrics.gauge(
      { name: 'resilience.rate_limit.waiting', help: 'Calls that wait for a permit.' },
      labels,
    );
  }

  get perMs(): number {
    return currentOf(this.#options.permitsPerSecond) / 1000;
  }

  get burst(): number {
    return currentOf(this.#options.burst);
  }

  waiting(change: 1 | -1): void {
    this.#waiting.add(change);
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const nowMs = this.clock.now();
    let gate = this.#gate;
    let key: string | undefined;
    if (gate === undefined) {
      try {
        key = requestKey(this.#options.keyOf!, request);
      } catch (error) {
        return Promise.reject(new KeyError(nameOf(context, this.#env), error));
      }
      gate = this.#gates.get(key, nowMs, this.#makeGate);
    }
    if (gate.enter(nowMs)) return callSafely(this.#next, request, context);
    const waitMs = gate.waitMs(nowMs);
    if (waitMs > currentOf(this.#options.maxWaitMs) || nowMs + waitMs >= context.deadlineMs) {
      return Promise.reject(this.#refused(context, waitMs, key));
    }
    return gate.wait(context, nowMs).then(() => callSafely(this.#next, request, context));
  }

  /** A balancer goes elsewhere while a call would be refused. Of keys nothing can be said before the request is there. */
  status(request?: Req): Status {
    const status = this.#next.status(request);
    if (status !== 'ready' || this.#gate === undefined) return status;
    return this.#gate.waitMs(this.clock.now()) > currentOf(this.#options.maxWaitMs) ? 'busy' : status;
  }

  #refused(context: CallContext, retryAfterMs: number, key: string | undefined): RateLimitedError {
    const refusal = {
      permitsPerSecond: currentOf(this.#options.permitsPerSecond),
      burst: this.burst,
      maxWaitMs: currentOf(this.#options.maxWaitMs),
      retryAfterMs,
      key,
    };
    this.#rejected.add();
    this.#env.events.emit('rate-limit.rejected', { path: this.#env.path, ...refusal });
    return new RateLimitedError(nameOf(context, this.#env), refusal);
  }
}
