import type { ServerResponse } from 'node:http';
import type { WireAnswer } from './answer.js';

/**
 * Puts an answer on the wire.
 * @param close - ends the connection after it, and says so.
 */
export function writeAnswer(response: ServerResponse, answer: WireAnswer, close: boolean): void {
  const { status, contentType, body, headers } = answer;
  const lines: string[] = [];
  if (contentType !== undefined) lines.push('content-type', contentType);
  if (body !== undefined) lines.push('content-length', String(Buffer.byteLength(body)));
  if (headers) for (const name of Object.keys(headers)) lines.push(name, headers[name] as string);
  // The client should come back to another instance, or what follows on the connection cannot be read.
  if (close) lines.push('connection', 'close');
  response.writeHead(status, lines);
  response.end(body);
}
