/**
 * A body that is sent as it comes may break off: whoever gives it has failed, or is gone. Undici then ends the connection and
 * tells of it as of any other end, so the endpoint would be blamed. So the body is watched, and its failure gives the request up.
 */
import { Readable } from 'node:stream';
import { CancelledError } from '@fwk/kernel';
import type { DispatchOptions } from './dispatch-types.js';

type Body = DispatchOptions['body'];

/**
 * Watches a body that may break off.
 * @param onFailure - told with the body's own error, before undici knows of it. It may also be told of what undici made of
 *   the body after the connection failed.
 * @returns what is to be sent in its place.
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
