import { currentOf, type Env, isFwkError, type Live, messageOf } from '@fwk/kernel';
import { CallFrame } from '../layer/call-frame.js';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerState, ManualState } from './breaker-state.js';
import { type Engine, type EngineDriver, makeEngine } from './engine.js';
import type { OpossumStats } from './opossum.js';
import { OpossumCounts, opossumChannels } from './opossum-counts.js';

/** The breaker, as far as opossum's own controls reach it. */
export interface ViewedBreaker {
  readonly name: string;
  readonly state: BreakerState;
  readonly warmingUp: boolean;
  openByHand(): void;
  force(state: ManualState): void;
  reset(): void;
}

/**
 * The breaker in opossum's words: its engine, its events about calls, its statistics, its controls. Each call begins with
 * `fire` and is counted once by how it went on: `success`, `failure` (after `timeout`, if that is why), `reject`,
 * `semaphoreLocked`, `cacheHit`, `coalesceCacheHit`, or nothing more when it counts neither way.
 */
export class OpossumView implements EngineDriver {
  #engine: Engine | undefined;
  readonly #breaker: ViewedBreaker;
  readonly #counts: OpossumCounts;
  readonly #env: Env;
  readonly #minimumCalls: number | Live<number>;

  constructor(breaker: ViewedBreaker, { windowMs, windowSlices, minimumCalls }: BreakerOptions, env: Env) {
    this.#breaker = breaker;
    this.#minimumCalls = minimumCalls;
    this.#counts = new OpossumCounts(windowMs, windowSlices);
    this.#env = env;
  }

  /** Made when first asked for: few look at a breaker in opossum's words, and it is half of what a breaker takes. */
  get engine(): Engine {
    this.#engine ??= this.#inState();
    return this.#engine;
  }

  /** Lets the engine, if there is one, have the state that the breaker has from now on. */
  follow(state: BreakerState, openForMs: number): void {
    this.#engine?.follow(state, openForMs);
  }

  get name(): string {
    return this.#breaker.name;
  }

  get warmingUp(): boolean {
    return this.#breaker.warmingUp;
  }

  get minimumCalls(): number {
    return currentOf(this.#minimumCalls);
  }

  /** True once somebody listens to the engine; until then announcing calls would be for nobody. */
  get watched(): boolean {
    return this.#engine?.watched ?? false;
  }

  /** A call was let in. One of the next four must follow. */
  begun(request: unknown): void {
    this.#counts.inFlight++;
    if (this.watched) this.engine.emit('fire', argsOf(request));
  }

  /** @param tookMs - undefined when the call was not timed, since nobody was listening when it began */
  succeeded(result: unknown, tookMs: number | undefined, nowMs: number): void {
    this.#ended(opossumChannels.successes, nowMs);
    if (!this.watched || tookMs === undefined) return;
    this.#counts.took(tookMs, nowMs);
    this.engine.emit('success', result, tookMs);
  }

  failed(what: unknown, tookMs: number | undefined, nowMs: number, request: unknown): void {
    this.#ended(opossumChannels.failures, nowMs);
    const timedOut = isFwkError(what) && what.traits.timedOut === true;
    if (timedOut) this.#counts.add(opossumChannels.timeouts, nowMs);
    if (!this.watched || tookMs === undefined) return;
    this.#counts.took(tookMs, nowMs);
    const args = argsOf(request);
    if (timedOut) this.engine.emit('timeout', what, tookMs, args);
    this.engine.emit('failure', what, tookMs, args);
  }

  /** It counts neither way: its caller gave up, or asked for something impossible, or a layer below refused it. */
  ignored(error: unknown, tookMs: number | undefined, nowMs: number): void {
    if (!isFullOf(error)) {
      this.#ended(opossumChannels.others, nowMs);
      return;
    }
    this.#ended(opossumChannels.semaphoreRejections, nowMs);
    if (this.watched && tookMs !== undefined) this.engine.emit('semaphoreLocked', error, tookMs);
  }

  /** It passed through while the breaker was disabled. */
  unmeasured(nowMs: number): void {
    this.#ended(opossumChannels.others, nowMs);
  }

  /** A call was refused. */
  refused(error: unknown, nowMs: number, request: unknown): void {
    this.#counts.add(opossumChannels.rejects, nowMs);
    if (!this.watched) return;
    this.engine.emit('fire', argsOf(request));
    this.engine.emit('reject', error);
  }

  /** A fallback answered instead of a failed call. */
  answeredInstead(answer: unknown, error: unknown): void {
    this.#happened(opossumChannels.fallbacks, 'fallback', answer, error);
  }

  /** A cache or another call under way answered, so that no call came to the breaker. */
  answeredBefore(request: unknown, by: 'cacheHit' | 'coalesceCacheHit'): void {
    if (this.watched) this.engine.emit('fire', argsOf(request));
    this.#happened(by === 'cacheHit' ? opossumChannels.cacheHits : opossumChannels.coalesceCacheHits, by);
  }

  /** A cache had no answer, or no call was under way to join; a call will follow. */
  missed(by: 'cacheMiss' | 'coalesceCacheMiss'): void {
    this.#happened(by === 'cacheMiss' ? opossumChannels.cacheMisses : opossumChannels.coalesceCacheMisses, by);
  }

  stats(): OpossumStats {
    const { state } = this.#breaker;
    return this.#counts.stats(this.#env.clock.now(), state === 'open' || state === 'forced-open');
  }

  asked(what: 'open' | 'close' | 'enable' | 'disable' | 'shutdown'): void {
    const { state } = this.#breaker;
    if (what === 'open') this.#breaker.openByHand();
    else if (what === 'disable') this.#breaker.force('disabled');
    else if (what === 'shutdown') this.#breaker.force('forced-open');
    // What is closed stays as it is, with what it has measured: a health check may say `close()` every second.
    else if (what === 'enable' ? state === 'disabled' : isClosable(state)) this.#breaker.reset();
  }

  listenerFailed(event: string, error: unknown): void {
    const { logger, events, path } = this.#env;
    logger.error({ err: error, breaker: this.name, event }, 'a listener on the opossum object threw');
    events.emit('breaker.listener-failed', { path, name: this.name, event, error: messageOf(error) });
  }

  /** Made late it must be in the state that it would have come to. Nobody listens to it yet. */
  #inState(): Engine {
    const engine = makeEngine(this);
    const { state } = this.#breaker;
    if (state === 'half-open') engine.follow('open', 0);
    if (state !== 'closed') engine.follow(state, 0);
    return engine;
  }

  #ended(channel: number, nowMs: number): void {
    this.#counts.inFlight--;
    this.#counts.add(channel, nowMs);
  }

  #happened(channel: number, event: string, ...args: readonly unknown[]): void {
    this.#counts.add(channel, this.#env.clock.now());
    if (this.watched) this.engine.emit(event, ...args);
  }
}

/** Whether calls may be refused: the states that opossum calls closed have nothing to close. */
function isClosable(state: BreakerState): boolean {
  return state === 'open' || state === 'half-open' || state === 'forced-open';
}

/** Whether all places were taken, as opossum's semaphore would say. */
function isFullOf(error: unknown): boolean {
  return isFwkError(error, 'FWK_RESILIENCE_BULKHEAD_FULL') || isFwkError(error, 'FWK_RESILIENCE_LIMIT_EXCEEDED');
}

/** What opossum calls the arguments of a call: a service has one, its request. */
function argsOf(request: unknown): readonly unknown[] {
  return request instanceof CallFrame ? request.args : [request];
}
