import {
  anything,
  type Classifier,
  checkOptions,
  fixed,
  type Live,
  OptionsError,
  optional,
  type Rule,
} from '@fwk/kernel';
import { isPlain } from '../layer/plain.js';
import { canonicalOrder, type OrderLines } from '../order/canonical-order.js';
import type { OptionsOf, Scope, SettingsOf } from '../order/placed-part.js';
import { type WireChoice, wireRule } from './wire-choice.js';

/**
 * Options of a policy: a layer stands in it only if it is named here; `{}` takes its defaults, and `false` takes out a
 * layer that the options below (the registry's defaults, a named policy) put in. Each layer of the canonical order adds its own.
 */
export interface PolicyOptions extends OptionsOf<OrderLines> {
  /** Judges outcomes in all layers of the policy. @defaultValue the environment's */
  readonly classifier?: Classifier | undefined;
  /**
   * Which wire a client's calls take; means nothing before functions and servers. A change holds for later calls; calls under way
   * stay on their wire. @defaultValue 'auto'
   */
  readonly wire?: WireChoice | Live<WireChoice> | undefined;
  /**
   * What differs for single operations of a client or a server, by their names in the contract. An operation that sets
   * options of a layer has that layer for itself, with its state; retries draw on one budget all the same.
   */
  readonly operations?: Readonly<Record<string, OperationPolicyOptions>> | undefined;
}

/** Options that one operation may have for itself. */
export interface OperationPolicyOptions extends OptionsOf<OrderLines> {}

/** The options of a policy that mean something before a client. */
export interface ClientPolicyOptions
  extends OptionsOf<OrderLines, 'call' | 'endpoint'>,
    Pick<PolicyOptions, 'classifier' | 'operations' | 'wire'> {}

/** The options of a policy that mean something before a server. */
export interface ServerPolicyOptions
  extends OptionsOf<OrderLines, 'server'>,
    Pick<PolicyOptions, 'classifier' | 'operations'> {}

/** Names of the options that mean something in some scopes. */
export type PolicyField<S extends Scope> =
  | keyof OptionsOf<OrderLines, S>
  | 'classifier'
  | 'operations'
  | (S & 'call' extends never ? never : 'wire');

/** The options of a policy that mean something in these scopes, by their names. */
export function policyFields<S extends Scope>(...scopes: readonly S[]): readonly PolicyField<S>[] {
  const parts = canonicalOrder.filter((part) => part.scopes.some((scope) => scopes.some((own) => own === scope)));
  const ofLayers = parts.flatMap(({ field, beside }) => [field, ...Object.values(beside)]) as PolicyField<S>[];
  const ofCalls = scopes.some((scope) => scope === 'call') ? (['wire'] as PolicyField<S>[]) : [];
  return Object.freeze([...ofLayers, 'classifier' as const, 'operations' as const, ...ofCalls]);
}

/** The part of {@link PolicyOptions} that is plain data, as it may come from configuration: no functions, no live values. */
export interface PolicySettings extends SettingsOf<OrderLines> {
  readonly wire?: WireChoice;
  readonly operations?: Readonly<Record<string, Omit<PolicySettings, 'operations' | 'wire'>>>;
}

/** Nothing stands in a policy by default: each layer is asked for. */
export const policyDefaults: Readonly<PolicyOptions> = Object.freeze({});

const aClassifier: Rule = fixed((value) =>
  value === undefined || (typeof value === 'object' && value !== null && 'ofResult' in value && 'ofError' in value)
    ? undefined
    : 'a classifier (ofResult, ofError)',
);
const byName: Rule = fixed((value) =>
  value === undefined || (isPlain(value) && Object.values(value).every(isPlain))
    ? undefined
    : 'a plain object with options by operation',
);

/** Of each option that single operations may have its shape; the layers' own options are checked by their parts. */
const operationRules: Readonly<Record<string, Rule>> = Object.freeze(
  Object.fromEntries(
    canonicalOrder.flatMap(({ field, beside, shape }) => [
      [field, shape],
      ...Object.values(beside).map((name) => [name, anything]),
    ]),
  ),
);
const policyRules: Readonly<Record<string, Rule>> = Object.freeze({
  ...operationRules,
  classifier: aClassifier,
  wire: optional(wireRule),
  operations: byName,
});

/**
 * Checks the shape of the options.
 * @param problems - takes what is refused.
 * @returns the options that have the right shape, which can be checked further beside what is refused
 */
export function checkPolicyShape(owner: string, options: PolicyOptions, problems: string[]): PolicyOptions {
  const { operations, ...others } = soundFields<PolicyOptions>(owner, '', options, policyRules, problems);
  if (operations === undefined) return others;
  const sound = Object.entries(operations).map(([name, own]) => {
    const fields = soundFields<OperationPolicyOptions>(owner, `operations.${name}`, own, operationRules, problems);
    return [name, fields] as const;
  });
  return { ...others, operations: Object.fromEntries(sound) };
}

function soundFields<Options extends object>(
  owner: string,
  path: string,
  options: Options,
  rules: Readonly<Record<string, Rule>>,
  problems: string[],
): Partial<Options> {
  collect(problems, path, () =>
    checkOptions<Record<string, unknown>>(owner, options as Record<string, unknown>, {}, rules),
  );
  if (typeof options !== 'object' || options === null) return {};
  const sound = Object.entries(options).filter(
    ([field, value]) => Object.hasOwn(rules, field) && rules[field]?.(value) === undefined,
  );
  return Object.fromEntries(sound) as Partial<Options>;
}

/** Whether a value keeps a rule; what it breaks is added to the problems. */
export function keeps(rule: Rule, what: string, value: unknown, problems: string[]): boolean {
  const found = problems.length;
  collect(problems, '', () =>
    checkOptions<Record<string, unknown>>('policies', { [what]: value }, {}, { [what]: rule }),
  );
  return problems.length === found;
}

/** Runs a check and keeps what it refuses, so that all problems can be told at once. */
export function collect(problems: string[], field: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    problems.push(...error.problems.map((problem) => (field === '' ? problem : `${field}: ${problem}`)));
  }
}
