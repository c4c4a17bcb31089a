import { type Counter, type Env, type Gauge, noMeter } from '@fwk/kernel';
import type { BreakerState } from './breaker-state.js';

/** The metrics of a breaker, bound once. Breakers of one layer that are kept by key share them. */
export interface BreakerSeries {
  readonly successes: Counter;
  readonly failures: Counter;
  readonly ignored: Counter;
  readonly rejected: Counter;
  readonly stale: Counter;
  readonly openings: Counter;
  /** Share of admitted calls: 1 closed, 0.5 half-open, 0 open. */
  readonly state: Gauge;
}

/**
 * Binds the metrics.
 * @param shared - true for the breakers of several keys: they have no one state to show.
 */
export function breakerSeries(name: string, env: Env, shared = false): BreakerSeries {
  const labels = { path: env.path, breaker: name };
  const calls = (outcome: string) =>
    env.metrics.counter(
      { name: 'resilience.breaker.calls', help: 'Calls that met a breaker, by how they counted.' },
      { ...labels, outcome },
    );
  return {
    successes: calls('success'),
    failures: calls('failure'),
    ignored: calls('ignored'),
    rejected: calls('rejected'),
    stale: calls('stale'),
    openings: env.metrics.counter({ name: 'resilience.breaker.openings', help: 'How often breakers opened.' }, labels),
    state: (shared ? noMeter : env.metrics).gauge(
      { name: 'resilience.breaker.state', help: 'State of a breaker: 1 closed, 0.5 half-open, 0 open.' },
      labels,
    ),
  };
}

/** The number that {@link BreakerSeries.state} shows. */
export function stateLevel(state: BreakerState): number {
  if (state === 'half-open') return 0.5;
  return state === 'open' || state === 'forced-open' ? 0 : 1;
}
