import {
  type CallContext,
  callable,
  checkOptions,
  fixed,
  integerIn,
  type Live,
  millisecondsIn,
  numberIn,
  optional,
  ratio,
  type TogetherRule,
  text,
} from '@fwk/kernel';
import type { BreakerHandle } from './breaker-state.js';

/** Options of the circuit breaker. */
export interface BreakerOptions {
  /** For people: events, metrics, messages. @defaultValue where the stack stands, or 'breaker' */
  readonly name: string | undefined;
  /**
   * Many breakers under one name in the metrics, where those of their own would be too many: of endpoints, say. Their calls
   * are added up, and instead of a state `resilience.breaker.open` tells how many refuse calls. @defaultValue undefined: `name`, with its state
   */
  readonly metricsName: string | undefined;
  /** Measured stretch of time, 100 to 3 600 000 milliseconds. @defaultValue 10000 */
  readonly windowMs: number;
  /** How finely the window moves on, 1 to 100. @defaultValue 10 */
  readonly windowSlices: number;
  /** Measures the last so many calls instead of a stretch of time, 1 to 100 000. @defaultValue undefined */
  readonly windowCalls: number | undefined;
  /** A ratio is judged once calls >= this; 1 to 1 000 000, and not above `windowCalls`. @defaultValue 20 */
  readonly minimumCalls: number | Live<number>;
  /** Opens when failures / calls >= this, so 1 opens when all failed; above 0 to 1. @defaultValue 0.5 */
  readonly failureRatio: number | Live<number>;
  /** A call that takes > this counts as slow, 1 ms or more; `Infinity` measures no slowness. @defaultValue Infinity */
  readonly slowCallMs: number | Live<number>;
  /** Opens when slow calls / calls >= this; above 0 to 1. @defaultValue 1 */
  readonly slowCallRatio: number | Live<number>;
  /** Opens when failures in a row >= this, however few calls there were; `Infinity` for never. @defaultValue Infinity */
  readonly consecutiveFailures: number | Live<number>;
  /**
   * For so long after it was built it opens by no rule, so that cold connections and caches open nothing; 0 to 3 600 000
   * milliseconds. Calls are counted and shown meanwhile, and when it is over the window begins anew. @defaultValue 0
   */
  readonly warmUpMs: number | Live<number>;
  /** How long it stays open the first time, 1 to 3 600 000 milliseconds, and not above `maxOpenMs`. @defaultValue 5000 */
  readonly openMs: number | Live<number>;
  /** Each time the probes fail it stays open so many times longer, 1 to 10. @defaultValue 2 */
  readonly openGrowth: number | Live<number>;
  /** It never stays open longer than this, 1 to 3 600 000 milliseconds. @defaultValue 60000 */
  readonly maxOpenMs: number | Live<number>;
  /** The open time is shortened by a random share of up to this, so that clients do not probe together; 0 to 1. @defaultValue 0.2 */
  readonly openJitter: number | Live<number>;
  /**
   * Probes that may be in flight at once while half-open, 1 to 1000; further calls are refused. With `halfOpenFailureRatio`
   * these are all that are let through before it decides. @defaultValue 3
   */
  readonly halfOpenPermits: number | Live<number>;
  /**
   * Judges the `halfOpenPermits` probes together: it opens again when those that failed or were slow / halfOpenPermits >=
   * this, and closes when they stay below; above 0 to 1. `successesToClose` then says nothing.
   * @defaultValue undefined: the first probe that fails or is slow opens it again
   */
  readonly halfOpenFailureRatio: number | undefined | Live<number | undefined>;
  /** Probes that must succeed before it closes, 1 to 1000. @defaultValue 3 */
  readonly successesToClose: number | Live<number>;
  /**
   * A probe that has taken > this counts as failed, 1 to 3 600 000 milliseconds. That is found out by the next call,
   * or when it answers. @defaultValue 10000
   */
  readonly probeTimeoutMs: number | Live<number>;
  /**
   * Gives each key a breaker of its own, such as a tenant or a host. It gets the request, or the arguments of the wrapped
   * function. @defaultValue undefined: one breaker
   */
  readonly keyOf: ((...args: never[]) => string) | undefined;
  /** Breakers kept with `keyOf`, 1 to 100 000; the one used least recently goes first, but up to 16 that are set by hand stay. @defaultValue 1000 */
  readonly maxKeys: number;
  /** A key's breaker that is closed and unused for so long is dropped, in milliseconds. @defaultValue 600000 */
  readonly keyIdleMs: number;
  /** Finds the trace id for the opening record. @defaultValue undefined: none is recorded */
  readonly traceIdOf: ((context: CallContext) => string | undefined) | undefined;
  /** Called with each breaker when a stack is built or a key is first seen. @defaultValue undefined */
  readonly onBuilt: ((breaker: BreakerHandle) => void) | undefined;
}

