import { fixed } from '@fwk/kernel';
import { policyPart } from '../layer/policy-part.js';
import { checkFallback, fallback } from './fallback.js';
import {
  type FallbackEntry,
  type FallbackHandler,
  type FallbackValue,
  isFallback,
  partsOf,
} from './fallback-options.js';

/** Fallbacks in the order in which they are asked. */
export type FallbackChain = FallbackHandler | FallbackEntry | readonly (FallbackHandler | FallbackEntry)[];

/** What {@link fallbackPart} adds to the options of a policy. */
export interface FallbackPolicy {
  /**
   * One handler or `{ value }`, or a chain of them: the first is asked first, the next when that fails or does not want to.
   * Each alone or with a `name` and with `when`, which says what failures it answers.
   */
  readonly fallback?: FallbackChain | false | undefined;
}

/** The same as plain data. */
export interface FallbackSettings {
  readonly fallback?: PlainFallback | readonly PlainFallback[] | false;
}

/** A fallback that is plain data. */
type PlainFallback = FallbackValue & { readonly name?: string };

/** What it adds to the counts of a policy. */
export interface FallbackCounts {
  /** Failed calls that a fallback answered. */
  readonly fallbacks: number;
  /** Failed calls whose fallback failed as well. */
  readonly fallbackFailures: number;
}

/** The fallbacks of a policy: a layer each. The first of a chain is asked first, so it is innermost. */
export const fallbackPart = policyPart<{
  options: { readonly handlers: FallbackChain };
  policy: FallbackPolicy;
  settings: FallbackSettings;
  counts: FallbackCounts;
}>({
  field: 'fallback',
  role: 'fallback',
  single: 'handlers',
  shape: fixed((value) =>
    value === undefined || value === false || isChain(value)
      ? undefined
      : 'a function, an object with a handler or a value, or a list of these',
  ),
  defaults: Object.freeze({}),
  rules: Object.freeze({ handlers: () => undefined }),
  stateful: false,
  tunable: [],
  anyData: ['handlers'],
  counts: { 'resilience.fallbacks': { answered: 'fallbacks', failed: 'fallbackFailures' } },
  check({ handlers = [] }) {
    for (const entry of [handlers].flat()) checkFallback(...partsOf(entry));
  },
  make: ({ handlers }) =>
    [handlers]
      .flat()
      .toReversed()
      .map((entry) => fallback(...partsOf(entry))),
});

function isChain(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every(isFallback) : isFallback(value);
}
