/**
 * What the layers of a policy did during a test. Errors are those of `node:assert`, so every test runner shows them as its own,
 * with what was expected beside what was found.
 */
import { OptionsError, type Resolver } from '@fwk/kernel';
import type { BreakerSnapshot } from '../breaker/breaker-state.js';
import type { PolicyLayer } from '../policy/policy-layer.js';
import { type PolicyRegistry, policyRegistryToken } from '../policy/policy-registry.js';
import { countsBetween, countsOf, type PolicyCounts, withIncidents } from '../statistics/policy-counts.js';
import { compare, type PolicyExpectation } from './policy-expectation.js';
import { rolesOf } from './policy-words.js';

/** A policy that a test looks at. */
export interface WatchedPolicy {
  readonly name: string;
  /**
   * What was counted since it was watched, or since {@link restart}. Calls count when they have ended; what happens in front of an
   * endpoint counts while the endpoint is there.
   */
  readonly counts: PolicyCounts;
  /**
   * Roles of the layers that acted since then, outermost first: that tried again, timed out, refused or answered instead of the
   * callee. A breaker acts when it refuses a call, not when it opens.
   */
  readonly acted: readonly string[];
  readonly breakers: readonly BreakerSnapshot[];
  /** Counts from now on. */
  restart(): void;
  /**
   * Compares with what was found.
   * @throws AssertionError of `node:assert` that names all differences, the layers that acted, and the breakers with why they opened.
   * @example policy.expect({ calls: 1, retries: 2, acted: ['retry'], breakers: 'closed' });
   */
  expect(expected: PolicyExpectation): void;
}

/** The numbers and breakers of a policy as they are now; undefined while nothing uses it. */
type Look = () => { readonly total: PolicyCounts; readonly breakers: readonly BreakerSnapshot[] } | undefined;

const nothing = countsOf(() => 0);

/**
 * Watches a policy from now on.
 * @param source - an application (or its container), or a registry of policies.
 * @param name - of the policy; that of a client is the name of its service.
 * @example const policy = watchPolicy(app, 'inventory');
 */
export function watchPolicy(source: Resolver | PolicyRegistry, name: string): WatchedPolicy;
/** Watches one policy, such as `policy('quote', …)` makes it. */
export function watchPolicy(source: PolicyLayer): WatchedPolicy;
export function watchPolicy(source: Resolver | PolicyRegistry | PolicyLayer, name?: string): WatchedPolicy {
  if ('wrap' in source) return watched(source.name, () => lookAtLayer(source));
  if (typeof name !== 'string' || name === '') throw new OptionsError('watchPolicy', ['name must say which policy']);
  const registry = 'inspect' in source ? source : source.get(policyRegistryToken);
  return watched(name, () => lookIn(registry, name));
}

function lookAtLayer(policy: PolicyLayer): ReturnType<Look> {
  return { total: policy.statistics().total, breakers: policy.breakers.map((breaker) => breaker.snapshot()) };
}

function lookIn(registry: PolicyRegistry, name: string): ReturnType<Look> {
  if (!registry.list().some((policy) => policy.name === name)) return undefined;
  const { statistics, breakers, uses } = registry.inspect(name);
  const endpoints = uses.flatMap((use) => Object.values(use.endpoints ?? {}));
  return {
    total: withIncidents(
      statistics.total,
      endpoints.map((each) => each.statistics.total),
    ),
    breakers,
  };
}

function watched(name: string, look: Look): WatchedPolicy {
  let before = look()?.total ?? nothing;
  const counts = () => countsBetween(before, look()?.total ?? nothing);
  const policy: WatchedPolicy = {
    name,
    get counts() {
      return counts();
    },
    get acted() {
      return rolesOf(counts()).map(({ role }) => role);
    },
    get breakers() {
      return look()?.breakers ?? [];
    },
    restart() {
      before = look()?.total ?? nothing;
    },
    expect(expected) {
      const used = look() !== undefined;
      compare({ name, used, counts: policy.counts, acted: policy.acted, breakers: policy.breakers }, expected);
    },
  };
  return policy;
}
