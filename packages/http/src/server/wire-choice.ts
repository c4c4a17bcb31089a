/**
 * One port for two wires: what a connection speaks decides who gets it. A plain connection tells by its first byte: a Mux frame
 * begins with a zero byte, since no first frame is that large, and an HTTP request with a letter. Over TLS ALPN tells. Node's own
 * listener gets the connections that speak HTTP, with all that they have sent; from then on they cost what they always cost.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Limited, TimeLimit, TimeLimits } from '@fwk/kernel';

/** The protocols in ALPN. */
export const muxProtocol = 'mux';
export const httpProtocol = 'http/1.1';

/** Takes a connection; nothing has been read of it. */
export type TakeConnection = (socket: Socket) => void;

/** How long a connection may send nothing, by which clock. */
export interface SilenceLimit {
  readonly limits: TimeLimits;
  readonly limitMs: number;
}

/** Decides by the first byte, for the connections of a plain listener. */
export function chooseByFirstByte(server: Server, silence: SilenceLimit, mux: TakeConnection): TakeConnection {
  const http = takeListener(server, 'connection');
  const tooSilent = (socket: Socket) => server.emit('clientError', silenceError(), socket);
  return (socket) => void new UndecidedConnection(socket, silence, { http, mux, tooSilent });
}

/** Decides by ALPN, for the connections of a listener that speaks TLS. */
export function chooseByAlpn(server: Server, mux: TakeConnection): TakeConnection {
  const http = takeListener(server, 'secureConnection');
  return (socket) => {
    if ((socket as TLSSocket).alpnProtocol === muxProtocol) mux(socket);
    else http(socket);
  };
}

/** Takes Node's own listener off a server. */
function takeListener(server: Server, event: 'connection' | 'secureConnection'): TakeConnection {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  return (socket) => {
    for (const listener of listeners) Reflect.apply(listener, server, [socket]);
  };
}

/** As Node's own, which begins to count when HTTP does. */
function silenceError(): Error {
  return Object.assign(new Error('nothing came on the connection'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
}

interface Takers {
  readonly http: TakeConnection;
  readonly mux: TakeConnection;
  readonly tooSilent: TakeConnection;
}

/** A connection on which nothing has come yet. */
class UndecidedConnection implements Limited {
  readonly #socket: Socket;
  readonly #takers: Takers;
  readonly #limit: TimeLimit;

  constructor(socket: Socket, { limits, limitMs }: SilenceLimit, takers: Takers) {
    this.#socket = socket;
    this.#takers = takers;
    this.#limit = limits.begin(this, limits.clock.now(), limitMs);
    socket.on('readable', this.#readable).on('end', this.#ended).on('error', ignore).on('close', this.#closed);
  }

  expired(): void {
    this.#letGo();
    this.#takers.tooSilent(this.#socket);
  }

  readonly #readable = (): void => {
    const first: Buffer | null = this.#socket.read();
    // At its end a connection is readable too.
    if (first === null) return;
    this.#letGo();
    this.#socket.unshift(first);
    if (first[0] === 0) this.#takers.mux(this.#socket);
    else this.#takers.http(this.#socket);
  };

  /** The client has left without a word. */
  readonly #ended = (): void => {
    this.#socket.destroy();
  };

  readonly #closed = (): void => {
    this.#limit.end();
  };

  #letGo(): void {
    this.#limit.end();
    // Who takes it may begin later, and until then nobody else would hear that it breaks: `ignore` stays.
    this.#socket.off('readable', this.#readable).off('end', this.#ended).off('close', this.#closed);
  }
}

/** A connection that breaks closes, too. */
function ignore(): void {}
