import { markDoNotRetry } from '@fwk/kernel';
import type { OperationRequest } from './operation-request.js';

/** The answer of a call, which is not to be made again once some of its streamed body was taken: what the caller gave of it is gone. */
export function onceTaken<T>(answer: Promise<T>, { bodyItems }: OperationRequest): Promise<T> {
  if (!bodyItems) return answer;
  return answer.catch((error: unknown) => {
    throw bodyItems.taken ? markDoNotRetry(error) : error;
  });
}
