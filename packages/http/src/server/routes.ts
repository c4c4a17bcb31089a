import type { HTTPMethod } from 'find-my-way';
import type { OperationPlan } from '../contract/contract.js';
import type { IncomingRequest } from './incoming-request.js';
import { RouteConflictError } from './listen-errors.js';
import { metricsPath, type PlainHandler, probePaths } from './probe-routes.js';
import { RouteHandler } from './route-handler.js';
import type { Served } from './served.js';
import type { ServerParts } from './server-parts.js';

/** Methods that get an answer of their own where a path exists without them. */
const methods: readonly HTTPMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const knownMethods: ReadonlySet<string> = new Set(methods);
/** HEAD is answered wherever there is a GET. */
const readMethods: readonly HTTPMethod[] = ['GET', 'HEAD'];

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
    if (Object.hasOwn(probePaths, path) || path === metricsPath) {
      throw new RouteConflictError(plan.id, route, 'the path belongs to the probes');
    }
    const other = taken.get(`${plan.method} ${shape}`);
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

/** Finds routes. */
export type FindRoute = (method: string, path: string) => FoundRoute | undefined;

/** Builds the table of routes. The router is loaded now. */
export async function routesOf(
  serve: readonly Served[],
  plain: ReadonlyMap<string, PlainHandler>,
  parts: ServerParts,
): Promise<FindRoute> {
  const { default: makeRouter } = await import('find-my-way');
  // Queries are read elsewhere.
  const router = makeRouter({ maxParamLength: maxParameterLength, querystringParser: () => undefined });
  const add = (method: readonly HTTPMethod[], path: string, route: Route) =>
    router.on([...method], path, () => {}, route);
  for (const { contract, handlers } of serve) {
    for (const plan of contract.plans) {
      const operation = new RouteHandler(parts, plan, handlers);
      const route: Route = { kind: 'operation', operation };
      add(plan.method === 'GET' ? readMethods : [plan.method], plan.template.path, route);
    }
  }
  for (const [path, answer] of plain) add(readMethods, path, { kind: 'plain', answer });
  const allowedByPath = [...methodsByPath(serve), ...[...plain.keys()].map((path) => [path, readMethods] as const)];
  for (const [path, allowed] of allowedByPath) {
    add(
      methods.filter((method) => !allowed.includes(method)),
      path,
      { kind: 'wrong-method', allowed },
    );
  }
  return (method, path) => {
    // A method that nobody has leads to any route of the path: it is a wrong one there.
    const found = router.find((knownMethods.has(method) ? method : 'OPTIONS') as HTTPMethod, path);
    return found ? { route: found.store as Route, params: found.params } : undefined;
  };
}

/** Allowed methods by path, paths of equal shape taken together. */
function methodsByPath(serve: readonly Served[]): ReadonlyMap<string, readonly HTTPMethod[]> {
  const pathOfShape = new Map<string, string>();
  const allowed = new Map<string, HTTPMethod[]>();
  for (const { method, template } of plansOf(serve)) {
    const path = pathOfShape.get(template.shape) ?? template.path;
    pathOfShape.set(template.shape, path);
    allowed.set(path, [...(allowed.get(path) ?? []), ...(method === 'GET' ? readMethods : [method])]);
  }
  return allowed;
}

function plansOf(serve: readonly Served[]): OperationPlan[] {
  return serve.flatMap(({ contract }) => [...contract.plans]);
}
