import { RefusalError } from '@fwk/kernel';
import { resilienceErrors } from '../errors.js';

/** What a refusal knows of the breaker. */
export interface BreakerRefusal {
  readonly breaker: string;
  readonly state: string;
  /** Which rule opened it; undefined when it was opened by hand. */
  readonly rule?: string;
  readonly measured?: number;
  readonly threshold?: number;
  /** Time until the next probe, in milliseconds; undefined when none is planned, or some are in flight. */
  readonly nextProbeInMs?: number;
  /** While half-open: probes that are in flight, of as many as are permitted. */
  readonly probesInFlight?: number;
  readonly halfOpenPermits?: number;
  /** While half-open and probes are judged together: probes that have ended. */
  readonly probesEnded?: number;
}

/**
 * The circuit breaker refused the call. Code `FWK_RESILIENCE_BREAKER_OPEN`; the call was not sent, so another endpoint
 * may be tried even with an operation that is not idempotent.
 */
export class BreakerOpenError extends RefusalError {
  /** @param cause - the last failure that the breaker saw. */
  constructor(refusal: BreakerRefusal, cause: unknown) {
    super(resilienceErrors, 'FWK_RESILIENCE_BREAKER_OPEN', messageFor(refusal), {
      cause,
      details: { ...refusal },
      retryAfterMs: refusal.nextProbeInMs,
      traits: { retryable: true, notProcessed: true, refusedBy: 'caller' },
    });
  }
}

function messageFor(refusal: BreakerRefusal): string {
  const { breaker, state, rule, measured, threshold, nextProbeInMs } = refusal;
  const byHand = state === 'open' || state === 'half-open' ? 'opened by hand' : 'set by hand';
  const why = rule === undefined ? byHand : `${rule} ${round(measured)} reached ${round(threshold)}`;
  const what = `breaker "${breaker}" is ${state} (${why})`;
  if (nextProbeInMs !== undefined) return `${what}; next probe in ${Math.ceil(nextProbeInMs)} ms`;
  return `${what}${probesOf(refusal)}`;
}

function probesOf({ probesInFlight, probesEnded, halfOpenPermits }: BreakerRefusal): string {
  if (probesInFlight === undefined) return '';
  const ended = probesEnded === undefined ? '' : `, ${probesEnded} have ended`;
  return `; ${probesInFlight} of ${halfOpenPermits} probes in flight${ended}`;
}

function round(value: number | undefined): string {
  return value === undefined ? '?' : String(Math.round(value * 1000) / 1000);
}
