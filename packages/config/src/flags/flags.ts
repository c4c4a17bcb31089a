import { type Live, type PolicyFlags, type Token, token } from '@fwk/kernel';
import type { ExperimentReport } from './experiments.js';
import type { FlagExplanation } from './explain-flag.js';
import type { FlagAnswer, FlagKind } from './flag-answer.js';
import type { FlagContext } from './flag-context.js';

/** The kind of a default: of `false` it is `boolean`, since the flag may answer `true`. */
export type Widened<T> = T extends boolean ? boolean : T extends string ? string : T extends number ? number : T;

/** One flag, for lists. */
export interface FlagSummary {
  readonly name: string;
  readonly kind: FlagKind;
  readonly enabled: boolean;
  /** Names of its variants. */
  readonly variants: readonly string[];
  readonly default: string | undefined;
  readonly off: string | undefined;
  readonly requires: readonly string[];
  readonly rules: readonly string[];
  readonly expires: string | undefined;
  /** Whether that time is over, so that the flag should be gone from the code. */
  readonly expired: boolean;
  readonly description: string | undefined;
  readonly owner: string | undefined;
  /** The policy whose options its variants are. */
  readonly policy: string | undefined;
  /** Why that policy does not take them, so that no call has one; undefined where it does, or nobody here follows the policy. */
  readonly refused: readonly string[] | undefined;
}

/** Whether flags answer what is defined now. */
export interface FlagsState {
  /** `not-ready` before definitions are loaded; `stale` while the last edit of the configuration is refused. */
  readonly status: 'not-ready' | 'ready' | 'stale';
  /** Why they are stale. */
  readonly reason?: string | undefined;
}

/**
 * The feature flags in effect. Asking is synchronous and never throws: what goes wrong is answered with the default, and the answer
 * says what it was. Where no context is given it is that of the call, `flagContextKey`.
 */
export interface Flags extends PolicyFlags {
  /** What the flag answers now; the default where it is missing, of another kind, or has none itself. */
  value<T>(name: string, fallback: T, context?: FlagContext): Widened<T>;
  /** The same with its variant, and why. */
  evaluate<T>(name: string, fallback: T, context?: FlagContext): FlagAnswer<T>;
  /**
   * What the flag answers for one context that stays, live: for options and policies that follow a flag.
   * @param context - @defaultValue nobody in particular
   */
  live<T>(name: string, fallback: T, context?: FlagContext): Live<T>;
  /**
   * Runs `body` with what the flag answers. Where the flag is an experiment the run is measured for its variant: calls, errors as
   * the classifier judges them, and time until a promise settles.
   * @returns what the body returns.
   */
  run<T, R>(name: string, fallback: T, body: (value: T) => R, context?: FlagContext): R;
  /**
   * Records a number, such as the value of an order, for each experiment that has this metric and the variant that the context has there.
   * What is no finite number is left out.
   */
  record(metric: string, value: number, context?: FlagContext): void;
  /** What is measured of experiments, with each variant compared to the control. */
  experiments(): readonly ExperimentReport[];
  /**
   * Why the flag answers as it does for a context, step by step; secrets are masked. Tells no exposure.
   * @throws FlagUnknownError `FWK_CONFIG_FLAG_UNKNOWN`, with the name that was probably meant.
   */
  explain(name: string, context?: FlagContext): FlagExplanation;
  /** All flags, in the order of their definitions. */
  list(): readonly FlagSummary[];
  /** Whether answers are what is defined now. */
  readonly state: Live<FlagsState>;
  /** Rises with each change of definitions that took effect; 0 before they are loaded. */
  readonly version: number;
  /** Calls `listener` after each change, with the names of the flags that were added, changed or removed. */
  onChange(listener: (changed: readonly string[]) => void): Disposable;
}

/** The application's flags; `config()` provides them. */
export const flagsToken: Token<Flags> = token('flags');
