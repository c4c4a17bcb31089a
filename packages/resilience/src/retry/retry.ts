/**
 * Tries again what may succeed next time, without making an outage worse.
 *
 * State: the budget, this stack's own unless one is passed in to share. Place: inside the total deadline (which bounds
 * all attempts and pauses) and outside breaker, bulkhead and attempt timeout (each attempt meets them anew).
 * Cancellation ends a pause at once with the caller's reason.
 *
 * Not tried again: what the classifier calls final; operations that are not idempotent, unless the callee provably did
 * nothing; what a layer below has already tried in vain (the *do not retry* mark, which this layer sets too); and what
 * the breaker just below has refused, since it would refuse again.
 */
import {
  backoffBound,
  type CallContext,
  type Counter,
  callSafely,
  currentOf,
  doNotRetryMarks,
  type Env,
  emitInCall,
  type Follower,
  follow,
  idempotentKey,
  isDoNotRetry,
  isFwkError,
  jittered,
  markDoNotRetry,
  messageOf,
  note,
  type Service,
  type Status,
  sleep,
  type Verdict,
} from '@fwk/kernel';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { judgeCallError, judgeCallResult, releaseEnding } from '../layer/judge-call.js';
import { resilienceMetrics } from '../metrics.js';
import { type Backoff, isPause, LONGEST_PAUSE_MS, pausesOf } from './backoff.js';
import { leaveBudget, shareBudget } from './budget-share.js';
import { nextAttempt } from './next-attempt.js';
import type { RetryBudget } from './retry-budget.js';
import { checkRetryOptions, isBudget, type RetryOptions } from './retry-options.js';

/**
 * Makes the retry layer.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = retry({ maxAttempts: 4 }).wrap(fetchQuote);
 */
export function retry(options?: Partial<RetryOptions>): FunctionLayer {
  const settings = checkRetryOptions(options);
  return functionLayer({
    role: 'retry',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({
      maxAttempts: currentOf(settings.maxAttempts),
      backoff: shownBackoff(currentOf(settings.backoff)),
      ...(currentOf(settings.jitter) === undefined ? {} : { jitter: currentOf(settings.jitter) }),
      baseDelayMs: currentOf(settings.baseDelayMs),
      maxDelayMs: currentOf(settings.maxDelayMs),
      budget: settings.budget === false ? 'none' : isBudget(settings.budget) ? 'shared' : 'own',
    }),
    build: (next, env) => new RetryService(next, env, settings),
  });
}

function shownBackoff(backoff: Backoff): unknown {
  if (typeof backoff === 'function') return 'computed';
  return typeof backoff === 'string' ? backoff : [...pausesOf(backoff)];
}

/** How an attempt ended. */
type Ending<Res> =
  | { readonly ok: true; readonly value: Res; readonly verdict: Verdict }
  | {
      readonly ok: false;
      readonly error: unknown;
      readonly verdict: Verdict;
      /** Somebody below has said in the course of the attempt that trying again is useless. */
      readonly final: boolean;
    };

class RetryService<Req, Res> implements Service<Req, Res>, Disposable {
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: RetryOptions;
  readonly #budget: RetryBudget | undefined;
  readonly #retried: Counter;
  readonly #exhausted: Counter;
  readonly #overBudget: Counter;

  constructor(next: Service<Req, Res>, env: Env, options: RetryOptions) {
    this.#next = next;
    this.#env = env;
    this.#options = options;
    this.#budget = shareBudget(env, options.budget);
    const counter = (result: string) =>
      env.metrics.counter(resilienceMetrics['resilience.retries'], { path: env.path, result });
    this.#retried = counter('scheduled');
    this.#exhausted = counter('exhausted');
    this.#overBudget = counter('budget-exhausted');
  }

