import { anything, callable, checkOptions, OptionsError, optional, type Rule, text } from '@fwk/kernel';
import { type ServerPolicyOptions as PolicyOfServer, type PolicyOptions, policyFields } from '@fwk/resilience';
import type { ServedPlans } from './served.js';
import type { ServerLayers } from './served-scope.js';

/** Names of the options that a server shares with policies. */
const ofPolicy = policyFields('server');

/**
 * Options of what stands before the handlers of a server. They lie over the named policy that it follows, which lies over
 * the policies' defaults and what is in force by itself.
 */
export interface ServerPolicyOptions extends Omit<PolicyOfServer, 'operations'> {
  /** Named policy that it follows, also while there is none of that name yet. @defaultValue `<contract>-server` */
  readonly policy?: string | undefined;
  /** What differs for single operations, by their names in the contract. */
  readonly operations?: Readonly<Record<string, Omit<PolicyOfServer, 'operations' | 'classifier'>>> | undefined;
  /**
   * Adds layers of your own by the roles of those of the policy, also where no option asks for these: `deadline`,
   * `rate-limit`, `adaptive-limit`, `bulkhead`, `fault-injection`. The innermost stands before validation and handler.
   * @defaultValue none
   * @example (layers) => layers.after('deadline', authorization)
   */
  readonly layers?: ((layers: ServerLayers) => ServerLayers) | undefined;
}

/** Rules of {@link ServerPolicyOptions}; the policy checks its own. */
export const serverPolicyRules: { readonly [Field in keyof Required<ServerPolicyOptions>]: Rule } = Object.freeze({
  policy: optional(text),
  layers: optional(callable),
  ...(Object.fromEntries(ofPolicy.map((field) => [field, anything])) as Record<keyof PolicyOfServer, Rule>),
});

/**
 * Checks the options that are given with a contract.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkServerPolicyOptions(owner: string, options: ServerPolicyOptions): ServerPolicyOptions {
  return checkOptions<ServerPolicyOptions>(owner, options, {}, serverPolicyRules);
}

/**
 * Checks that each operation of which something is said is one of what is served: options of a whole server are for
 * several contracts.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkOperationsKnown({ operations }: ServerPolicyOptions, contracts: readonly ServedPlans[]): void {
  if (typeof operations !== 'object' || operations === null) return;
  const known = contracts.flatMap(({ plans }) => plans.map(({ name }) => name));
  const unknown = Object.keys(operations).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new OptionsError(
    'server',
    unknown.map((name) => `operations.${name} is no operation; there are ${known.join(', ') || 'none'}`),
  );
}

/** Parts the options into those of the policy and those of the server. */
export function splitPolicyOptions(given: ServerPolicyOptions) {
  const fields = ofPolicy.flatMap((field) => (given[field] === undefined ? [] : [[field, given[field]]]));
  return { policy: given.policy, layers: given.layers, options: Object.fromEntries(fields) as PolicyOptions };
}

/** The options of a whole server for one contract: of `operations`, which may be of several contracts, only its own. */
export function optionsOfContract({ operations, ...others }: ServerPolicyOptions, { plans }: ServedPlans) {
  // The policy refuses what is not an object.
  if (typeof operations !== 'object' || operations === null || Array.isArray(operations)) {
    return { ...others, operations };
  }
  const own = Object.entries(operations).filter(([name]) => plans.some((plan) => plan.name === name));
  return { ...others, operations: Object.fromEntries(own) };
}
