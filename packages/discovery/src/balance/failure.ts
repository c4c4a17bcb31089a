import type { Verdict } from '@fwk/kernel';
import { isConnectionError } from '../outlier/connection-error.js';
import type { Failure } from '../outlier/host.js';

/** What a failure counts for. Overload, and a refusal before the request was processed, do not show that the endpoint is broken. */
export function failureOf(error: unknown, { overloaded, sent, timedOut = false }: Verdict, operation: string): Failure {
  const connection = isConnectionError(error);
  const said = !overloaded && sent !== false;
  return {
    rule: connection ? 'connection-failed' : said ? 'consecutive-failures' : undefined,
    // When a connection breaks after the request was sent, that one operation may be the cause.
    certain: connection && sent !== true,
    timedOut,
    operation,
    error,
  };
}
