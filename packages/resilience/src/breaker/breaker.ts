/**
 * One breaker: when to refuse, when to probe, when to let through again. It knows nothing of services; the layer asks
 * `admit` before a call and reports to `calls` how it ended.
 *
 * Every change of state begins a new epoch, so that what was begun before cannot count after it. Time is compared when
 * somebody asks; there is no timer.
 */
import { type Clock, currentOf, type Env } from '@fwk/kernel';
import { BreakerCounts } from './breaker-counts.js';
import { BreakerOpenError, type BreakerRefusal } from './breaker-open-error.js';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerSeries } from './breaker-series.js';
import {
  type BreakerHandle,
  type BreakerSnapshot,
  type BreakerState,
  type BreakerStateRecord,
  type ManualState,
  manualStates,
  type OpeningRecord,
} from './breaker-state.js';
import { CallReports, type ReportedBreaker } from './call-reports.js';
import type { OpossumSource } from './engine-share.js';
import { Evidence } from './evidence.js';
import { openFor, recordOpening } from './opening.js';
import type { OpossumEngine } from './opossum.js';
import { OpossumView, type ViewedBreaker } from './opossum-view.js';
import { Probes, type ProbesVerdict } from './probes.js';
import type { BrokenRule } from './rules.js';
import { checkStateRecord } from './state-record.js';
import { UnknownStateError } from './unknown-state-error.js';
import { WarmUp } from './warm-up.js';

/** The states of one breaker, and what leads from one to another. */
export class Breaker implements BreakerHandle, ViewedBreaker, ReportedBreaker, OpossumSource {
  readonly name: string;
  readonly path: string;
  readonly endpoint: string | undefined;
  /** Rises with each change of state. */
  epoch = 0;
  opening: OpeningRecord | undefined;
  /** Takes reports of how admitted calls ended. */
  readonly calls: CallReports;
  readonly #options: BreakerOptions;
  readonly #env: Env;
  readonly #clock: Clock;
  readonly #series: BreakerSeries;
  readonly #counts: BreakerCounts;
  readonly #evidence: Evidence;
  readonly #probes: Probes;
  readonly #opossum: OpossumView;
  #state: BreakerState = 'closed';
  readonly #warmUp: WarmUp;
  /** Openings since it was last closed. */
  #times = 0;
  /** On the clock; means something while it is open. */
  #probeAtMs = 0;
  #ended = false;

