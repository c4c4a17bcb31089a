import type { IncomingMessage } from 'node:http';
import { jsonFault, parseJson } from '@fwk/kernel';

/** A request that was refused for its form. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An instance at all its limits, with every character escaped, is smaller. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * Reads the bounded body of a request that has one, as it came.
 * @throws Refusal 413 when it is too large, 415 when it does not say that it is JSON.
 */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (request.method !== 'PUT' && request.method !== 'POST') {
      resolve(Buffer.alloc(0));
      return;
    }
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      request.resume();
      reject(new Refusal(415, 'the body must be application/json'));
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      reject(new Refusal(413, `the body must be at most ${MAX_BODY_BYTES} bytes`));
    });
    request.on('error', () => reject(new Refusal(400, 'the body ended early')));
    request.on('end', () => resolve(Buffer.concat(chunks)));
  });
}

/** @throws Refusal 400 when the body is not JSON in UTF-8, or has a dangerous key; the message says where. */
export function parseBody(body: Buffer): unknown {
  try {
    return parseJson(body);
  } catch (error) {
    throw new Refusal(400, `the body ${jsonFault(error)}`);
  }
}
