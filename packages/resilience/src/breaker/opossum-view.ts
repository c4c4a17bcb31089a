import { type Env, isFwkError, messageOf } from '@fwk/kernel';
import { CallFrame } from '../layer/call-frame.js';
import type { OutcomeWindow } from '../window/outcome-window.js';
import { RollingCounts } from '../window/rolling-counts.js';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerState, ManualState } from './breaker-state.js';
import { type Engine, type EngineDriver, makeEngine } from './engine.js';
import type { OpossumStats } from './opossum.js';

const REJECTED = 0;
const TIMED_OUT = 1;

/** The breaker, as far as opossum's own controls reach it. */
export interface ViewedBreaker {
  readonly name: string;
  readonly state: BreakerState;
  readonly warmingUp: boolean;
  openByHand(): void;
  force(state: ManualState): void;
  reset(): void;
}

/** The breaker in opossum's words: its engine, its events about calls, its statistics, its controls. */
export class OpossumView implements EngineDriver {
  readonly engine: Engine;
  readonly #breaker: ViewedBreaker;
  readonly #window: OutcomeWindow;
  readonly #options: BreakerOptions;
  readonly #env: Env;
  /** Refusals and time-outs, which only opossum's statistics show; made at the first. */
  #extras: RollingCounts | undefined;

  constructor(breaker: ViewedBreaker, window: OutcomeWindow, options: BreakerOptions, env: Env) {
    this.#breaker = breaker;
    this.#window = window;
    this.#options = options;
    this.#env = env;
    this.engine = makeEngine(this);
  }

  get name(): string {
    return this.#breaker.name;
  }

  get warmingUp(): boolean {
    return this.#breaker.warmingUp;
  }

  /** True once somebody listens to the engine; until then announcing calls would be for nobody. */
  get watched(): boolean {
    return this.engine.watched;
  }

  begun(request: unknown): void {
    this.engine.emit('fire', argsOf(request));
  }

  refused(error: unknown, nowMs: number): void {
    this.#extra(REJECTED, nowMs);
    if (this.watched) this.engine.emit('reject', error);
  }

  succeeded(result: unknown, tookMs: number): void {
    if (this.watched) this.engine.emit('success', result, tookMs);
  }

  failed(what: unknown, tookMs: number, nowMs: number, request: unknown): void {
    const timedOut = isFwkError(what, 'FWK_RESILIENCE_TIMEOUT');
    if (timedOut) this.#extra(TIMED_OUT, nowMs);
    if (!this.watched) return;
    const args = argsOf(request);
    if (timedOut) this.engine.emit('timeout', what, tookMs, args);
    this.engine.emit('failure', what, tookMs, args);
  }

  stats(): OpossumStats {
    const nowMs = this.#env.clock.now();
    this.#window.advance(nowMs);
    this.#extras?.advance(nowMs);
    const { calls, failures } = this.#window;
    const rejects = this.#extras?.total(REJECTED) ?? 0;
    const { state } = this.#breaker;
    return {
      ...unusedStats,
      fires: calls + rejects,
      successes: calls - failures,
      failures,
      rejects,
      timeouts: this.#extras?.total(TIMED_OUT) ?? 0,
      isCircuitBreakerOpen: state === 'open' || state === 'forced-open',
    };
  }

  asked(what: 'open' | 'close' | 'enable' | 'disable' | 'shutdown'): void {
    if (what === 'open') this.#breaker.openByHand();
    else if (what === 'enable') {
      if (this.#breaker.state === 'disabled') this.#breaker.reset();
    } else if (what === 'close') this.#breaker.reset();
    else this.#breaker.force(what === 'disable' ? 'disabled' : 'forced-open');
  }

  listenerFailed(event: string, error: unknown): void {
    const { logger, events, path } = this.#env;
    logger.error({ err: error, breaker: this.name, event }, 'a listener on the opossum object threw');
    events.emit('breaker.listener-failed', { path, name: this.name, event, error: messageOf(error) });
  }

  #extra(channel: number, nowMs: number): void {
    this.#extras ??= new RollingCounts(2, this.#options.windowMs, this.#options.windowSlices);
    this.#extras.advance(nowMs);
    this.#extras.add(channel, 1, nowMs);
  }
}

/** What opossum calls the arguments of a call: a service has one, its request. */
function argsOf(request: unknown): readonly unknown[] {
  return request instanceof CallFrame ? request.args : [request];
}

const unusedStats = Object.freeze({
  fallbacks: 0,
  cacheHits: 0,
  cacheMisses: 0,
  coalesceCacheHits: 0,
  coalesceCacheMisses: 0,
  semaphoreRejections: 0,
  latencyMean: -1,
  percentiles: Object.freeze({}),
  latencyTimes: Object.freeze([]),
});
