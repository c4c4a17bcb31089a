import type { Counter, Env, Gauge } from '@fwk/kernel';
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
    limit: metrics.gauge({ name: 'resilience.limit.current', help: 'Calls that may be in flight at once.' }, labels),
    inFlight: metrics.gauge({ name: 'resilience.limit.in_flight', help: 'Calls in flight.' }, labels),
    queued: metrics.gauge({ name: 'resilience.limit.queued', help: 'Calls that wait for a place.' }, labels),
    rejected: priorities.map((priority) =>
      metrics.counter(
        { name: 'resilience.limit.rejected', help: 'Calls refused by the adaptive limit.' },
        { path, priority },
      ),
    ),
  };
}
