/**
 * Answers instead of a call that failed, with an error or with a result that the classifier calls a failure: a cached value,
 * a default, another source.
 *
 * State: none. Place: just inside the total deadline and outside everything that can fail, so that it sees the final
 * error, an open breaker's and a full bulkhead's included, and answers within the caller's time. It never answers a call
 * that its caller has cancelled, nor one whose deadline has passed, nor one that the classifier ignores (the request itself
 * was wrong), unless `when` says so. In a chain each is asked about the failure of the call itself, whatever those before it
 * failed with. Whoever keeps notes of the call reads there that a fallback answered.
 */
import {
  type CallContext,
  type Counter,
  callSafely,
  checkOptions,
  defaultClassifier,
  type Env,
  emitInCall,
  messageOf,
  note,
  type Service,
  type Status,
  serviceOf,
  TimeLimits,
} from '@fwk/kernel';
import { type EngineShare, engineShareOf } from '../breaker/engine-share.js';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { LONGEST_TIMER_MS } from '../deadline/longest-timer.js';
import { type TimedCallOwner, timedCall } from '../deadline/timed-call.js';
import { CallFrame } from '../layer/call-frame.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import { resilienceMetrics } from '../metrics.js';
import { FallbackFailedError } from './fallback-error.js';
import {
  type FailedCall,
  type FallbackHandler,
  type FallbackOptions,
  type FallbackValue,
  fallbackDefaults,
  fallbackRules,
  handlerOf,
} from './fallback-options.js';

/**
 * Makes the fallback layer. Stack several for a chain: the innermost answers first.
 * @param given - a function that answers, or `{ value }` for a plain value.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = fallback((error, { args }) => lastPrice(args[0])).wrap(fetchPrice); // may reject with FallbackFailedError
 * @example const call = fallback({ value: [] }).wrap(fetchOffers);
 */
export function fallback(given: FallbackHandler | FallbackValue, options?: Partial<FallbackOptions>): FunctionLayer {
  const { handler, settings } = checkFallback(given, options);
  const name = settings.name ?? (handler.name || 'fallback');
  return functionLayer({
    role: 'fallback',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({ name }),
    build: (next, env) => new FallbackService(next, env, handler, name, settings.when),
  });
}

/** Checks what is given of a fallback. @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkFallback(given: FallbackHandler | FallbackValue, options?: Partial<FallbackOptions>) {
  const handler = handlerOf(given);
  const settings = checkOptions<FallbackOptions>('fallback', options, fallbackDefaults, fallbackRules);
  return { handler, settings };
}

/** How a call failed. */
type Failure<Res> =
  | { readonly isResult: false; readonly error: unknown }
  | { readonly isResult: true; readonly error: undefined; readonly result: Res };

/**
 * For each error of a failed chain: the fallback that threw it last, and how the call itself had failed. By it a fallback
 * knows whether the error comes from the next link of its own chain. Fallbacks of other policies, which may stand inside
 * the called function, throw errors of the same class: to this chain those are errors of the call.
 */
const told = new WeakMap<FallbackFailedError, { readonly by: object; readonly failure: Failure<unknown> }>();

class FallbackService<Req, Res> implements Service<Req, Res>, TimedCallOwner {
  readonly limits: TimeLimits;
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #handler: FallbackHandler;
  readonly #name: string;
  readonly #when: FallbackOptions['when'];
  readonly #expiry: Expiry;
  readonly #engine: EngineShare | undefined;
  readonly #answered: Counter;
  readonly #failed: Counter;
  /** Whether a result may count as a failure at all. */
  readonly #judgesResults: boolean;