  /** Of the first attempt it only sees the end; the loop starts when there is something to try again. */
  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const first = new FirstAttempt<Req, Res>(this, request, context);
    return follow(callSafely(this.#next, request, context), first);
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  /** For a policy whose options ask for it no more: nobody pays into its budget from now on. */
  [Symbol.dispose](): void {
    leaveBudget(this.#env, this.#budget);
  }

  /** The first attempt was answered. @returns nothing where that is the answer of the call */
  answered(value: Res, request: Req, context: CallContext): Promise<Res> | undefined {
    const verdict = judgeCallResult(this.#env, value, context, request);
    if (verdict.outcome !== 'success') return this.#again(request, context, { ok: true, value, verdict });
    this.#budget?.deposit();
    note(context, 'attempts', 1);
    return undefined;
  }

  /** The first attempt failed. @param marks - see {@link RetryService.#failed} */
  failed(error: unknown, marks: number, request: Req, context: CallContext): Promise<Res> {
    const first = this.#failed(error, marks, request, context);
    if (first.verdict.outcome === 'success') this.#budget?.deposit();
    return this.#again(request, context, first);
  }

  async #again(request: Req, context: CallContext, first: Ending<Res>): Promise<Res> {
    let ending = first;
    let attempt = 1;
    let sent = first;
    let told: Ending<Res> | undefined;
    try {
      for (; ending.verdict.outcome !== 'success'; attempt++) {
        const delayMs = this.#pauseAfter(ending, attempt, request, context);
        if (delayMs === undefined) break;
        this.#retried.add();
        this.#emit('retry.scheduled', context, ending, attempt, { delayMs });
        await sleep(this.#env.clock, delayMs, context);
        ending = await this.#attempt(request, nextAttempt(context, attempt + 1, whatEnded(ending)));
        if (wasRefused(ending)) continue;
        this.#release(sent, ending);
        sent = ending;
      }
      note(context, 'attempts', attempt);
      // A refusal says that nothing was done, which is not true of the call when an earlier attempt was sent.
      told = wasRefused(ending) && !context.cancelled ? sent : ending;
    } finally {
      // Not earlier: until the next attempt has its own ending, this one may be what the caller gets.
      if (told !== sent) this.#release(sent, told);
    }
    if (told.ok) return told.value;
    throw attempt > 1 && !context.cancelled ? markDoNotRetry(told.error) : told.error;
  }

  /** @param kept - what stands in its place, which may be the very same result */
  #release(ending: Ending<Res>, kept: Ending<Res> | undefined): void {
    const what = whatEnded(ending);
    if (!kept || what !== whatEnded(kept)) releaseEnding(this.#env, what);
  }

  #attempt(request: Req, context: CallContext): Promise<Ending<Res>> {
    const marks = doNotRetryMarks();
    return callSafely(this.#next, request, context).then(
      (value) => ({ ok: true, value, verdict: judgeCallResult(this.#env, value, context, request) }),
      (error) => this.#failed(error, marks, request, context),
    );
  }

  /** @param marks - the *do not retry* marks that were set before the attempt; older ones are of other calls. */
  #failed(error: unknown, marks: number, request: Req, context: CallContext): Ending<Res> {
    const verdict = judgeCallError(this.#env, error, context, request);
    return { ok: false, error, verdict, final: isDoNotRetry(error, marks) };
  }

  /** How long to wait before the next attempt; undefined when there is to be none. */
  #pauseAfter(ending: Ending<Res>, attempt: number, request: Req, context: CallContext): number | undefined {
    const { verdict } = ending;
    if (!verdict.retryable || context.cancelled || (!ending.ok && ending.final)) return undefined;
    if (verdict.sent !== false && !context.get(idempotentKey)) return undefined;
    const options = this.#options;
    if (attempt >= currentOf(options.maxAttempts)) return this.#stop(context, ending, attempt, 'attempts');
    // An open breaker says when it will be asked again; a full bulkhead or limit may have a place after the pause.
    if (
      !ending.ok &&
      isFwkError(ending.error, 'FWK_RESILIENCE_BREAKER_OPEN') &&
      this.#next.status(request) !== 'ready'
    ) {
      return this.#stop(context, ending, attempt, 'breaker-open');
    }
    const { retryAfterMs: askedMs = Number.NaN } = verdict;
    if (askedMs > currentOf(options.maxRetryAfterMs))
      return this.#stop(context, ending, attempt, 'retry-after-too-long');
    // What is no time at all, such as a header that was read wrongly, is as if nothing had been asked.
    const delayMs = askedMs >= 0 ? askedMs : this.#ownPause(ending, attempt, context);
    if (context.deadlineMs !== Number.POSITIVE_INFINITY && this.#env.clock.now() + delayMs >= context.deadlineMs) {
      return this.#stop(context, ending, attempt, 'deadline');
    }
    if (this.#budget && !this.#budget.withdraw()) {
      this.#overBudget.add();
      this.#emit('retry.budget-exhausted', context, ending, attempt, {});
      if (!ending.ok) markDoNotRetry(ending.error);
      return undefined;
    }
    return delayMs;
  }

  #ownPause(ending: Ending<Res>, attempt: number, context: CallContext): number {
    const backoff = currentOf(this.#options.backoff);
    const growth = typeof backoff === 'string' ? backoff : 'exponential';
    const boundMs =
      (typeof backoff === 'string' ? undefined : this.#askedPause(backoff, ending, attempt, context)) ??
      backoffBound(attempt - 1, {
        growth,
        baseMs: currentOf(this.#options.baseDelayMs),
        capMs: currentOf(this.#options.maxDelayMs),
      });
    const jitter = currentOf(this.#options.jitter) ?? (backoff === 'exponential' ? 1 : 0);
    return jitter === 0 ? boundMs : jittered(boundMs, jitter, this.#env.random);
  }

  /** Undefined when a function has no pause to offer: it must not hide how the attempt failed. */
  #askedPause(
    backoff: Exclude<Backoff, string>,
    ending: Ending<Res>,
    attempt: number,
    context: CallContext,
  ): number | undefined {
    if (typeof backoff !== 'function') {
      const pauses = pausesOf(backoff);
      const pauseMs = pauses[Math.min(attempt, pauses.length) - 1];
      // An array is its owner's, who may have changed it since it was checked.
      return isPause(pauseMs) ? pauseMs : undefined;
    }
    const { path, events, logger } = this.#env;
    try {
      const error = ending.ok ? undefined : ending.error;
      const pauseMs = backoff({ attempt, error, result: ending.ok ? ending.value : undefined, context });
      if (isPause(pauseMs)) return pauseMs;
      throw new TypeError(`it answered ${messageOf(pauseMs)}, not 0 to ${LONGEST_PAUSE_MS} ms`);
    } catch (error) {
      events.emit('retry.backoff-failed', { path, attempt, error: messageOf(error) });
      logger.error({ err: error, path }, 'the backoff function gave no pause; it grows exponentially instead');
      return undefined;
    }
  }

  #stop(context: CallContext, ending: Ending<Res>, attempt: number, because: string): undefined {
    this.#exhausted.add();
    this.#emit('retry.exhausted', context, ending, attempt, { because });
    return undefined;
  }

  #emit(name: string, context: CallContext, ending: Ending<Res>, attempt: number, more: object): void {
    const error = ending.ok ? undefined : messageOf(ending.error);
    const { events, path } = this.#env;
    emitInCall(events, context, name, { path, attempt, error, ...more });
  }
}

/** Sees the first attempt of a call end, and has the retry go on with the call if it is not over. */
class FirstAttempt<Req, Res> implements Follower<Res> {
  next: Follower<Res> | undefined = undefined;
  readonly #retry: RetryService<Req, Res>;
  readonly #marks = doNotRetryMarks();
  readonly #request: Req;
  readonly #context: CallContext;

  constructor(retry: RetryService<Req, Res>, request: Req, context: CallContext) {
    this.#retry = retry;
    this.#request = request;
    this.#context = context;
  }

  answered(value: Res): Promise<Res> | undefined {
    return this.#retry.answered(value, this.#request, this.#context);
  }

  failed(error: unknown): Promise<Res> {
    return this.#retry.failed(error, this.#marks, this.#request, this.#context);
  }
}

function whatEnded<Res>(ending: Ending<Res>): unknown {
  return ending.ok ? ending.value : ending.error;
}

/** True when a layer below provably did not send the attempt. */
function wasRefused<Res>(ending: Ending<Res>): boolean {
  return ending.verdict.sent === false;
}
