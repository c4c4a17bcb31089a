/**
 * Express 5. Its application is a function that calls its own `handle`, which is replaced: so it matters neither whether routes and
 * middleware are added before or after, nor who listens.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Program } from './program.js';
import { type FoundProgramRoute, methodsOf } from './program-routes.js';

type Handle = (message: IncomingMessage, response: ServerResponse, next?: unknown) => void;

/** What is used of an application of Express. */
export interface ExpressApp {
  handle: Handle;
  use(...handlers: never[]): unknown;
  enabled(setting: string): boolean;
  readonly router?: unknown;
}

export function isExpressApp(value: unknown): value is ExpressApp {
  return (
    typeof value === 'function' &&
    'handle' in value &&
    typeof value.handle === 'function' &&
    'use' in value &&
    'enabled' in value &&
    typeof value.enabled === 'function'
  );
}

export function expressProgram(app: ExpressApp): Program {
  return {
    kind: 'an application of Express',
    identity: app,
    get ignoresCase() {
      return !app.enabled('case sensitive routing');
    },
    install(enter) {
      const { handle } = app;
      app.handle = (message, response, next) =>
        enter(message, response, () => Reflect.apply(handle, app, [message, response, next]));
    },
    routes: () => routesIn(app.router, '', 0),
    server: undefined,
  };
}

/** Routers in routers, at most so deep. */
const maxDepth = 10;

/** The routes of a router, as its stack has them: a structure that Express does not promise, so what is not as expected is left out. */
function routesIn(router: unknown, prefix: string, depth: number): FoundProgramRoute[] {
  const stack = fieldOf(router, 'stack');
  if (!Array.isArray(stack) || depth > maxDepth) return [];
  return stack.flatMap((layer) => {
    const route = fieldOf(layer, 'route');
    if (route !== undefined) return routesOf(route, prefix);
    // Before router 2.3 a layer does not say where it was mounted; where that is unknown, its routes are too.
    const mount = fieldOf(layer, 'rawPath');
    const below = mount === '/' || fieldOf(layer, 'slash') === true ? '' : mount;
    return typeof below === 'string' ? routesIn(fieldOf(layer, 'handle'), joined(prefix, below), depth + 1) : [];
  });
}

function routesOf(route: unknown, prefix: string): FoundProgramRoute[] {
  const paths = [fieldOf(route, 'path')].flat().filter((path): path is string => typeof path === 'string');
  const given = Object.keys(Object(fieldOf(route, 'methods')));
  const methods = given.includes('_all') ? ['ALL'] : methodsOf(given.map((method) => method.toUpperCase()));
  return paths.flatMap((path) => methods.map((method) => ({ method, path: joined(prefix, path) || '/' })));
}

function joined(prefix: string, path: string): string {
  return `${prefix}${path === '/' ? '' : path}`;
}

function fieldOf(value: unknown, name: string): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? Reflect.get(value, name)
    : undefined;
}
