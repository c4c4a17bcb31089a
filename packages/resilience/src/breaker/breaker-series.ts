import type { Counter, Env, Labels } from '@fwk/kernel';
import { resilienceMetrics } from '../metrics.js';
import type { BreakerState } from './breaker-state.js';

/** The metrics of a breaker, bound once. Several breakers may share them. */
export interface BreakerSeries {
  readonly successes: Counter;
  readonly failures: Counter;
  readonly ignored: Counter;
  readonly rejected: Counter;
  readonly stale: Counter;
  readonly openings: Counter;
  /** A breaker has gone from one state to another. One that is made or ends counts as closed. */
  moved(from: BreakerState, to: BreakerState): void;
}

/**
 * Binds the metrics.
 * @param shared - true for several breakers under one name. They have no one state to show, so what is shown is how many
 * refuse calls.
 */
export function breakerSeries(name: string, env: Env, shared = false): BreakerSeries {
  const labels = { path: env.path, breaker: name };
  const calls = (outcome: string) =>
    env.metrics.counter(resilienceMetrics['resilience.breaker.calls'], { ...labels, outcome });
  return {
    successes: calls('success'),
    failures: calls('failure'),
    ignored: calls('ignored'),
    rejected: calls('rejected'),
    stale: calls('stale'),
    openings: env.metrics.counter(resilienceMetrics['resilience.breaker.openings'], labels),
    moved: shared ? openBreakers(labels, env) : stateOf(labels, env),
  };
}

function stateOf(labels: Labels, env: Env): BreakerSeries['moved'] {
  const gauge = env.metrics.gauge(resilienceMetrics['resilience.breaker.state'], labels);
  gauge.set(1);
  return (_from, to) => gauge.set(stateLevel(to));
}

function openBreakers(labels: Labels, env: Env): BreakerSeries['moved'] {
  const gauge = env.metrics.gauge(resilienceMetrics['resilience.breaker.open'], labels);
  const counted = (state: BreakerState) => (stateLevel(state) < 1 ? 1 : 0);
  return (from, to) => {
    const change = counted(to) - counted(from);
    if (change !== 0) gauge.add(change);
  };
}

/** Share of the calls that a breaker in this state lets through, as metrics show it. */
function stateLevel(state: BreakerState): number {
  if (state === 'half-open') return 0.5;
  return state === 'open' || state === 'forced-open' ? 0 : 1;
}
