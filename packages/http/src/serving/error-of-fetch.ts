import { isFwkError } from '@fwk/kernel';

/** What a call by `fetch` failed with: `fetch` throws a TypeError of its own round the error of ours (see `serviceFetch`). */
export function errorOfFetch(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'TypeError') return error;
  return isFwkError(error.cause) ? error.cause : error;
}
