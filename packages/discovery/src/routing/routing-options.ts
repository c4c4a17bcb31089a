import { callable, checkOptions, fixed, flag, integerIn, numberIn, optional, type Rule, ratio } from '@fwk/kernel';
import { versionRule } from '../membership/call-route.js';
import type { KeyOf } from '../pick/read-key.js';
import { parseSplitKey } from './split-key.js';

/**
 * Which endpoints of a service a call may go to. Plain data but for `keyOf`, so that it can come from configuration; a changed
 * router takes the place of the last one while calls are under way.
 */
export interface RoutingOptions {
  /** Tags that an endpoint must have, all of them; with `!` before it, one that it must not have. At most 50. @defaultValue [] */
  readonly tags: readonly string[];
  /** The versions that may be called: `^2`, `2.x`, `>=2.1 <3`; see `parseVersionRange` of `@fwk/kernel`. @defaultValue all */
  readonly version?: string;
  /**
   * Shares of traffic by version, range, `tag:NAME` or `*` for all others, such as `{ '2.3.0': 95, '2.4.0-rc': 5 }`; relative to
   * each other, 0 to 1 000 000, at most 32 of them. An endpoint in none of them gets no calls. @defaultValue none
   */
  readonly split?: Readonly<Record<string, number>>;
  /**
   * Whom a call belongs to, such as a user's id: calls with the same key go to the same group of the split. Asked where the call's
   * own route has no key; returns at once. The first 1024 characters count. @defaultValue none
   */
  readonly keyOf?: KeyOf;
  /**
   * How many times its healthy share a priority level can carry of all calls, 1 to 100; with 1.4 a level keeps all its calls
   * down to 71 % healthy. @defaultValue 1.4
   */
  readonly overprovisioning: number;
  /**
   * Below this share of healthy endpoints a priority level is called without regard to health, when all levels together cannot
   * carry everything; 0 to 1. @defaultValue 0.5
   */
  readonly panicRatio: number;
  /** Whether calls stay in the caller's zone as far as that overloads nobody. @defaultValue true */
  readonly zones: boolean;
  /** Healthy endpoints below which zones are not regarded, 1 to 10 000. @defaultValue 6 */
  readonly minZoneHosts: number;
  /** How many endpoints one caller calls at least, 1 to 10 000; 0: all of them. @defaultValue 0 */
  readonly subset: number;
}

/** Defaults of {@link RoutingOptions}. */
export const routingDefaults = Object.freeze({
  tags: Object.freeze([]) as readonly string[],
  overprovisioning: 1.4,
  panicRatio: 0.5,
  zones: true,
  minZoneHosts: 6,
  subset: 0,
}) satisfies RoutingOptions;

/** Groups of a split. */
const MAX_GROUPS = 32;
const MAX_SHARE = 1_000_000;
const MAX_TAGS = 50;

const tags: Rule = (value) =>
  Array.isArray(value) && value.length <= MAX_TAGS && value.every((tag) => typeof tag === 'string' && /[^!]/.test(tag))
    ? undefined
    : `a list of at most ${MAX_TAGS} tags`;

const split: Rule = (value) => {
  const wanted = 'shares of traffic by version, range, tag:NAME or *';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wanted;
  const entries = Object.entries(value);
  if (entries.length > MAX_GROUPS) return `${wanted}, at most ${MAX_GROUPS} of them`;
  for (const [key, share] of entries) {
    if (!parseSplitKey(key)) return `${wanted} (${JSON.stringify(key.slice(0, 60))} is none of these)`;
    const fits = typeof share === 'number' && share >= 0 && share <= MAX_SHARE;
    if (!fits) return `${wanted}, each from 0 to ${MAX_SHARE} (that of ${JSON.stringify(key)} is ${String(share)})`;
  }
  if (!entries.some(([, share]) => share > 0)) return `${wanted}, with a sum above 0`;
  return undefined;
};

/** Rules of {@link RoutingOptions}. */
export const routingRules = Object.freeze({
  tags: fixed(tags),
  version: fixed(optional(versionRule)),
  split: fixed(optional(split)),
  keyOf: optional(callable),
  overprovisioning: fixed(numberIn(1, 100)),
  panicRatio: fixed(ratio),
  zones: fixed(flag),
  minZoneHosts: fixed(integerIn(1, 10_000)),
  subset: fixed(integerIn(0, 10_000)),
});

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkRouting(options?: Partial<RoutingOptions>): RoutingOptions {
  return checkOptions<RoutingOptions>('routing', options, routingDefaults, routingRules);
}
