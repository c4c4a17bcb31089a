import { FwkError } from '@fwk/kernel';

/** A request to set a policy by hand has an unknown member. Code `FWK_RESILIENCE_CHANGE_INVALID`; nothing was changed. */
export class ChangeInvalidError extends FwkError {
  /** What a management request is answered with. */
  readonly status = 400;

  /** @param member - the unknown one. */
  constructor(policy: string, member: string) {
    const shown = JSON.stringify(member.slice(0, 60));
    const message = `policy "${policy}" was not changed: ${shown} is unknown; a change has a state, and may have an endpoint`;
    super('FWK_RESILIENCE_CHANGE_INVALID', message, { details: { policy, member: member.slice(0, 60) } });
  }
}
