/**
 * Sends less to a callee that refuses much. A refusal costs the callee almost as much as an answer, so one that is far
 * over its capacity spends itself on refusing; clients that hold back by what they see let it do some work.
 *
 * State: counts over the last two minutes, one set a stack. Place: inside retry, because attempts are what the callee
 * gets, and outside the breaker, which is not to judge calls that were never made. What counts as refused is the
 * classifier's to say: overloaded, or failed without having been processed. Whatever else is answered was accepted. A
 * call that its caller cancelled, or that a layer below refused, says nothing and is taken out of the counts. One that is
 * not answered within the window leaves them as well, so that calls which hang do not outweigh those which are refused.
 */
import {
  type CallContext,
  type Counter,
  callSafely,
  checkOptions,
  currentOf,
  type Env,
  emitInCall,
  type Follower,
  fixed,
  follow,
  isOwnDoing,
  type Live,
  millisecondsIn,
  numberIn,
  type Service,
  type Status,
  type Verdict,
} from '@fwk/kernel';
import { nameOf } from '../deadline/expiry.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import { resilienceMetrics } from '../metrics.js';
import { RollingCounts } from '../window/rolling-counts.js';
import { dropRatio } from './drop-ratio.js';
import { ThrottledError } from './throttled-error.js';

/** Options of {@link throttle}. */
export interface ThrottleOptions {
  /**
   * K: calls wanted for each that the callee takes before any is dropped, 1 to 100. Less drops sooner and more; 1 would
   * hardly send more than is taken, and be slow to notice a recovery. @defaultValue 2
   */
  readonly multiplier: number | Live<number>;
  /**
   * No more than this share is dropped, 0 to 1, so that a callee which took nothing at all still gets enough calls to show
   * that it has recovered. @defaultValue 0.99
   */
  readonly maxDropRatio: number | Live<number>;
  /** Measured stretch of time, 1000 to 3 600 000 milliseconds. @defaultValue 120000 */
  readonly windowMs: number;
}

/** Defaults of {@link throttle}. */
export const throttleDefaults = Object.freeze({
  multiplier: 2,
  maxDropRatio: 0.99,
  windowMs: 120_000,
}) satisfies ThrottleOptions;

/** Rules of {@link ThrottleOptions}. */
export const throttleRules = Object.freeze({
  multiplier: numberIn(1, 100),
  maxDropRatio: numberIn(0, 1),
  windowMs: fixed(millisecondsIn(1000, 3_600_000)),
});

/**
 * Makes the throttling layer. Each `wrap` has counts of its own.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = throttle().wrap(fetchQuote); // rejects with ThrottledError
 */
export function throttle(options?: Partial<ThrottleOptions>): FunctionLayer {
  const settings = checkOptions<ThrottleOptions>('throttle', options, throttleDefaults, throttleRules);
  return functionLayer({
    role: 'throttle',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({
      multiplier: currentOf(settings.multiplier),
      maxDropRatio: currentOf(settings.maxDropRatio),
      windowMs: settings.windowMs,
    }),
    build: (next, env) => new ThrottleService(next, env, settings),
  });
}

const REQUESTS = 0;
const PENDING = 1;
const ACCEPTED = 2;
const SLICES = 24;

class ThrottleService<Req, Res> implements Service<Req, Res> {
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: ThrottleOptions;
  readonly #counts: RollingCounts;
  readonly #rejected: Counter;

  constructor(next: Service<Req, Res>, env: Env, options: ThrottleOptions) {
    this.#next = next;
    this.#env = env;
    this.#options = options;
    this.#counts = new RollingCounts(3, options.windowMs, SLICES);
    this.#rejected = env.metrics.counter(resilienceMetrics['resilience.throttle.rejected'], { path: env.path });
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const nowMs = this.#env.clock.now();
    this.#counts.advance(nowMs);
    const ratio = this.#ratio();
    this.#counts.add(REQUESTS, 1, nowMs);
    if (ratio > 0 && this.#env.random() < ratio) return Promise.reject(this.#refused(context, ratio));
    this.#counts.add(PENDING, 1, nowMs);
    const { slice } = this.#counts;
    const sent = new SentCall<Req, Res>(this, slice, request, context);
    return follow(callSafely(this.#next, request, context), sent);
  }

  /** Says what the callee says: that some calls are dropped is no reason for a balancer to send none. */
  status(request?: Req): Status {
    return this.#next.status(request);
  }

  #ratio(): number {
    const counts = this.#counts;
    const { multiplier, maxDropRatio } = this.#options;
    const ratio = dropRatio(
      counts.total(REQUESTS),
      counts.total(PENDING),
      counts.total(ACCEPTED),
      currentOf(multiplier),
    );
    return Math.min(ratio, currentOf(maxDropRatio));
  }

  /** A call that was sent has been answered. @param slice - where it was counted */
  answered(slice: number, value: Res, request: Req, context: CallContext): void {
    this.#answered(slice, judgeCallResult(this.#env, value, context, request));
  }

  failed(slice: number, error: unknown, request: Req, context: CallContext): void {
    const verdict = judgeCallError(this.#env, error, context, request);
    const gaveUp = context.cancelled && verdict.outcome === 'ignored';
    if (gaveUp || isOwnDoing(verdict)) this.#takeOut(slice);
    else this.#answered(slice, verdict);
  }

  /** @param slice - where the call was counted, and where it is pending no more. */
  #answered(slice: number, verdict: Verdict): void {
    const nowMs = this.#env.clock.now();
    this.#counts.advance(nowMs);
    this.#counts.addTo(slice, PENDING, -1);
    const unprocessed = verdict.outcome === 'failure' && verdict.sent === false;
    if (!verdict.overloaded && !unprocessed) this.#counts.add(ACCEPTED, 1, nowMs);
  }

  #takeOut(slice: number): void {
    this.#counts.advance(this.#env.clock.now());
    this.#counts.addTo(slice, PENDING, -1);
    this.#counts.addTo(slice, REQUESTS, -1);
  }

  #refused(context: CallContext, ratio: number): ThrottledError {
    const refusal = {
      requests: this.#counts.total(REQUESTS),
      accepted: this.#counts.total(ACCEPTED),
      dropRatio: ratio,
      windowMs: this.#options.windowMs,
    };
    this.#rejected.add();
    emitInCall(this.#env.events, context, 'throttle.rejected', { path: this.#env.path, ...refusal });
    return new ThrottledError(nameOf(context, this.#env), refusal);
  }
}

/** Tells the throttle how a call ends that it has sent. */
class SentCall<Req, Res> implements Follower<Res> {
  next: Follower<Res> | undefined = undefined;
  readonly #throttle: ThrottleService<Req, Res>;
  readonly #slice: number;
  readonly #request: Req;
  readonly #context: CallContext;

  constructor(throttle: ThrottleService<Req, Res>, slice: number, request: Req, context: CallContext) {
    this.#throttle = throttle;
    this.#slice = slice;
    this.#request = request;
    this.#context = context;
  }

  answered(value: Res): undefined {
    this.#throttle.answered(this.#slice, value, this.#request, this.#context);
  }

  failed(error: unknown): undefined {
    this.#throttle.failed(this.#slice, error, this.#request, this.#context);
  }
}
