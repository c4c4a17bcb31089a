/** Checks a policy by the rules of its layers, before any of them is made. */
import { currentOf, OptionsError, showValue } from '@fwk/kernel';
import { isPlain } from '../layer/plain.js';
import { canonicalOrder } from '../order/canonical-order.js';
import { contradictions } from './contradictions.js';
import { mergeOptions, type OptionsLevel } from './merge-options.js';
import type { PolicyKind } from './policy-kind.js';
import { fieldsOf, levelsOfKind, misplacedFields, type PolicyLevels } from './policy-levels.js';
import { checkPolicyShape, collect } from './policy-options.js';
import { sameOptions } from './same-options.js';

/**
 * Checks the options of a policy without making it.
 * @param kind - what it stands before.
 * @param levels - each is checked for its shape; what they come to together is checked whole.
 * @throws OptionsError with all problems at once
 */
export function checkPolicy(name: string, kind: PolicyKind, levels: readonly OptionsLevel[]): void {
  const owner = typeof name === 'string' ? `policy "${name}"` : 'policy';
  const problems: string[] = [];
  if (typeof name !== 'string' || name === '')
    problems.push(`name must be a non-empty string, not ${showValue(name)}; write policy(name, options)`);
  const sound = levels.map(({ from, options }) => ({ from, options: checkPolicyShape(owner, options, problems) }));
  for (const { from, options } of sound) if (from !== 'defaults') problems.push(...misplaced(kind, options));
  const inForce = levelsOfKind(kind, sound);
  checkLayers(kind, inForce, problems);
  checkFields(kind, inForce, problems);
  const whole = contradictionsOf(kind, inForce.whole);
  problems.push(...whole);
  for (const [operation, levels] of inForce.byOperation) {
    const own = contradictionsOf(kind, levels).filter((problem) => !whole.includes(problem));
    problems.push(...own.map((problem) => `operations.${operation}: ${problem}`));
  }
  if (problems.length > 0) throw new OptionsError(owner, [...new Set(problems)]);
}

/** What single layers refuse of their own options: by their rules, nothing is built for it. */
function checkLayers({ completes = {} }: PolicyKind, { whole, byOperation }: PolicyLevels, problems: string[]): void {
  const options = mergeOptions(whole);
  const own = [...byOperation].map(([name, levels]) => [name, mergeOptions(levels)] as const);
  for (const part of canonicalOrder) {
    const check = (given: object | undefined, path: string) => {
      if (given === undefined) return;
      const completed = { ...part.optionsIn(completes), ...given };
      collect(problems, path, () => part.check(completed));
    };
    const usual = part.optionsIn(options);
    check(usual, part.field);
    for (const [name, merged] of own) {
      const given = part.optionsIn(merged);
      if (!sameOptions(given, usual)) check(given, `operations.${name}.${part.field}`);
    }
  }
}

/** What the options of the kind itself refuse. */
function checkFields({ fields = [] }: PolicyKind, { whole }: PolicyLevels, problems: string[]): void {
  const options = mergeOptions(whole);
  for (const { name, check } of fields) {
    const value: unknown = currentOf(Reflect.get(options, name));
    if (value !== undefined) collect(problems, name, () => check?.(value));
  }
}

/** Limits that are in force by themselves contradict nothing that people say. */
function contradictionsOf(kind: PolicyKind, levels: readonly OptionsLevel[]): readonly string[] {
  const said = levels.map(({ from, options }) => {
    if (from !== 'built-in' && from !== 'contract') return { from, options };
    const { deadlineMs: _, timeoutMs: __, ...others } = options;
    return { from, options: others };
  });
  const merged = mergeOptions(said);
  const own = kind.contradictions?.(merged) ?? [];
  if (!kind.knowsIdempotence || !isPlain(merged.hedge)) return [...contradictions(merged), ...own];
  return [...contradictions({ ...merged, hedge: { ...merged.hedge, idempotent: true } }), ...own];
}

function misplaced(kind: PolicyKind, options: OptionsLevel['options']): readonly string[] {
  const means = `means nothing before a ${kind.name}, which takes ${fieldsOf(kind).join(', ')}`;
  const problems = misplacedFields(kind, options).map((field) => `${field} ${means}`);
  for (const [operation, own] of Object.entries(options.operations ?? {})) {
    const { operations } = kind;
    if (!operations) break;
    if (!operations.names.includes(operation)) {
      if (operations.passesOver) continue;
      problems.push(`operations.${operation} is no operation; there are ${operations.names.join(', ')}`);
    }
    problems.push(...misplacedFields(kind, own).map((field) => `operations.${operation}.${field} ${means}`));
  }
  return problems;
}
