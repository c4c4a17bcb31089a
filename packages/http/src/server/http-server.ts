import type { CallContext, HealthReport } from '@fwk/kernel';

/** A server; `start` makes it listen. */
export interface HttpServer extends AsyncDisposable {
  /**
   * Listens. The server answers as soon as this settles. A server starts once; a start that failed may be tried again.
   * @throws ServerUsedError `FWK_HTTP_SERVER_USED`, PortTakenError `FWK_HTTP_PORT_TAKEN`, ListenError `FWK_HTTP_LISTEN_FAILED`;
   * at a Unix socket SocketTakenError `FWK_HTTP_SOCKET_TAKEN`, NotASocketError `FWK_HTTP_NOT_A_SOCKET`
   */
  start(context?: CallContext): Promise<void>;
  /** Where it listens; the port is 0 before it does. At a Unix socket the host is empty, and the port 0. */
  readonly host: string;
  readonly port: number;
  /** Path of the Unix socket; undefined where it listens on a port. */
  readonly socketPath: string | undefined;
  /** Whether it takes connections. */
  readonly listening: boolean;
  /** `http://127.0.0.1:3000`, or with `https:`; `unix:/run/shop.sock` at a Unix socket; `local:` where it does not listen. */
  readonly url: string;
  /** What health says of its certificate; undefined without TLS. */
  readonly tlsHealth: HealthReport | undefined;
  /** The wires that it serves, as it is announced; undefined for HTTP alone. */
  readonly wires: readonly string[] | undefined;
  /** Contracts served, as `name@version`. */
  readonly contracts: readonly string[];
  /**
   * Takes no new connection and ends those without a request; a request that is just arriving has half a second for the
   * rest. Settles then; what is being answered is answered, and its connection ends with it.
   */
  stopAccepting(): Promise<void>;
  /** Closes every connection, used or not. */
  close(): Promise<void>;
}
