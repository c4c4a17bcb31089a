import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@fwk/kernel';

/** How finely the delay is sampled, in milliseconds; the timer behind it lives outside JavaScript. */
export const resolutionMs = 20;

/** Time that a reading covers at least, in milliseconds; it covers at most twice as much while somebody reads. */
export const loopDelayWindowMs = 60_000;

/** How late the event loop ran lately, in seconds. */
export interface LoopDelay extends Disposable {
  /** Reading changes nothing, so that any number of scrapers see the same. */
  read(): { percentile(percent: number): number; readonly longest: number };
}

/**
 * How much of a sampled value is the sampling itself, in milliseconds: of Node's the resolution (below it the loop is simply
 * idle), of Bun's nothing. Undefined on Deno, which always answers 0: no value is better than a wrong one.
 */
export function resolutionIncludedMs(versions: Readonly<Record<string, string | undefined>>): number | undefined {
  if (versions.deno !== undefined) return undefined;
  return versions.bun === undefined ? resolutionMs : 0;
}

/**
 * Watches the event loop's delay; undefined where the runtime does not measure it. Two histograms record all of it and take turns to begin anew, one a window; a reading
 * comes from the one that has recorded longer. So a delay is seen by every scraper that asks at least once a window.
 */
export function loopDelay(clock: Clock): LoopDelay | undefined {
  const includedMs = resolutionIncludedMs(process.versions);
  if (includedMs === undefined) return undefined;
  let longer = monitorEventLoopDelay({ resolution: resolutionMs });
  let shorter = monitorEventLoopDelay({ resolution: resolutionMs });
  longer.enable();
  shorter.enable();
  let turnedAtMs = clock.now();
  const turn = () => {
    if (clock.now() - turnedAtMs < loopDelayWindowMs) return;
    turnedAtMs = clock.now();
    longer.reset();
    [longer, shorter] = [shorter, longer];
  };
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - includedMs / 1000) || 0;
  return {
    read() {
      turn();
      const now = longer;
      return { percentile: (percent) => late(now.percentile(percent)), longest: late(now.max) };
    },
    [Symbol.dispose]() {
      longer.disable();
      shorter.disable();
    },
  };
}
