/**
 * A policy in the words of Hystrix, as `SerialHystrixDashboardData` of Hystrix 1.5.18 writes them. Hystrix counts each call by one
 * ending; a policy counts endings of calls, and beside them what happened to their attempts. So of the calls that got no answer
 * from the callee, those are failures that no timeout and no refusal explains. A retry takes up one explanation.
 */
import type { LatencyDigest } from '@fwk/kernel';
import type { PolicyReading } from './policy-reading.js';

/** Stands for "no limit" where Hystrix has a Java `int`. */
const noLimit = 2 ** 31 - 1;

/** Percentiles that the dashboard shows. */
const percentiles = Object.freeze([0, 25, 50, 75, 90, 95, 99, 99.5, 100]);

/** Counts of one Hystrix command. */
interface Endings {
  readonly success: number;
  readonly failure: number;
  readonly timeout: number;
  readonly shortCircuited: number;
  readonly rejected: number;
  /** Calls that the callee did not answer. */
  readonly errors: number;
}

/**
 * Makes the message of a policy.
 * @param maxConcurrent - the most calls that were under way at once lately.
 * @param currentTime - wall-clock milliseconds since the epoch.
 */
export function hystrixCommand(reading: PolicyReading, maxConcurrent: number, currentTime: number): object {
  const { name, of, forced, calls, attempts = calls } = reading;
  const { recent, inFlight, windowMs } = calls.statistics;
  const { success, failure, timeout, shortCircuited, rejected, errors } = endingsOf(reading);
  const requestCount = success + errors;
  const timeoutMs = whole(reading.setting('timeoutMs') ?? reading.setting('deadlineMs'), 0);
  return {
    type: 'HystrixCommand',
    name,
    group: of,
    currentTime: Math.round(currentTime),
    isCircuitBreakerOpen: isOpen(reading),
    errorPercentage: requestCount === 0 ? 0 : Math.floor((100 * errors) / requestCount),
    errorCount: errors,
    requestCount,
    rollingCountBadRequests: recent.ignored,
    rollingCountCollapsedRequests: recent.coalesced,
    rollingCountEmit: 0,
    rollingCountExceptionsThrown: recent.failures + recent.rejected,
    rollingCountFailure: failure,
    rollingCountFallbackEmit: 0,
    rollingCountFallbackFailure: recent.fallbackFailures,
    rollingCountFallbackMissing: Math.max(0, recent.failures + recent.rejected - recent.fallbackFailures),
    rollingCountFallbackRejection: 0,
    rollingCountFallbackSuccess: recent.fallbacks,
    rollingCountResponsesFromCache: recent.cacheHits,
    rollingCountSemaphoreRejected: rejected,
    rollingCountShortCircuited: shortCircuited,
    rollingCountSuccess: success,
    rollingCountThreadPoolRejected: 0,
    rollingCountTimeout: timeout,
    currentConcurrentExecutionCount: inFlight,
    rollingMaxConcurrentExecutionCount: maxConcurrent,
    ...latencies('latencyExecute', attempts.latencies),
    ...latencies('latencyTotal', calls.latencies),
    propertyValue_circuitBreakerRequestVolumeThreshold: whole(reading.setting('breaker.minimumCalls'), 0),
    propertyValue_circuitBreakerSleepWindowInMilliseconds: whole(reading.setting('breaker.openMs'), 0),
    propertyValue_circuitBreakerErrorThresholdPercentage: Math.round(
      100 * number(reading.setting('breaker.failureRatio'), 0),
    ),
    propertyValue_circuitBreakerForceOpen: forced === 'forced-open',
    propertyValue_circuitBreakerForceClosed: forced === 'forced-closed' || forced === 'metrics-only',
    propertyValue_circuitBreakerEnabled: reading.setting('breaker.minimumCalls') !== undefined && forced !== 'disabled',
    // No call has a thread of its own here; the dashboard then shows what the bulkhead refused.
    propertyValue_executionIsolationStrategy: 'SEMAPHORE',
    propertyValue_executionIsolationThreadTimeoutInMilliseconds: timeoutMs,
    propertyValue_executionTimeoutInMilliseconds: timeoutMs,
    propertyValue_executionIsolationThreadInterruptOnTimeout: reading.setting('timeoutMode') !== 'cooperative',
    propertyValue_executionIsolationThreadPoolKeyOverride: null,
    propertyValue_executionIsolationSemaphoreMaxConcurrentRequests: whole(
      reading.setting('bulkhead.maxConcurrent'),
      noLimit,
    ),
    propertyValue_fallbackIsolationSemaphoreMaxConcurrentRequests: noLimit,
    propertyValue_metricsRollingStatisticalWindowInMilliseconds: windowMs,
    propertyValue_requestCacheEnabled: reading.setting('cache.ttlMs') !== undefined,
    propertyValue_requestLogEnabled: false,
    reportingHosts: 1,
    threadPool: name,
  };
}

/** True when calls are refused: no breaker of the policy lets one through. */
function isOpen({ breakers }: PolicyReading): boolean {
  return breakers.length > 0 && breakers.every((state) => state === 'open' || state === 'forced-open');
}

function endingsOf({ calls, attempts }: PolicyReading): Endings {
  const { recent } = calls.statistics;
  const tried = attempts?.statistics.recent;
  const both = (
    count:
      | 'timeouts'
      | 'breakerRejections'
      | 'bulkheadRejections'
      | 'limitRejections'
      | 'rateRejections'
      | 'throttleRejections',
  ) => recent[count] + (tried?.[count] ?? 0);
  const timeout = both('timeouts');
  const shortCircuited = both('breakerRejections');
  const rejected =
    both('bulkheadRejections') + both('limitRejections') + both('rateRejections') + both('throttleRejections');
  const errors = recent.failures + recent.rejected + recent.fallbacks;
  const explained = Math.max(0, timeout + shortCircuited + rejected - recent.retries - recent.hedges);
  return {
    success: Math.max(0, recent.successes - recent.fallbacks - recent.cacheHits),
    failure: Math.max(0, errors - explained),
    ...{ timeout, shortCircuited, rejected, errors },
  };
}

/** Whole milliseconds, as Hystrix has them. */
function latencies(field: string, digest: LatencyDigest): object {
  const { count, sumMs } = digest;
  const at = percentiles.map((percentile) => [percentile, Math.round(digest.quantile(percentile / 100) ?? 0)] as const);
  return { [`${field}_mean`]: count === 0 ? 0 : Math.round(sumMs / count), [field]: Object.fromEntries(at) };
}

function whole(value: unknown, otherwise: number): number {
  return Math.round(number(value, otherwise));
}

/** Infinity stands as text among settings, and means that there is no limit. */
function number(value: unknown, otherwise: number): number {
  if (value === 'Infinity') return noLimit;
  return typeof value === 'number' ? value : otherwise;
}
