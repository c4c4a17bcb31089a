import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { headers, protocol } from './wire.js';

const others = [400, 'Bad Request', 'the request is not valid HTTP'] as const;
const failures: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request did not come whole in time'],
};

/** Answers what Node could not parse, and ends the connection: what follows on it cannot be understood. */
export function answerParseFailure(error: NodeJS.ErrnoException, socket: Duplex): void {
  const [status, title, detail] = failures[error.code ?? ''] ?? others;
  const body = JSON.stringify({ type: 'about:blank', status, detail });
  if (error.code !== 'ECONNRESET' && socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${title}\r\n${headers.registry}: ${protocol}\r\nconnection: close\r\n` +
        `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  (socket as Socket).destroySoon();
}
