import type { OutgoingHttpHeaders } from 'node:http';

/** The headers among the arguments of `writeHead`, which takes them as an object, or as a list of names and values in turn. */
export function headersOf(given: readonly unknown[]): OutgoingHttpHeaders {
  const last = given.at(-1);
  if (given.length < 2 || typeof last !== 'object' || last === null) return {};
  if (!Array.isArray(last)) return last as OutgoingHttpHeaders;
  const flat = last.flat() as string[];
  const headers: OutgoingHttpHeaders = {};
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = (flat[index] as string).toLowerCase();
    const known = headers[name];
    const value = flat[index + 1] as string;
    headers[name] = known === undefined ? value : [known, value].flat().map(String);
  }
  return headers;
}
