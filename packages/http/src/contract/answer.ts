/** Answers by status, for handlers that stand in a class. */

/**
 * An answer of one status. TypeScript does not infer the return type of a method from the contract that its class implements, so
 * there `{ status: 200 }` may be any number; this keeps the status as it is written. Functions given to `served` need it not.
 * @example async read() { return answer(200, { total: 12 }, { etag: '"7"' }); }
 */
export function answer<const Status extends number>(status: Status): { readonly status: Status };
export function answer<const Status extends number, Body>(
  status: Status,
  body: Body,
): { readonly status: Status; readonly body: Body };
export function answer<const Status extends number, Body, Headers>(
  status: Status,
  body: Body,
  headers: Headers,
): { readonly status: Status; readonly body: Body; readonly headers: Headers };
export function answer(status: number, body?: unknown, headers?: unknown): object {
  return { status, ...(body !== undefined && { body }), ...(headers !== undefined && { headers }) };
}
