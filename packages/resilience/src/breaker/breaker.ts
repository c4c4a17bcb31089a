/**
 * One breaker: when to refuse, when to probe, when to let through again. It knows nothing of services; the layer asks
 * `admit` before a call and reports how it ended.
 *
 * Every change of state begins a new epoch. A call remembers the epoch in which it was admitted, and what it reports
 * counts only while that epoch lasts: a success from before the opening cannot close the breaker, a failure from before
 * the closing cannot open it again. Time is compared when somebody asks; there is no timer.
 */
import { type CallContext, type Clock, currentOf, type Env } from '@fwk/kernel';
import { judgeError, judgeResult } from '../layer/judge.js';
import { isRefusal } from '../layer/refusal.js';
import { CountOutcomes } from '../window/count-outcomes.js';
import type { OutcomeWindow } from '../window/outcome-window.js';
import { TimeOutcomes } from '../window/time-outcomes.js';
import { BreakerOpenError } from './breaker-open-error.js';
import type { BreakerOptions } from './breaker-options.js';
import { type BreakerSeries, stateLevel } from './breaker-series.js';
import {
  type BreakerHandle,
  type BreakerSnapshot,
  type BreakerState,
  type BreakerStateRecord,
  type ManualState,
  manualStates,
  type OpeningRecord,
} from './breaker-state.js';
import { ErrorTally } from './error-tally.js';
import { openFor, recordOpening } from './opening.js';
import type { OpossumEngine } from './opossum.js';
import { OpossumView, type ViewedBreaker } from './opossum-view.js';
import { type BrokenRule, brokenRule } from './rules.js';
import { checkStateRecord } from './state-record.js';

/** Stands where a start time is expected when a call is not timed. */
export const NOT_TIMED = -1;

export class Breaker implements BreakerHandle, ViewedBreaker {
  readonly name: string;
  readonly path: string;
  /** Rises with each change of state. */
  epoch = 0;
  opening: OpeningRecord | undefined;
  readonly #options: BreakerOptions;
  readonly #env: Env;
  readonly #clock: Clock;
  readonly #series: BreakerSeries;
  readonly #window: OutcomeWindow;
  readonly #tally = new ErrorTally();
  readonly #opossum: OpossumView;
  readonly #totals = { successes: 0, failures: 0, ignored: 0, rejected: 0, stale: 0, unmeasured: 0 };
  #state: BreakerState = 'closed';
  #consecutive = 0;
  #times = 0;
  #probeAtMs = 0;
  #probing = 0;
  #probed = 0;
  #lastProbeMs = 0;

  constructor(name: string, options: BreakerOptions, env: Env, series: BreakerSeries) {
    this.name = name;
    this.path = env.path;
    this.#options = options;
    this.#env = env;
    this.#clock = env.clock;
    this.#series = series;
    this.#window =
      options.windowCalls === undefined
        ? new TimeOutcomes(options.windowMs, options.windowSlices)
        : new CountOutcomes(options.windowCalls);
    this.#opossum = new OpossumView(this, this.#window, options, env);
    series.state.set(1);
  }

  get state(): BreakerState {
    return this.#state;
  }

  get engine(): OpossumEngine {
    return this.#opossum.engine;
  }

  /** Would a call be admitted now? Changes nothing. A hung probe's place counts as free: that call finds it out. */
  get admitting(): boolean {
    switch (this.#state) {
      case 'closed':
        return true;
      case 'open':
        return this.#clock.now() >= this.#probeAtMs;
      case 'half-open':
        return this.#probing < currentOf(this.#options.halfOpenPermits) || this.#hungMs(this.#clock.now()) > 0;
      default:
        return this.#state !== 'forced-open';
    }
  }