  constructor(
    next: Service<Req, Res>,
    env: Env,
    handler: FallbackHandler,
    name: string,
    when: FallbackOptions['when'],
  ) {
    this.#next = next;
    this.#env = env;
    this.limits = TimeLimits.of(env.clock);
    this.#handler = handler;
    this.#name = name;
    this.#when = when;
    this.#expiry = new Expiry(env);
    this.#engine = engineShareOf(env);
    this.#judgesResults = env.classifier.ofResult !== defaultClassifier.ofResult;
    const counter = (result: string) =>
      env.metrics.counter(resilienceMetrics['resilience.fallbacks'], { path: env.path, fallback: name, result });
    this.#answered = counter('answered');
    this.#failed = counter('failed');
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    return callSafely(this.#next, request, context).then(
      this.#judgesResults ? (value) => this.#judged(value, request, context) : undefined,
      (error) => this.#failedWith(error, request, context),
    );
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  #judged(value: Res, request: Req, context: CallContext): Res | Promise<Res> {
    if (judgeCallResult(this.#env, value, context, request).outcome !== 'failure') return value;
    return this.#answer({ isResult: true, error: undefined, result: value }, undefined, request, context);
  }

  /** @param error - the call's own, or that of the fallback just inside, which tells of the whole chain. */
  #failedWith(error: unknown, request: Req, context: CallContext): Promise<Res> {
    const before = error instanceof FallbackFailedError ? told.get(error) : undefined;
    return before?.by === this.#next
      ? this.#answer(before.failure as Failure<Res>, error as FallbackFailedError, request, context)
      : this.#answer({ isResult: false, error }, undefined, request, context);
  }

  async #answer(
    failure: Failure<Res>,
    before: FallbackFailedError | undefined,
    request: Req,
    context: CallContext,
  ): Promise<Res> {
    const remainingMs = context.deadlineMs - this.limits.clock.now();
    if (context.cancelled || remainingMs <= 0) return this.#leave(failure, before);
    const call = failedCall(failure, request, context);
    try {
      if (!this.#answers(failure, call, request)) return this.#leave(failure, before);
      const answer = await this.#ask(failure.error, call, request, remainingMs);
      // Whoever hands on the result that it was asked about did not want to answer.
      if (failure.isResult && answer === failure.result) return this.#leave(failure, before);
      this.#answered.add();
      note(context, 'fallback', this.#name);
      this.#engine?.breaker?.viewOf(request)?.answeredInstead(answer, failure.error ?? call.result);
      emitInCall(this.#env.events, context, 'fallback.answered', this.#facts(failure));
      return answer;
    } catch (thrown) {
      // The caller's own reason and a passed deadline are no fault of the fallback; one that throws what it was asked about
      // did not want to answer.
      if (context.cancelled || thrown === before) throw thrown;
      if (!failure.isResult && thrown === failure.error) return this.#leave(failure, before);
      this.#failed.add();
      const fallbackError = messageOf(thrown);
      emitInCall(this.#env.events, context, 'fallback.failed', { ...this.#facts(failure), fallbackError });
      const failures = [...(before?.failures ?? []), { fallback: this.#name, error: thrown }];
      const original = failure.isResult ? failure.result : failure.error;
      throw this.#tell(new FallbackFailedError(nameOf(context, this.#env), original, failures), failure);
    }
  }

  /** Ends the call as it ended without this fallback. */
  #leave(failure: Failure<Res>, before: FallbackFailedError | undefined): Res {
    if (before) throw this.#tell(before, failure);
    if (failure.isResult) return failure.result;
    throw failure.error;
  }

  /** The next of the chain knows it by this one. */
  #tell(error: FallbackFailedError, failure: Failure<Res>): FallbackFailedError {
    told.set(error, { by: this, failure });
    return error;
  }

  #answers(failure: Failure<Res>, call: FailedCall, request: Req): boolean {
    if (this.#when) return this.#when(failure.error, call);
    return failure.isResult || judgeCallError(this.#env, failure.error, call.context, request).outcome === 'failure';
  }

  /** A handler is somebody's function: it gets the caller's cancellation and the remaining time, and is raced for both. */
  #ask(error: unknown, call: FailedCall, request: Req, remainingMs: number): Promise<Res> {
    const { context } = call;
    const handler = serviceOf<Req, Res>(() => this.#handler(error, call) as Res | Promise<Res>);
    const limitMs = Math.min(remainingMs, LONGEST_TIMER_MS);
    const startMs = this.limits.clock.now();
    const limit = { limitMs, byDeadline: true, startMs, deadlineMs: context.deadlineMs };
    return timedCall(this, handler, request, context, limit);
  }

  expired(context: CallContext, limitMs: number): unknown {
    return this.#expiry.error(context, limitMs, 'the fallback');
  }

  late(): void {}

  #facts(failure: Failure<Res>): Readonly<Record<string, unknown>> {
    const error = failure.isResult ? undefined : messageOf(failure.error);
    return { path: this.#env.path, fallback: this.#name, error };
  }
}

function failedCall<Res>(failure: Failure<Res>, request: unknown, context: CallContext): FailedCall {
  const result = failure.isResult ? failure.result : undefined;
  return request instanceof CallFrame
    ? { args: request.args, self: request.self, context, result }
    : { args: [request], self: undefined, context, result };
}
