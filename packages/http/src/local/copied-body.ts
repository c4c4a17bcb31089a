/** Bodies as they pass from one side of a process to the other: measured as on a wire, and never shared. */

/** No character has more bytes than this for each of its units in a text. */
const mostBytes = 3;

/** Whether a body has more bytes than a limit. Most texts are so short that they need not be counted. */
export function isLonger(body: string | Uint8Array, limitBytes: number): boolean {
  if (body.length > limitBytes) return true;
  return typeof body === 'string' && body.length * mostBytes > limitBytes && Buffer.byteLength(body) > limitBytes;
}

/** The body as the other side may keep it: a text cannot be changed, and bytes are copied. */
export function copied(body: string | Uint8Array): string | Uint8Array {
  return typeof body === 'string' ? body : Buffer.from(body);
}
