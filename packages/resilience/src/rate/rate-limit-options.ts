import {
  callable,
  checkOptions,
  fixed,
  flag,
  integerIn,
  type Live,
  millisecondsIn,
  numberIn,
  oneOf,
  optional,
  type TogetherRule,
} from '@fwk/kernel';
import type { KeyOf } from '../layer/request-key.js';

/**
 * - `token-bucket`: permits come back evenly, `permitsPerSecond`, and up to `burst` are kept.
 * - `sliding-window`: at most `permitsPerWindow` calls start in any stretch of `windowMs`. It keeps 8 bytes for each call of
 *   the window.
 * - `fixed-window`: at most `permitsPerWindow` calls start in a window, which begins with its first call and lasts
 *   `windowMs`; round the edge of two windows up to twice as many.
 * - `none`: no limit of its own, for a client that only follows what its callee says (`followQuota`).
 */
export type RateAlgorithm = 'token-bucket' | 'sliding-window' | 'fixed-window' | 'none';

/** Options of the rate limit. */
export interface RateLimitOptions {
  /** How permits are counted. @defaultValue 'token-bucket' */
  readonly algorithm: RateAlgorithm;
  /** Of a token bucket: calls that may start a second in the long run, 0.001 to 1 000 000. @defaultValue 100 */
  readonly permitsPerSecond: number | Live<number>;
  /** Of a token bucket: calls that may start at once after a pause, 1 to 1 000 000. @defaultValue 10 */
  readonly burst: number | Live<number>;
  /** Of a window: calls that may start in it, 1 to 1 000 000. @defaultValue 100 */
  readonly permitsPerWindow: number | Live<number>;
  /** Of a window: its length, 1 to 86 400 000 milliseconds. @defaultValue 1000 */
  readonly windowMs: number | Live<number>;
  /**
   * Whether the quota that the callee's answers tell (`RateLimit`, `X-RateLimit-*`, `Retry-After` with 429 and 503) is kept as well, by
   * all calls of the client together. For clients only. @defaultValue false
   */
  readonly followQuota: boolean;
  /**
   * How long a call may wait for its permit, 0 to 3 600 000 milliseconds; 0 refuses at once. It bounds the line as well:
   * only so many wait as will have their permits within this time. A call that waits already keeps the time with which it
   * began; a changed rate that would keep it longer refuses it at once. @defaultValue 0
   */
  readonly maxWaitMs: number | Live<number>;
  /**
   * Gives each key permits of its own, such as a tenant. It gets the request, or the arguments of the wrapped function.
   * @defaultValue undefined: the same permits for all
   */
  readonly keyOf: KeyOf | undefined;
  /**
   * Keys remembered, 1 to 1 000 000; the one used least recently goes first, and keys whose permits are all back go when a
   * new key comes. @defaultValue 10000
   */
  readonly maxKeys: number;
}

/** Defaults of the rate limit. */
export const rateLimitDefaults = Object.freeze({
  algorithm: 'token-bucket',
  permitsPerSecond: 100,
  burst: 10,
  permitsPerWindow: 100,
  windowMs: 1000,
  followQuota: false,
  maxWaitMs: 0,
  keyOf: undefined,
  maxKeys: 10_000,
}) satisfies RateLimitOptions;

/** Rules of {@link RateLimitOptions}. */
export const rateLimitRules = Object.freeze({
  algorithm: fixed(oneOf('token-bucket', 'sliding-window', 'fixed-window', 'none')),
  permitsPerSecond: numberIn(0.001, 1_000_000),
  burst: integerIn(1, 1_000_000),
  permitsPerWindow: integerIn(1, 1_000_000),
  windowMs: millisecondsIn(1, 86_400_000),
  followQuota: fixed(flag),
  maxWaitMs: millisecondsIn(0, 3_600_000),
  keyOf: optional(callable),
  maxKeys: fixed(integerIn(1, 1_000_000)),
});

const ofBucket = ['permitsPerSecond', 'burst'] as const;
const ofWindow = ['permitsPerWindow', 'windowMs'] as const;

/**
 * Checks the options of a rate limit, each for itself and against its algorithm.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkRateLimitOptions(options: Partial<RateLimitOptions> | undefined): Readonly<RateLimitOptions> {
  return checkOptions<RateLimitOptions>('rateLimit', options, rateLimitDefaults, rateLimitRules, together);
}

const together: TogetherRule<RateLimitOptions> = ({ algorithm, followQuota }, given) => {
  if (algorithm === 'none' && !followQuota)
    return ["algorithm 'none' limits nothing without followQuota: set it, or leave the limit out"];
  const useless = unusedBy(algorithm).filter((name) => given[name] !== undefined);
  if (useless.length === 0) return [];
  if (algorithm === 'none')
    return [`algorithm 'none' has no use for ${useless.join(' and ')}: choose another algorithm`];
  const own = algorithm === 'token-bucket' ? ofBucket : ofWindow;
  return [
    `algorithm '${algorithm}' has no use for ${useless.join(' and ')}: set ${own.join(' and ')}, or another algorithm`,
  ];
};

/** The options that say nothing with an algorithm. */
export function unusedBy(
  algorithm: RateAlgorithm,
): readonly ('permitsPerSecond' | 'burst' | 'permitsPerWindow' | 'windowMs')[] {
  if (algorithm === 'none') return [...ofBucket, ...ofWindow];
  return algorithm === 'token-bucket' ? ofWindow : ofBucket;
}
