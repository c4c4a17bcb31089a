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
import { checkPolicy } from './check-policy.js';
import { EndpointNotInUseError } from './endpoint-not-in-use-error.js';
import { guardLive } from './guard-live.js';
import type { OptionsLevel } from './merge-options.js';
import { NoBreakerError } from './no-breaker-error.js';
import { PolicyCore } from './policy-core.js';
import {
  changedPaths,
  currentDefinitions,
  guardDefinitions,
  levelsOf,
  type PolicyDefinitions,
  type PolicySource,
} from './policy-definitions.js';
import { functionKind, type PolicyKind } from './policy-kind.js';
import { type PolicyLayer, policyLayer } from './policy-layer.js';
import { PolicyNotInUseError } from './policy-not-in-use-error.js';
import { collect, type PolicyOptions } from './policy-options.js';
import {
  type PolicyRefusal,
  type PolicyReport,
  type PolicySummary,
  reportOfCore,
  reportOfLayer,
} from './policy-report.js';
import { type PolicyUse, policyUse } from './policy-use.js';
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
  /**
   * Makes the policy of something that builds its layers by scopes, such as a client, and lists it. It follows the
   * definitions, and the defaults alone where none has its name.
   * @param over - options of the place of use; several lie one over the other, the weakest first.
   * @param env - where it stands. @defaultValue the registry's
   * @throws OptionsError when the options are refused
   */
  use(name: string, kind: PolicyKind, over?: PolicyOptions | readonly PolicyOptions[], env?: Env): PolicyUse;
  /** Lists a policy; several may share a name. Dispose to take it off. */
  add(policy: PolicyLayer): Disposable;
  list(): readonly PolicySummary[];
  /** @throws {@link PolicyNotInUseError} */
  inspect(name: string): PolicyReport;
  /**
   * Sets all breakers of a policy by hand, until it is reset: also those of keys, endpoints, stacks and places of use that come
   * later.
   * @param endpoint - only those of the endpoint with this id, of clients that have it.
   * @throws {@link PolicyNotInUseError}; {@link EndpointNotInUseError}; UnknownStateError for an unknown state;
   * {@link NoBreakerError}
   */
  force(name: string, state: ManualState, endpoint?: string): void;
  /**
   * Closes all its breakers and forgets what they measured.
   * @param endpoint - only those of this endpoint.
   * @throws {@link PolicyNotInUseError}; {@link EndpointNotInUseError}
   */
  reset(name: string, endpoint?: string): void;
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

/** A policy in use that follows the definitions. */
interface Used {
  readonly over: readonly PolicyOptions[];
  readonly core: PolicyCore;
  /** Whether it may not be taken away from the definitions. */
  readonly needsDefinition: boolean;
}

class Policies implements PolicyRegistry {
  readonly env: Env;
  refusal: PolicyRefusal | undefined;
  readonly #read: () => PolicyDefinitions;
  #defined: PolicyDefinitions = { defaults: {}, byName: new Map() };
  /** Everything on the list: a policy that follows, or one that somebody made. */
  readonly #listed = new Set<PolicyCore | PolicyLayer>();
  readonly #used = new Map<PolicyCore, Used>();
  readonly #subscriptions: readonly Disposable[];

