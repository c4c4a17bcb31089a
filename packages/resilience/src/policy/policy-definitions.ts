/**
 * Named policies as they are defined, in code or by a live value that comes from configuration. They are read whole: a
 * set with one bad policy is refused, with the reasons of all.
 */
import { isLive, type Live, OptionsError } from '@fwk/kernel';
import { canonicalOrder } from './canonical-order.js';
import { isPlain, mergeOptions, type OptionsLevel } from './merge-options.js';
import { checkPolicy } from './policy-layer.js';
import { collect, type PolicyOptions } from './policy-options.js';

/** A checked set. */
export interface PolicyDefinitions {
  /** Stand under every named policy. */
  readonly defaults: PolicyOptions;
  readonly byName: ReadonlyMap<string, PolicyOptions>;
}

/** More than this is not configuration but a mistake, or somebody else's input. */
const MAX_POLICIES = 1000;
const MAX_DEPTH = 4;

/** Options of policies by name; or a live value of them, which is taken for configuration: plain data, checked whole. */
export type PolicySource = Readonly<Record<string, PolicyOptions>> | Live<unknown>;

/** Reads what the sources hold now. @throws OptionsError with all problems at once */
export function currentDefinitions(policies: PolicySource, defaults: PolicyOptions | Live<unknown>): PolicyDefinitions {
  const problems = [
    ...(isLive(policies) ? notPlain(policies.value, 'policies') : []),
    ...(isLive(defaults) ? notPlain(defaults.value, 'defaults') : []),
  ];
  if (problems.length > 0) throw new OptionsError('policies', problems);
  return readDefinitions(isLive(policies) ? policies.value : policies, isLive(defaults) ? defaults.value : defaults);
}

/**
 * Reads definitions.
 * @param policies - options by name; undefined for none.
 * @param defaults - options of all of them; undefined for none.
 * @throws OptionsError with all problems of all policies at once
 */
function readDefinitions(policies: unknown, defaults: unknown): PolicyDefinitions {
  const problems: string[] = [];
  const common = isObject(defaults) ? defaults : {};
  if (defaults !== undefined && !isObject(defaults)) problems.push('defaults must be an object with options');
  const byName = new Map<string, PolicyOptions>();
  if (policies !== undefined && !isObject(policies)) problems.push('policies must be an object of options by name');
  for (const [name, options] of isObject(policies) ? Object.entries(policies) : []) {
    if (isObject(options)) byName.set(name, options);
    else problems.push(`policy "${name}" must be an object with options`);
  }
  if (byName.size > MAX_POLICIES) problems.push(`policies must be at most ${MAX_POLICIES}, not ${byName.size}`);
  if (problems.length === 0) {
    collect(problems, 'defaults', () => checkPolicy('defaults', completed([{ from: 'defaults', options: common }])));
    for (const [name, options] of byName) {
      collect(problems, `policy "${name}"`, () =>
        checkPolicy(name, completed(levelsOf({ defaults: common, byName }, options))),
      );
    }
  }
  if (problems.length > 0) throw new OptionsError('policies', problems);
  return { defaults: common, byName };
}

/** The levels of a named policy, without those of its place of use. */
export function levelsOf({ defaults }: PolicyDefinitions, options: PolicyOptions): readonly OptionsLevel[] {
  return [
    { from: 'defaults', options: defaults },
    { from: 'policy', options },
  ];
}

/** The levels with stand-ins below them for what places of use will say. */
function completed(levels: readonly OptionsLevel[]): readonly OptionsLevel[] {
  const merged = mergeOptions(levels);
  const needed = canonicalOrder.flatMap((part) =>
    part.needed && isPlain(merged[part.field]) ? [[part.field, part.needed] as const] : [],
  );
  return [{ from: 'built-in', options: Object.fromEntries(needed) }, ...levels];
}

/**
 * What configuration may not contain: functions, lists and the like would have no meaning after a restart.
 * @returns paths of all that is no plain data
 */
function notPlain(value: unknown, path: string, depth = 0): readonly string[] {
  if (value === undefined || ['number', 'string', 'boolean'].includes(typeof value)) return [];
  if (!isPlain(value) || depth > MAX_DEPTH) return [`${path} must be plain data`];
  return Object.entries(value).flatMap(([key, held]) => notPlain(held, `${path}.${key}`, depth + 1));
}

/** Paths at which two sets differ, such as `policies.payments.breaker.failureRatio`. */
export function changedPaths(before: PolicyDefinitions, after: PolicyDefinitions): readonly string[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((path) => !Object.is(old.get(path), now.get(path)));
}

function flat({ defaults, byName }: PolicyDefinitions): ReadonlyMap<string, unknown> {
  const paths = new Map<string, unknown>();
  const visit = (value: unknown, path: string) => {
    if (!isPlain(value)) paths.set(path, value);
    // An empty object says something too: `retry: {}` asks for a retry.
    else if (Object.keys(value).length === 0) paths.set(path, 'empty');
    else for (const [key, held] of Object.entries(value)) visit(held, `${path}.${key}`);
  };
  visit(defaults, 'defaults');
  for (const [name, options] of byName) visit(options, `policies.${name}`);
  return paths;
}

function isObject(value: unknown): value is Readonly<Record<string, PolicyOptions>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
