import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  type AppInfo,
  type Clock,
  type ErrorTable,
  type EventBus,
  FwkError,
  headFaultOf,
  isManagementFeed,
  jsonFault,
  type Logger,
  type ManagementEndpoint,
  messageOf,
  oneByOne,
  problemType,
  refuseDangerousKeys,
  UnsentAnswers,
} from '@fwk/kernel';
import { type Authenticator, authenticator, isReading } from './access.js';
import { answer, sendFile, write } from './answer.js';
import { askerOf, audited, auditedBody, RefusedChanges } from './audit.js';
import { listReply } from './endpoint-list.js';
import { EventHistory } from './event-history.js';
import { eventsEndpoint } from './events-endpoint.js';
import { Feeds } from './feeds.js';
import { listenAlone } from './listen.js';
import { ManagementRefusedError, problemOf } from './problem.js';
import { ManagementDownload } from './reply.js';
import { readBody } from './request-body.js';
import { routesOf } from './routes.js';
import { makeTokenFile, type TokenFile } from './token-file.js';
import { underLimit } from './under-limit.js';

/** What a management server is made of; options are checked by whoever makes it (createApp). */
export interface ManagementParts {
  readonly app: AppInfo;
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
  const feeds = new Feeds(clock, parts.logger);
  const history = new EventHistory(parts.events, runOf(clock));
  const refusedChanges = new RefusedChanges(parts);
  const unsent = new UnsentAnswers(clock, sendLimitMs, maxUnsentBytes);
  let server: Server | undefined;
  const answering = new Set<ServerResponse>();
  let access: Authenticator;
  let url: string | undefined;
  let file: TokenFile | undefined;
  const list: ManagementEndpoint = {
    path: '',
    purpose: 'This list: for programs as JSON, for browsers as a page.',
    handle({ accept }) {
      const tokenAlways = parts.token !== undefined;
      return listReply(
        routes.endpoints,
        { app: parts.app, url: url ?? '', tokenFile: file?.path, tokenAlways },
        accept,
      );
    },
  };
  const routes = routesOf([list, eventsEndpoint(history), ...parts.endpoints]);

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const from = askerOf(request);
    let audits = !isReading(request);
    // What has begun leaves a line of its own.
    let begun = false;
    try {
      const fault = headFaultOf(request);
      if (fault) throw new ManagementRefusedError(fault.status, fault.message);
      access.look(request);
      const { path, searchParams } = locate(request);
      const { endpoint, parameter } = routes.match(request.method ?? 'GET', path);
      audits ||= endpoint.guarded === true;
      if (audits) access.change(request);
      const query = queryOf(searchParams);
      const body = await readBody(request);
      const work = async () => {
        const { accept, 'last-event-id': lastEventId } = request.headers;
        const made = await endpoint.handle({
          ...{ parameter, query, body, accept },
          lastEventId: [lastEventId].flat()[0],
        });
        return made instanceof ManagementDownload && request.method !== 'HEAD' ? made.begin() : made;
      };
      const told = auditedBody(endpoint, { parameter, body });
      const asked = { method: request.method ?? '', path, body: told, query };
      begun = true;
      const result = await underLimit({ clock, path, limitMs: endpoint.limitMs, response }, () =>
        audits ? audited(parts, from, asked, work) : work(),
      );
      if (isManagementFeed(result)) feeds.open(path, result, response);
      else if (result instanceof ManagementDownload) await sendFile(response, result, { clock, stallMs: sendLimitMs });
      else await answer(response, result);
    } catch (error) {
      const problem = problemOf(error, parts.errors);
      if (audits && !begun) refusedChanges.tell(request, from, problem);
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
      // Feeds have a limit of their own.
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
      feeds[Symbol.dispose]();
      history[Symbol.dispose]();
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

/** The path below `/manage/`, and the query. @throws ManagementRefusedError 400, 404 for any other path. */
function locate(request: IncomingMessage): { readonly path: string; readonly searchParams: URLSearchParams } {
  const { pathname, searchParams } = targetOf(request);
  if (pathname !== '/manage' && !pathname.startsWith('/manage/')) {
    throw new ManagementRefusedError(404, `there is no ${pathname}; everything here is below /manage/`);
  }
  return { path: pathname.replace(/^\/manage\/?|\/$/g, ''), searchParams };
}

function targetOf({ url = '/' }: IncomingMessage): URL {
  try {
    // A path that begins with two slashes is no address of another host.
    return new URL(url.startsWith('/') ? `http://management${url}` : url);
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

/** Differs for each run of the application. */
function runOf(clock: Clock): string {
  return `${Math.floor(clock.wallTime()).toString(36)}${process.pid.toString(36)}`;
}