  /** Takes a call in, or refuses it. How an admitted call ends must be reported, with the `epoch` of this moment. */
  admit(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'open' && this.#clock.now() >= this.#probeAtMs) this.#change('half-open');
    if (this.#state !== 'half-open') return this.#state !== 'open' && this.#state !== 'forced-open';
    const nowMs = this.#clock.now();
    if (this.#probing < currentOf(this.#options.halfOpenPermits)) {
      this.#probing++;
      this.#lastProbeMs = nowMs;
      return true;
    }
    const hungMs = this.#hungMs(nowMs);
    if (hungMs > 0)
      this.#open({ rule: 'probe-hung', measured: hungMs, threshold: currentOf(this.#options.probeTimeoutMs) });
    return false;
  }

  /** Start time of a call, or {@link NOT_TIMED} while nobody wants to know how long calls take. */
  started(request: unknown): number {
    if (this.#opossum.watched) this.#opossum.begun(request);
    else if (currentOf(this.#options.slowCallMs) === Number.POSITIVE_INFINITY) return NOT_TIMED;
    return this.#clock.now();
  }

  /** Counts a refusal and makes its error. */
  refused(): BreakerOpenError {
    const nowMs = this.#clock.now();
    this.#totals.rejected++;
    this.#series.rejected.add();
    const { rule, measured, threshold } =
      this.#state === 'forced-open' ? ({} as Partial<OpeningRecord>) : this.opening!;
    const nextProbeInMs = rule === undefined ? undefined : Math.max(0, this.#probeAtMs - nowMs);
    const facts = { breaker: this.name, state: this.#state, rule, measured, threshold, nextProbeInMs };
    const error = new BreakerOpenError(facts, this.#tally.last);
    this.#opossum.refused(error, nowMs);
    return error;
  }

  /** A call ended with a result. */
  answered(result: unknown, epoch: number, startMs: number, context: CallContext): void {
    const { outcome } = judgeResult(this.#env, result);
    if (outcome === 'ignored') this.#ignored(epoch);
    else this.#ended(outcome === 'failure', result, epoch, startMs, context);
  }

  /** A call ended with an error. One that a layer below refused was never sent, and says nothing about the callee. */
  failed(error: unknown, epoch: number, startMs: number, context: CallContext): void {
    if (isRefusal(error) || judgeError(this.#env, error, context).outcome === 'ignored') this.#ignored(epoch);
    else this.#ended(true, error, epoch, startMs, context);
  }

  #ended(failed: boolean, what: unknown, epoch: number, startMs: number, context: CallContext): void {
    if (epoch !== this.epoch) {
      this.#stale();
      return;
    }
    if (this.#state === 'disabled') {
      this.#totals.unmeasured++;
      return;
    }
    const nowMs = this.#clock.now();
    const tookMs = startMs === NOT_TIMED ? 0 : nowMs - startMs;
    const slow = tookMs > currentOf(this.#options.slowCallMs);
    if (failed) this.#countFailure(what, tookMs, nowMs, context);
    else this.#countSuccess(what, tookMs);
    // A listener on the engine may have set the state by hand.
    if (epoch !== this.epoch) return;
    if (this.#state === 'half-open') {
      this.#probeEnded(failed || slow);
      return;
    }
    this.#window.record(nowMs, failed, slow);
    const broken = brokenRule(this.#options, this.#window, this.#consecutive);
    if (broken !== undefined) this.#broken(broken);
  }

  #countSuccess(result: unknown, tookMs: number): void {
    this.#totals.successes++;
    this.#series.successes.add();
    this.#consecutive = 0;
    this.#opossum.succeeded(result, tookMs);
  }

  #countFailure(what: unknown, tookMs: number, nowMs: number, context: CallContext): void {
    this.#totals.failures++;
    this.#series.failures.add();
    this.#consecutive++;
    // Errors from before the window belong to another story.
    if (this.#state === 'closed' && this.#window.failures === 0) this.#tally.clear();
    this.#tally.add(what, this.#traceId(context));
    this.#opossum.failed(what, tookMs, nowMs);
  }

  #broken(broken: BrokenRule): void {
    if (this.#state === 'closed') this.#open(broken);
    else if (this.#state === 'metrics-only') {
      this.#emit('breaker.threshold-exceeded', { ...broken });
      // Said once a window, not once a call.
      this.#window.clear();
      this.#consecutive = 0;
    }
  }

  #probeEnded(failed: boolean): void {
    this.#probing--;
    if (failed) this.#open({ rule: 'probe-failed', measured: 1, threshold: 1 });
    else {
      this.#probed++;
      if (this.#probed >= currentOf(this.#options.successesToClose)) this.#change('closed');
    }
  }

  #ignored(epoch: number): void {
    if (epoch !== this.epoch) {
      this.#stale();
      return;
    }
    this.#totals.ignored++;
    this.#series.ignored.add();
    if (this.#state === 'half-open') this.#probing--;
  }

  #stale(): void {
    this.#totals.stale++;
    this.#series.stale.add();
  }

  /** How long all probes have been hanging, in milliseconds, if longer than allowed; else 0. */
  #hungMs(nowMs: number): number {
    const waitedMs = nowMs - this.#lastProbeMs;
    return waitedMs > currentOf(this.#options.probeTimeoutMs) ? waitedMs : 0;
  }

  #open(broken: BrokenRule): void {
    const openForMs = openFor(this.#options, this.#times, this.#env.random);
    this.#times++;
    this.#probeAtMs = this.#clock.now() + openForMs;
    const moment = { atMs: this.#clock.wallTime(), openForMs, times: this.#times };
    this.opening = recordOpening(broken, this.#window, this.#tally, moment);
    this.#series.openings.add();
    this.#change('open');
  }

  /** The one place where the state changes. */
  #change(state: BreakerState): void {
    this.epoch++;
    this.#state = state;
    this.#probing = 0;
    this.#probed = 0;
    if (state === 'closed') {
      this.#window.clear();
      this.#consecutive = 0;
      this.#times = 0;
    }
    this.#series.state.set(stateLevel(state));
    this.#opossum.engine.follow(state, this.opening?.openForMs ?? 0);
    if (state === 'open') this.#emit('breaker.opened', { ...this.opening });
    else if (state === 'half-open') this.#emit('breaker.half-opened', {});
    else if (state === 'closed') this.#emit('breaker.closed', {});
    else this.#emit('breaker.forced', { state });
  }

  /** For opossum's `open()`: as if a rule had been broken, so it probes as always. */
  openByHand(): void {
    if (this.#state !== 'open') this.#open({ rule: 'manual', measured: 0, threshold: 0 });
  }

  force(state: ManualState): void {
    if (!manualStates.includes(state)) {
      throw new RangeError(
        `breaker "${this.name}": state must be one of ${manualStates.join(', ')}, not ${String(state)}`,
      );
    }
    if (this.#state !== state) this.#change(state);
  }

  reset(): void {
    this.#tally.clear();
    this.opening = undefined;
    if (this.#state === 'closed') {
      this.epoch++;
      this.#window.clear();
      this.#consecutive = 0;
    } else this.#change('closed');
  }

  export(): BreakerStateRecord {
    const { name, state, calls, failures, slow, consecutiveFailures, opening } = this.snapshot();
    const exportedAtMs = this.#clock.wallTime();
    return { version: 1, name, state, calls, failures, slow, consecutiveFailures, exportedAtMs, opening };
  }

  import(given: BreakerStateRecord): void {
    const record = checkStateRecord(`breaker "${this.name}"`, given);
    const { state, calls, failures, slow, consecutiveFailures, exportedAtMs, opening } = record;
    const wallMs = this.#clock.wallTime();
    this.#emit('breaker.imported', { state, exportedAtMs });
    this.opening = opening;
    // Probes that were under way elsewhere end elsewhere: here the next call is the first.
    const waitMs = state === 'open' && opening ? Math.min(opening.nextProbeAtMs - wallMs, opening.openForMs) : 0;
    this.#probeAtMs = this.#clock.now() + waitMs;
    this.#change(state === 'half-open' ? 'open' : state);
    this.#times = state === 'open' || state === 'half-open' ? (opening?.times ?? 0) : 0;
    const passed = this.#options.windowCalls === undefined && wallMs - exportedAtMs >= this.#options.windowMs;
    if (passed) this.#window.clear();
    else this.#window.restore(this.#clock.now(), calls, failures, slow);
    this.#consecutive = consecutiveFailures;
  }

  snapshot(): BreakerSnapshot {
    this.#window.advance(this.#clock.now());
    const { calls, failures, slow } = this.#window;
    return {
      name: this.name,
      path: this.path,
      state: this.#state,
      calls,
      failures,
      slow,
      consecutiveFailures: this.#consecutive,
      probesInFlight: this.#probing,
      totals: { ...this.#totals },
      opening: this.opening,
    };
  }

  #traceId(context: CallContext): string | undefined {
    try {
      return this.#options.traceIdOf?.(context);
    } catch {
      // A broken look-up must not change how the call counts; the record merely lacks the id.
      return undefined;
    }
  }

  #emit(name: string, data: Readonly<Record<string, unknown>>): void {
    this.#env.events.emit(name, { path: this.path, name: this.name, ...data });
  }
}
