/**
 * Fastify 5. Its first hook is the guard: it runs before bodies are parsed, on all servers that `listen` opens for one host name, and knows
 * which route was chosen. Hooks hold for what is added after them, so it is put there before plugins and routes.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Program } from './program.js';
import { NotAProgramError } from './program-errors.js';
import { type FoundProgramRoute, methodsOf } from './program-routes.js';

interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly routeOptions?: { readonly url?: string | undefined };
}
interface FastifyReply {
  readonly raw: ServerResponse;
}
type OnRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;
type OnRoute = (route: { readonly method: string | readonly string[]; readonly url: string }) => void;

/** What is used of an application of Fastify. */
export interface FastifyApp {
  readonly server: Server;
  readonly initialConfig: unknown;
  addHook(name: string, hook: never): unknown;
  close(): unknown;
  ready(): unknown;
}

export function isFastifyApp(value: unknown): value is FastifyApp {
  if (typeof value !== 'object' || value === null) return false;
  return 'addHook' in value && typeof value.addHook === 'function' && 'server' in value && 'initialConfig' in value;
}

/** @throws NotAProgramError `FWK_HTTP_NOT_A_PROGRAM` for one that serves HTTP/2; so does `install` for one that has begun */
export function fastifyProgram(app: FastifyApp): Program {
  if (Reflect.get(Object(app.initialConfig), 'http2') === true) {
    throw new NotAProgramError('its Fastify application serves HTTP/2, and the guard works on HTTP/1.1');
  }
  const routes: FoundProgramRoute[] = [];
  return {
    kind: 'an application of Fastify',
    identity: app,
    ignoresCase: false,
    install(enter) {
      const onRoute: OnRoute = ({ method, url }) => {
        for (const each of methodsOf([method].flat())) routes.push({ method: each, path: url });
      };
      const onRequest: OnRequest = ({ raw, routeOptions }, reply, done) =>
        enter(raw, reply.raw, done, routeOptions?.url);
      addHook(app, 'onRoute', onRoute as never);
      addHook(app, 'onRequest', onRequest as never);
    },
    routes: () => {
      const read = new Set(routes.flatMap(({ method, path }) => (method === 'GET' ? [path] : [])));
      return routes.filter(({ method, path }) => method !== 'HEAD' || !read.has(path));
    },
    server: app.server,
    close: () => app.close(),
  };
}

/** Fastify takes hooks until its plugins are loaded. */
function addHook(app: FastifyApp, name: string, hook: never): void {
  try {
    app.addHook(name, hook);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const instead = 'call protect() before its plugins and routes, ready() and listen()';
    throw new NotAProgramError(`its Fastify application takes no more hooks (${said}); ${instead}`, { cause });
  }
}
