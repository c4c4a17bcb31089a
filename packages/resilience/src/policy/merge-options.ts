/**
 * Options at several levels, one over the other: built-in defaults, the registry's defaults, the named policy, the place
 * of use. They are merged field by field, so that a call site that sets one option keeps the others, and each option
 * can say where it came from.
 */
import { currentOf, isLive } from '@fwk/kernel';
import type { FallbackChain } from '../fallback/fallback-part.js';
import { isPlain } from '../layer/plain.js';
import { canonicalOrder } from '../order/canonical-order.js';
import { type KindField, kindFields } from './kind-field.js';
import type { PolicyOptions } from './policy-options.js';

/**
 * Where a setting was set: in the code of the layer, for all named policies, for this one, where it is used, in the
 * contract of an operation, by the variant of a feature flag, or by an operator while the process runs.
 */
export type SettingOrigin = 'built-in' | 'defaults' | 'policy' | 'call-site' | 'contract' | 'flag' | 'override';

/** Options set at one level. */
export interface OptionsLevel {
  readonly from: SettingOrigin;
  readonly options: PolicyOptions;
}

/** One setting as it is in force; plain data. */
export interface EffectiveSetting {
  /** Path of the option, such as `breaker.failureRatio`. */
  readonly setting: string;
  /** A number, string, boolean or plain object; infinity and functions as text. */
  readonly value: unknown;
  readonly from: SettingOrigin;
}

/** Merges levels, the last over those before it. Handlers of fallbacks form one chain, those of the last level first. */
export function mergeOptions(levels: readonly OptionsLevel[]): PolicyOptions {
  let merged: PolicyOptions = {};
  for (const { options } of levels) {
    const fallback = chained(options.fallback, merged.fallback);
    merged = {
      ...(mergePlain(merged, options) as PolicyOptions),
      ...ofKinds(options, merged),
      ...(fallback === undefined ? {} : { fallback }),
    };
  }
  return merged;
}

/** Those options of kinds that are merged in a way of their own. */
function ofKinds(over: PolicyOptions, under: PolicyOptions): PolicyOptions {
  const merged = kindFields().flatMap(({ name, merge }) => {
    const [above, below]: unknown[] = [Reflect.get(over, name), Reflect.get(under, name)];
    return merge && above !== undefined && below !== undefined ? [[name, merge(above, below)]] : [];
  });
  return Object.fromEntries(merged);
}

/** The settings in force, each with its origin: those of all layers in canonical order, then those of kinds. */
export function effectiveSettings(levels: readonly OptionsLevel[]): readonly EffectiveSetting[] {
  const merged = mergeOptions(levels);
  const single = (field: string): readonly EffectiveSetting[] => {
    const value: unknown = merged[field as keyof PolicyOptions];
    return value === undefined ? [] : [{ setting: field, value: shown(value), from: originOf(levels, field) }];
  };
  const ofLayers = canonicalOrder.flatMap((part) => {
    const given = part.optionsIn(merged);
    if (given === undefined) return [];
    if (part.single !== undefined) return [part.field, ...Object.values(part.beside)].flatMap(single);
    const unused = part.unused(given);
    return Object.entries({ ...part.defaults, ...given }).flatMap(([name, value]) =>
      value === undefined || unused.includes(name)
        ? []
        : [{ setting: `${part.field}.${name}`, value: shown(value), from: originOf(levels, part.field, name) }],
    );
  });
  const ofKind = ({ name, defaults = {}, show }: KindField): readonly EffectiveSetting[] => {
    const held: unknown = currentOf(Reflect.get(merged, name));
    if (held === undefined) return [];
    const value = show ? show(held) : held;
    if (!isPlain(value)) return [{ setting: name, value: shown(value), from: originOf(levels, name) }];
    return Object.entries({ ...defaults, ...value }).flatMap(([member, each]) =>
      each === undefined
        ? []
        : [{ setting: `${name}.${member}`, value: shown(each), from: originOf(levels, name, member) }],
    );
  };
  return [...ofLayers, ...kindFields().flatMap(ofKind)];
}

/** The settings of single operations that differ from those of all, where there are any. */
export function settingsThatDiffer(
  levels: readonly OptionsLevel[],
  byOperation: ReadonlyMap<string, readonly OptionsLevel[]>,
): Readonly<Record<string, readonly EffectiveSetting[]>> {
  const usual = new Map(effectiveSettings(levels).map(({ setting, value }) => [setting, JSON.stringify(value)]));
  const differing = [...byOperation].map(([name, ofOperation]) => {
    const own = effectiveSettings(ofOperation).filter(
      ({ setting, value }) => usual.get(setting) !== JSON.stringify(value),
    );
    return [name, own] as const;
  });
  return Object.fromEntries(differing.filter(([, own]) => own.length > 0));
}

function originOf(levels: readonly OptionsLevel[], field: string, name?: string): SettingOrigin {
  // Whatever stands below a level that took the layer out is out as well.
  const inForce = levels.slice(
    levels.findLastIndex(({ options }) => options[field as keyof PolicyOptions] === false) + 1,
  );
  const from = inForce.findLast(({ options }) => {
    const given: unknown = options[field as keyof PolicyOptions];
    return name !== undefined && isPlain(given) ? given[name] !== undefined : given !== undefined;
  });
  return from?.from ?? 'built-in';
}

function chained(over: PolicyOptions['fallback'], under: PolicyOptions['fallback']): PolicyOptions['fallback'] {
  if (over === undefined || over === false || under === undefined || under === false) return over ?? under;
  return [over, under].flat() as FallbackChain;
}

/** Object.fromEntries defines properties and never assigns, so a key `__proto__` stays one that checks can refuse. */
function mergePlain(under: object, over: object): object {
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    if (value !== undefined) merged.set(key, isPlain(below) && isPlain(value) ? mergePlain(below, value) : value);
  }
  return Object.fromEntries(merged);
}

function shown(value: unknown): unknown {
  if (isLive(value)) return shown(value.value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'function') return value.name || 'a function';
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([key, held]) => [key, shown(held)])) : 'shared';
}
