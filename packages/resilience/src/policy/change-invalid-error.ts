import { FwkError } from '@fwk/kernel';

/** A change of a policy by hand was asked for with a member that no change has. Code `FWK_RESILIENCE_CHANGE_INVALID`. */
export class ChangeInvalidError extends FwkError {
  /** What a management request is answered with. */
  readonly status = 400;

  /** @param member - of what was asked for, which is none that a change has. */
  constructor(policy: string, member: string) {
    const shown = JSON.stringify(member.slice(0, 60));
    const message = `policy "${policy}" was left as it is: there is no ${shown} to set; a change has a state, and may have an endpoint`;
    super('FWK_RESILIENCE_CHANGE_INVALID', message, { details: { policy, member: member.slice(0, 60) } });
  }
}
