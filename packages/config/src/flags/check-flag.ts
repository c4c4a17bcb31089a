import { type ConfigTree, isTree, kindOf } from '../tree/tree.js';
import { attributeFault, type ConditionCount, checkCondition } from './check-condition.js';
import { type Findings, refuseUnknown } from './findings.js';
import { kindOfFlag } from './flag-answer.js';
import { booleanVariants, flagLimits } from './flag-definition.js';
import { timeOf, timeWords } from './operators.js';
import { places } from './rollout.js';

const flagKeys = [
  ...['description', 'owner', 'enabled', 'variants', 'default', 'off', 'requires', 'rules', 'expires', 'salt'],
  ...['exposures', 'experiment', 'policy', 'metadata'],
];
const ruleKeys = ['name', 'if', 'serve', 'rollout', 'by'];

/** Checks one flag by itself; what it says of other flags is checked by `checkRequires`. */
export function checkFlag(value: unknown, path: readonly string[], findings: Findings): void {
  if (!isTree(value)) {
    findings.must(path, `an object, such as { default: on }, not ${kindOf(value)}`);
    return;
  }
  refuseUnknown(value, flagKeys, 'a flag', path, findings);
  const variants = checkVariants(value.variants, [...path, 'variants'], findings);
  const check = (key: string, fault: (given: unknown) => string | undefined) => {
    const given = value[key];
    if (given !== undefined && given !== null) findings.must([...path, key], fault(given));
  };
  check('description', textFault(10_000));
  check('owner', textFault(flagLimits.text));
  check('salt', textFault(flagLimits.text));
  check('enabled', booleanFault);
  check('exposures', booleanFault);
  check('default', variantFault(variants));
  check('off', variantFault(variants));
  check('expires', (given) => (typeof given === 'string' && timeOf(given) !== undefined ? undefined : timeWords));
  check('policy', textFault(flagLimits.text));
  if (typeof value.policy === 'string') checkPolicyVariants(value.variants, [...path, 'variants'], findings);
  checkExperiment(value.experiment, variants, [...path, 'experiment'], findings);
  checkMetadata(value.metadata, [...path, 'metadata'], findings);
  checkRules(value.rules, variants, [...path, 'rules'], findings);
}

/** The names of a flag's variants, as many as a flag may have. */
export function variantsOf(flag: ConfigTree): readonly string[] {
  return Object.keys(isTree(flag.variants) ? flag.variants : booleanVariants).slice(0, flagLimits.variants);
}

function checkVariants(value: unknown, path: readonly string[], findings: Findings): readonly string[] {
  if (value === undefined || value === null) return Object.keys(booleanVariants);
  if (!isTree(value)) {
    findings.must(path, `an object of values by name, not ${kindOf(value)}`);
    return [];
  }
  const names = Object.keys(value);
  if (names.length === 0 || names.length > flagLimits.variants) {
    findings.must(path, `1 to ${flagLimits.variants} values by name, not ${names.length}`);
  }
  const [first] = names;
  const kind = first === undefined ? undefined : kindOfFlag(value[first]);
  for (const name of names) {
    const own = value[name];
    if (/^\d+$/.test(name))
      findings.add([...path, name], 'has a name of digits alone, which has no place in an order; write v1');
    else if (name.length > flagLimits.text)
      findings.add([...path, name], `has a name above ${flagLimits.text} characters`);
    if (kindOfFlag(own) === undefined || (typeof own === 'number' && !Number.isFinite(own))) {
      findings.must([...path, name], `true, false, a text, a number, an object or a list, not ${kindOf(own)}`);
    } else if (kind !== undefined && kindOfFlag(own) !== kind) {
      findings.must(
        [...path, name],
        `of the same kind as "${first}" (${kindOf(value[first as string])}), not ${kindOf(own)}`,
      );
    }
  }
  // One name too many is told already; looking each up among all of them would take long.
  return names.slice(0, flagLimits.variants);
}

/** What they mean is checked by whoever has the policy. */
function checkPolicyVariants(variants: unknown, path: readonly string[], findings: Findings): void {
  const given = isTree(variants) ? Object.values(variants) : [];
  const most = flagLimits.policyVariants;
  if (given.length > 0 && given.length <= most && given.every(isTree)) return;
  findings.must(
    path,
    `1 to ${most} objects with options of the policy, such as { usual: {}, patient: { timeoutMs: 2000 } }`,
  );
}