  constructor(env: Env, policies: PolicySource, defaults: PolicyOptions | Live<unknown>) {
    this.env = env;
    const guarded = guardDefinitions(policies, defaults, () => this.#defined);
    this.#read = () => currentDefinitions(guarded.policies, guarded.defaults);
    this.#defined = this.#read();
    const follow = () => this.#follow();
    this.#subscriptions = [policies, defaults].flatMap((source) => (isLive(source) ? [source.subscribe(follow)] : []));
  }

  get names(): readonly string[] {
    return [...this.#defined.byName.keys()];
  }

  named(name: string, over: PolicyOptions = {}): PolicyLayer & Disposable {
    if (!this.#defined.byName.has(name)) throw new UnknownPolicyError(name, this.names);
    const { core, listed } = this.#make(name, functionKind, [over], true);
    return Object.assign(policyLayer(core, this.env), listed);
  }

  use(
    name: string,
    kind: PolicyKind,
    over: PolicyOptions | readonly PolicyOptions[] = {},
    env: Env = this.env,
  ): PolicyUse {
    const { core, listed } = this.#make(name, kind, [over].flat(), false);
    return policyUse(core, env, listed);
  }

  add(added: PolicyLayer): Disposable {
    const forced = forcedOf([...this.#listed].filter(({ name }) => name === added.name));
    if (forced !== undefined) added.force(forced);
    return this.#list(added);
  }

  list(): readonly PolicySummary[] {
    return [...this.#listed].map((listed) => {
      const { name, breakers, uses } = reportOf(listed);
      return {
        name,
        ...(listed instanceof PolicyCore && { of: listed.kind.name }),
        layers: uses.flatMap(({ layers }) => layers.map(({ role }) => role)),
        breakers: breakers.map(({ state }) => state),
      };
    });
  }

  inspect(name: string): PolicyReport {
    const found = this.#find(name);
    const reports = found.map(reportOf);
    return {
      name,
      forced: forcedOf(found),
      uses: reports.flatMap(({ uses }) => uses),
      breakers: reports.flatMap(({ breakers }) => breakers),
      bulkheads: reports.flatMap(({ bulkheads }) => bulkheads),
      statistics: sumStatistics(found),
    };
  }

  force(name: string, state: ManualState, endpoint?: string): void {
    const found = this.#withEndpoint(name, endpoint);
    if (!found.some((listed) => reportOf(listed).uses.some(({ layers }) => layers.some(isBreaker)))) {
      throw new NoBreakerError(name);
    }
    for (const policy of found) policy.force(state, endpoint);
    this.env.events.emit('policy.forced', { path: this.env.path, name, state, ...(endpoint && { endpoint }) });
  }

  reset(name: string, endpoint?: string): void {
    for (const policy of this.#withEndpoint(name, endpoint)) policy.reset(endpoint);
    this.env.events.emit('policy.reset', { path: this.env.path, name, ...(endpoint && { endpoint }) });
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  #make(name: string, kind: PolicyKind, over: readonly PolicyOptions[], needsDefinition: boolean) {
    const own = over.map((options) => guardLive(name, options));
    const levels = this.#levels(this.#defined, name, own);
    checkPolicy(name, kind, levels);
    const core = new PolicyCore(name, kind, levels, this.env.clock, true);
    const forced = forcedOf([...this.#listed].filter((listed) => listed.name === name));
    if (forced !== undefined) core.force(forced);
    this.#used.set(core, { over: own, core, needsDefinition });
    return { core, listed: this.#list(core) };
  }

  #list(listed: PolicyCore | PolicyLayer): Disposable {
    this.#listed.add(listed);
    return {
      [Symbol.dispose]: () => {
        this.#listed.delete(listed);
        if (listed instanceof PolicyCore) this.#used.delete(listed);
      },
    };
  }

  /** All or nothing: whatever is in use is checked with the new set before the first policy takes it on. */
  #follow(): void {
    const { events, path, clock, logger } = this.env;
    try {
      const defined = this.#read();
      const changed = changedPaths(this.#defined, defined);
      for (const { core, levels } of this.#followers(defined)) core.follow(levels);
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
    const followers = [...this.#used.values()].flatMap(({ over, core, needsDefinition }) => {
      const { name } = core;
      if (needsDefinition && !defined.byName.has(name)) {
        problems.push(`policy "${name}" is in use and cannot be taken away`);
        return [];
      }
      const levels = this.#levels(defined, name, over);
      collect(problems, `policy "${name}" where it is used`, () => core.check(levels));
      return [{ core, levels }];
    });
    // Places that set the same have the same problems.
    if (problems.length > 0) throw new OptionsError('policies', [...new Set(problems)]);
    return followers;
  }

  #levels(defined: PolicyDefinitions, name: string, over: readonly PolicyOptions[]): readonly OptionsLevel[] {
    const options = defined.byName.get(name) ?? {};
    const ofPlace = over.map((given) => ({ from: 'call-site' as const, options: given }));
    return [...levelsOf(defined, options), ...ofPlace];
  }

  #find(name: string): readonly (PolicyCore | PolicyLayer)[] {
    const found = [...this.#listed].filter((candidate) => candidate.name === name);
    if (found.length === 0) {
      throw new PolicyNotInUseError(name, [...new Set([...this.#listed].map((listed) => listed.name))]);
    }
    return found;
  }

  /** Those of a name that have an endpoint; all where none is asked for. */
  #withEndpoint(name: string, endpoint: string | undefined): readonly (PolicyCore | PolicyLayer)[] {
    const found = this.#find(name);
    if (endpoint === undefined) return found;
    const having = found.filter((listed) => listed instanceof PolicyCore && listed.endpoints.includes(endpoint));
    if (having.length > 0) return having;
    const known = found.flatMap((listed) => (listed instanceof PolicyCore ? listed.endpoints : []));
    throw new EndpointNotInUseError(name, endpoint, known);
  }
}

function reportOf(listed: PolicyCore | PolicyLayer): PolicyReport {
  return listed instanceof PolicyCore ? reportOfCore(listed) : reportOfLayer(listed);
}

function isBreaker({ role }: { readonly role: string }): boolean {
  return role === 'circuit-breaker';
}

function forcedOf(policies: readonly (PolicyCore | PolicyLayer)[]): ManualState | undefined {
  return policies.find(({ forced }) => forced !== undefined)?.forced;
}
