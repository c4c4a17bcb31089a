/**
 * What health says of policies and of the services behind clients. Both are judged by the calls that the application makes
 * anyway: nobody is asked for its health, since answering would be one more load on it.
 */
import type { Clock, HealthIndicator, HealthReport } from '@fwk/kernel';
import type { BreakerHandle } from '../breaker/breaker-state.js';
import type { PolicyRegistry } from './policy-registry.js';
import type { PolicyVitals } from './policy-report.js';

/** Longest lists in details. */
const mostShown = 20;

/** An open breaker that nobody calls stays open; it says nothing any more so long after its probe was due, in milliseconds. */
const idleAfterMs = 60_000;

/** Fewer recent calls than this say nothing of a service. */
const fewestCalls = 10;

/** From these shares of failed calls on a service counts as DEGRADED, and as DOWN. */
const degradedShare = 0.1;
const downShare = 0.5;

/** Open breakers, and definitions that were refused. It is DEGRADED at most: breakers are open so that the rest goes on. */
export function policiesIndicator(registry: () => PolicyRegistry | undefined): HealthIndicator {
  return {
    name: 'policies',
    groups: [],
    check(): HealthReport {
      const known = registry();
      if (!known) return { status: 'UP' };
      const { clock } = known.env;
      const open = known.vitals().flatMap(({ name, breakers }) => {
        return breakers.filter((breaker) => isOpen(breaker, clock)).map((breaker) => describe(name, breaker));
      });
      const { refusal } = known;
      if (open.length === 0 && !refusal) return { status: 'UP' };
      const [first] = open;
      const reason = first ? `the breaker of "${first.policy}" is ${first.state}` : refusal?.reasons[0];
      return {
        status: 'DEGRADED',
        details: {
          ...(reason !== undefined && { reason: open.length > 1 ? `${reason}, and ${open.length - 1} more` : reason }),
          ...(open.length > 0 && { open: open.slice(0, mostShown) }),
          ...(refusal && { refused: refusal.reasons.slice(0, mostShown), refusedAtMs: refusal.atMs }),
        },
      };
    },
  };
}

/**
 * The services that clients call, by what the calls of the last seconds saw. The application is thought to do without them, so
 * that no probe looks at it; `checks.downstream.optional: false` in the settings of health makes readiness do so.
 */
export function downstreamIndicator(registry: () => PolicyRegistry | undefined): HealthIndicator {
  return {
    name: 'downstream',
    groups: ['readiness'],
    optional: true,
    check(): HealthReport {
      const clients =
        registry()
          ?.vitals()
          .filter(({ of }) => of === 'client') ?? [];
      const seen = clients.map(whatCallsSaw).sort((one, other) => other.failedShare - one.failedShare);
      const failing = seen.filter(({ calls, failedShare }) => calls >= fewestCalls && failedShare >= degradedShare);
      const services = Object.fromEntries(seen.slice(0, mostShown).map(({ service, ...rest }) => [service, rest]));
      const [worst] = failing;
      if (!worst) return seen.length === 0 ? { status: 'UP' } : { status: 'UP', details: { services } };
      const reason = `${worst.failed} of the last ${worst.calls} calls to "${worst.service}" failed`;
      const status = worst.failedShare >= downShare ? 'DOWN' : 'DEGRADED';
      return { status, details: { reason, services } };
    },
  };
}

function isOpen({ state, opening }: BreakerHandle, clock: Clock): boolean {
  if (state === 'half-open' || state === 'forced-open') return true;
  return state === 'open' && clock.wallTime() < (opening?.nextProbeAtMs ?? 0) + idleAfterMs;
}

function describe(policy: string, { state, endpoint, opening }: BreakerHandle) {
  return {
    policy,
    state,
    ...(endpoint !== undefined && { endpoint }),
    ...(opening && { rule: opening.rule, sinceMs: opening.atMs, nextProbeAtMs: opening.nextProbeAtMs }),
  };
}

/** What a layer refused was not answered either, as its caller sees it. */
function whatCallsSaw({ name, callee = name, recent }: PolicyVitals) {
  const failed = recent.failures + recent.rejected;
  const calls = recent.successes + failed;
  return {
    service: callee,
    calls,
    failed,
    rejected: recent.rejected,
    failedShare: calls === 0 ? 0 : Math.round((failed / calls) * 1000) / 1000,
  };
}
