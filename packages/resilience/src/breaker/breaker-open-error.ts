import { FwkError } from '@fwk/kernel';

/** What a refusal knows of the breaker. */
export interface BreakerRefusal {
  readonly breaker: string;
  readonly state: string;
  /** Which rule opened it; undefined when it was opened by hand. */
  readonly rule?: string;
  readonly measured?: number;
  readonly threshold?: number;
  /** Time until the next probe, in milliseconds; undefined when no probe is planned. */
  readonly nextProbeInMs?: number;
}

/**
 * The circuit breaker refused the call. Code `FWK_RESILIENCE_BREAKER_OPEN`; the call was not sent, so another endpoint
 * may be tried even with an operation that is not idempotent.
 */
export class BreakerOpenError extends FwkError {
  /** @param cause - the last failure that the breaker saw. */
  constructor(refusal: BreakerRefusal, cause: unknown) {
    const { breaker, state, rule, measured, threshold, nextProbeInMs } = refusal;
    const why = rule === undefined ? 'set by hand' : `${rule} ${round(measured)} reached ${round(threshold)}`;
    const next = nextProbeInMs === undefined ? '' : `; next probe in ${Math.ceil(nextProbeInMs)} ms`;
    super('FWK_RESILIENCE_BREAKER_OPEN', `breaker "${breaker}" is ${state} (${why})${next}`, {
      cause,
      details: { ...refusal },
      traits: { retryable: true, notProcessed: true },
    });
  }
}

function round(value: number | undefined): string {
  return value === undefined ? '?' : String(Math.round(value * 1000) / 1000);
}
