import {
  anything,
  type Classifier,
  checkOptions,
  currentOf,
  fixed,
  OptionsError,
  optional,
  type Rule,
} from '@fwk/kernel';
import { isPlain } from '../layer/plain.js';
import { canonicalOrder, type OrderLines } from '../order/canonical-order.js';
import type { OptionsOf, Scope, SettingsOf } from '../order/placed-part.js';
import { isKindField, type KindOptions, type KindSettings, kindFields } from './kind-field.js';

/**
 * Options of a policy: a layer stands in it only if it is named here; `{}` takes its defaults, and `false` takes out a
 * layer that the options below (the registry's defaults, a named policy) put in. Each layer of the canonical order adds its own.
 */
export interface PolicyOptions extends OptionsOf<OrderLines>, KindOptions {
  /** Judges outcomes in all layers of the policy. @defaultValue the environment's */
  readonly classifier?: Classifier | undefined;
  /**
   * What differs for single operations of a client or a server, by their names in the contract. An operation that sets
   * options of a layer has that layer for itself, with its state; retries draw on one budget all the same.
   */
  readonly operations?: Readonly<Record<string, OperationPolicyOptions>> | undefined;
}

/** Options that one operation may have for itself. */
export interface OperationPolicyOptions extends OptionsOf<OrderLines> {}

/** The options of a policy that mean something before a client, beside those that are no layer's. */
export interface ClientPolicyOptions
  extends OptionsOf<OrderLines, 'call' | 'endpoint'>,
    Pick<PolicyOptions, 'classifier' | 'operations'> {}

/** The options of a policy that mean something before a server. */
export interface ServerPolicyOptions
  extends OptionsOf<OrderLines, 'server'>,
    Pick<PolicyOptions, 'classifier' | 'operations'> {}

/** Names of the options that mean something in some scopes. */
export type PolicyField<S extends Scope> = keyof OptionsOf<OrderLines, S> | 'classifier' | 'operations';

/** The options of a policy that mean something in these scopes, by their names; without those of kinds. */
export function policyFields<S extends Scope>(...scopes: readonly S[]): readonly PolicyField<S>[] {
  const parts = canonicalOrder.filter((part) => part.scopes.some((scope) => scopes.some((own) => own === scope)));
  const ofLayers = parts.flatMap(({ field, beside }) => [field, ...Object.values(beside)]) as PolicyField<S>[];
  return Object.freeze([...ofLayers, 'classifier' as const, 'operations' as const]);
}

/** The part of {@link PolicyOptions} that is plain data, as it may come from configuration: no functions, no live values. */
export interface PolicySettings extends SettingsOf<OrderLines>, KindSettings {
  readonly operations?: Readonly<Record<string, SettingsOf<OrderLines>>>;
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

/** The same of a whole policy. More kinds may become known. */
function policyRules(): Readonly<Record<string, Rule>> {
  const ofKinds = kindFields().map(({ name, rule }) => [name, optional(rule)] as const);
  return { ...operationRules, classifier: aClassifier, ...Object.fromEntries(ofKinds), operations: byName };
}

/**
 * Checks the shape of the options.
 * @param problems - takes what is refused.
 * @returns the options that have the right shape, which can be checked further beside what is refused
 */
export function checkPolicyShape(owner: string, options: PolicyOptions, problems: string[]): PolicyOptions {
  const { operations, ...others } = soundFields<PolicyOptions>(owner, '', options, policyRules(), problems);
  if (operations === undefined) return others;
  const sound = Object.entries(operations).map(([name, own]) => {
    const ofOperation = Object.entries(own).filter(([field]) => !isKindField(field));
    for (const field of Object.keys(own).filter(isKindField)) {
      problems.push(
        `operations.${name}.${field}: operations have no ${field} of their own; give it for the whole policy`,
      );
    }
    const options = Object.fromEntries(ofOperation);
    const fields = soundFields<OperationPolicyOptions>(owner, `operations.${name}`, options, operationRules, problems);
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
    ([field, value]) => Object.hasOwn(rules, field) && isSound(field, value, rules[field]),
  );
  return Object.fromEntries(sound) as Partial<Options>;
}

function isSound(field: string, value: unknown, rule: Rule | undefined): boolean {
  // Of the others none may be live as a whole, or their layer checks it.
  return rule?.(isKindField(field) ? currentOf(value) : value) === undefined;
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
