/**
 * Named policies as they are defined, in code or by a live value that comes from configuration. They are read whole: a
 * set with one bad policy is refused, with the reasons of all.
 */
import { isDeepStrictEqual } from 'node:util';
import { isLive, type Live, OptionsError } from '@fwk/kernel';
import { isPlain } from '../layer/plain.js';
import { optionsObject } from '../layer/policy-part.js';
import { canonicalOrder } from '../order/canonical-order.js';
import { checkPolicy } from './check-policy.js';
import { guardLive } from './guard-live.js';
import { kindFields } from './kind-field.js';
import { LiveLevels } from './live-levels.js';
import type { OptionsLevel } from './merge-options.js';
import { plainPart } from './plain-data.js';
import type { PolicyKind } from './policy-kind.js';
import { collect, keeps, type PolicyOptions } from './policy-options.js';

/** A checked set. */
export interface PolicyDefinitions {
  /** Stand under every named policy. */
  readonly defaults: PolicyOptions;
  readonly byName: ReadonlyMap<string, PolicyOptions>;
}

/** More than this is not configuration but a mistake, or somebody else's input. */
const MAX_POLICIES = 1000;

/** Options of policies by name; or a live value of them, which is taken for configuration: plain data, checked whole. */
export type PolicySource = Readonly<Record<string, PolicyOptions>> | Live<unknown>;

/**
 * Guards the live values within definitions: a value with which the definitions would be refused is not taken. A live source
 * is passed on as it is, since it holds plain data.
 * @param inForce - what was read last.
 */
export function guardDefinitions(
  policies: PolicySource,
  defaults: PolicyOptions | Live<unknown>,
  inForce: () => PolicyDefinitions,
): { readonly policies: PolicySource; readonly defaults: PolicyOptions | Live<unknown> } {
  const named = isLive(policies) || !isObject(policies) ? undefined : Object.entries(policies);
  const common = isLive(defaults) ? undefined : guardLive('defaults', defaults);
  /** The defaults first, then the policies in their order. */
  const parted = (levels: readonly OptionsLevel[]) => {
    const [first, ...others] = levels.map(({ options }) => options);
    return {
      policies: named ? Object.fromEntries(named.map(([name], at) => [name, others[at]!])) : policies,
      defaults: common === undefined ? defaults : first!,
    };
  };
  const live = new LiveLevels((levels) => {
    const { defaults: now, byName } = inForce();
    const changed = parted(levels);
    const problems: string[] = [];
    readDefinitions(named ? changed.policies : Object.fromEntries(byName), common ? changed.defaults : now, problems);
    if (problems.length > 0) throw new OptionsError('policies', problems);
  });
  const guarded = [common ?? {}, ...(named ?? []).map(([name, options]) => guardLive(name, options))];
  return parted(live.take(guarded.map((options) => ({ from: 'policy', options }))));
}

/** Reads what the sources hold now. @throws OptionsError with all problems of all policies at once */
export function currentDefinitions(policies: PolicySource, defaults: PolicyOptions | Live<unknown>): PolicyDefinitions {
  const problems: string[] = [];
  const read = (source: unknown, path: string) => (isLive(source) ? plainPart(source.value, path, problems) : source);
  const defined = readDefinitions(read(policies, 'policies'), read(defaults, 'defaults'), problems);
  if (problems.length > 0) throw new OptionsError('policies', problems);
  return defined;
}

/**
 * Reads definitions.
 * @param policies - options by name; undefined for none.
 * @param defaults - options of all of them; undefined for none.
 * @param problems - takes what is refused; the answer is then incomplete.
 */
function readDefinitions(policies: unknown, defaults: unknown, problems: string[]): PolicyDefinitions {
  const soundDefaults = defaults !== undefined && keeps(optionsObject, 'defaults', defaults, problems);
  const common = (soundDefaults ? defaults : {}) as PolicyOptions;
  if (policies !== undefined && !isObject(policies)) problems.push('policies must be an object of options by name');
  const named = isObject(policies) ? Object.entries(policies) : [];
  const sound = named.filter(([name, options]) => keeps(optionsObject, `policy "${name}"`, options, problems));
  const byName = new Map<string, PolicyOptions>(sound);
  if (byName.size > MAX_POLICIES) {
    problems.push(`policies must be at most ${MAX_POLICIES}, not ${byName.size}`);
    return { defaults: common, byName };
  }
  collect(problems, 'defaults', () => checkPolicy('defaults', anyKind({}), [{ from: 'policy', options: common }]));
  for (const [name, options] of byName) {
    collect(problems, `policy "${name}"`, () =>
      checkPolicy(name, anyKind(options), levelsOf({ defaults: common, byName }, options)),
    );
  }
  return { defaults: common, byName };
}

/**
 * Reads what an operator puts over a policy.
 * @throws OptionsError with all problems at once
 */
export function readOverride(name: string, given: unknown): PolicyOptions {
  const problems: string[] = [];
  // Named like configuration, so that the same options may hold lists.
  const options = isPlain(given) ? (plainPart(given, 'options', problems, 1) as PolicyOptions) : {};
  if (!isPlain(given)) problems.push('options must be an object of options, {} to take them away');
  if (problems.length > 0) throw new OptionsError(`policy "${name}"`, problems);
  return options;
}

/** The levels of a named policy, without those of its place of use. */
export function levelsOf({ defaults }: PolicyDefinitions, options: PolicyOptions): readonly OptionsLevel[] {
  return [
    { from: 'defaults', options: defaults },
    { from: 'policy', options },
  ];
}

/** What a policy may stand before while nobody uses it, with stand-ins for what places of use will say. */
function anyKind({ operations }: PolicyOptions): PolicyKind {
  const names = isPlain(operations) ? Object.keys(operations) : [];
  return {
    name: 'function',
    scopes: ['call', 'endpoint', 'server'],
    fields: kindFields(),
    assumed: Object.fromEntries(canonicalOrder.map(({ field, needed }) => [field, needed])),
    ...(names.length > 0 && { operations: { names, nameOf: () => '' } }),
  };
}

/** Paths at which two sets differ, such as `policies.payments.breaker.failureRatio`. */
export function changedPaths(before: PolicyDefinitions, after: PolicyDefinitions): readonly string[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter(
    (path) => !isDeepStrictEqual(old.get(path), now.get(path)),
  );
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
