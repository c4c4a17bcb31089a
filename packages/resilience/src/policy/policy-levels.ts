/**
 * The options of a policy where it stands: what its kind has in force by itself, under what is set for all policies, for
 * this one, and where it is used. What is said of one operation wins over what is said of all, wherever either is said.
 */

import { isPlain } from '../layer/plain.js';
import { canonicalOrder } from '../order/canonical-order.js';
import { isKindField } from './kind-field.js';
import { mergeOptions, type OptionsLevel } from './merge-options.js';
import type { PolicyKind } from './policy-kind.js';
import type { PolicyOptions } from './policy-options.js';

/** The levels of a whole policy, and of those operations of which something is said. */
export interface PolicyLevels {
  readonly whole: readonly OptionsLevel[];
  readonly byOperation: ReadonlyMap<string, readonly OptionsLevel[]>;
}

/** Options that are no layer's, and mean something everywhere. */
const common: readonly (keyof PolicyOptions)[] = ['classifier', 'operations'];

/**
 * Puts the levels of a kind together.
 * @param given - what people set, the weakest first; checked for its shape.
 */
export function levelsOfKind(kind: PolicyKind, given: readonly OptionsLevel[]): PolicyLevels {
  // Defaults are for functions, clients and servers alike, so those that this kind does not take are ignored.
  const fitting = given.map(({ from, options }) => ({
    from,
    options: from === 'defaults' ? pick(options, (field) => isOf(kind, field)) : options,
  }));
  const base = fitting.map(({ from, options }) => ({
    from,
    options: pick(options, (field) => field !== 'operations'),
  }));
  const byOperation = new Map<string, readonly OptionsLevel[]>();
  for (const name of kind.operations?.names ?? []) {
    const contract = own(kind.operations?.options, name);
    const said = fitting.flatMap(({ from, options }) => {
      const ofOperation = own(options.operations, name);
      return ofOperation ? [{ from, options: ofOperation }] : [];
    });
    if (!contract && said.length === 0) continue;
    const levels = [...base, ...(contract ? [{ from: 'contract' as const, options: contract }] : []), ...said];
    byOperation.set(name, withBuiltIn(kind, levels));
  }
  return { whole: withBuiltIn(kind, base), byOperation };
}

/** Fields of layers that have no place before what this kind stands before, at a level that is meant for it. */
export function misplacedFields(kind: PolicyKind, options: PolicyOptions): readonly string[] {
  return Object.keys(pick(options, (field) => !isOf(kind, field))).filter(
    (field) => options[field as never] !== undefined,
  );
}

/** The options that a kind takes. */
export function fieldsOf(kind: PolicyKind): readonly string[] {
  const ofLayers = canonicalOrder.filter(({ field }) => isOf(kind, field)).map(({ field }) => field);
  return [...ofLayers, ...(kind.fields ?? []).map(({ name }) => name)];
}

function isOf(kind: PolicyKind, field: string): boolean {
  if (field === 'operations') return kind.operations !== undefined;
  if (isKindField(field)) return kind.fields?.some(({ name }) => name === field) ?? false;
  if (common.includes(field as never)) return true;
  const part = canonicalOrder.find((each) => each.field === field || Object.values(each.beside).includes(field));
  return part === undefined || part.scopes.some((scope) => kind.scopes.includes(scope));
}

function withBuiltIn({ builtIn = {}, assumed = {} }: PolicyKind, levels: readonly OptionsLevel[]) {
  const merged = mergeOptions([{ from: 'built-in', options: builtIn }, ...levels]);
  const asked = pick(assumed, (field) => isPlain(merged[field as keyof PolicyOptions]));
  const options = mergeOptions([
    { from: 'built-in', options: asked },
    { from: 'built-in', options: builtIn },
  ]);
  return [{ from: 'built-in' as const, options }, ...levels];
}

function pick(options: PolicyOptions, wanted: (field: string) => boolean): PolicyOptions {
  return Object.fromEntries(Object.entries(options).filter(([field]) => wanted(field)));
}

function own<T>(of: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return of && Object.hasOwn(of, name) ? of[name] : undefined;
}
