import {
  type ContextKey,
  checkOptions,
  contextKey,
  fixed,
  optional,
  parseVersionRange,
  type Rule,
  text,
} from '@fwk/kernel';

/** What a call itself says of where it wants to go. */
export interface CallRoute {
  /** What hashes and sticky splits choose by, such as a user's id: calls with the same key go to the same place. */
  readonly key?: string;
  /** The versions it may go to, such as `^2` or `2.4.0`. */
  readonly version?: string;
  /** Tags that an endpoint must have, all of them. */
  readonly tags?: readonly string[];
  /** Id of the endpoint it goes to, whatever its state, as long as that is a member. */
  readonly pin?: string;
  /** Ids of endpoints that it does not go to while another is available. */
  readonly avoid?: readonly string[];
}

/**
 * Where this call wants to go; undefined: wherever it is best.
 * @example context.with({ values: [routeKey.of({ key: userId })] })
 */
export const routeKey: ContextKey<CallRoute | undefined> = contextKey<CallRoute | undefined>('route', undefined);

/** Tags and ids of one call; more is a mistake. */
const MAX_LISTED = 100;
const word = optional(fixed(text));
/** A range of versions. */
export const versionRule: Rule = (value) =>
  typeof value === 'string' && parseVersionRange(value)
    ? undefined
    : 'a version or a range such as ^2, 2.x or >=2.1 <3';
const words: Rule = optional(
  fixed((value) =>
    Array.isArray(value) && value.length <= MAX_LISTED && value.every((each) => text(each) === undefined)
      ? undefined
      : `a list of at most ${MAX_LISTED} non-empty strings`,
  ),
);

/**
 * Checks what a call says of where it wants to go.
 * @param owner - the head of the message, such as `call of "inventory.stock"`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkCallRoute(owner: string, route: CallRoute): CallRoute {
  const rules = { key: word, version: optional(fixed(versionRule)), tags: words, pin: word, avoid: words };
  return checkOptions<CallRoute>(`${owner}: route`, route, {}, rules);
}
