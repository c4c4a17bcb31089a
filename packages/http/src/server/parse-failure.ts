import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problemDocument, rawProblem, statusOfParseFailure } from '@fwk/kernel';
import type { Connections } from './connections.js';
import { isStreamed } from './http-stream.js';

type ParseError = Error & { readonly code?: string };

/** Connections that are about to end: Node tells of each further part that it cannot parse. */
const ending = new WeakSet<Socket>();
/** Answers of requests that were refused before they had come whole, while others before them were being answered. */
const givenUp = new WeakSet<ServerResponse>();

/** True for a request that must not be worked on any more, though its rest may have come at last. */
export function isGivenUp(response: ServerResponse): boolean {
  return givenUp.has(response);
}

/**
 * Answers what Node could not even parse, so that this too is a problem document, and ends the connection: what follows
 * on it cannot be understood. Requests that came whole before it are answered first.
 */
export function answerParseFailure(error: ParseError, socket: Socket, connections: Connections): void {
  if (error.code === 'ECONNRESET' || ending.has(socket)) return;
  const last = connections.lastOn(socket);
  // A stream has limits of its own.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && last && isStreamed(last.req) && !last.req.complete) return;
  ending.add(socket);
  const owed = connections.owedOn(socket);
  if (last && last !== owed && !last.req.complete) givenUp.add(last);
  const refuse = () => {
    // A request that has its answer already, amid its body, must not get a second.
    if (last?.headersSent && !last.req.complete) socket.destroy();
    else if (!socket.destroyed) writeRefusal(error, socket);
  };
  if (owed) owed.once('close', refuse);
  else refuse();
}

function writeRefusal(error: ParseError, socket: Socket): void {
  const detail = 'the request is not valid HTTP, too slow, or its headers are too large';
  const problem = problemDocument(statusOfParseFailure(error.code), detail, {
    type: 'urn:fwk:error:FWK_HTTP_REQUEST_MALFORMED',
    code: 'FWK_HTTP_REQUEST_MALFORMED',
  });
  if (socket.writable) socket.write(rawProblem(problem));
  socket.destroySoon();
}
