import { FwkError, messageOf } from '@fwk/kernel';

/**
 * The call failed and so did its fallback. Code `FWK_RESILIENCE_FALLBACK_FAILED`; `cause` is what the fallback threw,
 * `original` what the call had failed with.
 */
export class FallbackFailedError extends FwkError {
  readonly original: unknown;

  /** @param fallback - name of the fallback. */
  constructor(what: string, fallback: string, original: unknown, cause: unknown) {
    super(
      'FWK_RESILIENCE_FALLBACK_FAILED',
      `${what}: the call failed (${messageOf(original)}) and so did its fallback "${fallback}" (${messageOf(cause)})`,
      { cause, details: { what, fallback } },
    );
    this.original = original;
  }
}
