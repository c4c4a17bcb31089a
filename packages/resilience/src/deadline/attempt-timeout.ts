/**
 * Time of one attempt, so that a hung callee costs a retry and not the whole deadline.
 *
 * State: none beyond the call. Place: innermost, right before the transport, so that each attempt has its own limit and
 * time in queues does not count. An attempt gets the smaller of its limit and the time that remains. An attempt that
 * loses is cancelled through its context; the answer of one that does not listen is dropped and counted. If the transport
 * then says that nothing had been sent, so does the error, and any call may be tried elsewhere. The caller's own
 * cancellation ends the wait with the caller's reason.
 */
import {
  type CallContext,
  type Counter,
  cancellable,
  checkOptions,
  currentOf,
  DeadlineExceededError,
  type Env,
  emitInCall,
  endsWhenCancelled,
  fixed,
  type LimitFacts,
  type Live,
  millisecondsIn,
  oneOf,
  type Service,
  type Status,
  TimeLimits,
} from '@fwk/kernel';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { resilienceMetrics } from '../metrics.js';
import { cooperativeCall } from './cooperative-call.js';
import { Expiry, nameOf } from './expiry.js';
import { LateAnswers } from './late-answers.js';
import { type TimedCallOwner, timedCall, watchedCall } from './timed-call.js';
import { TimeoutError } from './timeout-error.js';

/** Options of {@link attemptTimeout}. */
export interface AttemptTimeoutOptions {
  /** Time for one attempt, 1 to 2^31 − 1 milliseconds. @defaultValue 1000 */
  readonly timeoutMs: number | Live<number>;
  /**
   * What happens when the time is over. `'give-up'` ends the wait at once; work that does not listen to its context runs on
   * and its answer is dropped. `'cooperative'` only tells the work, by its context and signal, and waits for it to end; what
   * it answers then counts, and if it fails the call ends with a TimeoutError. Cancellation and the deadline end the wait
   * at once either way. @defaultValue 'give-up'
   */
  readonly mode: TimeoutMode;
}

/** Whether an attempt whose time is over is given up, or told so and waited for. */
export type TimeoutMode = 'give-up' | 'cooperative';

/** Defaults of {@link attemptTimeout}. */
export const attemptTimeoutDefaults = Object.freeze({
  timeoutMs: 1000,
  mode: 'give-up',
}) satisfies AttemptTimeoutOptions;

/** Rules of {@link AttemptTimeoutOptions}. */
export const attemptTimeoutRules = Object.freeze({
  timeoutMs: millisecondsIn(1),
  mode: fixed(oneOf('give-up', 'cooperative')),
});

/**
 * Makes the layer that limits one attempt.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = attemptTimeout({ timeoutMs: 300 }).wrap(fetchQuote); // rejects with TimeoutError
 */
export function attemptTimeout(options?: Partial<AttemptTimeoutOptions>): FunctionLayer {
  const settings = checkOptions<AttemptTimeoutOptions>(
    'attemptTimeout',
    options,
    attemptTimeoutDefaults,
    attemptTimeoutRules,
  );
  return functionLayer({
    role: 'attempt-timeout',
    options: settings,
    endsInTime: 'always',
    describe: () => ({
      timeoutMs: currentOf(settings.timeoutMs),
      ...(settings.mode === 'give-up' ? {} : { mode: settings.mode }),
    }),
    build: (next, env) => new AttemptTimeoutService(next, env, settings),
  });
}

class AttemptTimeoutService<Req, Res> implements Service<Req, Res>, TimedCallOwner {
  readonly limits: TimeLimits;
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: AttemptTimeoutOptions;
  readonly #expiry: Expiry;
  readonly #timedOut: Counter;
  readonly #late: LateAnswers;
  /** Whether what is inside ends by itself once it is cancelled. */
  readonly #endsWhenCancelled: boolean;

  constructor(next: Service<Req, Res>, env: Env, options: AttemptTimeoutOptions) {
    this.#next = next;
    this.#env = env;
    this.limits = TimeLimits.of(env.clock);
    this.#options = options;
    this.#expiry = new Expiry(env);
    this.#timedOut = env.metrics.counter(resilienceMetrics['resilience.attempts.timed_out'], { path: env.path });
    this.#late = new LateAnswers(env);
    this.#endsWhenCancelled = endsWhenCancelled(next);
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const timeoutMs = currentOf(this.#options.timeoutMs);
    const nowMs = this.#env.clock.now();
    const limitMs = Math.min(timeoutMs, context.deadlineMs - nowMs);
    if (limitMs <= 0) return Promise.reject(this.#expiry.error(context));
    const byDeadline = limitMs < timeoutMs;
    if (this.#options.mode === 'cooperative' && !byDeadline) {
      return cooperativeCall(this.#next, request, context, cancellable(context), limitMs, this, nowMs);
    }
    const limit = { limitMs, byDeadline, startMs: nowMs, deadlineMs: context.deadlineMs };
    return this.#endsWhenCancelled
      ? watchedCall(this, this.#next, request, context, limit)
      : timedCall(this, this.#next, request, context, limit);
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  expired(context: CallContext, limitMs: number, byDeadline: boolean, facts: LimitFacts): unknown {
    if (byDeadline) return this.#expiry.error(context, limitMs, 'the attempt', facts);
    const what = nameOf(context, this.#env);
    this.#timedOut.add();
    emitInCall(this.#env.events, context, 'attempt.timed-out', { path: this.#env.path, what, limitMs });
    return new TimeoutError(what, limitMs, facts);
  }

  unsent(context: CallContext, limitMs: number, byDeadline: boolean, facts: LimitFacts): unknown {
    const what = nameOf(context, this.#env);
    const known = { ...facts, notProcessed: true };
    return byDeadline
      ? new DeadlineExceededError(what, limitMs, undefined, 'the attempt, of which nothing was sent', known)
      : new TimeoutError(what, limitMs, known);
  }

  late(context: CallContext): void {
    this.#late.add(context);
  }
}
