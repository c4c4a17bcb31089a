import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  type Clock,
  cancellable,
  type ErrorTable,
  type EventBus,
  FwkError,
  headFaultOf,
  jsonFault,
  type Logger,
  type ManagementEndpoint,
  messageOf,
  oneByOne,
  operationKey,
  problemType,
  refuseDangerousKeys,
  runInContext,
  settleWithin,
  UnsentAnswers,
} from '@fwk/kernel';
import { type EncodedBody, encodeBody } from '../metrics/content-encoding.js';
import { type Authenticator, authenticator, isReading } from './access.js';
import { askerOf, audited, RefusedChanges } from './audit.js';
import { eventStreams } from './event-stream.js';
import { listenAlone } from './listen.js';
import { ManagementRefusedError, problemOf } from './problem.js';
import { ManagementReply } from './reply.js';
import { readBody } from './request-body.js';
import { routesOf } from './routes.js';
import { makeTokenFile, type TokenFile } from './token-file.js';

/** What a management server is made of; options are checked by whoever makes it (createApp). */
export interface ManagementParts {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly token: string | undefined;
  readonly endpoints: readonly ManagementEndpoint[];
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Statuses of error codes. */
  readonly errors: ErrorTable;
}

/** The listener that answers below `/manage/`. */
export interface ManagementServer {
  /** `http://host:port` while it listens. */
  readonly url: string | undefined;
  /** The file with the token that changes take, while it listens and has no configured token. */
  readonly tokenFile: string | undefined;
  /** @throws PortTakenError when the port is taken. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A port that was to be listened on is taken. Code `FWK_CORE_PORT_TAKEN`. */
export class PortTakenError extends FwkError {
  constructor(what: string, host: string, port: number, cause: unknown) {
    super(
      'FWK_CORE_PORT_TAKEN',
      `${what} cannot listen on ${host}:${port}: another process has the port; stop it, choose another, or 0 for any`,
      { cause, details: { what, host, port } },
    );
  }
}

/** Time a handler may take before the request is answered with 504, in milliseconds. */
const handlerLimitMs = 10_000;
/** Time a client may take to read an answer, in milliseconds, and bytes of answers that all have not read yet. */
const sendLimitMs = 10_000;
const maxUnsentBytes = 16 * 1024 * 1024;
/** Connections open at once; Node closes further ones as soon as they are made. */
const maxConnections = 256;

const listenerLimits = Object.freeze({
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  // Node looks for slow requests so often; its own 30 s would be added to every limit.
  connectionsCheckingInterval: 500,
  // Looked at by us, so that its refusal is a problem document too.
  requireHostHeader: false,
});

/** Time that requests under way have to be answered when the listener stops, in milliseconds. */
const lastAnswersMs = 1000;

/**
 * The management endpoints on a listener of their own, so that nothing of them can be reached by the service port.
 * `node:http` is loaded when it starts.
 */
export function managementServer(parts: ManagementParts): ManagementServer {
  const { host, port, clock } = parts;
  const streams = eventStreams(parts.events, clock);
  const refusedChanges = new RefusedChanges(parts);
  // `events` is a stream, so the server answers it itself; it is listed like any other.
  const routes = routesOf([...parts.endpoints, { path: 'events', handle: () => undefined }]);
  const unsent = new UnsentAnswers(clock, sendLimitMs, maxUnsentBytes);
  let server: Server | undefined;
  const answering = new Set<ServerResponse>();
  let access: Authenticator;
  let url: string | undefined;
  let file: TokenFile | undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reading = isReading(request);
    const from = askerOf(request);
    // A change that has begun leaves a line of its own.
    let begun = false;
    try {
      const fault = headFaultOf(request);
      if (fault) throw new ManagementRefusedError(fault.status, fault.message);
      const { pathname, searchParams } = locate(request);
      access.check(request);
      const path = pathname.replace(/^\/manage\/?|\/$/g, '');
      if (pathname === '/manage' || pathname === '/manage/') {
        return await json(response, 200, { endpoints: routes.paths });
      }
      if (!pathname.startsWith('/manage/')) {
        throw new ManagementRefusedError(404, `there is no ${pathname}; everything here is below /manage/`);
      }
      const { endpoint, parameter } = routes.match(request.method ?? 'GET', path);
      const query = queryOf(searchParams);
      if (path === 'events') return streams.open(request, response, query.name);
      const body = await readBody(request);
      const handled = async () => endpoint.handle({ parameter, query, body, accept: request.headers.accept });
      const asked = { method: request.method ?? '', path, body, query };
      const work = reading ? handled : () => audited(parts, from, asked, handled);
      begun = true;
      await answer(response, await limited(clock, path, work));
    } catch (error) {
      const problem = problemOf(error, parts.errors);
      if (!reading && !begun) refusedChanges.tell(request, from, problem);
      // 503 is a limit doing its work, told to whom it concerns.
      if (problem.status >= 500 && problem.status !== 503)
        parts.logger.error({ err: error, url: request.url }, 'a management request failed');
      if (response.headersSent) return void response.destroy();
      // What is left of a refused body is not worth reading.
      response.setHeader('connection', 'close');
      if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer');
      if (Array.isArray(problem.allowed)) response.setHeader('allow', problem.allowed.join(', '));
      write(response, problem.status, problemType, { encoding: undefined, body: Buffer.from(JSON.stringify(problem)) });
    }
  };

