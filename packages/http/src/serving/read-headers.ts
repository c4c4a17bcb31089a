/** The headers of a request as handlers and schemas see them: by names in lower case, repeated ones joined by commas. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHeaders } from '../contract/contract-types.js';

/** All of them. */
export function allHeaders(headers: IncomingHttpHeaders): RequestHeaders {
  const { 'set-cookie': cookies } = headers;
  // The only header that Node gives as a list; it means something in answers only.
  return cookies ? { ...(headers as RequestHeaders), 'set-cookie': cookies.join(', ') } : (headers as RequestHeaders);
}

/** Those of these names; all where no names are given. The answer is the caller's own. */
export function pickHeaders(headers: IncomingHttpHeaders, names: readonly string[] | undefined): RequestHeaders {
  const all = allHeaders(headers);
  if (!names) return { ...all };
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = Object.hasOwn(all, name) ? all[name] : undefined;
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
