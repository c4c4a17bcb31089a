import { RefusalError } from '@fwk/kernel';
import { resilienceErrors } from '../errors.js';

/** A fault was injected on purpose. Code `FWK_RESILIENCE_FAULT_INJECTED`; another attempt may succeed. */
export class FaultInjectedError extends RefusalError {
  /** @param kind - `error` when the call was not sent, `abort` when it was sent and cut off. */
  constructor(what: string, kind: 'error' | 'abort') {
    const done = kind === 'error' ? 'failed instead of being sent' : 'was sent and then cut off';
    super(
      resilienceErrors,
      'FWK_RESILIENCE_FAULT_INJECTED',
      `${what}: the call ${done} on purpose; switch fault injection off if this is no test`,
      // No word of whether the callee did it: a real failure of this kind would not tell either.
      { details: { what, kind }, traits: { retryable: true } },
    );
  }
}
