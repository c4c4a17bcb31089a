/**
 * A server of contracts on fastify: routing, body reading and HTTP are fastify's, the meaning of a request is ours
 * (route-handler.ts). fastify is imported when the first server starts, so that programs that only call pay nothing.
 */
import type { AddressInfo } from 'node:net';
import { abandonOnCancel, background, type CallContext, checkOptions, doNotRetryMarks, makeEnv } from '@fwk/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerOfError } from './answer.js';
import { requestErrorOf } from './fastify-errors.js';
import { idempotencyStore } from './idempotency-store.js';
import { ListenError, PortTakenError } from './listen-errors.js';
import { answerParseFailure } from './parse-failure.js';
import { addProbeRoutes } from './probe-routes.js';
import { RequestError } from './request-error.js';
import { addOperationRoutes, checkRoutes } from './routes.js';
import { type ServerOptions, serverDefaults, serverOptionRules } from './server-options.js';
import type { ServerParts } from './server-parts.js';

/** A server; `start` makes it listen. */
export interface HttpServer extends AsyncDisposable {
  /**
   * Listens. The server answers as soon as this settles.
   * @throws PortTakenError `FWK_HTTP_PORT_TAKEN`, ListenError `FWK_HTTP_LISTEN_FAILED`
   */
  start(context?: CallContext): Promise<void>;
  /** Where it listens; the port is 0 before it does. */
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:3000` */
  readonly url: string;
  /** Contracts served, as `name@version`. */
  readonly contracts: readonly string[];
  /** Takes no new connection, closes idle ones, and settles when those in use have been answered and closed. */
  stopAccepting(): Promise<void>;
  /** Closes every connection, used or not. */
  close(): Promise<void>;
}

/** Made once: a literal with a `Symbol.dispose` is dear. */
const untracked: Disposable = { [Symbol.dispose]() {} };
const aloneDrain = { draining: false, track: () => untracked };

/**
 * Makes a server.
 * @param options - `serve` lists what it serves, made by `served(contract, handlers)`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, RouteConflictError `FWK_HTTP_ROUTE_CONFLICT`
 * @example const server = createServer({ serve: [served(inventory, handlers)] }); await server.start();
 */
export function createServer(options: Partial<ServerOptions>): HttpServer {
  const settings = checkOptions<ServerOptions>('server', options, { ...serverDefaults, serve: [] }, serverOptionRules);
  checkRoutes(settings.serve);
  const env = makeEnv(settings.env);
  const parts: ServerParts = {
    env,
    drain: settings.drain ?? aloneDrain,
    idempotency: idempotencyStore(settings.idempotency, env.clock),
    timeoutMs: settings.timeoutMs,
  };
  return new FastifyServer(settings, parts);
}

/** Contracts validate and serialise by themselves. Without this every start would load ajv, a third of fastify's own time. */
function noSchemas(): never {
  throw new TypeError('routes of contracts carry no schema for fastify');
}

class FastifyServer implements HttpServer {
  readonly host: string;
  readonly contracts: readonly string[];
  readonly #settings: ServerOptions;
  readonly #parts: ServerParts;
  #fastify: FastifyInstance | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: ServerOptions, parts: ServerParts) {
    this.host = settings.host;
    this.contracts = settings.serve.map(({ contract }) => `${contract.name}@${contract.version}`);
    this.#settings = settings;
    this.#parts = parts;
  }

  get port(): number {
    const address = this.#fastify?.server.address() as AddressInfo | string | null | undefined;
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get url(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `http://${host}:${this.port}`;
  }

  async start(context: CallContext = background): Promise<void> {
    const fastify = await this.#build();
    const { host, port } = this.#settings;
    this.#fastify = fastify;
    try {
      await abandonOnCancel(context, fastify.listen({ host, port }));
    } catch (error) {
      await fastify.close();
      if (context.cancelled) throw error;
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      throw taken ? new PortTakenError(host, port, error) : new ListenError(host, port, error);
    }
  }

  stopAccepting(): Promise<void> {
    const server = this.#fastify?.server;
    if (!server?.listening) return this.#stopped ?? Promise.resolve();
    this.#stopped = new Promise((resolve) => server.close(() => resolve()));
    return this.#stopped;
  }

  async close(): Promise<void> {
    const fastify = this.#fastify;
    if (!fastify) return;
    const stopped = this.stopAccepting();
    fastify.server.closeAllConnections();
    await Promise.all([stopped, fastify.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #build(): Promise<FastifyInstance> {
    const { fastify: create } = await import('fastify');
    const { bodyLimitBytes, receiveTimeoutMs, serve } = this.#settings;
    const fastify = create({
      bodyLimit: bodyLimitBytes,
      requestTimeout: receiveTimeoutMs,
      // Requests that come while the server closes are answered; they say Connection: close.
      return503OnClosing: false,
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 1024 },
      schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
      frameworkErrors: (error, request, reply) => this.#fail(error, request, reply),
      clientErrorHandler: answerParseFailure,
    });
    fastify.removeAllContentTypeParsers();
    // The text stays text: it is parsed where its errors are ours, and identifies the request of an idempotency key.
    const asText = (_request: unknown, text: string, done: (error: null, body: string) => void) => done(null, text);
    fastify.addContentTypeParser(/^application\/(?:[\w.-]+\+)?json(?:$|;)/, { parseAs: 'string' }, asText);
    // Before a body is read: what has no route needs none.
    fastify.addHook('onRequest', (request, reply, done) => {
      if (!request.is404) return done();
      this.#fail(new RequestError('FWK_HTTP_ROUTE_UNKNOWN', 'there is no operation with this path'), request, reply);
    });
    fastify.setNotFoundHandler(() => {});
    fastify.setErrorHandler((error, request, reply) => this.#fail(error, request, reply));
    addProbeRoutes(fastify, this.#settings);
    addOperationRoutes(fastify, serve, this.#parts, (error, request, reply) => this.#fail(error, request, reply));
    return fastify as FastifyInstance;
  }

  /** Answers what went wrong outside any operation. */
  #fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { env, drain } = this.#parts;
    const known = error instanceof RequestError ? error : requestErrorOf(error, this.#settings.bodyLimitBytes);
    if (!known) env.logger.error({ err: error }, 'a request failed outside its handler');
    const path = request.url.split('?', 1)[0] as string;
    const { status, contentType, body, headers } = answerOfError(known ?? error, {
      instance: path,
      traceId: undefined,
      marks: doNotRetryMarks(),
    });
    reply.code(status).headers({ ...headers, 'content-type': contentType });
    // After a refused body the rest of it may still be on its way.
    if (drain.draining || status === 413) reply.header('connection', 'close');
    reply.send(body);
  }
}
