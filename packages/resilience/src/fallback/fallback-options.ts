import { type CallContext, callable, optional, text } from '@fwk/kernel';

/** The call that failed. */
export interface FailedCall {
  /** Arguments of the wrapped function; of a service, its request alone. */
  readonly args: readonly unknown[];
  /** What the wrapped function was called on; undefined for a service. */
  readonly self: unknown;
  readonly context: CallContext;
}

/**
 * Answers instead of a failed call, with what the call would have answered.
 * @param error - what the call itself failed with, also when other fallbacks were asked before and failed.
 */
export type FallbackHandler = (error: unknown, call: FailedCall) => unknown;

/** Options of the fallback layer. */
export interface FallbackOptions {
  /** For people: events, metrics, notes. @defaultValue the handler's own name, or 'fallback' */
  readonly name: string | undefined;
  /**
   * Which errors of the call it answers, ignored outcomes included.
   * @defaultValue every failure, but neither cancellation nor ignored outcomes
   */
  readonly when: ((error: unknown) => boolean) | undefined;
}

/** A handler with its options, as one of a policy's chain. */
export interface FallbackEntry extends Partial<FallbackOptions> {
  readonly handler: FallbackHandler;
}

/** Defaults of the fallback layer. */
export const fallbackDefaults = Object.freeze({ name: undefined, when: undefined }) satisfies FallbackOptions;

/** Rules of {@link FallbackOptions}. */
export const fallbackRules = Object.freeze({ name: optional(text), when: optional(callable) });
