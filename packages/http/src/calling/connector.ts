/**
 * Makes connections, for any wire, with an exact time limit. undici checks its own limit only about once a second: 300 ms become
 * more than a second, and an attempt is over before its connection is given up.
 *
 * A connection serves many calls and outlives the call that it was made for. So it is made outside any call's async context, which
 * it would otherwise keep, with all that happens on it.
 */
import { connect, type IpcNetConnectOpts, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type Clock, outside, type Timer } from '@fwk/kernel';
import type { buildConnector } from 'undici';
import type { ProxyServer } from '../proxy/client-proxy.js';
import { throughProxy, type Upgrade } from '../proxy/through-proxy.js';

type Connector = buildConnector.connector;
type Options = buildConnector.Options;
type Callback = buildConnector.Callback;

/** The value that undici uses. */
const KEEP_ALIVE_PROBE_MS = 60_000;
const READ_BYTES = 64 * 1024;

/**
 * Makes a connector for undici.
 * @param limitMs - how long a connection may take, its TLS handshake included; read when one is made.
 * @param upgrade - makes a TLS connection over a plain one; undefined for `http:`.
 * @param socketPath - the Unix socket to connect to, whatever host a request names. @defaultValue that host and its port
 * @param proxy - on the way to that host. @defaultValue none
 */
export function connector(
  clock: Clock,
  limitMs: () => number,
  upgrade: Connector | undefined,
  socketPath?: string,
  proxy?: ProxyServer,
): Connector {
  return (options, callback) => {
    const to = socketPath === undefined ? tcp(options, upgrade ? 443 : 80) : { path: socketPath };
    const secure: Upgrade | undefined = upgrade && ((plain, done) => upgrade({ ...options, httpSocket: plain }, done));
    openSocket(clock, limitMs(), to, secure, callback, proxy);
  };
}

/**
 * Makes one connection.
 * @param limitMs - how long it may take, its TLS handshake included.
 * @param proxy - on the way there. @defaultValue none
 */
export function openSocket(
  clock: Clock,
  limitMs: number,
  to: TcpNetConnectOpts | IpcNetConnectOpts,
  upgrade: Upgrade | undefined,
  callback: Callback,
  proxy?: ProxyServer,
): void {
  const connecting = () => new Connecting(clock, limitMs, callback);
  if (!proxy || !('port' in to)) {
    outside(() => connecting().start(to, upgrade));
    return;
  }
  const onward = throughProxy(proxy, String(to.host), to.port, upgrade);
  outside(() => connecting().start(tcpTo(proxy.host, proxy.port), onward));
}

/** How a connection over TCP is made. */
export function tcpTo(host: string, port: number): TcpNetConnectOpts {
  return { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS };
}

type Wanted = (TcpNetConnectOpts | IpcNetConnectOpts) & { readonly highWaterMark?: number };

function tcp({ hostname: host, port, localAddress }: Options, usualPort: number): TcpNetConnectOpts {
  return { ...tcpTo(host, Number(port) || usualPort), ...(localAddress && { localAddress }) };
}

class Connecting {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #callback: Callback;
  #timer: Timer | undefined;
  #over = false;

  constructor(clock: Clock, limitMs: number, callback: Callback) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#callback = callback;
  }

  start(to: TcpNetConnectOpts | IpcNetConnectOpts, upgrade: Upgrade | undefined): void {
    const wanted: Wanted = { ...to, highWaterMark: READ_BYTES };
    const socket = connect(wanted);
    this.#timer = this.#clock.setTimer(() => {
      this.#failed(new ConnectTimeoutError(this.#limitMs));
      socket.destroy();
    }, this.#limitMs);
    // Stays: whoever gets the socket has listeners of its own by the time it fails later.
    socket.on('error', (error) => this.#failed(error));
    socket.once('connect', () => {
      if (!upgrade) this.#connected(socket);
      else
        upgrade(socket, (...[error, secure]) => {
          if (error) this.#failed(error);
          else this.#connected(secure);
        });
    });
  }

  #connected(socket: Socket): void {
    if (this.#end()) this.#callback(null, socket);
    else socket.destroy();
  }

  #failed(error: Error): void {
    if (this.#end()) this.#callback(error, null);
  }

  /** @returns false when it was over already. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    if (this.#timer) this.#clock.clearTimer(this.#timer);
    return true;
  }
}

/** Becomes the cause of a `ConnectionError`; the code is the one of the system for the same thing. */
class ConnectTimeoutError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(limitMs: number) {
    super(`not connected within ${Math.round(limitMs)} ms (connectTimeoutMs)`);
    this.name = 'ConnectTimeoutError';
  }
}
