import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Problem, problemType } from '../wire/problem.js';

const statusOf: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Answers what Node could not even parse, so that this too is a problem document, and ends the connection: what follows
 * on it cannot be understood.
 * @param last - the last answer begun on the connection; while it is on its way, another would be taken for its end.
 */
export function answerParseFailure(
  error: Error & { readonly code?: string },
  socket: Socket,
  last: ServerResponse<IncomingMessage> | undefined,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (last && (last.headersSent ? !last.req.complete || !last.writableFinished : last.req.complete)) {
    socket.destroy();
    return;
  }
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
