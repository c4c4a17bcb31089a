/** The policies of one application: to define by name, to list, to look into, and to set by hand in an emergency. */
import {
  defaultEnv,
  type Env,
  envToken,
  isLive,
  type Live,
  messageOf,
  OptionsError,
  type Token,
  token,
} from '@fwk/kernel';
import type { ManualState } from '../breaker/breaker-state.js';
import { sumStatistics } from '../statistics/policy-statistics.js';
import { type FollowingPolicy, followingPolicy } from './following-policy.js';
import { guardLive } from './guard-live.js';
import type { OptionsLevel } from './merge-options.js';
import { NoBreakerError } from './no-breaker-error.js';
import {
  changedPaths,
  currentDefinitions,
  guardDefinitions,
  levelsOf,
  type PolicyDefinitions,
  type PolicySource,
} from './policy-definitions.js';
import { checkPolicy, type PolicyLayer } from './policy-layer.js';
import { PolicyNotInUseError } from './policy-not-in-use-error.js';
import { collect, type PolicyOptions } from './policy-options.js';
import type { PolicyRefusal, PolicyReport, PolicySummary } from './policy-report.js';
import { UnknownPolicyError } from './unknown-policy-error.js';

/** Knows the live policies of an application. */
export interface PolicyRegistry extends Disposable {
  /** The environment that its policies are built with. */
  readonly env: Env;
  /** Names of the defined policies. */
  readonly names: readonly string[];
  /**
   * Makes a policy by its defined options, with these over them, and lists it. It follows the definitions. Make one for
   * each place of use and not for each call: it has state of its own, and the registry keeps it until it is disposed.
   * Then it is taken off the list and stays as it is; calls through it go on.
   * @throws {@link UnknownPolicyError}; OptionsError when the options are refused
   */
  named(name: string, over?: PolicyOptions): PolicyLayer & Disposable;
  /** Lists a policy; several may share a name. Dispose to take it off. */
  add(policy: PolicyLayer): Disposable;
  list(): readonly PolicySummary[];
  /** @throws {@link PolicyNotInUseError} */
  inspect(name: string): PolicyReport;
  /**
   * Sets all breakers of a policy by hand, until it is reset: also those of keys, stacks and places of use that come later.
   * @throws {@link PolicyNotInUseError}; UnknownStateError for an unknown state; {@link NoBreakerError}
   */
  force(name: string, state: ManualState): void;
  /** Closes all its breakers and forgets what they measured. @throws {@link PolicyNotInUseError} */
  reset(name: string): void;
  /** The last change of the definitions if it was refused; undefined once a good one came. */
  readonly refusal: PolicyRefusal | undefined;
  /** Stops following the definitions; policies stay as they are. */
  [Symbol.dispose](): void;
}

/**
 * Makes a registry.
 *
 * Definitions that are live are followed: a changed set that is right is in force for every later call, all at once, and
 * what layers have measured stays where it keeps its meaning (`policy.changed`). A set with any mistake is refused and
 * the one before it stays (`policy.refused`).
 * @param definitions - options of named policies.
 * @param defaults - options that stand under those of every named policy.
 * @throws OptionsError when a definition is refused, before anything uses it
 */
export function policyRegistry(
  env: Env = defaultEnv,
  definitions: PolicySource = {},
  defaults: PolicyOptions | Live<unknown> = {},
): PolicyRegistry {
  return new Policies(env, definitions, defaults);
}

/** The application's registry. Where no component provides one, each container makes its own. */
export const policyRegistryToken: Token<PolicyRegistry> = token('policy registry', (resolver) =>
  policyRegistry(resolver.find(envToken)),
);

/** A named policy in use. */
interface Used {
  readonly name: string;
  readonly over: PolicyOptions;
  readonly policy: FollowingPolicy;
}

class Policies implements PolicyRegistry {
  readonly env: Env;
  refusal: PolicyRefusal | undefined;
  readonly #read: () => PolicyDefinitions;
  #defined: PolicyDefinitions;
  readonly #policies = new Set<PolicyLayer>();
  readonly #used = new Map<PolicyLayer, Used>();
  readonly #subscriptions: readonly Disposable[];

  constructor(env: Env, policies: PolicySource, defaults: PolicyOptions | Live<unknown>) {
    this.env = env;
    const guardedPolicies = guardDefinitions(policies);
    const guardedDefaults = isLive(defaults) ? defaults : guardLive('defaults', defaults);
    this.#read = () => currentDefinitions(guardedPolicies, guardedDefaults);
    this.#defined = this.#read();
    const follow = () => this.#follow();
    this.#subscriptions = [policies, defaults].flatMap((source) => (isLive(source) ? [source.subscribe(follow)] : []));
  }

