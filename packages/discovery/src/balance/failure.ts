import { type CallContext, operationKey, type Verdict } from '@fwk/kernel';
import { isConnectionError } from '../outlier/connection-error.js';
import type { EjectionRule } from '../outlier/endpoint-health.js';

/** How a call failed. */
export interface Failure {
  /** What the failure speaks for; undefined when it says nothing against the endpoint's being there. */
  readonly rule: EjectionRule | undefined;
  /** True when it speaks against the host whatever was asked: no connection could be made. */
  readonly certain: boolean;
  /** Name of the operation; empty where nobody says. */
  readonly operation: string;
  readonly error: unknown;
}

/** What a failure speaks for. Overload, and what was refused unprocessed, say nothing against the endpoint's being there. */
export function failureOf(error: unknown, { overloaded, sent }: Verdict, context: CallContext): Failure {
  const connection = isConnectionError(error);
  const said = !overloaded && sent !== false;
  return {
    rule: connection ? 'connection-failed' : said ? 'consecutive-failures' : undefined,
    // A connection that broke when the request had been sent may be that one operation's doing.
    certain: connection && sent !== true,
    operation: context.get(operationKey),
    error,
  };
}
