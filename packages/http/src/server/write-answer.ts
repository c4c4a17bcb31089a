import type { ServerResponse } from 'node:http';
import type { WireAnswer } from '../serving/answer.js';
import { headerNames } from '../wire/headers.js';

/** Characters that are handed to the system at once. */
const partLength = 65_536;

/**
 * Puts an answer on the wire. A long text goes in parts, each when the client has read most of those before: the system
 * would keep a copy of all that it is given, outside the heap, for as long as the client does not read.
 * @param close - ends the connection after it, and says so.
 * @param load - what it says of the server's load.
 * @returns bytes of the answer that are kept here until the client reads them; 0 when the system has taken it whole.
 */
export function writeAnswer(response: ServerResponse, answer: WireAnswer, close: boolean, load?: string): number {
  const { status, body } = answer;
  const bytes = body === undefined ? 0 : Buffer.byteLength(body);
  response.writeHead(status, headOf(answer, body === undefined ? undefined : bytes, close, load));
  if (typeof body !== 'string' || body.length === 0) response.end(body);
  else if (bytes !== body.length && hasWide(answer.headers)) response.end(Buffer.from(body));
  else if (body.length <= partLength) writeAtOnce(response, body, bytes);
  else return writeInParts(response, body, bytes);
  return response.writableLength;
}

/** Whether a header is beyond ASCII. Node writes the head in the encoding of a text that follows it, so there the body must be bytes. */
function hasWide(headers: WireAnswer['headers']): boolean {
  return headers !== undefined && Object.values(headers).some((value) => /[\x80-\xff]/.test(value));
}

/** The headers of an answer, names and values in turn. @param bytes - of its body, where that is known */
export function headOf(
  { contentType, headers }: WireAnswer,
  bytes: number | undefined,
  close: boolean,
  load?: string,
): string[] {
  const lines: string[] = [];
  if (contentType !== undefined) lines.push('content-type', contentType);
  if (bytes !== undefined) lines.push('content-length', String(bytes));
  if (headers) for (const name of Object.keys(headers)) lines.push(name, headers[name] as string);
  if (load !== undefined) lines.push(headerNames.load, load);
  // The client should come back to another instance, or what follows on the connection cannot be read.
  if (close) lines.push('connection', 'close');
  return lines;
}

/**
 * Writes head and body as one chunk. `end(body)` would add an empty chunk, and Node writes two chunks to the socket at a
 * higher cost than one. So `end()` is called after the chunk has been passed on.
 */
function writeAtOnce(response: ServerResponse, body: string, bytes: number): void {
  const { socket } = response;
  socket?.cork();
  // When each character is one byte, Node need not encode.
  response.write(body, bytes === body.length ? 'latin1' : 'utf8');
  socket?.uncork();
  response.end();
}

function writeInParts(response: ServerResponse, body: string, bytes: number): number {
  let at = 0;
  const goOn = () => {
    for (;;) {
      const end = endOfPart(body, at);
      const part = body.slice(at, end);
      at = end;
      if (at === body.length) return void response.end(part);
      if (!response.write(part)) return void response.once('drain', goOn);
    }
  };
  goOn();
  return response.writableEnded ? response.writableLength : bytes;
}

/** Never between the two halves of a character. */
function endOfPart(body: string, at: number): number {
  const end = at + partLength;
  if (end >= body.length) return body.length;
  const last = body.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end + 1 : end;
}
