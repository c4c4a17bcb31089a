/**
 * A streamed body may fail before its end, because whoever writes it has failed or left. undici then closes the connection and
 * reports a connection error, which would count against the endpoint. So the body is watched: when it fails, the request is
 * aborted with the body's own error.
 */
import { Readable } from 'node:stream';
import { CancelledError } from '@fwk/kernel';
import type { DispatchOptions } from './dispatch-types.js';

type Body = DispatchOptions['body'];

/**
 * Watches a body that may break off.
 * @param onFailure - called with the body's own error, before undici learns of it. It may also be called when undici destroys
 *   the body because the connection failed.
 * @returns the body to send instead.
 */
export function watchedBody(body: Body, onFailure: (error: Error) => void): Body {
  if (body instanceof Readable) {
    body.once('error', onFailure);
    body.once('close', () => {
      if (!body.readableEnded) onFailure(new CancelledError('the body was closed before its end'));
    });
    return body;
  }
  if (!isIterable(body)) return body;
  const pieces: unknown = watchedPieces(body, onFailure);
  return isSendable(pieces) ? pieces : body;
}

async function* watchedPieces<P>(pieces: AsyncIterable<P>, onFailure: (error: Error) => void): AsyncGenerator<P> {
  try {
    yield* pieces;
  } catch (error) {
    onFailure(error instanceof Error ? error : new Error(String(error), { cause: error }));
    throw error;
  }
}

function isIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** Undici sends what any async iterable gives, though its types do not say so. */
function isSendable(body: unknown): body is NonNullable<Body> {
  return isIterable(body);
}
