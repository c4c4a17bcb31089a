/**
 * Live values in the options of a policy, each guarded once, where they are given. Whoever reads them later, the layers,
 * the list of settings, the check of a changed configuration, finds the same: the last valid value.
 */
import { guardOptions, isLive, noteFollower } from '@fwk/kernel';
import { isPlain } from '../layer/plain.js';
import { canonicalOrder } from '../order/canonical-order.js';
import type { PlacedPart as PolicyPart } from '../order/placed-part.js';
import { kindFields } from './kind-field.js';
import type { PolicyOptions } from './policy-options.js';

/**
 * The options with their live values guarded; what is refused stays what it is, for the check to tell.
 * @param name - the policy's, for warnings.
 */
export function guardLive(name: string, options: PolicyOptions): PolicyOptions {
  if (!isPlain(options)) return options;
  const owner = `policy "${name}"`;
  noteLive(name, options);
  const rulesOfKinds = Object.fromEntries(kindFields().map(({ name: field, rule }) => [field, rule]));
  return guardLevel(owner, guardOptions(owner, options, rulesOfKinds));
}

/** Deepest option: `operations.NAME.routing.split.KEY`. What is deeper is refused later. */
const maxDepth = 5;

/** Says that the policy follows the live values among its options. */
function noteLive(name: string, options: object, depth = 1): void {
  for (const value of Object.values(options)) {
    if (isLive(value)) noteFollower(value, { kind: 'policy', name });
    else if (isPlain(value) && depth < maxDepth) noteLive(name, value, depth + 1);
  }
}

function guardLevel(owner: string, options: PolicyOptions): PolicyOptions {
  const guarded = { ...guardOptions(owner, options, singleRules) };
  for (const { field, rules } of canonicalOrder) {
    const given: unknown = Reflect.get(guarded, field);
    if (isPlain(given)) Object.assign(guarded, { [field]: guardOptions(`${owner}: ${field}`, given, rules) });
  }
  if (!isPlain(guarded.operations)) return guarded;
  const operations = Object.entries(guarded.operations).map(([operation, own]) => {
    return [operation, isPlain(own) ? guardLevel(`${owner}: operations.${operation}`, own) : own] as const;
  });
  return { ...guarded, operations: Object.fromEntries(operations) };
}

/** Rules of those options that are a single value. */
const singleRules = Object.fromEntries(
  canonicalOrder.flatMap(({ field, single, rules }: PolicyPart) => {
    const rule = single === undefined ? undefined : rules[single];
    return rule ? [[field, rule]] : [];
  }),
);
