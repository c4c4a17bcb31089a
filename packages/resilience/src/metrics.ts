import { metricTable } from '@fwk/kernel';

const path = 'where the layer stands: the policy or client, and the operation or method';
const breaker = { path, breaker: 'name of the breaker' };

/** The metrics of this package. */
export const resilienceMetrics = metricTable({
  'resilience.deadlines.exceeded': { kind: 'counter', help: 'Calls whose total time ran out.', labels: { path } },
  'resilience.attempts.timed_out': {
    kind: 'counter',
    help: 'Attempts that ran into their limit.',
    labels: { path },
  },
  'resilience.attempts.late': {
    kind: 'counter',
    help: 'Answers dropped because their attempt had been given up.',
    labels: { path },
  },
  'resilience.retries': {
    kind: 'counter',
    help: 'What became of failed attempts: tried again or not.',
    labels: { path, result: '`scheduled`, `exhausted` or `budget-exhausted`' },
  },
  'resilience.hedges': {
    kind: 'counter',
    help: 'Extra attempts: sent, won, withheld by a limit, and answers dropped.',
    labels: { path, result: '`sent`, `won`, `withheld` or `discarded`' },
  },
  'resilience.fallbacks': {
    kind: 'counter',
    help: 'Failed calls that a fallback was asked to answer.',
    labels: { path, fallback: 'name of the fallback', result: '`answered` or `failed`' },
  },
  'resilience.breaker.calls': {
    kind: 'counter',
    help: 'Calls that met a breaker, by how they counted.',
    labels: { ...breaker, outcome: '`success`, `failure`, `ignored`, `rejected` or `stale`' },
  },
  'resilience.breaker.openings': { kind: 'counter', help: 'How often breakers opened.', labels: breaker },
  'resilience.breaker.state': {
    kind: 'gauge',
    help: 'State of a breaker: 1 closed, 0.5 half-open, 0 open.',
    labels: breaker,
  },
  'resilience.breaker.open': {
    kind: 'gauge',
    help: 'Breakers that are open or half-open, of those that share a name.',
    labels: breaker,
  },
  'resilience.bulkhead.rejected': { kind: 'counter', help: 'Calls refused for lack of a place.', labels: { path } },
  'resilience.bulkhead.in_flight': { kind: 'gauge', help: 'Places taken.', labels: { path } },
  'resilience.bulkhead.queued': { kind: 'gauge', help: 'Calls that wait for a place.', labels: { path } },
  'resilience.limit.current': { kind: 'gauge', help: 'Calls that may be in flight at once.', labels: { path } },
  'resilience.limit.in_flight': { kind: 'gauge', help: 'Calls in flight.', labels: { path } },
  'resilience.limit.queued': { kind: 'gauge', help: 'Calls that wait for a place.', labels: { path } },
  'resilience.limit.rejected': {
    kind: 'counter',
    help: 'Calls refused by the adaptive limit.',
    labels: { path, priority: '`critical`, `default`, `sheddable` or `background`' },
  },
  'resilience.rate_limit.rejected': {
    kind: 'counter',
    help: 'Calls refused because they came faster than allowed.',
    labels: { path },
  },
  'resilience.rate_limit.waiting': { kind: 'gauge', help: 'Calls that wait for a permit.', labels: { path } },
  'resilience.throttle.rejected': {
    kind: 'counter',
    help: 'Calls not sent because the callee refuses too many.',
    labels: { path },
  },
  'resilience.cache.calls': {
    kind: 'counter',
    help: 'Calls that a cache answered or could not answer.',
    labels: { path, result: '`fresh`, `stale`, `stale-on-error` or `missed`' },
  },
  'resilience.cache.refreshes': {
    kind: 'counter',
    help: 'Answers that were renewed in the background, or could not be.',
    labels: { path, result: '`refreshed` or `failed`' },
  },
  'resilience.cache.evicted': { kind: 'counter', help: 'Answers that had to go to make room.', labels: { path } },
  'resilience.coalesce.calls': {
    kind: 'counter',
    help: 'Calls that others could join, that joined one, or that went alone.',
    labels: { path, result: '`sent`, `joined` or `alone`' },
  },
  'resilience.faults.injected': { kind: 'counter', help: 'Calls that met a fault on purpose.', labels: { path } },
  'resilience.faults.enabled': {
    kind: 'gauge',
    help: 'Whether faults are injected on purpose: 1 or 0.',
    labels: { path },
  },
});
