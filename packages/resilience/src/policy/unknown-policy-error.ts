import { FwkError } from '@fwk/kernel';

/** A policy was asked for by a name that nobody defined. Code `FWK_RESILIENCE_POLICY_UNKNOWN`. */
export class UnknownPolicyError extends FwkError {
  constructor(name: string, known: readonly string[]) {
    super(
      'FWK_RESILIENCE_POLICY_UNKNOWN',
      `no policy is called "${name}"; known: ${known.length === 0 ? 'none' : known.join(', ')}`,
      { details: { name, known } },
    );
  }
}
