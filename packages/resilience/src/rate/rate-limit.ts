/**
 * Bounds how many calls start a second, so that a quota is kept or one tenant cannot use up what all share.
 *
 * State: a token bucket or a window a stack, or one a key, made by `wrap`. Place: outside retry where a quota counts calls, inside it
 * where the callee counts attempts; outside bulkhead and attempt timeout, since a refused call needs no place and waiting
 * is not the attempt's time. A call that could not have its permit within `maxWaitMs`, or before its deadline, is refused
 * at once and told when to come back. One that waits leaves at once when its caller cancels, and its permit goes to the
 * next in line. No timer runs unless somebody waits.
 */
import {
  type BucketShape,
  type CallContext,
  type Clock,
  type Counter,
  callSafely,
  currentOf,
  type Env,
  emitInCall,
  type Gauge,
  OptionsError,
  type Service,
  type Status,
  TokenBucket,
} from '@fwk/kernel';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { BoundedKeys } from '../layer/bounded-keys.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { KeyError } from '../layer/key-error.js';
import { requestKey } from '../layer/request-key.js';
import { resilienceMetrics } from '../metrics.js';
import { FixedWindow } from './fixed-window.js';
import type { Permits, WindowShape } from './permits.js';
import { noLimit, QuotaPermits } from './quota-permits.js';
import { type GateOwner, RateGate } from './rate-gate.js';
import { checkRateLimitOptions, type RateLimitOptions } from './rate-limit-options.js';
import { RateLimitedError } from './rate-limited-error.js';
import type { RateQuota } from './rate-quota.js';
import { SlidingWindow } from './sliding-window.js';

/**
 * Makes the rate limiting layer. Each `wrap` has permits of its own.
 * @param quota - of the callee, told by whoever hears its answers; what `followQuota` asks for. @defaultValue none
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = rateLimit({ permitsPerSecond: 50, burst: 5 }).wrap(fetchQuote); // rejects with RateLimitedError
 */
export function rateLimit(options?: Partial<RateLimitOptions>, quota?: RateQuota): FunctionLayer {
  const settings = checkRateLimitOptions(options);
  if (settings.followQuota && !quota) throw new OptionsError('rateLimit', [quotaNeedsClient]);
  const followed = settings.followQuota ? quota : undefined;
  return functionLayer({
    role: 'rate-limit',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({
      algorithm: settings.algorithm,
      ...shapeOf(settings),
      ...(followed && { followQuota: true }),
      maxWaitMs: currentOf(settings.maxWaitMs),
      ...(settings.keyOf === undefined ? {} : { keyed: true, maxKeys: settings.maxKeys }),
    }),
    build: (next, env) => new RateLimitService(next, env, settings, followed),
  });
}

/** What is wrong where nobody hears the answers. */
export const quotaNeedsClient =
  'followQuota needs a client of @fwk/http, which reads the answers: functions and servers have none that could be read';

/** Calls that wait are let in on whole milliseconds, so one may be late by this without anything having changed. */
const GRACE_MS = 1;

/** What the algorithm goes by, as it is now. */
function shapeOf(options: RateLimitOptions): Readonly<Record<string, number>> {
  if (options.algorithm === 'none') return {};
  return options.algorithm === 'token-bucket'
    ? { permitsPerSecond: currentOf(options.permitsPerSecond), burst: currentOf(options.burst) }
    : { permitsPerWindow: currentOf(options.permitsPerWindow), windowMs: currentOf(options.windowMs) };
}

class RateLimitService<Req, Res> implements Service<Req, Res>, GateOwner, BucketShape, WindowShape {
  readonly clock: Clock;
  readonly expiry: Expiry;
  readonly shapedBy: readonly unknown[];
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: RateLimitOptions;
  readonly #quota: RateQuota | undefined;
  /** The gate of all calls; undefined with `keyOf`. */
  readonly #gate: RateGate | undefined;
  readonly #gates: BoundedKeys<RateGate>;
  readonly #makeGate = (nowMs: number) => new RateGate(this, nowMs);
  readonly #rejected: Counter;
  readonly #waiting: Gauge;

