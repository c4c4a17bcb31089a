import { codeOf, FwkError, isFwkError, messageOf } from '@fwk/kernel';

/** The port is in use. Code `FWK_HTTP_PORT_TAKEN`. */
export class PortTakenError extends FwkError {
  constructor(host: string, port: number, cause: unknown) {
    super(
      'FWK_HTTP_PORT_TAKEN',
      `port ${port} on ${host} is in use; stop what uses it, choose another port, or 0 for any free one`,
      { cause, details: { host, port } },
    );
  }
}

/** Where a server listens: an address with a port, or the path of a Unix socket. */
export type ListenPlace = { readonly host: string; readonly port: number } | { readonly path: string };

/** The server could not listen. Code `FWK_HTTP_LISTEN_FAILED`; `cause` says why. */
export class ListenError extends FwkError {
  constructor(place: ListenPlace, cause: unknown) {
    const [where, hint] =
      'path' in place
        ? [`at the Unix socket ${place.path}`, 'check that its folder exists and that this user may write in it']
        : [`on ${place.host} port ${place.port}`, 'check the address and the right to use the port'];
    super('FWK_HTTP_LISTEN_FAILED', `cannot listen ${where}: ${messageOf(cause)}; ${hint}`, {
      cause,
      details: { ...place },
    });
  }
}

/** A process listens at the Unix socket, or may do so. Code `FWK_HTTP_SOCKET_TAKEN`; the socket was left as it is. */
export class SocketTakenError extends FwkError {
  /** @param cause - why connecting to it failed; undefined when it succeeded. */
  constructor(path: string, cause?: unknown) {
    const what =
      cause === undefined ? 'is in use' : `may be in use, since connecting to it failed (${messageOf(cause)})`;
    super('FWK_HTTP_SOCKET_TAKEN', `the Unix socket ${path} ${what}; stop what uses it, or choose another socketPath`, {
      cause,
      details: { path },
    });
  }
}

/** What is at `socketPath` is not a socket. Code `FWK_HTTP_NOT_A_SOCKET`; it was left as it is. */
export class NotASocketError extends FwkError {
  /** @param found - what it is: `a file`. */
  constructor(path: string, found: string) {
    super(
      'FWK_HTTP_NOT_A_SOCKET',
      `cannot listen at ${path}: there is ${found}, not a socket, and it is not removed; choose another socketPath or move it away`,
      { details: { path, found } },
    );
  }
}

/** A server was started a second time, or after it was closed. Code `FWK_HTTP_SERVER_USED`. */
export class ServerUsedError extends FwkError {
  /** @param state - what happened to it already: `started` or `closed`. */
  constructor(state: 'started' | 'closed') {
    super(
      'FWK_HTTP_SERVER_USED',
      `the server was already ${state}, and a server starts only once; make another with createServer()`,
      {
        details: { state },
      },
    );
  }
}

/** The error of a server's start when it could not listen. */
export function listenFailure(place: ListenPlace, error: unknown): FwkError {
  if (isFwkError(error)) return error;
  const taken = 'port' in place && codeOf(error) === 'EADDRINUSE';
  return taken ? new PortTakenError(place.host, place.port, error) : new ListenError(place, error);
}
