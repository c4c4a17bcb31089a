/** The policies of one application: to list, to look into, and to set by hand in an emergency. */
import { defaultEnv, type Env, envToken, FwkError, type LayerDescription, type Token, token } from '@fwk/kernel';
import { type BreakerSnapshot, type ManualState, manualStates } from '../breaker/breaker-state.js';
import { type PolicyLayer, policy } from './policy.js';
import type { PolicyOptions } from './policy-options.js';

/** A policy was asked for by a name that nobody defined. Code `FWK_RESILIENCE_POLICY_UNKNOWN`. */
export class UnknownPolicyError extends FwkError {
  constructor(name: string, known: readonly string[]) {
    super(
      'FWK_RESILIENCE_POLICY_UNKNOWN',
      `no policy is called "${name}"; known: ${known.length === 0 ? 'none' : known.join(', ')}`,
      { details: { name, known } },
    );
  }
}

/** One policy in a list; plain data. */
export interface PolicySummary {
  readonly name: string;
  /** Roles, outermost first. */
  readonly layers: readonly string[];
  /** State of each of its breakers. */
  readonly breakers: readonly string[];
}

/** One policy in full; plain data. */
export interface PolicyReport {
  readonly name: string;
  readonly layers: readonly LayerDescription[];
  readonly breakers: readonly BreakerSnapshot[];
}

/** Knows the live policies of an application. */
export interface PolicyRegistry {
  /** The environment that its policies are built with. */
  readonly env: Env;
  /** Options of a named policy, for `@Policy(name)`; undefined when nobody defined it. */
  optionsOf(name: string): PolicyOptions | undefined;
  /** Names of the defined policies. */
  readonly names: readonly string[];
  /** Makes a policy by its defined options, with these over them, and lists it. @throws {@link UnknownPolicyError} */
  named(name: string, over?: PolicyOptions): PolicyLayer;
  /** Lists a policy; several may share a name. Dispose to take it off. */
  add(policy: PolicyLayer): Disposable;
  list(): readonly PolicySummary[];
  /** @throws {@link UnknownPolicyError} */
  inspect(name: string): PolicyReport;
  /** Sets all breakers of a policy by hand. @throws {@link UnknownPolicyError}, RangeError for an unknown state */
  force(name: string, state: ManualState): void;
  /** Closes all its breakers and forgets what they measured. @throws {@link UnknownPolicyError} */
  reset(name: string): void;
}

/**
 * Makes a registry.
 * @param definitions - options of named policies.
 * @throws OptionsError when a definition is refused, before anything uses it
 */
export function policyRegistry(
  env: Env = defaultEnv,
  definitions: Readonly<Record<string, PolicyOptions>> = {},
): PolicyRegistry {
  const defined = new Map(Object.entries(definitions));
  for (const [name, options] of defined) policy(name, options, env);
  return new Policies(env, defined);
}

/** The application's registry. Where no component provides one, each container makes its own. */
export const policyRegistryToken: Token<PolicyRegistry> = token('policy registry', (resolver) =>
  policyRegistry(resolver.find(envToken)),
);

class Policies implements PolicyRegistry {
  readonly env: Env;
  readonly #defined: ReadonlyMap<string, PolicyOptions>;
  readonly #policies = new Set<PolicyLayer>();

  constructor(env: Env, defined: ReadonlyMap<string, PolicyOptions>) {
    this.env = env;
    this.#defined = defined;
  }

  get names(): readonly string[] {
    return [...this.#defined.keys()];
  }

  optionsOf(name: string): PolicyOptions | undefined {
    return this.#defined.get(name);
  }

  named(name: string, over: PolicyOptions = {}): PolicyLayer {
    const options = this.#defined.get(name);
    if (!options) throw new UnknownPolicyError(name, this.names);
    const made = policy(name, { ...options, ...over }, this.env);
    this.add(made);
    return made;
  }

  add(added: PolicyLayer): Disposable {
    this.#policies.add(added);
    return { [Symbol.dispose]: () => void this.#policies.delete(added) };
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
      layers: found[0]!.layers,
      breakers: found.flatMap(({ breakers }) => breakers.map((breaker) => breaker.snapshot())),
    };
  }

  force(name: string, state: ManualState): void {
    const found = this.#find(name);
    if (!manualStates.includes(state)) {
      throw new RangeError(`state must be one of ${manualStates.join(', ')}, not ${String(state)}`);
    }
    for (const { breakers } of found) for (const breaker of breakers) breaker.force(state);
    this.env.events.emit('policy.forced', { path: this.env.path, name, state });
  }

  reset(name: string): void {
    for (const { breakers } of this.#find(name)) for (const breaker of breakers) breaker.reset();
    this.env.events.emit('policy.reset', { path: this.env.path, name });
  }

  #find(name: string): readonly PolicyLayer[] {
    const found = [...this.#policies].filter((candidate) => candidate.name === name);
    if (found.length === 0)
      throw new UnknownPolicyError(
        name,
        [...this.#policies].map((candidate) => candidate.name),
      );
    return found;
  }
}
