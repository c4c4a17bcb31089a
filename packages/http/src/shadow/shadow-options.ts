/** What of a client's calls is copied to another version, and how the answers are compared. */
import {
  callable,
  checkOptions,
  integerIn,
  millisecondsIn,
  OptionsError,
  optional,
  parseVersionRange,
  type Rule,
  ratio,
} from '@fwk/kernel';

/**
 * Says whether the answer to a copy is as good as the answer that the caller got. Called only with answers of the same status below
 * 300 that both fit the contract.
 * @param operation - name of the operation in the contract.
 * @returns true if it is as good; otherwise false, or a sentence that says what differs
 */
export type ShadowCompare = (
  original: unknown,
  copy: unknown,
  operation: string,
) => boolean | string | Promise<boolean | string>;

/** Options of shadow traffic. Plain data but for `compare`, which only code can give. */
export interface ShadowOptions {
  /** Share of the calls that are copied, 0 to 1; 0 copies none. @defaultValue 0 */
  readonly share: number;
  /** The versions that copies go to, such as `^2` or `2.4.0-rc.1`. At least one of this and `tags` is needed. @defaultValue any */
  readonly version: string | undefined;
  /** Tags that an instance must have, all of them, to get copies; `!` has no meaning here. @defaultValue any */
  readonly tags: readonly string[] | undefined;
  /**
   * Names of the operations that are copied. Calls that may not run twice, and those with an idempotency key, are never copied.
   * @defaultValue all
   */
  readonly operations: readonly string[] | undefined;
  /** Longest time of a copy, and of comparing it, 1 to 60 000 milliseconds. @defaultValue 1000 */
  readonly timeoutMs: number;
  /** Copies under way at once, 1 to 1000; calls beyond that are not copied. @defaultValue 10 */
  readonly maxInFlight: number;
  /** Compares values. @defaultValue only statuses are compared, and whether the copy's answer fits the contract */
  readonly compare: ShadowCompare | undefined;
}

/** Defaults of {@link ShadowOptions}. */
export const shadowDefaults = Object.freeze({
  share: 0,
  version: undefined,
  tags: undefined,
  operations: undefined,
  timeoutMs: 1000,
  maxInFlight: 10,
  compare: undefined,
}) satisfies ShadowOptions;

const range: Rule = (value) =>
  typeof value === 'string' && parseVersionRange(value) ? undefined : 'a range of versions such as "^2"';
const words: Rule = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string' && each !== '')
    ? undefined
    : 'a list of one or more names';

/** Rules of {@link ShadowOptions}. */
export const shadowRules = Object.freeze({
  share: ratio,
  version: optional(range),
  tags: optional(words),
  operations: optional(words),
  timeoutMs: millisecondsIn(1, 60_000),
  maxInFlight: integerIn(1, 1000),
  compare: optional(callable),
});

/** Checks the options and adds the defaults. @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkShadow(options: Partial<ShadowOptions> | undefined): ShadowOptions {
  const checked = checkOptions<ShadowOptions>('shadow', options, shadowDefaults, shadowRules);
  if (checked.share > 0 && checked.version === undefined && checked.tags === undefined) {
    throw new OptionsError('shadow', ['it needs a version or tags, which say where copies go']);
  }
  return checked;
}
