/**
 * What happens inside the layers of a policy, counted where they count it anyway: on their metrics. The recorder listens
 * in on the series that it knows, so layers need no second way to report, and calls on which nothing happens pay nothing.
 */
import type { Counter, Env, InstrumentSpec, Labels, Meter } from '@fwk/kernel';
import { canonicalOrder } from '../order/canonical-order.js';
import { channelOf } from './policy-counts.js';
import type { StatisticsRecorder } from './recorder.js';

/** By the name of a counter, and the value of one of its labels where that tells its series apart. */
const incidents = new Map(canonicalOrder.flatMap(({ counts }) => Object.entries(counts)));

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
  const known = incidents.get(name);
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
