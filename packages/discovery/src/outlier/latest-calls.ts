/**
 * Counts the calls of all endpoints of a balanced service, and compares the endpoints when a sweep is over.
 *
 * Without a timer: the end of a sweep is compared with the clock. One that is late, because nobody called, looks at the same
 * calls as one in time, unless that is too long ago to say anything.
 */
import { type EjectionOptions, windowSweeps } from './ejection-options.js';
import type { EndpointHealth } from './endpoint-health.js';
import { byFailureRatio } from './failure-ratio.js';
import { type Found, figuresOf, type HostFigures } from './figures.js';
import { CALLS, FAILURES, HostWindow } from './host-window.js';
import { byLatency } from './latency-outliers.js';
import { bySuccessRate } from './success-rate.js';
import { logOf, type OperationTimes, UsualTimes } from './usual-times.js';

/** One endpoint whose calls are counted. */
export interface Counted {
  readonly health: EndpointHealth;
  /** Whether calls may go there. */
  readonly usable: boolean;
}

/** See the head of this file. */
export class LatestCalls<H extends Counted> {
  /** When the sweep is over, in monotonic time; Infinity before the first call. */
  sweepDueMs = Number.POSITIVE_INFINITY;
  readonly #times = new UsualTimes();
  /** The number of the sweep that runs. */
  #sweep = 0;

  /** Counts a call that was answered. */
  answered({ health }: H, operation: string, startMs: number, nowMs: number, options: EjectionOptions): void {
    const window = this.#windowOf(health, nowMs, options);
    const times = this.#times.of(operation);
    window.ended(false);
    health.failing.answered(operation);
    if (times === undefined) return;
    times.calls++;
    took(window, times, nowMs - startMs, options);
  }

  /** Counts a call that failed. */
  failed({ health }: H, operation: string, nowMs: number, options: EjectionOptions): void {
    this.#windowOf(health, nowMs, options).ended(true);
    health.failing.failed(operation);
    const times = this.#times.of(operation);
    if (times === undefined) return;
    times.calls++;
    times.failures++;
  }

  /** Counts how long at least a call would have taken that got no answer. */
  waited({ health }: H, operation: string, startMs: number, nowMs: number, options: EjectionOptions): void {
    const times = this.#times.of(operation);
    if (times) took(this.#windowOf(health, nowMs, options), times, nowMs - startMs, options);
  }

  /** How many times as long as is usual at all endpoints a call took; 1 where nobody knows. */
  factor(operation: string, elapsedMs: number): number {
    const usual = this.#times.of(operation)?.usual;
    return usual === undefined ? 1 : Math.exp(logOf(elapsedMs) - usual);
  }

  /** The sweep is over. @returns what the rules found, the worst of each rule first */
  endSweep(nowMs: number, hosts: Iterable<H>, options: EjectionOptions): readonly Found<H>[] {
    const tooLate = nowMs - this.sweepDueMs > options.baseMs;
    const figures: HostFigures<H>[] = [];
    const failing: H[] = [];
    for (const host of hosts) {
      const { window } = host.health;
      if (!window) continue;
      window.advance(this.#sweep + 1);
      failing.push(host);
      const figuresOfHost = figuresOf(host, window);
      if (host.usable && figuresOfHost.requests + figuresOfHost.timed > 0) figures.push(figuresOfHost);
    }
    const found = tooLate ? [] : this.#compare(figures, options);
    for (const { health } of failing) health.failing.clear();
    this.#times.swept();
    this.#begin(nowMs, options);
    return found;
  }

  /** Begins anew, as other options need it. */
  reset(hosts: Iterable<H>): void {
    this.sweepDueMs = Number.POSITIVE_INFINITY;
    for (const { health } of hosts) health.window = undefined;
  }

  /** The window of an endpoint, at the sweep that runs. */
  #windowOf(health: EndpointHealth, nowMs: number, options: EjectionOptions): HostWindow {
    if (this.sweepDueMs === Number.POSITIVE_INFINITY) this.#begin(nowMs, options);
    health.window ??= new HostWindow(windowSweeps(options));
    health.window.advance(this.#sweep);
    return health.window;
  }

  #begin(nowMs: number, { sweepMs }: EjectionOptions): void {
    this.#sweep = Math.floor(nowMs / sweepMs);
    this.sweepDueMs = (this.#sweep + 1) * sweepMs;
  }

  #compare(figures: readonly HostFigures<H>[], options: EjectionOptions): readonly Found<H>[] {
    const ofHosts = ({ host }: Found<H>) => !this.#isOfOperation(host);
    return [
      ...byFailureRatio(figures, options).filter(ofHosts).sort(worstFirst),
      ...bySuccessRate(figures, options).filter(ofHosts).sort(worstFirst),
      ...byLatency(figures, options).toSorted(worstFirst),
    ];
  }

  /** Whether what fails there is one operation of several, and fails at the other endpoints as well. */
  #isOfOperation({ health }: H): boolean {
    const { alone } = health.failing;
    if (alone === undefined) return false;
    const calls = health.window?.total(CALLS, 1) ?? 0;
    const failures = health.window?.total(FAILURES, 1) ?? 0;
    const all = this.#times.of(alone);
    if (!all || calls === 0) return true;
    const elsewhere = (all.failures - failures) / Math.max(1, all.calls - calls);
    return elsewhere >= (0.5 * failures) / calls;
  }
}

function took(window: HostWindow, times: OperationTimes, elapsedMs: number, { latencyFactor }: EjectionOptions): void {
  if (latencyFactor === false) return;
  const logMs = logOf(elapsedMs);
  times.timed(logMs);
  if (times.usual === undefined) return;
  // However slow a call, it counts at most as the square of the factor: half of the calls must be slow.
  const most = 2 * Math.log(latencyFactor);
  window.took(Math.max(-most, Math.min(logMs - times.usual, most)), logMs);
}

function worstFirst(a: Found<unknown>, b: Found<unknown>): number {
  return b.badness - a.badness;
}
