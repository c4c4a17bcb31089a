/**
 * What happens inside the layers of a policy, counted where they count it anyway: on their metrics. The recorder listens
 * in on the series that it knows, so layers need no second way to report, and calls on which nothing happens pay nothing.
 */
import type { Counter, Env, InstrumentSpec, Labels, Meter } from '@fwk/kernel';
import { channelOf, type IncidentName } from './policy-counts.js';
import type { StatisticsRecorder } from './recorder.js';

/** By the name of a counter, and the value of one of its labels where that tells its series apart. */
const incidents: Readonly<Record<string, IncidentName | Readonly<Record<string, IncidentName>>>> = {
  'resilience.retries': { scheduled: 'retries', 'budget-exhausted': 'retriesRefused' },
  'resilience.attempts.timed_out': 'timeouts',
  'resilience.attempts.late': 'lateAnswers',
  'resilience.deadlines.exceeded': 'deadlinesExceeded',
  'resilience.fallbacks': { answered: 'fallbacks', failed: 'fallbackFailures' },
  'resilience.breaker.calls': { rejected: 'breakerRejections' },
  'resilience.bulkhead.rejected': 'bulkheadRejections',
  'resilience.rate_limit.rejected': 'rateRejections',
  'resilience.throttle.rejected': 'throttleRejections',
  'resilience.limit.rejected': 'limitRejections',
  'resilience.hedges': { sent: 'hedges' },
  'resilience.faults.injected': 'faults',
  'resilience.cache.calls': { fresh: 'cacheHits', stale: 'cacheHits', 'stale-on-error': 'cacheHits' },
  'resilience.coalesce.calls': { joined: 'coalesced' },
};

/** The environment with a meter that also tells the recorder. */
export function countingEnv(env: Env, recorder: StatisticsRecorder): Env {
  const { metrics } = env;
  const counting: Meter = {
    counter: (spec, labels) => withRecorder(metrics.counter(spec, labels), spec, labels, recorder),
    gauge: (spec, labels) => metrics.gauge(spec, labels),
    histogram: (spec, labels) => metrics.histogram(spec, labels),
    observe: (kind, spec, labels, read) => metrics.observe(kind, spec, labels, read),
  };
  return { ...env, metrics: counting };
}

function withRecorder(
  counter: Counter,
  { name }: InstrumentSpec,
  labels: Labels = {},
  recorder: StatisticsRecorder,
): Counter {
  const known = incidents[name];
  const incident = typeof known === 'object' ? known[labels.result ?? labels.outcome ?? ''] : known;
  if (incident === undefined) return counter;
  const channel = channelOf(incident);
  return {
    add(times = 1) {
      counter.add(times);
      recorder.happened(channel, times);
    },
  };
}
