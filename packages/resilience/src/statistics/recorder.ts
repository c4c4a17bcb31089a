/**
 * The numbers of one policy: counts and latencies of the last ten seconds, and counts since it was made.
 *
 * Counting a success is one addition. Reading the clock costs more than that, so under load it is read on one call in
 * sixteen only: that call is timed, and the successes since the last such call are booked with it. With little traffic
 * every call is timed. So percentiles are of a sample under load, and when load ends at most fifteen successes wait to be
 * booked until the next call that is timed, the next that does not succeed, or the next look at the numbers.
 */
import type { Clock } from '@fwk/kernel';
import { createDigest, type LatencyDigest } from '@fwk/kernel';
import { RollingCounts } from '../window/rolling-counts.js';
import { RollingLatency } from '../window/rolling-latency.js';
import { channelOf, channels, countsOf, type OutcomeName } from './policy-counts.js';
import type { PolicyStatistics } from './policy-statistics.js';

/** How far back the recent numbers reach, in milliseconds. */
const STATISTICS_WINDOW_MS = 10_000;
const SLICES = 10;
const LONGEST_STRIDE = 16;
/** Timed calls that follow closer than this make the next one come later, in milliseconds. */
const CLOSE_MS = 5;
/** After a pause longer than this every call is timed again, in milliseconds. */
const FAR_MS = 20;
/** Stands where a start time is expected when a call is not timed. */
export const NOT_TIMED = -1;

const SUCCESSES = channelOf('successes');

/** Counts what becomes of the calls of one policy. */
export class StatisticsRecorder {
  readonly #clock: Clock;
  readonly #totals: number[] = new Array<number>(channels).fill(0);
  /** Made at the first call: a policy that nobody uses costs little. */
  #recent: RollingCounts | undefined;
  #latencies: RollingLatency | undefined;
  #started = 0;
  #ended = 0;
  /** Successes that the window does not know yet. */
  #unbooked = 0;
  #timedAtMs = 0;
  #stride = 1;
  #untilTimed = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A call begins. @returns its start time, or {@link NOT_TIMED} when it is none of those that are timed */
  begin(): number {
    this.#started++;
    if (--this.#untilTimed > 0) return NOT_TIMED;
    this.#untilTimed = this.#stride;
    return this.#clock.now();
  }

  /** A call that is not timed has succeeded. */
  succeeded(): void {
    this.#ended++;
    this.#unbooked++;
  }

  /** Any other call has ended. */
  ended(outcome: OutcomeName, startMs: number): void {
    this.#ended++;
    const nowMs = this.#count(channelOf(outcome), 1);
    if (startMs === NOT_TIMED) return;
    this.#timed(nowMs);
    // How long a refusal or a patience takes says nothing about the callee.
    if (outcome !== 'successes' && outcome !== 'failures') return;
    this.#latencies ??= new RollingLatency(STATISTICS_WINDOW_MS, SLICES);
    this.#latencies.record(nowMs - startMs, nowMs);
  }

  /** Something happened on the way. @param channel - see `channelOf` */
  happened(channel: number, times: number): void {
    this.#count(channel, times);
  }

  snapshot(): PolicyStatistics {
    this.#advance();
    return Object.freeze({
      windowMs: STATISTICS_WINDOW_MS,
      inFlight: this.#started - this.#ended,
      recent: countsOf((channel) => this.#recent?.total(channel) ?? 0),
      total: countsOf((channel) => this.#totals[channel]!),
      latency: this.latencies().snapshot(),
    });
  }

  /** Latencies of the window, the caller's own to merge with others. */
  latencies(): LatencyDigest {
    return this.#latencies?.digest(this.#clock.now()) ?? createDigest();
  }

  #count(channel: number, times: number): number {
    const nowMs = this.#advance();
    this.#add(channel, times, nowMs);
    return nowMs;
  }

  /** Moves the window on and books what waits. */
  #advance(): number {
    const nowMs = this.#clock.now();
    this.#recent?.advance(nowMs);
    if (this.#unbooked > 0) this.#add(SUCCESSES, this.#unbooked, nowMs);
    this.#unbooked = 0;
    if (nowMs - this.#timedAtMs > FAR_MS) {
      this.#stride = 1;
      this.#untilTimed = 1;
    }
    return nowMs;
  }

  #add(channel: number, times: number, nowMs: number): void {
    this.#recent ??= new RollingCounts(channels, STATISTICS_WINDOW_MS, SLICES);
    this.#recent.add(channel, times, nowMs);
    this.#totals[channel]! += times;
  }

  #timed(nowMs: number): void {
    if (nowMs - this.#timedAtMs < CLOSE_MS) this.#stride = Math.min(this.#stride * 2, LONGEST_STRIDE);
    this.#timedAtMs = nowMs;
  }
}
