/**
 * One port for two wires: each connection is given to the server of the protocol that it speaks. On a plain connection the first byte
 * decides: a first frame of Mux begins with a zero byte, the highest of its size, and an HTTP request with a letter. Over TLS, ALPN
 * decides. Connections that speak HTTP go to Node's own listener, with all bytes that have arrived, and cost nothing more.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Limited, TimeLimit, TimeLimits } from '@fwk/kernel';
import { muxProtocol } from '../wire/alpn.js';

/** Takes over a connection from which nothing has been read. */
export type TakeConnection = (socket: Socket) => void;

/** How long a connection may send nothing before its protocol is known. */
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

/** Removes Node's own listener from a server. @returns a function that calls it */
function takeListener(server: Server, event: 'connection' | 'secureConnection'): TakeConnection {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  return (socket) => {
    for (const listener of listeners) Reflect.apply(listener, server, [socket]);
  };
}

/** The error that Node reports for a silent connection; Node's own limit begins only when it gets the connection. */
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
    // The end of a connection is reported as readable, too.
    if (first === null) return;
    this.#letGo();
    this.#socket.unshift(first);
    if (first[0] === 0) this.#takers.mux(this.#socket);
    else this.#takers.http(this.#socket);
  };

  /** The client has left without sending anything. */
  readonly #ended = (): void => {
    this.#socket.destroy();
  };

  readonly #closed = (): void => {
    this.#limit.end();
  };

  #letGo(): void {
    this.#limit.end();
    // `ignore` stays: whoever takes the connection may add listeners later, and an error without a listener would end the process.
    this.#socket.off('readable', this.#readable).off('end', this.#ended).off('close', this.#closed);
  }
}

/** An error needs no handling here, since `close` follows it. */
function ignore(): void {}
