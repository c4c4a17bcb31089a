import type { Verdict } from '@fwk/kernel';
import { isConnectionError } from '../outlier/connection-error.js';
import type { Failure } from '../outlier/host.js';

/** What a failure speaks for. Overload, and what was refused unprocessed, say nothing against the endpoint's being there. */
export function failureOf(error: unknown, { overloaded, sent, timedOut = false }: Verdict, operation: string): Failure {
  const connection = isConnectionError(error);
  const said = !overloaded && sent !== false;
  return {
    rule: connection ? 'connection-failed' : said ? 'consecutive-failures' : undefined,
    // A connection that broke when the request had been sent may be that one operation's doing.
    certain: connection && sent !== true,
    timedOut,
    operation,
    error,
  };
}
