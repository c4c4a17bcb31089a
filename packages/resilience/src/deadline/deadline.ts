/**
 * Total time of a call. Retries, queues and slow attempts all draw on it, so that a caller's wait is bounded whatever
 * happens below.
 *
 * State: none beyond the call. Place: outermost of the layers that wait, so that it bounds all of them; work below reads
 * `context.deadlineMs` to hand the remaining time on. When time is over the caller gets the error at once and the context
 * below is cancelled. The caller's own cancellation ends the wait with the caller's reason. Where an attempt timeout of
 * this package stands below, it enforces the deadline with the timer that it sets anyway, and none is set here.
 */
import {
  type CallContext,
  callSafely,
  checkOptions,
  currentOf,
  type DeadlineExceededError,
  type Env,
  isSelfLimiting,
  type LimitFacts,
  type Live,
  millisecondsIn,
  type Service,
  type Status,
  TimeLimits,
} from '@fwk/kernel';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { Expiry } from './expiry.js';
import { LateAnswers } from './late-answers.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';
import { type TimedCallOwner, timedCall } from './timed-call.js';

/** Options of {@link deadline}. */
export interface DeadlineOptions {
  /**
   * Time for the whole call, 1 to 2^31 − 1 milliseconds. `Infinity` adds none and only enforces what the caller set.
   * @defaultValue 10000
   */
  readonly timeoutMs: number | Live<number>;
}

/** Defaults of {@link deadline}. */
export const deadlineDefaults = Object.freeze({ timeoutMs: 10_000 }) satisfies DeadlineOptions;

/** Rules of {@link DeadlineOptions}. */
export const deadlineRules = Object.freeze({
  timeoutMs: (value: unknown) =>
    value === Number.POSITIVE_INFINITY ? undefined : millisecondsIn(1, LONGEST_TIMER_MS)(value),
});

/**
 * Makes the deadline layer. A nearer deadline in the caller's context wins.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = deadline({ timeoutMs: 2000 }).wrap(fetchQuote);
 */
export function deadline(options?: Partial<DeadlineOptions>): FunctionLayer {
  const settings = checkOptions<DeadlineOptions>('deadline', options, deadlineDefaults, deadlineRules);
  return functionLayer({
    role: 'deadline',
    options: settings,
    endsInTime: 'always',
    describe: () => ({ timeoutMs: currentOf(settings.timeoutMs) }),
    build: (next, env) => new DeadlineService(next, env, settings.timeoutMs),
  });
}

class DeadlineService<Req, Res> implements Service<Req, Res>, TimedCallOwner {
  readonly limits: TimeLimits;
  readonly #next: Service<Req, Res>;
  readonly #timeoutMs: number | Live<number>;
  readonly #expiry: Expiry;
  readonly #late: LateAnswers;
  readonly #enforced: boolean;

  constructor(next: Service<Req, Res>, env: Env, timeoutMs: number | Live<number>) {
    this.#next = next;
    this.limits = TimeLimits.of(env.clock);
    this.#timeoutMs = timeoutMs;
    this.#expiry = new Expiry(env);
    this.#late = new LateAnswers(env);
    this.#enforced = isSelfLimiting(next);
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const nowMs = this.limits.clock.now();
    const timeoutMs = currentOf(this.#timeoutMs);
    const deadlineMs = Math.min(context.deadlineMs, nowMs + timeoutMs);
    const remainingMs = deadlineMs === context.deadlineMs ? deadlineMs - nowMs : timeoutMs;
    if (remainingMs <= 0) return Promise.reject(this.#expiry.error(context));
    if (this.#enforced) {
      const nearer = deadlineMs < context.deadlineMs ? context.with({ deadlineMs }) : context;
      return callSafely(this.#next, request, nearer);
    }
    const limit = { limitMs: remainingMs, byDeadline: true, startMs: nowMs, deadlineMs };
    return timedCall(this, this.#next, request, context, limit);
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  expired(context: CallContext, limitMs: number, _byDeadline: boolean, facts: LimitFacts): DeadlineExceededError {
    return this.#expiry.error(context, limitMs, undefined, facts);
  }

  /** A layer below that gives up by itself tells of its cancellation first, and counts the answer that it drops. */
  late(context: CallContext): void {
    this.#late.add(context);
  }
}
