import { messageOf, RefusalError } from '@fwk/kernel';
import { resilienceErrors } from '../errors.js';

/** A fallback that was asked and failed. */
export interface FallbackFailure {
  /** Name of the fallback. */
  readonly fallback: string;
  /** What it threw. */
  readonly error: unknown;
}

/**
 * The call failed and so did its fallback, or the last of a chain. Code `FWK_RESILIENCE_FALLBACK_FAILED`; `cause` is what
 * that one threw, `original` what the call had failed with: its error, or the result that the classifier calls a failure.
 */
export class FallbackFailedError extends RefusalError {
  readonly original: unknown;
  /** All fallbacks of the chain that were asked, in that order. */
  readonly failures: readonly FallbackFailure[];

  /** @param failures - at least one. */
  constructor(what: string, original: unknown, failures: readonly FallbackFailure[]) {
    const told = failures.map(({ fallback, error }) => `"${fallback}" (${messageOf(error)})`).join(', then ');
    const last = failures.at(-1);
    super(
      resilienceErrors,
      'FWK_RESILIENCE_FALLBACK_FAILED',
      `${what}: the call failed (${messageOf(original)}) and so did its fallback ${told}`,
      { cause: last?.error, details: { what, fallback: last?.fallback } },
    );
    this.original = original;
    this.failures = failures;
  }
}