function checkExperiment(
  value: unknown,
  variants: readonly string[],
  path: readonly string[],
  findings: Findings,
): void {
  if (value === undefined || value === null) return;
  if (!isTree(value)) {
    findings.must(path, `an object, such as { metrics: [basket] }, not ${kindOf(value)}`);
    return;
  }
  refuseUnknown(value, ['control', 'metrics'], 'an experiment', path, findings);
  const { control, metrics = [] } = value;
  if (control !== undefined) findings.must([...path, 'control'], variantFault(variants)(control));
  const fault = textFault(flagLimits.text);
  const fits = Array.isArray(metrics) && metrics.length <= flagLimits.metrics && metrics.every((name) => !fault(name));
  findings.must([...path, 'metrics'], fits ? undefined : `a list of at most ${flagLimits.metrics} names`);
}

function checkMetadata(value: unknown, path: readonly string[], findings: Findings): void {
  if (value === undefined || value === null) return;
  if (!isTree(value)) {
    findings.must(path, `an object, not ${kindOf(value)}`);
    return;
  }
  for (const [name, item] of Object.entries(value)) {
    const fits = typeof item === 'string' || typeof item === 'boolean' || Number.isFinite(item);
    findings.must([...path, name], fits ? undefined : `a text, a number, true or false, not ${kindOf(item)}`);
  }
}

function checkRules(value: unknown, variants: readonly string[], path: readonly string[], findings: Findings): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    findings.must(path, `a list of rules, not ${kindOf(value)}`);
    return;
  }
  if (value.length > flagLimits.rules) {
    findings.must(path, `a list of at most ${flagLimits.rules} rules, not ${value.length}`);
    return;
  }
  const count: ConditionCount = { conditions: 0, tooMany: false };
  for (const [index, rule] of value.entries()) checkRule(rule, variants, [...path, String(index)], findings, count);
}

function checkRule(
  rule: unknown,
  variants: readonly string[],
  path: readonly string[],
  findings: Findings,
  count: ConditionCount,
): void {
  if (!isTree(rule)) {
    findings.must(path, `an object with "serve" or "rollout", not ${kindOf(rule)}`);
    return;
  }
  refuseUnknown(rule, ruleKeys, 'a rule', path, findings);
  const { name, serve, rollout, by } = rule;
  if (name !== undefined) findings.must([...path, 'name'], textFault(flagLimits.text)(name));
  if (rule.if !== undefined) checkCondition(rule.if, [...path, 'if'], findings, count);
  if ((serve === undefined) === (rollout === undefined)) {
    findings.add(path, 'needs either "serve" or "rollout"');
    return;
  }
  if (serve !== undefined) findings.must([...path, 'serve'], variantFault(variants)(serve));
  else checkRollout(rollout, variants, [...path, 'rollout'], findings);
  if (by === undefined) return;
  if (rollout === undefined) findings.add([...path, 'by'], 'belongs to a "rollout"');
  else findings.must([...path, 'by'], attributeFault(by));
}

function checkRollout(value: unknown, variants: readonly string[], path: readonly string[], findings: Findings): void {
  if (!isTree(value) || Object.keys(value).length === 0) {
    findings.must(path, `percent by variant, such as { on: 10 }, not ${kindOf(value)}`);
    return;
  }
  let sum = 0;
  for (const [variant, percent] of Object.entries(value)) {
    if (!variants.includes(variant)) findings.add([...path, variant], `is no variant; there are ${list(variants)}`);
    const share = sharesOf(percent);
    findings.must(
      [...path, variant],
      share === undefined ? 'a percentage from 0 to 100, in steps of 0.001' : undefined,
    );
    sum += share ?? 0;
  }
  if (sum > places) findings.add(path, `has ${sum / 1000} % in all; at most 100 % can be given`);
}

/** Places on the line for a percentage; undefined for what is none. */
export function sharesOf(percent: unknown): number | undefined {
  if (typeof percent !== 'number' || !(percent >= 0 && percent <= 100)) return undefined;
  const share = Math.round(percent * 1000);
  return Math.abs(share - percent * 1000) < 1e-6 ? share : undefined;
}

function textFault(longest: number): (given: unknown) => string | undefined {
  return (given) =>
    typeof given === 'string' && given !== '' && given.length <= longest
      ? undefined
      : `a text of 1 to ${longest} characters`;
}

function booleanFault(given: unknown): string | undefined {
  return typeof given === 'boolean' ? undefined : `true or false, not ${kindOf(given)}`;
}

function variantFault(variants: readonly string[]): (given: unknown) => string | undefined {
  return (given) =>
    typeof given === 'string' && variants.includes(given) ? undefined : `the name of a variant (${list(variants)})`;
}

/** Names for a message. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
