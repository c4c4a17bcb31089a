import {
  callable,
  checkOptions,
  fixed,
  integerIn,
  type Live,
  millisecondsIn,
  OptionsError,
  oneOf,
  optional,
} from '@fwk/kernel';
import type { LimitHandle } from './limit-handle.js';
import type { LimitAlgorithm } from './limit-strategy.js';
import { type LimitPartitions, partitionsRule } from './partitions.js';

/** Options of the adaptive limit. */
export interface AdaptiveLimitOptions {
  /**
   * `gradient2` compares times with those of the long run, `vegas` with the fastest ever seen, `aimd` looks only at refusals
   * and time-outs. @defaultValue 'gradient2'
   */
  readonly algorithm: LimitAlgorithm;
  /** The limit before anything is known, from `minLimit` to `maxLimit`. @defaultValue 20 */
  readonly initialLimit: number;
  /** It never falls below this, 1 to 100 000. @defaultValue 1 */
  readonly minLimit: number | Live<number>;
  /** It never rises above this, 1 to 100 000. @defaultValue 1000 */
  readonly maxLimit: number | Live<number>;
  /** The limit is looked at this often at most, 10 to 60 000 milliseconds. @defaultValue 250 */
  readonly windowMs: number;
  /** And on no fewer calls than this, 1 to 10 000. @defaultValue 10 */
  readonly minSamples: number;
  /**
   * Calls that may wait for a place, 0 to 100 000; the more important go first, and displace others when there is no room.
   * @defaultValue 0
   */
  readonly maxQueue: number | Live<number>;
  /**
   * Each priority has a line. One that has not been empty for this long stands: it takes up no burst, it only makes everybody
   * late. From then on the newest in it goes first, and whoever has waited longer than `newestFirstWaitMs` is refused. No call
   * waits longer than this before that. 0 for never, or up to 60 000 milliseconds; 100 suits a server. @defaultValue 0
   */
  readonly newestFirstAfterMs: number | Live<number>;
  /** How long a call may wait in a line that stands, 1 to 60 000 milliseconds. @defaultValue 5 */
  readonly newestFirstWaitMs: number | Live<number>;
  /** Guaranteed shares for groups of calls. @defaultValue undefined: none */
  readonly partitions: LimitPartitions | undefined;
  /**
   * How late the event loop runs now, in milliseconds; asked once a window. @defaultValue undefined: measured by a short
   * timer while there are many calls in flight
   */
  readonly lag: (() => number) | undefined;
  /** While the event loop runs later than this, times mean nothing and the limit stays; 0 to 10 000 milliseconds. @defaultValue 10 */
  readonly maxLagMs: number | Live<number>;
  /** Called with the limit of each stack when it is built. @defaultValue undefined */
  readonly onBuilt: ((limit: LimitHandle) => void) | undefined;
}

/** Defaults of the adaptive limit. */
export const adaptiveLimitDefaults = Object.freeze({
  algorithm: 'gradient2',
  initialLimit: 20,
  minLimit: 1,
  maxLimit: 1000,
  windowMs: 250,
  minSamples: 10,
  maxQueue: 0,
  newestFirstAfterMs: 0,
  newestFirstWaitMs: 5,
  partitions: undefined,
  lag: undefined,
  maxLagMs: 10,
  onBuilt: undefined,
}) satisfies AdaptiveLimitOptions;

/** Rules of {@link AdaptiveLimitOptions}. */
export const adaptiveLimitRules = Object.freeze({
  algorithm: fixed(oneOf('gradient2', 'vegas', 'aimd')),
  initialLimit: fixed(integerIn(1, 100_000)),
  minLimit: integerIn(1, 100_000),
  maxLimit: integerIn(1, 100_000),
  windowMs: fixed(millisecondsIn(10, 60_000)),
  minSamples: fixed(integerIn(1, 10_000)),
  maxQueue: integerIn(0, 100_000),
  newestFirstAfterMs: millisecondsIn(0, 60_000),
  newestFirstWaitMs: millisecondsIn(1, 60_000),
  partitions: optional(fixed(partitionsRule)),
  lag: optional(callable),
  maxLagMs: millisecondsIn(0, 10_000),
  onBuilt: optional(callable),
});

/**
 * Checks the options, each for itself and against each other.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkAdaptiveLimitOptions(options: Partial<AdaptiveLimitOptions> | undefined): AdaptiveLimitOptions {
  const settings = checkOptions<AdaptiveLimitOptions>(
    'adaptiveLimit',
    options,
    adaptiveLimitDefaults,
    adaptiveLimitRules,
    ({ minLimit, maxLimit }) => (minLimit > maxLimit ? [`minLimit ${minLimit} is above maxLimit ${maxLimit}`] : []),
  );
  const { initialLimit, minLimit, maxLimit } = settings;
  // A live bound is not compared and may move past it: `initialLimit` counts only at the start.
  const isOut = [minLimit, maxLimit].some(
    (bound, at) => typeof bound === 'number' && (at === 0 ? initialLimit < bound : initialLimit > bound),
  );
  if (options?.initialLimit !== undefined && isOut) {
    throw new OptionsError('adaptiveLimit', [`initialLimit ${initialLimit} is not from minLimit to maxLimit`]);
  }
  return settings;
}
