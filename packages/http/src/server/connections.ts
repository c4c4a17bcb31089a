/**
 * The open connections of a server and the answers that are owed on them, so that each ends at its right time: one without a
 * request at once, one whose request is still arriving after a short time, one with requests that are here whole when they
 * are answered.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Clock, settleWithin } from '@fwk/kernel';
import { isBeingRead } from './read-body.js';

/** How long a request that has begun to arrive when the server stops accepting has for the rest, in milliseconds. */
const arrivalMs = 500;

/** The answers that are still to be sent on one connection. */
interface Owed {
  /** The answer of the last request that has arrived, up to its body. */
  last: ServerResponse | undefined;
  /** The answer that was still to be sent when that request arrived. */
  before: ServerResponse | undefined;
}

/** See the head of this file. */
export class Connections {
  readonly #open = new Map<Socket, Owed>();
  /** Connections that speak another protocol; whoever serves that ends them. */
  readonly #handedOver = new Set<Socket>();
  /** Connections whose TLS handshake is not over. */
  readonly #greeting = new Set<Socket>();
  /** Bytes that a connection had brought when its handshake was over. */
  readonly #greetingBytes = new WeakMap<Socket, number>();
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
    return this.#open.size + this.#greeting.size + this.#handedOver.size;
  }

  /** Counts the connections of a listener from now on. @param begin - gets each that is let in */
  watch(server: Server, begin: (socket: Socket) => void): void {
    server.on('connection', (socket: Socket) => {
      if (!this.#takes(socket)) return;
      this.#add(socket);
      begin(socket);
    });
  }

  /**
   * The same for a listener that speaks TLS.
   * @param limitMs - how long a handshake may take; Node's own limit begins anew with each piece that arrives.
   */
  watchSecure(server: Server, clock: Clock, limitMs: number, begin: (socket: Socket) => void): void {
    const greeting = new Map<string, () => void>();
    server.on('connection', (socket: Socket) => {
      if (!this.#takes(socket)) return;
      const from = placeOf(socket);
      const timer = clock.setTimer(() => socket.destroy(), limitMs, true);
      const over = () => {
        clock.clearTimer(timer);
        if (greeting.get(from) === over) greeting.delete(from);
        this.#greeting.delete(socket);
      };
      greeting.set(from, over);
      this.#greeting.add(socket);
      socket.on('close', over);
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      greeting.get(placeOf(socket))?.();
      this.#greetingBytes.set(socket, socket.bytesRead);
      this.#add(socket);
      begin(socket);
    });
  }

  #takes(socket: Socket): boolean {
    const full = this.size >= this.#max;
    if (full) {
      socket.destroy();
      if (!this.#full) this.#onFull();
    }
    this.#full = full;
    return !full;
  }

  #add(socket: Socket): void {
    this.#open.set(socket, { last: undefined, before: undefined });
    socket.on('close', () => this.#open.delete(socket));
  }

  /** Whether a connection has brought more than its handshake. */
  #hasSent(socket: Socket): boolean {
    return socket.bytesRead > (this.#greetingBytes.get(socket) ?? 0);
  }

  /** Whether requests may come on a connection: not before its handshake is over. */
  knows(socket: Socket): boolean {
    return this.#open.has(socket);
  }

  /** Hands a connection over to the server of another protocol. It still counts, and {@link endAll} still closes it. */
  handOver(socket: Socket): void {
    if (!this.#open.delete(socket)) return;
    this.#handedOver.add(socket);
    socket.on('close', () => this.#handedOver.delete(socket));
  }

  /** A request has arrived, up to its body. */
  begin(answer: ServerResponse): void {
    const open = this.#open.get(answer.req.socket);
    if (!open) return;
    const { last } = open;
    open.before = last && !last.closed ? last : undefined;
    open.last = answer;
  }

  /** The answer of the last request that has arrived on a connection, up to its body. */
  lastOn(socket: Socket): ServerResponse | undefined {
    return this.#open.get(socket)?.last;
  }

  /** The last answer that is still owed on a connection; a request that is still arriving is owed none yet. */
  owedOn(socket: Socket): ServerResponse | undefined {
    const open = this.#open.get(socket);
    const owed = open && isArriving(open) ? open.before : open?.last;
    return owed && isUnanswered(owed) ? owed : undefined;
  }

  /** Ends what nobody is being answered on; settles when only connections with an answer under way are left. */
  async endUnused(clock: Clock): Promise<void> {
    for (const socket of this.#greeting) socket.destroy();
    const arriving = new Set<Socket>();
    for (const [socket, open] of this.#open) {
      const owed = this.owedOn(socket);
      // Its head may already have told the client to keep the connection.
      if (owed) owed.once('close', () => socket.destroySoon());
      else if (open.last ? isArriving(open) : this.#hasSent(socket)) arriving.add(socket);
      else socket.destroy();
    }
    if (arriving.size === 0) return;
    const closed = (socket: Socket) =>
      new Promise((resolve) => socket.once('close', () => resolve(arriving.delete(socket))));
    await settleWithin(Promise.all([...arriving].map(closed)), { clock, limitMs: arrivalMs, late: () => undefined });
    for (const socket of arriving) if (this.#open.has(socket) && !this.owedOn(socket)) socket.destroy();
  }

  endAll(): void {
    for (const socket of this.#greeting) socket.destroy();
    for (const socket of this.#open.keys()) socket.destroy();
    for (const socket of this.#handedOver) socket.destroy();
  }
}

/** Tells the connections of one listener apart, the one under TLS from none. */
function placeOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function isUnanswered(answer: ServerResponse): boolean {
  return !answer.writableFinished && !answer.destroyed;
}

/** Whether part of the last request's body is missing and wanted: it is not refused, and is read now or after earlier answers. */
function isArriving({ last, before }: Owed): boolean {
  if (!last) return false;
  const { req } = last;
  if (req.complete || last.headersSent) return false;
  return isBeingRead(req) || (before !== undefined && isUnanswered(before));
}
