import { FwkError } from '@fwk/kernel';

/** A policy was to be set by hand that has no breaker. Code `FWK_RESILIENCE_NO_BREAKER`. */
export class NoBreakerError extends FwkError {
  /** What a management request is answered with. */
  readonly status = 409;

  constructor(name: string) {
    super('FWK_RESILIENCE_NO_BREAKER', `policy "${name}" has no breaker to set by hand`, { details: { name } });
  }
}
