import type { IncomingMessage } from 'node:http';
import { jsonFault, parseJson } from '@fwk/kernel';
import { ManagementRefusedError } from './problem.js';

/** Longest body a management request may have, in bytes. */
const maxBodyBytes = 64 * 1024;

/**
 * Reads the JSON body of a request; undefined when it has none. A body must be declared as JSON: what a browser sends
 * without asking first (forms, plain text) is refused, so that no web page can change anything here.
 * @throws ManagementRefusedError 413, 415 or 400.
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  const isJson = /^application\/(json|.+\+json)\b/i.test(request.headers['content-type'] ?? '');
  if (changes && !isJson && request.method !== 'DELETE') {
    throw new ManagementRefusedError(415, 'send the header content-type: application/json, even with an empty body');
  }
  const encoding = request.headers['content-encoding'] ?? '';
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
    throw new ManagementRefusedError(415, 'the body is encoded; send it without Content-Encoding');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) {
      throw new ManagementRefusedError(413, `the body has more than ${maxBodyBytes} bytes, the most there may be`);
    }
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return parseJson(Buffer.concat(chunks));
  } catch (error) {
    throw new ManagementRefusedError(400, `the body ${jsonFault(error)}`);
  }
}