/** Defaults of the circuit breaker. */
export const breakerDefaults = Object.freeze({
  name: undefined,
  metricsName: undefined,
  windowMs: 10_000,
  windowSlices: 10,
  windowCalls: undefined,
  minimumCalls: 20,
  failureRatio: 0.5,
  slowCallMs: Number.POSITIVE_INFINITY,
  slowCallRatio: 1,
  consecutiveFailures: Number.POSITIVE_INFINITY,
  warmUpMs: 0,
  openMs: 5000,
  openGrowth: 2,
  maxOpenMs: 60_000,
  openJitter: 0.2,
  halfOpenPermits: 3,
  halfOpenFailureRatio: undefined,
  successesToClose: 3,
  probeTimeoutMs: 10_000,
  keyOf: undefined,
  maxKeys: 1000,
  keyIdleMs: 600_000,
  traceIdOf: undefined,
  onBuilt: undefined,
}) satisfies BreakerOptions;

const HOUR_MS = 3_600_000;
const positiveRatio = (value: unknown) =>
  value === 0 || ratio(value) !== undefined ? 'a number above 0 and up to 1' : undefined;

/** Rules of {@link BreakerOptions}. */
export const breakerRules = Object.freeze({
  name: fixed(optional(text)),
  metricsName: fixed(optional(text)),
  windowMs: fixed(millisecondsIn(100, HOUR_MS)),
  windowSlices: fixed(integerIn(1, 100)),
  windowCalls: fixed(optional(integerIn(1, 100_000))),
  minimumCalls: integerIn(1, 1_000_000),
  failureRatio: positiveRatio,
  slowCallMs: millisecondsIn(1, Number.POSITIVE_INFINITY),
  slowCallRatio: positiveRatio,
  consecutiveFailures: integerIn(1),
  warmUpMs: millisecondsIn(0, HOUR_MS),
  openMs: millisecondsIn(1, HOUR_MS),
  openGrowth: numberIn(1, 10),
  maxOpenMs: millisecondsIn(1, HOUR_MS),
  openJitter: ratio,
  halfOpenPermits: integerIn(1, 1000),
  halfOpenFailureRatio: optional(positiveRatio),
  successesToClose: integerIn(1, 1000),
  probeTimeoutMs: millisecondsIn(1, HOUR_MS),
  keyOf: optional(callable),
  maxKeys: fixed(integerIn(1, 100_000)),
  keyIdleMs: fixed(millisecondsIn(1, 24 * HOUR_MS)),
  traceIdOf: optional(callable),
  onBuilt: optional(callable),
});

/**
 * Checks the options of a breaker, each for itself and against each other.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkBreakerOptions(options: Partial<BreakerOptions> | undefined): BreakerOptions {
  const owner = options?.name ? `circuitBreaker "${String(options.name)}"` : 'circuitBreaker';
  return checkOptions<BreakerOptions>(owner, options, breakerDefaults, breakerRules, together);
}

const together: TogetherRule<BreakerOptions> = ({ windowCalls, minimumCalls, openMs, maxOpenMs }, { windowMs }) => {
  const problems: string[] = [];
  if (windowCalls !== undefined && windowMs !== undefined) {
    problems.push('windowCalls and windowMs exclude each other: measure a number of calls or a stretch of time');
  }
  if (windowCalls !== undefined && minimumCalls > windowCalls) {
    problems.push(`minimumCalls ${minimumCalls} is above windowCalls ${windowCalls}: no ratio would ever be judged`);
  }
  if (openMs > maxOpenMs) problems.push(`openMs ${openMs} is above maxOpenMs ${maxOpenMs}`);
  return problems;
};
