/** What a header may be that users add to requests: its name, its value, and how many there may be. */

/** Most headers that are added to one request, and their names and values together, in characters. Servers take 16 KiB of head. */
const MAX_HEADERS = 64;
const MAX_HEADERS_LENGTH = 8192;

const nameForm = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** As RFC 9110 has it: printable Latin-1 and tabs, so neither CR, LF nor NUL. */
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;

/** They belong to one connection, or say how the message is written on it. */
const ofConnection: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'http2-settings', 'keep-alive', 'te', 'trailer'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'transfer-encoding', 'upgrade'],
]);
/** The framework writes them itself, and those that begin with `fwk-`. */
const ofFramework: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'content-encoding', 'content-type', 'idempotency-key', 'traceparent', 'tracestate'],
]);

/** Whether a header is of one connection, and never passed on. @param name - in lower case. */
export function isOfConnection(name: string): boolean {
  return ofConnection.has(name);
}

/** Whether a header can have this name. @param name - in lower case. */
export function isHeaderName(name: string): boolean {
  return nameForm.test(name);
}

/** Why users cannot add a header of this name, in words that follow it; undefined when they can. @param name - in lower case. */
export function headerNameFault(name: string): string | undefined {
  if (!isHeaderName(name)) return 'is no name of a header';
  if (ofConnection.has(name)) return 'belongs to the connection';
  if (ofFramework.has(name) || name.startsWith('fwk-')) return 'is written by the framework itself';
  return name === '__proto__' ? 'is no name that a header may have' : undefined;
}

/** What is wrong with a header's value, in words that follow its name and never show it: it may be a secret. */
export function headerValueFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be text, not ${value === null ? 'null' : typeof value}`;
  if (value.length > MAX_HEADERS_LENGTH) return `has ${value.length} characters, more than ${MAX_HEADERS_LENGTH}`;
  return valueForm.test(value) ? undefined : 'has a line break, a control character, or one beyond Latin-1';
}

/** What is wrong with so many headers, in words that follow "the headers". @param length - of all names and values. */
export function headerCountFault(count: number, length: number): string | undefined {
  if (count > MAX_HEADERS) return `are ${count}, more than ${MAX_HEADERS}`;
  return length > MAX_HEADERS_LENGTH
    ? `have ${length} characters together, more than ${MAX_HEADERS_LENGTH}`
    : undefined;
}
