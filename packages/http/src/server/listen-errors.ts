import { FwkError, messageOf } from '@fwk/kernel';

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

/** The server could not listen. Code `FWK_HTTP_LISTEN_FAILED`; `cause` says why. */
export class ListenError extends FwkError {
  constructor(host: string, port: number, cause: unknown) {
    super(
      'FWK_HTTP_LISTEN_FAILED',
      `cannot listen on ${host} port ${port}: ${messageOf(cause)}; check the address and the right to use the port`,
      { cause, details: { host, port } },
    );
  }
}

/** Operations that cannot be served together. Code `FWK_HTTP_ROUTE_CONFLICT`. */
export class RouteConflictError extends FwkError {
  constructor(operation: string, route: string, other: string) {
    super('FWK_HTTP_ROUTE_CONFLICT', `${operation} cannot be served at ${route}: ${other}`, {
      details: { operation, route },
    });
  }
}
