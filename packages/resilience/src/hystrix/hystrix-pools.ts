/** Bulkheads and shared calls in the words of Hystrix: its thread pools and its collapsers. */
import type { PolicyReading } from './policy-reading.js';

/** Percentiles of the sizes of batches. */
const batchPercentiles = Object.freeze([25, 50, 75, 90, 95, 99, 99.5, 100]);

/**
 * The bulkheads of a policy as one pool of Hystrix; undefined where it has none.
 * @param maxActive - the most places that were taken at once lately.
 * @param currentTime - wall-clock milliseconds since the epoch.
 */
export function hystrixThreadPool(reading: PolicyReading, maxActive: number, currentTime: number): object | undefined {
  const { name, bulkheads, calls, attempts = calls } = reading;
  if (bulkheads.length === 0) return undefined;
  const sum = (of: 'inUse' | 'queued' | 'maxConcurrent' | 'maxQueue') =>
    bulkheads.reduce((total, bulkhead) => total + bulkhead[of], 0);
  const { recent, total, windowMs } = attempts.statistics;
  const places = sum('maxConcurrent');
  const completed = total.calls - total.rejected;
  return {
    type: 'HystrixThreadPool',
    // The dashboard looks pools up by their names as they are, and other characters would mean something in its selectors.
    name: name.replace(/[^\w.:-]/g, '_'),
    currentTime: Math.round(currentTime),
    currentActiveCount: sum('inUse'),
    currentCompletedTaskCount: completed,
    currentCorePoolSize: places,
    currentLargestPoolSize: places,
    currentMaximumPoolSize: places,
    currentPoolSize: places,
    currentQueueSize: sum('queued'),
    currentTaskCount: completed + sum('inUse') + sum('queued'),
    rollingCountThreadsExecuted: recent.calls - recent.rejected,
    rollingMaxActiveThreads: maxActive,
    rollingCountCommandRejections: recent.bulkheadRejections,
    propertyValue_queueSizeRejectionThreshold: sum('maxQueue'),
    propertyValue_metricsRollingStatisticalWindowInMilliseconds: windowMs,
    reportingHosts: 1,
  };
}

/**
 * The calls of a policy that share their answers as one collapser of Hystrix; undefined where none do. Of the sizes of batches
 * only the mean is known, and stands for all percentiles.
 * @param currentTime - wall-clock milliseconds since the epoch.
 */
export function hystrixCollapser(reading: PolicyReading, currentTime: number): object | undefined {
  if (reading.setting('coalesce.maxKeys') === undefined) return undefined;
  const { recent } = reading.calls.statistics;
  const requests = Math.max(0, recent.calls - recent.cacheHits);
  const batches = Math.max(0, requests - recent.coalesced);
  const mean = batches === 0 ? 0 : Math.round(requests / batches);
  return {
    type: 'HystrixCollapser',
    name: reading.name,
    currentTime: Math.round(currentTime),
    rollingCountRequestsBatched: requests,
    rollingCountBatches: batches,
    rollingCountResponsesFromCache: recent.cacheHits,
    batchSize_mean: mean,
    batchSize: Object.fromEntries(batchPercentiles.map((percentile) => [percentile, mean])),
    propertyValue_requestCacheEnabled: reading.setting('cache.ttlMs') !== undefined,
    propertyValue_maxRequestsInBatch: 2 ** 31 - 1,
    propertyValue_timerDelayInMilliseconds: 0,
    reportingHosts: 1,
  };
}
