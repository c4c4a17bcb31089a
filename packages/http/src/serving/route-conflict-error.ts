import { FwkError } from '@fwk/kernel';

/** Operations that cannot be served together. Code `FWK_HTTP_ROUTE_CONFLICT`. */
export class RouteConflictError extends FwkError {
  constructor(operation: string, route: string, other: string) {
    super('FWK_HTTP_ROUTE_CONFLICT', `${operation} cannot be served at ${route}: ${other}`, {
      details: { operation, route },
    });
  }
}
