/**
 * Total time of a call. Retries, queues and slow attempts all draw on it, so that a caller's wait is bounded whatever
 * happens below.
 *
 * State: none beyond the call. Place: outermost of the layers that wait, so that it bounds all of them; work below reads
 * `context.deadlineMs` to hand the remaining time on. When time is over the caller gets the error at once and the context
 * below is cancelled with the same error. The caller's own cancellation ends the wait with the caller's reason.
 */
import {
  type CallContext,
  type Clock,
  type Counter,
  cancellable,
  checkOptions,
  currentOf,
  DeadlineExceededError,
  type Env,
  type Live,
  millisecondsIn,
  operationKey,
  type Service,
  type Status,
} from '@fwk/kernel';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { guardedDeadlineKey } from './guarded-deadline.js';
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
    races: true,
    describe: () => ({ timeoutMs: currentOf(settings.timeoutMs) }),
    build: (next, env) => new DeadlineService(next, env, settings.timeoutMs),
  });
}

class DeadlineService<Req, Res> implements Service<Req, Res>, TimedCallOwner {
  readonly clock: Clock;
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #timeoutMs: number | Live<number>;
  readonly #exceeded: Counter;

  constructor(next: Service<Req, Res>, env: Env, timeoutMs: number | Live<number>) {
    this.#next = next;
    this.#env = env;
    this.clock = env.clock;
    this.#timeoutMs = timeoutMs;
    this.#exceeded = env.metrics.counter(
      { name: 'resilience.deadlines.exceeded', help: 'Calls whose total time ran out.' },
      { path: env.path },
    );
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const nowMs = this.clock.now();
    const deadlineMs = Math.min(context.deadlineMs, nowMs + currentOf(this.#timeoutMs));
    const remainingMs = deadlineMs - nowMs;
    // Nothing to enforce, or a deadline layer further out enforces the same moment.
    if (remainingMs > LONGEST_TIMER_MS || context.get(guardedDeadlineKey) === deadlineMs) {
      return this.#next.call(request, context);
    }
    if (remainingMs <= 0) return Promise.reject(this.expired(context, undefined));
    const derived = cancellable(context, { deadlineMs, values: [guardedDeadlineKey.of(deadlineMs)] });
    return timedCall(this.#next, request, context, derived, remainingMs, this);
  }

  status(): Status {
    return this.#next.status();
  }

  expired(context: CallContext, limitMs: number | undefined): DeadlineExceededError {
    const what = context.get(operationKey) || this.#env.path || 'call';
    this.#exceeded.add();
    this.#env.events.emit('deadline.exceeded', { path: this.#env.path, what, limitMs });
    return new DeadlineExceededError(what, limitMs);
  }

  /** The layers below have answered late because their work did; whoever gave that work up has counted it. */
  late(): void {}
}