  const listen = async (): Promise<void> => {
    const { createServer } = await import('node:http');
    const made = createServer(listenerLimits);
    made.maxConnections = maxConnections;
    const work = async (request: IncomingMessage, response: ServerResponse) => {
      answering.add(response);
      response.on('close', () => answering.delete(response));
      await handle(request, response);
      // Streams of events have a limit of their own.
      if (response.writableEnded) unsent.watch(response);
    };
    made.on('request', oneByOne(work));
    const bound = await listenAlone(made, host, port).catch((error: unknown) => {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      throw taken ? new PortTakenError('the management listener', host, port, error) : error;
    });
    server = made;
    made.on('error', (error) => parts.logger.error({ err: error }, `management listener: ${messageOf(error)}`));
    url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  };

  /** Without a place for the file the application runs, and nothing can be changed by hand. */
  const tokenFile = async (): Promise<TokenFile | undefined> => {
    try {
      return await makeTokenFile();
    } catch (error) {
      parts.logger.warn({ err: error }, 'no file for the management token could be made: management can only be read');
      return undefined;
    }
  };
  const removeFile = async (): Promise<void> => {
    const made = file;
    file = undefined;
    try {
      await made?.[Symbol.asyncDispose]();
    } catch (error) {
      parts.logger.warn({ err: error }, 'the file of the management token could not be removed');
    }
  };

  return {
    get url() {
      return url;
    },
    get tokenFile() {
      return file?.path;
    },
    async start() {
      file = parts.token === undefined ? await tokenFile() : undefined;
      try {
        access = await authenticator(host, parts.token, file);
        await listen();
      } catch (error) {
        await removeFile();
        throw error;
      }
    },
    async stop() {
      streams[Symbol.dispose]();
      url = undefined;
      await removeFile();
      const open = server;
      server = undefined;
      if (!open) return;
      await new Promise<void>((resolve) => {
        const cut = () => open.closeAllConnections();
        // Whoever asked for the stop gets its answer.
        const timer = clock.setTimer(cut, lastAnswersMs, true);
        open.close(() => {
          clock.clearTimer(timer);
          resolve();
        });
        const last = () => answering.size === 0 && cut();
        for (const response of answering) response.on('close', last);
        last();
      });
    },
  };
}

function locate(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'http://management');
  } catch {
    throw new ManagementRefusedError(400, 'the request has no valid path');
  }
}

/** @throws ManagementRefusedError 400 for a name that could change how objects work. */
function queryOf(given: URLSearchParams): Readonly<Record<string, string>> {
  const query = Object.fromEntries(given);
  try {
    refuseDangerousKeys(query);
  } catch (error) {
    throw new ManagementRefusedError(400, `the query ${jsonFault(error)}`);
  }
  return query;
}

/** A management request is a call like any other: what the handler awaits has its limit, what it leaves behind has none. */
function limited<T>(clock: Clock, path: string, work: () => T | Promise<T>): Promise<T> {
  const call = cancellable(undefined, {
    deadlineMs: clock.now() + handlerLimitMs,
    values: [operationKey.of(`manage/${path}`)],
  });
  const handled = runInContext(call.context, async () => work()).finally(() => call[Symbol.dispose]());
  return settleWithin(handled, {
    clock,
    limitMs: handlerLimitMs,
    inBackground: true,
    late() {
      const error = new ManagementRefusedError(504, `/manage/${path} did not answer within ${handlerLimitMs} ms`);
      call.cancel(error);
      throw error;
    },
  });
}

async function answer(response: ServerResponse, result: unknown): Promise<void> {
  if (result instanceof ManagementReply) await send(response, result.status, result.contentType, result.body);
  else if (result === undefined) response.writeHead(204).end();
  else await json(response, 200, result);
}

function json(response: ServerResponse, status: number, data: unknown): Promise<void> {
  return send(response, status, 'application/json', JSON.stringify(data));
}

/** @throws ManagementRefusedError 406. */
async function send(response: ServerResponse, status: number, contentType: string, text: string): Promise<void> {
  const accepted = response.req.headers['accept-encoding'];
  const encoded = await encodeBody(typeof accepted === 'string' ? accepted : undefined, text);
  if (!encoded) throw new ManagementRefusedError(406, 'the header accept-encoding allows neither gzip nor identity');
  write(response, status, contentType, encoded);
}

function write(response: ServerResponse, status: number, contentType: string, { encoding, body }: EncodedBody): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    ...(encoding && { 'content-encoding': encoding }),
    vary: 'accept, accept-encoding',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
