import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { problemDocument, rawProblem, statusOfParseFailure } from '@fwk/kernel';
import { headers, protocol } from './wire.js';

const details = {
  400: 'the request is not valid HTTP',
  408: 'the request did not come whole in time',
  431: 'the headers are too large',
} as const;

/** Answers what Node could not parse, and ends the connection: what follows on it cannot be understood. */
export function answerParseFailure(error: NodeJS.ErrnoException, socket: Duplex): void {
  const status = statusOfParseFailure(error.code);
  if (error.code !== 'ECONNRESET' && socket.writable) {
    socket.write(rawProblem(problemDocument(status, details[status]), { [headers.registry]: `${protocol}` }));
  }
  (socket as Socket).destroySoon();
}
