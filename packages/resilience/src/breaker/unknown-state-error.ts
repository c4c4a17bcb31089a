import { inspect } from 'node:util';
import { FwkError } from '@fwk/kernel';

/** A breaker was to be set by hand to a state that does not exist. Code `FWK_RESILIENCE_STATE_UNKNOWN`. */
export class UnknownStateError extends FwkError {
  /** What a management request is answered with. */
  readonly status = 400;

  /**
   * @param owner - the breaker or policy that was to be set.
   * @param state - what was asked for.
   */
  constructor(owner: string, state: unknown, allowed: readonly string[]) {
    const asked =
      typeof state === 'string' ? JSON.stringify(state.slice(0, 60)) : inspect(state, { depth: 0 }).slice(0, 60);
    super('FWK_RESILIENCE_STATE_UNKNOWN', `${owner}: state must be one of ${allowed.join(', ')}, not ${asked}`, {
      details: { owner, allowed },
    });
  }
}
