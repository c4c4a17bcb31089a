import { FwkError } from '@fwk/kernel';

/** So many endpoints are named in a message. */
const MAX_NAMED = 10;

/** A policy stands before no endpoint with this id. Code `FWK_RESILIENCE_ENDPOINT_NOT_IN_USE`. */
export class EndpointNotInUseError extends FwkError {
  /** What a management request is answered with. */
  readonly status = 404;

  constructor(policy: string, endpoint: string, known: readonly string[]) {
    const named = known.slice(0, MAX_NAMED);
    const more = known.length > named.length ? ` and ${known.length - named.length} more` : '';
    const there = known.length === 0 ? 'it has no endpoints' : `there are ${named.join(', ')}${more}`;
    super('FWK_RESILIENCE_ENDPOINT_NOT_IN_USE', `policy "${policy}" has no endpoint "${endpoint}": ${there}`, {
      details: { policy, endpoint, known: named },
    });
  }
}
