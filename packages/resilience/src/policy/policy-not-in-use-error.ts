import { FwkError } from '@fwk/kernel';

/** A policy was looked for by a name that none in use has. Code `FWK_RESILIENCE_POLICY_NOT_IN_USE`. */
export class PolicyNotInUseError extends FwkError {
  /** What a management request is answered with. */
  readonly status = 404;

  constructor(name: string, inUse: readonly string[]) {
    super(
      'FWK_RESILIENCE_POLICY_NOT_IN_USE',
      `no policy called "${name}" is in use; in use: ${inUse.length === 0 ? 'none' : inUse.join(', ')}`,
      { details: { name, inUse } },
    );
  }
}
