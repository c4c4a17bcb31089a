import {
  type DetailedProblem,
  type ErrorTable,
  FwkError,
  isFwkError,
  problemDocument,
  redact,
  redactText,
} from '@fwk/kernel';

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

/**
 * What an error becomes on the wire. Our own errors say their code and message; of others only the fact is told, since
 * their messages may hold anything.
 * @param table - looks up the status of a code.
 */
export function problemOf(error: unknown, table: ErrorTable): DetailedProblem {
  if (!isFwkError(error)) return problemDocument(500, 'the endpoint failed; the log has the error');
  const own = 'status' in error && typeof error.status === 'number' ? error.status : undefined;
  const code = error.code as `FWK_${string}`;
  const status = own ?? (Object.hasOwn(table, code) ? (table[code]?.status ?? 500) : 500);
  const details = redact(error.details) as Readonly<Record<string, unknown>>;
  return problemDocument(status, redactText(error.message), { ...details, type: 'about:blank', code });
}
