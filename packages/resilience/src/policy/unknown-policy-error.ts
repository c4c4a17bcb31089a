import { FwkError, nearestName } from '@fwk/kernel';

/** A policy was asked for by a name that nobody defined. Code `FWK_RESILIENCE_POLICY_UNKNOWN`. */
export class UnknownPolicyError extends FwkError {
  /** @param places - where the name is written, such as `@Policy on Checkout.quote`; empty when that is not known. */
  constructor(name: string, known: readonly string[], places: readonly string[] = []) {
    const where = places.length === 0 ? '' : ` (${places.join(', ')})`;
    const near = nearestName(name, known);
    const list = known.length === 0 ? 'none; give them to resilience({ policies })' : known.join(', ');
    super(
      'FWK_RESILIENCE_POLICY_UNKNOWN',
      `no policy is called "${name}"${where}; ${near === undefined ? '' : `did you mean "${near}"? `}known: ${list}`,
      { details: { name, known, nearest: near, places } },
    );
  }
}