  constructor(name: string, options: BreakerOptions, env: Env, series: BreakerSeries) {
    this.name = name;
    this.path = env.path;
    this.endpoint = env.endpoint;
    this.#options = options;
    this.#env = env;
    this.#clock = env.clock;
    this.#series = series;
    this.#counts = new BreakerCounts(series);
    this.#evidence = new Evidence(options);
    this.#probes = new Probes(options);
    this.#opossum = new OpossumView(this, options, env);
    const parts = { counts: this.#counts, evidence: this.#evidence, opossum: this.#opossum, options, env };
    this.calls = new CallReports(this, parts);
    this.#warmUp = new WarmUp(options, env.clock);
  }

  get state(): BreakerState {
    return this.#state;
  }

  get engine(): OpossumEngine {
    return this.#opossum.engine;
  }

  /** One for all calls: there are no keys. */
  viewOf(): OpossumView {
    return this.#opossum;
  }

  /** True while it opens by no rule yet. */
  get warmingUp(): boolean {
    return this.#warmUp.running;
  }

  /** Would a call be admitted now? Changes nothing. A hung probe's place counts as free: that call finds it out. */
  get admitting(): boolean {
    switch (this.#state) {
      case 'closed':
        return true;
      case 'open':
        return this.#clock.now() >= this.#probeAtMs;
      case 'half-open':
        return this.#probes.permitted || this.#probes.hungMs(this.#clock.now()) > 0;
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
    if (this.#probes.permitted) {
      this.#probes.begin(nowMs);
      return true;
    }
    const measured = this.#probes.hungMs(nowMs);
    if (measured === 0) return false;
    if (this.#probes.together) this.#probed(this.#probes.giveUp());
    else this.#open({ rule: 'probe-hung', measured, threshold: currentOf(this.#options.probeTimeoutMs) });
    // Those that hung may have been too few to matter.
    return this.#probes.together && this.state === 'closed';
  }

  /**
   * Whether it lets a call through all the same that nobody else would take: as many as some times what the callee has
   * answered of late, so none when it answers nothing. Who breaks for half of the callers is not to break for the rest.
   */
  admitsLastResort(): boolean {
    return this.#state !== 'forced-open' && this.#evidence.admitsLastResort(this.#clock.now(), this.#env.random);
  }

  /** Nobody will call through it any more: the metrics are not to show it as open for ever. */
  end(): void {
    if (this.#ended) return;
    this.#series.moved(this.#state, 'closed');
    this.#ended = true;
  }

  /** Counts a refusal and makes its error. */
  refused(request: unknown): BreakerOpenError {
    const nowMs = this.#clock.now();
    this.#counts.rejected();
    const error = new BreakerOpenError(this.#refusal(nowMs), this.#evidence.errors.last);
    this.#opossum.refused(error, nowMs, request);
    return error;
  }

  #refusal(nowMs: number): BreakerRefusal {
    const state = this.#state;
    const opening = state === 'forced-open' ? undefined : this.opening;
    const broken = opening?.rule === 'manual' ? undefined : opening;
    const probing = state === 'half-open';
    return {
      breaker: this.name,
      state,
      rule: broken?.rule,
      measured: broken?.measured,
      threshold: broken?.threshold,
      nextProbeInMs: opening && !probing ? Math.max(0, this.#probeAtMs - nowMs) : undefined,
      ...(probing && this.#probes.told()),
    };
  }

  ended(nowMs: number, failed: boolean, tookMs: number): void {
    const slow = tookMs > currentOf(this.#options.slowCallMs);
    if (this.#state === 'half-open') {
      this.#probeEnded(failed || slow, tookMs);
      return;
    }
    // What was measured in the warm-up is of another time.
    if (this.#warmUp.endsNow()) this.#evidence.startWith(failed);
    const broken = this.#evidence.record(nowMs, failed, slow);
    if (broken !== undefined && this.#warmUp.over) this.#broken(broken);
  }

  ignored(): void {
    if (this.#state === 'half-open') this.#probes.ignored();
  }

  #broken(broken: BrokenRule): void {
    if (this.#state === 'closed') this.#open(broken);
    else if (this.#state === 'metrics-only') {
      this.#emit('breaker.threshold-exceeded', { ...broken });
      // Said once a window, not once a call.
      this.#evidence.clear();
    }
  }

  #probeEnded(failed: boolean, tookMs: number): void {
    const threshold = currentOf(this.#options.probeTimeoutMs);
    // Nobody may have asked meanwhile, so that it is found out only now.
    const hung = tookMs > threshold;
    if (hung && !this.#probes.together) this.#open({ rule: 'probe-hung', measured: tookMs, threshold });
    else this.#probed(this.#probes.end(failed || hung));
  }

  #probed(verdict: ProbesVerdict | undefined): void {
    if (verdict === undefined) return;
    if (verdict.closes) this.#change('closed');
    else this.#open({ rule: 'probe-failed', measured: verdict.measured, threshold: verdict.threshold });
  }

  #open(broken: BrokenRule): void {
    const openForMs = openFor(this.#options, this.#times, this.#env.random);
    const nowMs = this.#clock.now();
    this.#times++;
    this.#probeAtMs = nowMs + openForMs;
    // A probe fails without entering the window, which may have passed meanwhile.
    this.#evidence.window.advance(nowMs);
    const moment = { atMs: this.#clock.wallTime(), openForMs, times: this.#times };
    this.opening = recordOpening(broken, this.#evidence, moment);
    this.#series.openings.add();
    this.#change('open');
  }

  /** The one place where the state changes. */
  #change(state: BreakerState): void {
    this.epoch++;
    if (!this.#ended) this.#series.moved(this.#state, state);
    this.#state = state;
    this.#probes.reset();
    if (state === 'closed') {
      this.#evidence.clear();
      this.#times = 0;
    }
    this.#opossum.follow(state, this.opening?.openForMs ?? 0);
    if (state === 'open') this.#emit('breaker.opened', { ...this.opening });
    else if (state === 'half-open') this.#emit('breaker.half-opened', {});
    else if (state === 'closed') this.#emit('breaker.closed', {});
    else this.#emit('breaker.forced', { state });
  }

  /** For opossum's `open()`: as if a rule had been broken, so it probes as always. A state set by hand stays. */
  openByHand(): void {
    if (this.#state === 'closed' || this.#state === 'half-open')
      this.#open({ rule: 'manual', measured: 0, threshold: 0 });
  }

  force(state: ManualState): void {
    if (!manualStates.includes(state)) {
      throw new UnknownStateError(`breaker "${this.name}"`, state, manualStates);
    }
    if (this.#state !== state) this.#change(state);
  }

  reset(): void {
    this.#evidence.errors.clear();
    this.opening = undefined;
    if (this.#state === 'closed') {
      this.epoch++;
      this.#evidence.clear();
    } else this.#change('closed');
  }

  export(): BreakerStateRecord {
    const { name, state, calls, failures, slow, consecutiveFailures, opening } = this.snapshot();
    const exportedAtMs = this.#clock.wallTime();
    return { version: 1, name, state, calls, failures, slow, consecutiveFailures, exportedAtMs, opening };
  }

  import(given: BreakerStateRecord): void {
    const record = checkStateRecord(this.name, given);
    const { state, exportedAtMs, opening } = record;
    this.#emit('breaker.imported', { state, exportedAtMs });
    this.opening = opening;
    // Probes that were under way elsewhere end elsewhere: here the next call is the first.
    const leftMs = state === 'open' && opening ? opening.nextProbeAtMs - this.#clock.wallTime() : 0;
    this.#probeAtMs = this.#clock.now() + Math.min(leftMs, opening?.openForMs ?? 0);
    this.#change(state === 'half-open' ? 'open' : state);
    this.#times = state === 'open' || state === 'half-open' ? (opening?.times ?? 0) : 0;
    this.#evidence.restore(record, this.#clock);
  }

  snapshot(): BreakerSnapshot {
    const { window, inARow } = this.#evidence;
    window.advance(this.#clock.now());
    const { calls, failures, slow } = window;
    return {
      name: this.name,
      path: this.path,
      ...(this.endpoint === undefined ? {} : { endpoint: this.endpoint }),
      state: this.#state,
      calls,
      failures,
      slow,
      consecutiveFailures: inARow,
      probesInFlight: this.#probes.inFlight,
      warmingUp: this.warmingUp,
      totals: this.#counts.totals,
      opening: this.opening,
    };
  }

  #emit(name: string, data: Readonly<Record<string, unknown>>): void {
    this.#env.events.emit(name, { path: this.path, name: this.name, ...data });
  }
}