  get names(): readonly string[] {
    return [...this.#defined.byName.keys()];
  }

  named(name: string, over: PolicyOptions = {}): PolicyLayer & Disposable {
    const own = guardLive(name, over);
    const levels = this.#levels(this.#defined, name, own);
    if (!levels) throw new UnknownPolicyError(name, this.names);
    checkPolicy(name, levels);
    const policy = followingPolicy(name, levels, this.env);
    this.#used.set(policy.layer, { name, over: own, policy });
    return Object.assign(policy.layer, this.add(policy.layer));
  }

  add(added: PolicyLayer): Disposable {
    const forced = forcedOf([...this.#policies].filter(({ name }) => name === added.name));
    if (forced !== undefined) added.force(forced);
    this.#policies.add(added);
    return {
      [Symbol.dispose]: () => {
        this.#policies.delete(added);
        this.#used.delete(added);
      },
    };
  }

  list(): readonly PolicySummary[] {
    return [...this.#policies].map(({ name, layers, breakers }) => ({
      name,
      layers: layers.map(({ role }) => role),
      breakers: breakers.map(({ state }) => state),
    }));
  }

  inspect(name: string): PolicyReport {
    const found = this.#find(name);
    return {
      name,
      forced: forcedOf(found),
      uses: found.map(({ layers, settings }) => ({ layers, settings })),
      breakers: found.flatMap(({ breakers }) => breakers.map((breaker) => breaker.snapshot())),
      bulkheads: found.flatMap(({ bulkheads }) => bulkheads.map((bulkhead) => bulkhead.snapshot())),
      statistics: sumStatistics(found),
    };
  }

  force(name: string, state: ManualState): void {
    const found = this.#find(name);
    if (!found.some(({ layers }) => layers.some(({ role }) => role === 'circuit-breaker'))) {
      throw new NoBreakerError(name);
    }
    for (const policy of found) policy.force(state);
    this.env.events.emit('policy.forced', { path: this.env.path, name, state });
  }

  reset(name: string): void {
    for (const policy of this.#find(name)) policy.reset();
    this.env.events.emit('policy.reset', { path: this.env.path, name });
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  /** All or nothing: whatever is in use is checked with the new set before the first policy takes it on. */
  #follow(): void {
    const { events, path, clock, logger } = this.env;
    try {
      const defined = this.#read();
      const changed = changedPaths(this.#defined, defined);
      for (const { policy, levels } of this.#followers(defined)) policy.follow(levels);
      this.#defined = defined;
      this.refusal = undefined;
      if (changed.length > 0) events.emit('policy.changed', { path, changed });
    } catch (error) {
      const reasons = error instanceof OptionsError ? error.problems : [messageOf(error)];
      this.refusal = { reasons, atMs: clock.wallTime() };
      logger.error({ err: error, path }, 'changed policies were refused; those before them stay in force');
      events.emit('policy.refused', { path, reasons });
    }
  }

  /** What is in use, with its new levels. @throws OptionsError with the problems of all places of use */
  #followers(defined: PolicyDefinitions) {
    const problems: string[] = [];
    const followers = [...this.#used.values()].flatMap(({ name, over, policy }) => {
      const levels = this.#levels(defined, name, over);
      if (!levels) {
        problems.push(`policy "${name}" is in use and cannot be taken away`);
        return [];
      }
      collect(problems, `policy "${name}" where it is used`, () => checkPolicy(name, levels));
      return [{ policy, levels }];
    });
    // Places that set the same have the same problems.
    if (problems.length > 0) throw new OptionsError('policies', [...new Set(problems)]);
    return followers;
  }

  #levels(defined: PolicyDefinitions, name: string, over: PolicyOptions): readonly OptionsLevel[] | undefined {
    const options = defined.byName.get(name);
    return options && [...levelsOf(defined, options), { from: 'call-site', options: over }];
  }

  #find(name: string): readonly PolicyLayer[] {
    const found = [...this.#policies].filter((candidate) => candidate.name === name);
    if (found.length === 0) {
      throw new PolicyNotInUseError(name, [...new Set([...this.#policies].map((listed) => listed.name))]);
    }
    return found;
  }
}

function forcedOf(policies: readonly PolicyLayer[]): ManualState | undefined {
  return policies.find(({ forced }) => forced !== undefined)?.forced;
}
