import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { resolutionIncludedMs, resolutionMs } from '../../metrics/loop-delay.js';

/** How the event loop did lately. */
export interface LoopReading {
  /** How late it was at the 99th percentile, in milliseconds; undefined where the runtime does not measure it. */
  readonly lagMs: number | undefined;
  readonly longestLagMs: number | undefined;
  /** The share of time in which it was busy since the look before, 0 to 1; 0 right after a look. */
  readonly utilization: number;
}

/** Over a shorter stretch, in milliseconds, utilization says nothing: whoever looks is at work himself. */
const shortestStretchMs = 100;

/** Watches the event loop. */
export interface LoopWatch extends Disposable {
  /** What was since the look before the last one. */
  read(): LoopReading;
}

/**
 * Watches the event loop of this process; its timers keep no process alive. Two histograms take turns to begin anew, one a
 * look: Node leaves out the first sample after a reset, so a stall right after a look would be seen by nobody.
 */
export function loopWatch(): LoopWatch {
  const includedMs = resolutionIncludedMs(process.versions) ?? 0;
  let [longer, shorter] = isMeasured() ? [startedHistogram(), startedHistogram()] : [];
  let before = performance.eventLoopUtilization();
  const late = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e6 - includedMs)) || 0;
  return {
    read() {
      const now = performance.eventLoopUtilization();
      const { utilization, idle, active } = performance.eventLoopUtilization(now, before);
      before = now;
      const reading = {
        lagMs: longer && late(longer.percentile(99)),
        longestLagMs: longer && late(longer.max),
        utilization: idle + active < shortestStretchMs ? 0 : Math.round(utilization * 1000) / 1000,
      };
      longer?.reset();
      [longer, shorter] = [shorter, longer];
      return reading;
    },
    [Symbol.dispose]() {
      longer?.disable();
      shorter?.disable();
    },
  };
}

function isMeasured(): boolean {
  return resolutionIncludedMs(process.versions) !== undefined;
}

function startedHistogram(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return histogram;
}