  constructor(next: Service<Req, Res>, env: Env, options: RateLimitOptions, quota: RateQuota | undefined) {
    this.#next = next;
    this.#env = env;
    this.clock = env.clock;
    this.expiry = new Expiry(env);
    this.#options = options;
    this.#quota = quota;
    this.shapedBy = [
      options.permitsPerSecond,
      options.burst,
      options.permitsPerWindow,
      options.windowMs,
      quota?.changes,
    ];
    this.#gate = options.keyOf === undefined ? new RateGate(this, env.clock.now()) : undefined;
    this.#gates = new BoundedKeys(options.maxKeys, (gate, nowMs) => gate.idle(nowMs));
    const labels = { path: env.path };
    this.#rejected = env.metrics.counter(resilienceMetrics['resilience.rate_limit.rejected'], labels);
    this.#waiting = env.metrics.gauge(resilienceMetrics['resilience.rate_limit.waiting'], labels);
  }

  get perMs(): number {
    return currentOf(this.#options.permitsPerSecond) / 1000;
  }

  get burst(): number {
    return currentOf(this.#options.burst);
  }

  get permits(): number {
    return currentOf(this.#options.permitsPerWindow);
  }

  get windowMs(): number {
    return currentOf(this.#options.windowMs);
  }

  makePermits(nowMs: number): Permits {
    const own = this.#ownPermits(nowMs);
    return this.#quota ? new QuotaPermits(own, this.#quota) : own;
  }

  #ownPermits(nowMs: number): Permits {
    switch (this.#options.algorithm) {
      case 'sliding-window':
        return new SlidingWindow(this);
      case 'fixed-window':
        return new FixedWindow(this);
      case 'none':
        return noLimit;
      default:
        return new TokenBucket(this, nowMs);
    }
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
    const latestMs = nowMs + currentOf(this.#options.maxWaitMs);
    if (nowMs + waitMs > latestMs || nowMs + waitMs >= context.deadlineMs) {
      return Promise.reject(this.#refused(context, waitMs, key));
    }
    const reconsider = (leftMs: number) =>
      this.clock.now() + leftMs > latestMs + GRACE_MS ? this.#refused(context, leftMs, key) : undefined;
    return gate.wait(context, nowMs, reconsider).then(() => callSafely(this.#next, request, context));
  }

  /** A balancer goes elsewhere while a call would be refused. Of keys nothing can be said before the request is there. */
  status(request?: Req): Status {
    const status = this.#next.status(request);
    const gate = this.#gate ?? this.#gateOf(request);
    if (status !== 'ready' || gate === undefined) return status;
    return gate.waitMs(this.clock.now()) > currentOf(this.#options.maxWaitMs) ? 'busy' : status;
  }

  #gateOf(request: Req | undefined): RateGate | undefined {
    const { keyOf } = this.#options;
    if (request === undefined || keyOf === undefined) return undefined;
    try {
      return this.#gates.peek(requestKey(keyOf, request));
    } catch {
      // The call itself is told of it.
      return undefined;
    }
  }

  #refused(context: CallContext, retryAfterMs: number, key: string | undefined): RateLimitedError {
    const refusal = {
      algorithm: this.#options.algorithm,
      permitsPerSecond: undefined,
      burst: undefined,
      permitsPerWindow: undefined,
      windowMs: undefined,
      ...shapeOf(this.#options),
      byQuota: (this.#quota?.waitMs(1, this.clock.now()) ?? 0) > 0,
      maxWaitMs: currentOf(this.#options.maxWaitMs),
      retryAfterMs,
      key,
    };
    this.#rejected.add();
    emitInCall(this.#env.events, context, 'rate-limit.rejected', { path: this.#env.path, ...refusal });
    return new RateLimitedError(nameOf(context, this.#env), refusal);
  }
}
