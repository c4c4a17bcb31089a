/** The implementation of the policy registry: it lists policies, reports on them and sets them by hand. */
import { type Env, type Live, OptionsError } from '@fwk/kernel';
import type { ManualState } from '../breaker/breaker-state.js';
import type { PolicyReading } from '../hystrix/policy-reading.js';
import { sumStatistics } from '../statistics/policy-statistics.js';
import { ChangeInvalidError } from './change-invalid-error.js';
import { checkPolicy } from './check-policy.js';
import { EndpointNotInUseError } from './endpoint-not-in-use-error.js';
import { FollowedDefinitions } from './followed-definitions.js';
import type { OptionsLevel } from './merge-options.js';
import { NoBreakerError } from './no-breaker-error.js';
import { PolicyCore } from './policy-core.js';
import { type PolicySource, readOverride } from './policy-definitions.js';
import { functionKind, type PolicyKind } from './policy-kind.js';
import { type PolicyLayer, policyLayer } from './policy-layer.js';
import { PolicyNotInUseError } from './policy-not-in-use-error.js';
import type { PolicyOptions } from './policy-options.js';
import { readingsOf } from './policy-readings.js';
import type { PolicyRegistry } from './policy-registry.js';
import {
  type PolicyRefusal,
  type PolicyReport,
  type PolicySummary,
  type PolicyVitals,
  reportOfCore,
  reportOfLayer,
} from './policy-report.js';
import { type PolicyUse, policyUse } from './policy-use.js';
import { UnknownPolicyError } from './unknown-policy-error.js';

/** A policy that follows the definitions, or one that somebody made. */
type Listed = PolicyCore | PolicyLayer;

/** See the head of this file. */
export class ListedPolicies implements PolicyRegistry {
  readonly env: Env;
  readonly #definitions: FollowedDefinitions;
  readonly #listed = new Set<Listed>();

  constructor(env: Env, policies: PolicySource, defaults: PolicyOptions | Live<unknown>) {
    this.env = env;
    this.#definitions = new FollowedDefinitions(env, policies, defaults);
  }

  get names(): readonly string[] {
    return this.#definitions.names;
  }

  get refusal(): PolicyRefusal | undefined {
    return this.#definitions.refusal;
  }

  named(name: string, over: PolicyOptions = {}): PolicyLayer & Disposable {
    if (!this.#definitions.has(name)) throw new UnknownPolicyError(name, this.names);
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

  readings(): readonly PolicyReading[] {
    return readingsOf(this.#listed);
  }

  vitals(): readonly PolicyVitals[] {
    return [...this.#listed].map((listed) => {
      const { recent } = listed.statistics();
      if (!(listed instanceof PolicyCore)) return { name: listed.name, breakers: listed.breakers, recent };
      const { name, kind, aliveBreakers: breakers } = listed;
      return { name, of: kind.name, ...(kind.name === 'client' && { callee: kind.label ?? name }), breakers, recent };
    });
  }

  inspect(name: string): PolicyReport {
    const found = this.#find(name);
    const reports = found.map(reportOf);
    return {
      name,
      forced: forcedOf(found),
      overrides: this.#definitions.overridesOf(name),
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

  override(name: string, options: unknown): void {
    if (!this.#find(name).some((listed) => listed instanceof PolicyCore)) {
      throw new ChangeInvalidError(name, ['it was made apart from the registry, and has the options of its code']);
    }
    try {
      this.#definitions.override(name, options);
    } catch (error) {
      throw error instanceof OptionsError ? new ChangeInvalidError(name, error.problems) : error;
    }
  }

  [Symbol.dispose](): void {
    this.#definitions[Symbol.dispose]();
  }

  #make(name: string, kind: PolicyKind, over: readonly PolicyOptions[], needsDefinition: boolean) {
    const given: OptionsLevel[] = over.map((options) => ({ from: 'call-site', options }));
    // Of an edit, which is newer than the code.
    if (kind.variant) given.push({ from: 'flag', options: readOverride(name, kind.variant.options) });
    const following = this.#definitions.follow(name, given, needsDefinition, (levels) => {
      checkPolicy(name, kind, levels);
      return new PolicyCore(name, kind, levels, this.env.clock, true);
    });
    const { core } = following;
    const forced = forcedOf([...this.#listed].filter((listed) => listed.name === name));
    if (forced !== undefined) core.force(forced);
    return { core, listed: this.#list(core, following) };
  }

  #list(listed: Listed, following?: Disposable): Disposable {
    this.#listed.add(listed);
    return {
      [Symbol.dispose]: () => {
        this.#listed.delete(listed);
        following?.[Symbol.dispose]();
      },
    };
  }

  #find(name: string): readonly Listed[] {
    const found = [...this.#listed].filter((candidate) => candidate.name === name);
    if (found.length === 0) {
      throw new PolicyNotInUseError(name, [...new Set([...this.#listed].map((listed) => listed.name))]);
    }
    return found;
  }

  /** Those of a name that have an endpoint; all where none is asked for. */
  #withEndpoint(name: string, endpoint: string | undefined): readonly Listed[] {
    const found = this.#find(name);
    if (endpoint === undefined) return found;
    const having = found.filter((listed) => listed instanceof PolicyCore && listed.endpoints.includes(endpoint));
    if (having.length > 0) return having;
    const known = found.flatMap((listed) => (listed instanceof PolicyCore ? listed.endpoints : []));
    // Several clients may follow one policy.
    throw new EndpointNotInUseError(name, endpoint, [...new Set(known)]);
  }
}

function reportOf(listed: Listed) {
  return listed instanceof PolicyCore ? reportOfCore(listed) : reportOfLayer(listed);
}

function isBreaker({ role }: { readonly role: string }): boolean {
  return role === 'circuit-breaker';
}

function forcedOf(policies: readonly Listed[]): ManualState | undefined {
  return policies.find(({ forced }) => forced !== undefined)?.forced;
}
