import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Problem, problemType } from '../wire/problem.js';
import type { Connections } from './connections.js';

type ParseError = Error & { readonly code?: string };

const statusOf: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

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
  ending.add(socket);
  const last = connections.lastOn(socket);
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
  const status = statusOf[error.code ?? ''] ?? 400;
  const problem: Problem = {
    type: 'urn:fwk:error:FWK_HTTP_REQUEST_MALFORMED',
    title: STATUS_CODES[status] ?? 'Bad Request',
    status,
    detail: 'the request is not valid HTTP, too slow, or its headers are too large',
    code: 'FWK_HTTP_REQUEST_MALFORMED',
  };
  const body = JSON.stringify(problem);
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${problem.title}\r\ncontent-type: ${problemType}\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}
