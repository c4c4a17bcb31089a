import { type ErrorTable, FwkError, isFwkError, redact, redactText } from '@fwk/kernel';

/** A problem document (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code?: string;
  readonly [extension: string]: unknown;
}

/** Media type of {@link Problem}. */
export const problemType = 'application/problem+json';

/**
 * A management request was refused: no such path, wrong method, no token, a body too large or not JSON. Endpoints may
 * throw it too. Code `FWK_CORE_MANAGEMENT_REFUSED`.
 */
export class ManagementRefusedError extends FwkError {
  readonly status: number;

  /** @param status - the HTTP status to answer, 400 to 599. */
  constructor(status: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super('FWK_CORE_MANAGEMENT_REFUSED', message, { details });
    this.status = status;
  }
}

const titles: Readonly<Record<number, string>> = Object.freeze({
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
});

/**
 * What an error becomes on the wire. Our own errors say their code and message; of others only the fact is told, since
 * their messages may hold anything.
 * @param table - looks up the status of a code.
 */
export function problemOf(error: unknown, table: ErrorTable): Problem {
  if (!isFwkError(error)) {
    return {
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'the endpoint failed; the log has the error',
    };
  }
  const own = 'status' in error && typeof error.status === 'number' ? error.status : undefined;
  const code = error.code as `FWK_${string}`;
  const status = own ?? (Object.hasOwn(table, code) ? (table[code]?.status ?? 500) : 500);
  const problem = { type: 'about:blank', title: titles[status] ?? 'Error', status, detail: error.message, code };
  return { ...(redact(error.details) as object), ...problem, detail: redactText(error.message) };
}
