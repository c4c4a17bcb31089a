import type { IncomingMessage } from 'node:http';
import { GrowingBytes } from '@fwk/kernel';
import { bodyTooLarge } from '../serving/body-faults.js';
import type { BodyReader } from '../serving/incoming-request.js';

/**
 * Reads a whole body and puts it back, so that a program finds its request as if nobody had read it. Whoever leaves before the end
 * needs no answer.
 * @param tell - gets the bytes as text, one character each.
 */
export function keepBody(request: IncomingMessage, limitBytes: number, tell: BodyReader): void {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) {
    tell(bodyTooLarge(limitBytes), '');
    return;
  }
  const kept = new GrowingBytes(Number(request.headers['content-length'] ?? 0));
  const over = () => {
    request.off('readable', readable).off('error', ignore);
  };
  const readable = () => {
    // At its end nothing more is asked for: the stream would tell its end, and take nothing back.
    while (request.readableLength > 0) {
      kept.add(request.read() as Buffer);
    }
    if (kept.length > limitBytes) {
      over();
      tell(bodyTooLarge(limitBytes), '');
    } else if (request.complete) {
      over();
      const body = kept.bytes;
      if (body.length > 0) request.unshift(body);
      tell(undefined, body.toString('latin1'));
    }
  };
  request.on('error', ignore).on('readable', readable);
  if (request.complete) readable();
}

/** A connection that broke is told by the response. */
function ignore(): void {}
