import { callable, checkOptions, numberIn, optional, type Rule } from '@fwk/kernel';
import type { KeyOf } from './read-key.js';

/** What all balancers have that choose by a key of the call. */
export interface HashOptions {
  /**
   * The key of a call that has none under `routeKey`, such as a user's id. Returns it at once, or undefined when there is none:
   * such a call goes to that of two endpoints which has fewer calls under way. The first 1024 characters count. @defaultValue none
   */
  readonly keyOf?: KeyOf | undefined;
  /**
   * How many times the average of calls under way an endpoint may have; calls beyond it go to the next place of their key. From 1 to
   * 1000; false: as many as come. @defaultValue 1.25
   */
  readonly boundedLoad: number | false;
}

/** Defaults of {@link HashOptions}. Source of the bound: Mirrokni, Thorup, Zadimoghaddam 2016. */
export const hashDefaults = Object.freeze({ boundedLoad: 1.25 }) satisfies HashOptions;

const factor = numberIn(1, 1000);

/** Rules of {@link HashOptions}. */
export const hashRules = Object.freeze({
  keyOf: optional(callable),
  boundedLoad: (value: unknown) => (value === false ? undefined : factor(value) && 'a number from 1 to 1000, or false'),
}) satisfies { readonly [field in keyof HashOptions]-?: Rule };

/** Checks the options of a hash balancer. @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkHash<T extends HashOptions>(
  owner: string,
  options: Partial<T> | undefined,
  defaults: Readonly<Partial<T>>,
  rules: { readonly [K in keyof T]-?: Rule },
): Readonly<T> {
  return checkOptions<T>(owner, options, defaults, rules);
}
