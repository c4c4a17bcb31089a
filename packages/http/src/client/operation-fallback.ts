/** Fallbacks of a client: they get what the caller gave and answer what the caller gets, and know nothing of the wire. */
import type { AnyLayer } from '@fwk/kernel';
import {
  type FailedCall,
  type FallbackEntry,
  type FallbackHandler,
  type FallbackValue,
  fallback,
  fallbackPartsOf,
} from '@fwk/resilience';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';

/** Makes the layers of a chain of fallbacks. The first is asked first, so it is innermost. */
export function operationFallbacks(
  chain: FallbackHandler | FallbackEntry | readonly (FallbackHandler | FallbackEntry)[],
): readonly AnyLayer[] {
  return [chain]
    .flat()
    .toReversed()
    .map((entry) => {
      const [given, options] = fallbackPartsOf(entry);
      return fallback(operationFallback(given), { name: 'operation fallback', ...options, ...whenOf(options?.when) });
    });
}

function operationFallback(given: FallbackHandler | FallbackValue) {
  return async (error: unknown, call: FailedCall): Promise<OperationResponse> => {
    if (typeof given !== 'function') return { status: 0, value: given.value };
    const answer = call.result as OperationResponse | undefined;
    const value = await given(error, asGiven(call));
    return answer && value === answer.value ? answer : { status: 0, value };
  };
}

function whenOf(when: ((error: unknown, call: FailedCall) => boolean) | undefined) {
  return when && { when: (error: unknown, call: FailedCall) => when(error, asGiven(call)) };
}

/** The call as its caller sees it. */
function asGiven(call: FailedCall): FailedCall {
  const request = call.args[0] as OperationRequest;
  const answer = call.result as OperationResponse | undefined;
  return { ...call, args: [request.given], result: answer?.value };
}
