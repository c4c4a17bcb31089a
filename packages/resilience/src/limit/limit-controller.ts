/**
 * Turns samples into a limit: collects them into windows, hands each window to the strategy, and holds what the strategy
 * says between the guards. Knows no calls and no queue.
 *
 * A window ends with the first sample after `windowMs`, if it has at least `minSamples`; otherwise it goes on. One that has
 * gone on for ten seconds more spans a pause, and is thrown away.
 */
import { currentOf } from '@fwk/kernel';
import type { AdaptiveLimitOptions } from './adaptive-limit-options.js';
import { DriftGuard } from './drift-guard.js';
import type { LimitStrategy } from './limit-strategy.js';

const PATIENCE_MS = 10_000;
/** With this share of the limit in flight on average, hardly a place is ever free. */
const FULL = 0.9;
/** No call takes no time; strategies divide by it. */
const SHORTEST_MS = 0.001;

/** A change of the limit. */
export interface LimitChange {
  readonly from: number;
  readonly to: number;
  /** What the window showed that caused it. */
  readonly rttMs: number | undefined;
  readonly inFlight: number;
  readonly droppedRatio: number;
  /** How late the event loop ran, in milliseconds; taken off the times. */
  readonly lagMs: number;
}

/** Bounds and lengths that a controller obeys. */
export type LimitSettings = Pick<
  AdaptiveLimitOptions,
  'initialLimit' | 'minLimit' | 'maxLimit' | 'windowMs' | 'minSamples' | 'maxLagMs'
>;

/** Finds the limit of one stack. */
export class LimitController {
  readonly #strategy: LimitStrategy;
  readonly #settings: LimitSettings;
  readonly #lag: () => number;
  readonly #drift = new DriftGuard();
  /** What was found. The bounds are laid on when it is read, so that changing them takes effect at once. */
  #found: number;
  /** The limit that was told of last. */
  #told: number;
  #frozen = 0;
  #startMs = 0;
  #answered = 0;
  #dropped = 0;
  #rttSumMs = 0;
  #inFlightSum = 0;
  #inFlightMax = 0;

  /** @param lag - how late the event loop runs now, in milliseconds; asked once a window. */
  constructor(strategy: LimitStrategy, settings: LimitSettings, lag: () => number) {
    this.#strategy = strategy;
    this.#settings = settings;
    this.#lag = lag;
    this.#found = settings.initialLimit;
    this.#told = this.limit;
  }

  /** Calls that may be in flight, a whole number. */
  get limit(): number {
    return Math.floor(this.#exact);
  }

  /** Windows that changed nothing because the event loop lagged. */
  get frozenWindows(): number {
    return this.#frozen;
  }

  /** A call was answered. @param inFlight - calls in flight at that moment, this one included. */
  answered(rttMs: number, inFlight: number, nowMs: number): LimitChange | undefined {
    if (this.#count === 0) this.#startMs = nowMs;
    this.#answered++;
    this.#rttSumMs += rttMs;
    return this.#sampled(inFlight, nowMs);
  }

  /** A call was refused for overload or timed out; its time says nothing. */
  dropped(inFlight: number, nowMs: number): LimitChange | undefined {
    if (this.#count === 0) this.#startMs = nowMs;
    this.#dropped++;
    return this.#sampled(inFlight, nowMs);
  }

  get #count(): number {
    return this.#answered + this.#dropped;
  }

  #sampled(inFlight: number, nowMs: number): LimitChange | undefined {
    this.#inFlightSum += inFlight;
    if (inFlight > this.#inFlightMax) this.#inFlightMax = inFlight;
    const lengthMs = nowMs - this.#startMs;
    if (lengthMs < this.#settings.windowMs || this.#count < this.#settings.minSamples) return undefined;
    const change = lengthMs > this.#settings.windowMs + PATIENCE_MS ? undefined : this.#close(lengthMs);
    this.#answered = 0;
    this.#dropped = 0;
    this.#rttSumMs = 0;
    this.#inFlightSum = 0;
    this.#inFlightMax = 0;
    return change;
  }

  #close(lengthMs: number): LimitChange | undefined {
    const lagMs = this.#lag();
    const measuredMs = this.#answered === 0 ? undefined : this.#rttSumMs / this.#answered;
    // A lag of half the time would leave more guess than measurement.
    if (lagMs > currentOf(this.#settings.maxLagMs) || (measuredMs !== undefined && lagMs > measuredMs / 2)) {
      this.#frozen++;
      return undefined;
    }
    const meanInFlight = this.#inFlightSum / this.#count;
    this.#drift.add(meanInFlight, (this.#answered * 1000) / lengthMs);
    const rttMs = measuredMs === undefined ? undefined : Math.max(SHORTEST_MS, measuredMs - lagMs);
    const inFlight = this.#inFlightMax;
    const droppedRatio = this.#dropped / this.#count;
    const from = this.#told;
    const limit = this.#exact;
    const wanted = this.#strategy.next(limit, { rttMs, inFlight, droppedRatio });
    this.#found = this.#bounded(wanted > limit ? this.#pushed(limit, wanted, meanInFlight) : wanted);
    const to = this.limit;
    this.#told = to;
    return to === from ? undefined : { from, to, rttMs, inFlight, droppedRatio, lagMs };
  }

  /** Goes down only where the limit holds calls back: otherwise it was the load that varied, and the limit may be right. */
  #pushed(limit: number, wanted: number, meanInFlight: number): number {
    const { push } = this.#drift;
    if (push < 0 && meanInFlight < FULL * Math.floor(limit)) return limit;
    return limit + push * (wanted - limit);
  }

  /** The limit with fractions. */
  get #exact(): number {
    return this.#bounded(this.#found);
  }

  #bounded(limit: number): number {
    const { minLimit, maxLimit } = this.#settings;
    return Math.max(currentOf(minLimit), Math.min(currentOf(maxLimit), limit));
  }
}
