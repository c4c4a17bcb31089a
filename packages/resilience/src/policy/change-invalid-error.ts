import { FwkError } from '@fwk/kernel';

/** A policy cannot be set by hand to what was asked for. Code `FWK_RESILIENCE_CHANGE_INVALID`; nothing was changed. */
export class ChangeInvalidError extends FwkError {
  /** What a management request is answered with. */
  readonly status = 400;

  /** @param problems - one sentence each, all that were found. */
  constructor(policy: string, problems: readonly string[]) {
    super('FWK_RESILIENCE_CHANGE_INVALID', `policy "${policy}" was not changed: ${problems.join('; ')}`, {
      details: { policy, problems },
    });
  }
}
