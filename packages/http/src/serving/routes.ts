import type { OperationPlan } from '../contract/contract.js';
import { loadPath } from '../wire/load-text.js';
import type { IncomingRequest } from './incoming-request.js';
import { OperationHandler } from './operation-handler.js';
import { metricsPath, type PlainHandler, probePaths } from './probe-routes.js';
import { RequestError } from './request-error.js';
import type { RequestTarget } from './request-target.js';
import { RouteConflictError } from './route-conflict-error.js';
import { RouteHandler } from './route-handler.js';
import { Router } from './router.js';
import type { Served } from './served.js';
import { ServedOperations } from './served-operations.js';
import type { ServedScope } from './served-scope.js';
import type { ServerParts } from './server-parts.js';

/** HEAD is answered wherever there is a GET. */
const readMethods: readonly string[] = ['GET', 'HEAD'];

/** Longest parameter of a path, in characters; a longer one has no route. */
const maxParameterLength = 1024;

/**
 * Checks that what is served together can be told apart.
 * @throws RouteConflictError `FWK_HTTP_ROUTE_CONFLICT`
 */
export function checkRoutes(serve: readonly Served[]): void {
  const taken = new Map<string, OperationPlan>();
  for (const plan of plansOf(serve)) {
    const { path, shape } = plan.template;
    const route = `${plan.method} ${path}`;
    if (Object.hasOwn(probePaths, path) || path === metricsPath || path === loadPath) {
      throw new RouteConflictError(plan.id, route, 'the path belongs to the probes');
    }
    const other = taken.get(`${plan.method} ${shape}`);
    if (other === plan) throw new RouteConflictError(plan.id, route, 'its contract is served twice: list it once');
    if (other) throw new RouteConflictError(plan.id, route, `${other.id} has the same method and path`);
    taken.set(`${plan.method} ${shape}`, plan);
  }
}

/** What a path has for a method. */
export type Route =
  | { readonly kind: 'operation'; readonly operation: RouteHandler }
  | { readonly kind: 'plain'; readonly answer: PlainHandler }
  /** The path exists, but not with this method. */
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] };

/** A route with the parameters that the path gave it. */
export interface FoundRoute {
  readonly route: Route;
  readonly params: IncomingRequest['params'];
}

/** Finds what is asked for. */
export interface Routes {
  /** By method and target. @throws RequestError `FWK_HTTP_ROUTE_UNKNOWN` where there is no such path */
  find(method: string, target: RequestTarget): FoundRoute;
  /** Operations by contract and name: `/inventory/stock`. A name has several where versions of a contract are served together. */
  readonly byName: ReadonlyMap<string, readonly RouteHandler[]>;
}

/** Builds the table of routes. */
export function routesOf(
  serve: readonly (readonly [Served, ServedScope])[],
  plain: ReadonlyMap<string, PlainHandler>,
  parts: ServerParts,
): Routes {
  const router = new Router<Route>(maxParameterLength);
  const byName = new Map<string, RouteHandler[]>();
  const add = (methods: readonly string[], path: string, route: Route) => {
    for (const method of methods) router.add(method, path, route);
  };
  for (const [{ contract, handlers }, scope] of serve) {
    const operations = new Map(
      contract.plans.map((plan) => {
        return [plan.name, new OperationHandler(parts, plan, handlers, () => scope.limitMs(plan.name))] as const;
      }),
    );
    const layers = scope.build(new ServedOperations(operations));
    for (const plan of contract.plans) {
      const handler = operations.get(plan.name) as OperationHandler;
      const operation = new RouteHandler(parts, plan, handler, scope, layers);
      const name = `/${contract.name}/${plan.name}`;
      byName.set(name, [...(byName.get(name) ?? []), operation]);
      add(plan.method === 'GET' ? readMethods : [plan.method], plan.template.path, { kind: 'operation', operation });
    }
  }
  for (const [path, answer] of plain) add(readMethods, path, { kind: 'plain', answer });
  const find = (method: string, { path, dubious }: RequestTarget): FoundRoute => {
    if (dubious) throw unknown('no operation has a path with an empty, "." or ".." segment');
    const found = router.find(method, path);
    if (found) return { route: found.value, params: found.params };
    const allowed = router.methodsAt(path);
    if (allowed.length > 0) return { route: { kind: 'wrong-method', allowed }, params: {} };
    throw unknown('there is no operation with this path');
  };
  return { find, byName };
}

function unknown(message: string): RequestError {
  return new RequestError('FWK_HTTP_ROUTE_UNKNOWN', message);
}

function plansOf(serve: readonly Served[]): OperationPlan[] {
  return serve.flatMap(({ contract }) => [...contract.plans]);
}
