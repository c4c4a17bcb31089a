/** Puts what an endpoint answered on the wire. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '@fwk/kernel';
import { type EncodedBody, encodeBody } from '../negotiation/content-encoding.js';
import { ManagementRefusedError } from './problem.js';
import { type ManagementDownload, ManagementReply } from './reply.js';

/** Sent with each answer: nothing of it may be kept, taken for something else, framed, or load anything. */
export const usualHeaders = Object.freeze({
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
});

/**
 * Sends data, a reply, or nothing.
 * @throws ManagementRefusedError 406.
 */
export async function answer(response: ServerResponse, result: unknown): Promise<void> {
  if (result === undefined) return void response.writeHead(204, usualHeaders).end();
  const { status, contentType, body, headers } =
    result instanceof ManagementReply ? result : new ManagementReply(200, 'application/json', JSON.stringify(result));
  const accepted = response.req.headers['accept-encoding'];
  const encoded = await encodeBody(typeof accepted === 'string' ? accepted : undefined, body);
  if (!encoded) throw new ManagementRefusedError(406, 'the header accept-encoding allows neither gzip nor identity');
  write(response, status, contentType, encoded, headers);
}

/** Sends a body whole. */
export function write(
  response: ServerResponse,
  status: number,
  contentType: string,
  { encoding, body }: EncodedBody,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...usualHeaders,
    'content-type': contentType,
    'content-length': body.length,
    ...(encoding && { 'content-encoding': encoding }),
    vary: 'accept, accept-encoding',
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/**
 * Sends a file piece by piece, no faster than it is read. The connection ends where a client reads nothing for so long, and
 * where the file breaks off.
 * @param stallMs - in milliseconds.
 */
export async function sendFile(
  response: ServerResponse,
  { contentType, fileName, file }: ManagementDownload,
  { clock, stallMs }: { readonly clock: Clock; readonly stallMs: number },
): Promise<void> {
  response.writeHead(200, {
    ...usualHeaders,
    'content-type': contentType,
    'content-disposition': `attachment; filename="${fileName.replace(/[^\w.-]/g, '_')}"`,
  });
  if (!file) return void response.end();
  if (response.destroyed) return void file.destroy();
  // Reading on for nobody would only cost.
  response.once('close', () => file.destroy());
  try {
    for await (const piece of file) {
      if (!response.write(piece)) await drained(response, clock, stallMs);
      if (response.destroyed) return;
    }
    response.end();
  } catch (error) {
    // Closed because the client has left.
    if (!response.destroyed) throw error;
  } finally {
    file.destroy();
  }
}

/** Waits until the client has read on; ends its connection when it does not. */
function drained(response: ServerResponse, clock: Clock, stallMs: number): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = () => {
      response.destroy();
      goOn();
    };
    const timer = clock.setTimer(giveUp, stallMs, true);
    const goOn = () => {
      clock.clearTimer(timer);
      response.off('drain', goOn).off('close', goOn);
      resolve();
    };
    response.on('drain', goOn).on('close', goOn);
  });
}
