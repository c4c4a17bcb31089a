/**
 * The open connections of a server, each with the last answer that was begun on it, so that stopping ends each at its
 * right time: one without a request at once, one whose request is still arriving after a short time, one whose request
 * is being answered when the answer has left.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@fwk/kernel';

/** How long a request that has begun to arrive when the server stops accepting has for the rest, in milliseconds. */
const arrivalMs = 500;

/** See the head of this file. */
export class Connections {
  readonly #open = new Map<Socket, ServerResponse<IncomingMessage> | undefined>();
  readonly #max: number;
  readonly #onFull: () => void;
  #full = false;

  /**
   * @param max - open at once; further ones are closed as soon as they are made.
   * @param onFull - told when that begins, and again only after there was room.
   */
  constructor(max: number, onFull: () => void) {
    this.#max = max;
    this.#onFull = onFull;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Counts the connections of a listener from now on. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      if (this.#open.size >= this.#max) {
        socket.destroy();
        if (!this.#full) this.#onFull();
        this.#full = true;
        return;
      }
      this.#full = false;
      this.#open.set(socket, undefined);
      socket.on('close', () => this.#open.delete(socket));
    });
  }

  /** A request has arrived, up to its body. */
  begin(response: ServerResponse<IncomingMessage>): void {
    const { socket } = response.req;
    if (this.#open.has(socket)) this.#open.set(socket, response);
  }

  /** The last answer that was begun on a connection. */
  answerOn(socket: Socket): ServerResponse<IncomingMessage> | undefined {
    return this.#open.get(socket);
  }

  /** Ends what nobody is being answered on; settles when only connections with an answer under way are left. */
  async endUnused(clock: Clock): Promise<void> {
    let arriving = false;
    for (const [socket, response] of this.#open) {
      if (response && isBeingAnswered(response)) {
        // Its head may already have told the client to keep the connection.
        response.once('close', () => socket.destroySoon());
      } else if (isArriving(socket, response)) arriving = true;
      else socket.destroy();
    }
    if (!arriving) return;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(resolve, arrivalMs);
      const look = () => {
        if ([...this.#open].some(([socket, response]) => isArriving(socket, response))) return;
        clock.clearTimer(timer);
        resolve();
      };
      for (const socket of this.#open.keys()) socket.once('close', look);
    });
    for (const [socket, response] of this.#open) if (!response || !isBeingAnswered(response)) socket.destroy();
  }

  endAll(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }
}

/** The whole request is here and its answer has not left. */
function isBeingAnswered(response: ServerResponse<IncomingMessage>): boolean {
  return response.req.complete && !response.writableFinished && !response.destroyed;
}

/** Part of a request is here, its head or its body, and it has not been refused yet. */
function isArriving(socket: Socket, response: ServerResponse<IncomingMessage> | undefined): boolean {
  if (!response) return socket.bytesRead > 0;
  return !response.req.complete && !response.headersSent;
}
