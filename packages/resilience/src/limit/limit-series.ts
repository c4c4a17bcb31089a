import type { Counter, Env, Gauge } from '@fwk/kernel';
import { resilienceMetrics } from '../metrics.js';
import { priorities } from './priority-shedding.js';

/** The metrics of one adaptive limit, bound once. */
export interface LimitSeries {
  readonly limit: Gauge;
  readonly inFlight: Gauge;
  readonly queued: Gauge;
  /** By level. */
  readonly rejected: readonly Counter[];
}

/** Binds the metrics. */
export function limitSeries({ metrics, path }: Env): LimitSeries {
  const labels = { path };
  return {
    limit: metrics.gauge(resilienceMetrics['resilience.limit.current'], labels),
    inFlight: metrics.gauge(resilienceMetrics['resilience.limit.in_flight'], labels),
    queued: metrics.gauge(resilienceMetrics['resilience.limit.queued'], labels),
    rejected: priorities.map((priority) =>
      metrics.counter(resilienceMetrics['resilience.limit.rejected'], { path, priority }),
    ),
  };
}
