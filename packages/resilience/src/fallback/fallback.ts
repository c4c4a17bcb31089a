/**
 * Answers instead of a call that failed: a cached value, a default, another source.
 *
 * State: none. Place: just inside the total deadline and outside everything that can fail, so that it sees the final
 * error, an open breaker's and a full bulkhead's included, and answers within the caller's time. It never answers a call
 * that its caller has cancelled, nor one whose deadline has passed, nor one that the classifier ignores (the request itself
 * was wrong), unless `when` says so. In a chain each is asked about the error of the call itself, whatever those before it
 * failed with. Whoever keeps notes of the call reads there that a fallback answered.
 */
import {
  type CallContext,
  type Clock,
  type Counter,
  cancellable,
  checkOptions,
  type Env,
  messageOf,
  note,
  OptionsError,
  type Service,
  type Status,
  serviceOf,
} from '@fwk/kernel';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { LONGEST_TIMER_MS } from '../deadline/longest-timer.js';
import { type TimedCallOwner, timedCall } from '../deadline/timed-call.js';
import { CallFrame } from '../layer/call-frame.js';
import { callSafely } from '../layer/call-safely.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { judgeCallError } from '../layer/judge-call.js';
import { FallbackFailedError } from './fallback-error.js';
import { type FallbackHandler, type FallbackOptions, fallbackDefaults, fallbackRules } from './fallback-options.js';

/**
 * Makes the fallback layer. Stack several for a chain: the innermost answers first.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = fallback((error, { args }) => lastPrice(args[0])).wrap(fetchPrice); // may reject with FallbackFailedError
 */
export function fallback(handler: FallbackHandler, options?: Partial<FallbackOptions>): FunctionLayer {
  if (typeof handler !== 'function')
    throw new OptionsError('fallback', [`handler must be a function, not ${typeof handler}`]);
  const settings = checkOptions<FallbackOptions>('fallback', options, fallbackDefaults, fallbackRules);
  const name = settings.name ?? (handler.name || 'fallback');
  return functionLayer({
    role: 'fallback',
    limits: 'as-inner',
    describe: () => ({ name }),
    build: (next, env) => new FallbackService(next, env, handler, name, settings.when),
  });
}

/** Which fallback told of a failure last. Those of other policies, inside the function too, tell of theirs by the same class. */
const tellers = new WeakMap<object, object>();

class FallbackService<Req, Res> implements Service<Req, Res>, TimedCallOwner {
  readonly clock: Clock;
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #handler: FallbackHandler;
  readonly #name: string;
  readonly #when: ((error: unknown) => boolean) | undefined;
  readonly #expiry: Expiry;
  readonly #answered: Counter;
  readonly #failed: Counter;

  constructor(
    next: Service<Req, Res>,
    env: Env,
    handler: FallbackHandler,
    name: string,
    when: ((error: unknown) => boolean) | undefined,
  ) {
    this.#next = next;
    this.#env = env;
    this.clock = env.clock;
    this.#handler = handler;
    this.#name = name;
    this.#when = when;
    this.#expiry = new Expiry(env);
    const counter = (result: string) =>
      env.metrics.counter(
        { name: 'resilience.fallbacks', help: 'Failed calls that a fallback was asked to answer.' },
        { path: env.path, fallback: name, result },
      );
    this.#answered = counter('answered');
    this.#failed = counter('failed');
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    return callSafely(this.#next, request, context).then(undefined, (error) => this.#answer(error, request, context));
  }

  status(): Status {
    return this.#next.status();
  }

  /** @param failed - what the next service failed with: the call's error, or the failure of fallbacks asked before. */
  async #answer(failed: unknown, request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) throw failed;
    const remainingMs = context.deadlineMs - this.clock.now();
    if (remainingMs <= 0) throw failed;
    // Only what the one just inside tells is of this chain; any other is the call's own error, as any error is.
    const before = failed instanceof FallbackFailedError && tellers.get(failed) === this.#next ? failed : undefined;
    const error = before ? before.original : failed;
    try {
      if (!this.#answers(error, request, context)) throw error;
      const answer = await this.#ask(error, request, context, remainingMs);
      this.#answered.add();
      note(context, 'fallback', this.#name);
      this.#env.events.emit('fallback.answered', this.#facts(error));
      return answer;
    } catch (thrown) {
      // The caller's own reason and a passed deadline are no fault of the fallback; `error` means it did not want to.
      if (context.cancelled) throw thrown;
      if (thrown === error) throw before ? this.#tell(before) : failed;
      this.#failed.add();
      this.#env.events.emit('fallback.failed', { ...this.#facts(error), fallbackError: messageOf(thrown) });
      const failure = { fallback: this.#name, error: thrown };
      const failures = [...(before?.failures ?? []), failure];
      throw this.#tell(new FallbackFailedError(nameOf(context, this.#env), error, failures));
    }
  }

  /** The next of the chain knows it by this one. */
  #tell(failure: FallbackFailedError): FallbackFailedError {
    tellers.set(failure, this);
    return failure;
  }

  #answers(error: unknown, request: Req, context: CallContext): boolean {
    return this.#when ? this.#when(error) : judgeCallError(this.#env, error, context, request).outcome === 'failure';
  }

  /** A handler is somebody's function: it gets the caller's cancellation and the remaining time, and is raced for both. */
  #ask(error: unknown, request: Req, context: CallContext, remainingMs: number): Promise<Res> {
    const call =
      request instanceof CallFrame
        ? { args: request.args, self: request.self, context }
        : { args: [request], self: undefined, context };
    const handler = serviceOf<Req, Res>(() => this.#handler(error, call) as Res | Promise<Res>);
    const limitMs = Math.min(remainingMs, LONGEST_TIMER_MS);
    return timedCall(handler, request, context, cancellable(context), limitMs, true, this);
  }

  expired(context: CallContext, limitMs: number): unknown {
    return this.#expiry.error(context, limitMs, 'the fallback');
  }

  late(): void {}

  #facts(error: unknown): Readonly<Record<string, unknown>> {
    return { path: this.#env.path, fallback: this.#name, error: messageOf(error) };
  }
}
