/** The numbers of a policy in words, for messages of failed assertions. */
import type { BreakerSnapshot } from '../breaker/breaker-state.js';
import { canonicalOrder } from '../order/canonical-order.js';
import type { PolicyCounts } from '../statistics/policy-counts.js';

/** A layer that acted, with its counts that are not 0. */
interface Actor {
  readonly role: string;
  /** Such as `2 retries`. */
  readonly did: readonly string[];
}

/** The layers that acted, outermost first. */
export function rolesOf(counts: PolicyCounts): readonly Actor[] {
  return canonicalOrder
    .map(({ role, counts: names }) => {
      const own = new Set(
        Object.values(names).flatMap((name) => (typeof name === 'string' ? [name] : Object.values(name))),
      );
      return {
        role,
        did: [...own].filter((name) => countOf(counts, name) > 0).map((name) => `${countOf(counts, name)} ${name}`),
      };
    })
    .filter(({ did }) => did.length > 0);
}

/** How its calls ended, and what the layers did. */
export function countLine(counts: PolicyCounts): string {
  const { calls, successes, failures, ignored, rejected, cancelled } = counts;
  const ends = Object.entries({ successes, failures, ignored, rejected, cancelled }).filter(([, count]) => count > 0);
  const ended = ends.map(([name, count]) => `${count} ${name}`).join(', ');
  const actors = rolesOf(counts).map(({ role, did }) => `${role} (${did.join(', ')})`);
  return `${calls} calls${ended && `: ${ended}`}; acted: ${actors.join(', ') || 'no layer'}`;
}

/** One breaker, with why it opened last. */
export function breakerLine({ name, endpoint, state, calls, failures, opening }: BreakerSnapshot): string {
  const where = endpoint === undefined ? '' : ` at ${endpoint}`;
  const why = opening && `, opened by ${opening.rule}: ${opening.measured} of ${opening.threshold}`;
  return `breaker ${name}${where}: ${state}, ${failures} of ${calls} calls failed${why ?? ''}`;
}

function countOf(counts: PolicyCounts, name: string): number {
  const value: unknown = Reflect.get(counts, name);
  return typeof value === 'number' ? value : 0;
}
