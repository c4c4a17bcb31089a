import type { experimental } from '@grpc/grpc-js';
import type { Chosen, PlacedCall } from '../balance/chosen.js';
import { code, EndedBadly, isFailure } from './grpc-verdicts.js';

/** A pick whose call the balancer counts from its beginning to its end. */
export function countedPick(result: experimental.PickResult, chosen: Chosen<void>): experimental.PickResult {
  let placed: PlacedCall<void> | undefined;
  return {
    ...result,
    onCallStarted() {
      result.onCallStarted?.();
      placed = chosen.begin();
    },
    onCallEnded(status, details, metadata) {
      result.onCallEnded?.(status, details, metadata);
      if (status === code.CANCELLED) placed?.abandoned();
      else if (isFailure(status)) placed?.failed(new EndedBadly(status, details, metadata));
      else placed?.answered();
    },
  };
}
