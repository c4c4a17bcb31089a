import type { ToldKeys } from './exposures.js';
import type { FlagValue } from './flag-definition.js';

/** Why a flag has its answer, in OpenFeature's words. `DISABLED` also stands for a prerequisite that is not met. */
export type FlagReason = 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED' | 'ERROR';

/** What went wrong where the reason is `ERROR`, in OpenFeature's words. */
export type FlagErrorCode = 'FLAG_NOT_FOUND' | 'TYPE_MISMATCH' | 'PROVIDER_NOT_READY' | 'GENERAL';

/** What the definition says about itself. */
export type FlagMetadata = Readonly<Record<string, string | number | boolean>>;

/** What a flag answers. Frozen, and often the same object again. */
export interface FlagAnswer<T> {
  readonly value: T;
  /** Undefined where the default of whoever asks is the value. */
  readonly variant: string | undefined;
  readonly reason: FlagReason;
  readonly errorCode: FlagErrorCode | undefined;
  readonly errorMessage: string | undefined;
  readonly flagMetadata: FlagMetadata;
}

/** The kinds of value. */
export type FlagKind = 'boolean' | 'string' | 'number' | 'object' | 'list';

/** The kind of a value; undefined for what no flag can answer. */
export function kindOfFlag(value: unknown): FlagKind | undefined {
  const type = typeof value;
  if (type === 'boolean' || type === 'string' || type === 'number') return type;
  if (type !== 'object' || value === null) return undefined;
  return Array.isArray(value) ? 'list' : 'object';
}

/** A way in which a flag can end: made when definitions change, so that answering makes nothing. */
export interface Outcome {
  /** Undefined: the default of whoever asks. */
  readonly variant: string | undefined;
  readonly reason: FlagReason;
  /** What is answered; undefined where only whoever asks knows the value. */
  readonly answer: FlagAnswer<FlagValue> | undefined;
  /** Whom it was told of; undefined where that is of no interest. */
  readonly told: ToldKeys | undefined;
}

/** An answer whose value whoever asks has given. */
export function answerOf<T>(
  value: T,
  reason: FlagReason,
  flagMetadata: FlagMetadata,
  errorCode?: FlagErrorCode,
  errorMessage?: string,
): FlagAnswer<T> {
  return { value, variant: undefined, reason, errorCode, errorMessage, flagMetadata };
}
