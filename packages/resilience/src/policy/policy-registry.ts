/** The policies of one application: to define by name, to list, to look into, and to set by hand in an emergency. */
import { defaultEnv, type Env, envToken, type Live, type Token, token } from '@fwk/kernel';
import type { ManualState } from '../breaker/breaker-state.js';
import type { PolicyReading } from '../hystrix/policy-reading.js';
import { ListedPolicies } from './listed-policies.js';
import type { PolicySource } from './policy-definitions.js';
import type { PolicyKind } from './policy-kind.js';
import type { PolicyLayer } from './policy-layer.js';
import type { PolicyOptions } from './policy-options.js';
import type { PolicyRefusal, PolicyReport, PolicySummary, PolicyVitals } from './policy-report.js';
import type { PolicyUse } from './policy-use.js';

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
  /** The numbers of all policies in use, one for each name; for monitors. */
  readings(): readonly PolicyReading[];
  /** How each of them fares; for health. */
  vitals(): readonly PolicyVitals[];
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
  /**
   * Puts options over all that code and configuration give for a policy, from the next call on, until they are set anew or the
   * process ends. Places of use that come later have them too. All places are checked before the first one changes.
   * @param options - plain data as in configuration; they replace those that were set before, `{}` takes them away.
   * @throws {@link PolicyNotInUseError}; {@link ChangeInvalidError} with all problems, and nothing is changed
   */
  override(name: string, options: unknown): void;
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
  return new ListedPolicies(env, definitions, defaults);
}

/** The application's registry. Where no component provides one, each container makes its own. */
export const policyRegistryToken: Token<PolicyRegistry> = token('policy registry', (resolver) =>
  policyRegistry(resolver.find(envToken)),
);
