import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OperationPlan } from '../contract/contract.js';
import { RouteConflictError } from './listen-errors.js';
import { metricsPath, probePaths } from './probe-routes.js';
import { RequestError } from './request-error.js';
import { RouteHandler } from './route-handler.js';
import type { Served } from './served.js';
import type { ServerParts } from './server-parts.js';

/** Methods that get an answer of their own where a path exists without them. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

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

/** Adds a route for every operation, and one that answers 405 for the methods that a path does not have. */
export function addOperationRoutes(
  server: FastifyInstance,
  serve: readonly Served[],
  parts: ServerParts,
  fail: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void,
): void {
  for (const { contract, handlers } of serve) {
    for (const plan of contract.plans) {
      const route = new RouteHandler(parts, plan, handlers);
      server.route({
        method: plan.method,
        url: plan.template.path,
        handler: (request, reply) => route.handle(request, reply),
      });
    }
  }
  for (const [path, allowed] of methodsByPath(serve)) {
    const allow = allowed.join(', ');
    server.route({
      method: methods.filter((method) => !allowed.includes(method)),
      url: path,
      // Before a body is read.
      onRequest: (request, reply) =>
        fail(
          new RequestError('FWK_HTTP_METHOD_NOT_ALLOWED', `the path has no ${request.method}, but ${allow}`, {
            members: { allow: allowed },
            headers: { allow },
          }),
          request,
          reply,
        ),
      handler: () => {},
    });
  }
}

/** Allowed methods by path, paths of equal shape taken together. */
function methodsByPath(serve: readonly Served[]): ReadonlyMap<string, readonly string[]> {
  const pathOfShape = new Map<string, string>();
  const allowed = new Map<string, string[]>();
  for (const { method, template } of plansOf(serve)) {
    const path = pathOfShape.get(template.shape) ?? template.path;
    pathOfShape.set(template.shape, path);
    // fastify answers HEAD wherever there is a GET.
    allowed.set(path, [...(allowed.get(path) ?? []), ...(method === 'GET' ? ['GET', 'HEAD'] : [method])]);
  }
  return allowed;
}

function plansOf(serve: readonly Served[]): OperationPlan[] {
  return serve.flatMap(({ contract }) => [...contract.plans]);
}
