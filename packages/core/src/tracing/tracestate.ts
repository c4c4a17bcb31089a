/**
 * The `tracestate` header of W3C trace context, level 2: what other tracing systems want carried along. The rules that
 * matter: at most 32 members; a list with one malformed member is dropped whole; whoever changes its own member moves
 * it to the left; a list that is too long loses whole members, never parts of one.
 * Source: https://www.w3.org/TR/trace-context-2/#tracestate-header
 */

/** Most members a list may have. */
export const maxTracestateMembers = 32;

/**
 * Longest list that is passed on, in characters. The specification asks for at least 512; this is what fits beside
 * other headers without inviting abuse.
 */
export const maxTracestateLength = 2048;

const member = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Checks a received list and writes it in its shortest form.
 * @returns the list to pass on, or an empty string when it was absent, empty or malformed.
 */
export function readTracestate(header: string | readonly string[] | undefined): string {
  if (header === undefined || header.length === 0) return '';
  const joined = typeof header === 'string' ? header : header.join(',');
  // Checked before splitting, so that a hostile header costs no more than a legal one of full length.
  if (joined.length > maxTracestateMembers * 514 * 2) return '';
  const members: string[] = [];
  for (const part of joined.split(',')) {
    const text = trimBlanks(part);
    if (text === '') continue;
    if (!member.test(text) || members.length === maxTracestateMembers) return '';
    members.push(text);
  }
  return shorten(members).join(',');
}

/**
 * The list with one member set and moved to the left, as its owner does after each change.
 * @param key - lowercase letters, digits and underscore, dash, star, slash and at, up to 256 characters.
 * @param value - printable ASCII without comma and equals sign, up to 256 characters.
 * @returns the list unchanged when key or value is malformed.
 */
export function withTracestate(tracestate: string, key: string, value: string): string {
  const own = `${key}=${value}`;
  if (!member.test(own)) return tracestate;
  const others = tracestate === '' ? [] : tracestate.split(',').filter((text) => !text.startsWith(`${key}=`));
  return shorten([own, ...others].slice(0, maxTracestateMembers)).join(',');
}

/** Without spaces and tabs at both ends; by hand, since an expression would be tried from every blank on. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Drops members above 128 characters first, as the specification advises, then from the right. */
function shorten(members: string[]): string[] {
  let length = members.reduce((sum, text) => sum + text.length + 1, -1);
  for (const isCandidate of [(text: string) => text.length > 128, () => true]) {
    for (let index = members.length - 1; index >= 0 && length > maxTracestateLength; index--) {
      const text = members[index] as string;
      if (!isCandidate(text)) continue;
      members.splice(index, 1);
      length -= text.length + 1;
    }
  }
  return members;
}
