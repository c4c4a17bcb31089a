/**
 * The HTTP round a served registry: on a loopback address, or behind a token; every body bounded and checked, every refusal
 * a problem document. A page in a browser cannot reach it: bodies must be JSON, which browsers ask leave for first, in vain.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Env } from '@fwk/kernel';
import type { Catalog } from '../catalog.js';
import { EventStreams } from './event-streams.js';
import type { LocalRegistryOptions } from './local-options.js';
import { answerParseFailure } from './parse-failure.js';
import { problemOf } from './problem.js';
import { registryAccess } from './registry-access.js';
import { RegistryApi } from './registry-api.js';
import { ServedRegistry } from './served-registry.js';
import { headers, type Known, protocol } from './wire.js';

const REQUEST_LIMIT_MS = 5000;
/** Longer than clients pause between requests, so that they, not the server, end idle connections. */
const KEEP_ALIVE_MS = 60_000;

/** What a registry starts from. */
export interface Inheritance {
  readonly known: Known;
  /** The process that served it until now: its own instances are not expected back. */
  readonly holder: string | undefined;
}

/** A registry being served. */
export interface RegistryServer {
  readonly registry: ServedRegistry;
  readonly port: number;
  /** Instances that it knew from the start. */
  readonly restored: number;
  /** Event streams that are open. */
  readonly streams: number;
  /** Frees the port and tells all clients at once, so that another process can take over. */
  close(): Promise<void>;
}

/**
 * Binds the port and serves.
 * @param holder - the public name of this process.
 * @param inherit - asked what it starts from once the port is bound.
 * @param onChange - told of each change, with all that is known then.
 * @returns undefined when the port is taken, or the address is another machine's: then somebody else serves.
 * @throws the system's error when the port cannot be bound for another reason.
 */
export async function openRegistry(
  holder: string,
  inherit: (() => Inheritance | undefined) | undefined,
  options: LocalRegistryOptions,
  env: Env,
  onChange: (catalog: Catalog) => void = () => {},
): Promise<RegistryServer | undefined> {
  const [{ createServer }, { randomUUID }] = await Promise.all([import('node:http'), import('node:crypto')]);
  const registry = new ServedRegistry(randomUUID(), holder, options, env, (change) => {
    streams.publish(change);
    onChange(registry.catalog);
  });
  const streams = new EventStreams(registry, options, env.clock);
  const api = new RegistryApi(registry, streams, env.clock);
  const checkAccess = await registryAccess(options);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    checkAccess(request);
    const body = await api.answer(request, response);
    if (body) send(response, 200, body);
  };
  const server = createServer(
    {
      headersTimeout: REQUEST_LIMIT_MS,
      requestTimeout: REQUEST_LIMIT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    },
    (request, response) => {
      answer(request, response).catch((error: unknown) => refuse(response, error, env));
    },
  );
  // Each process has its stream and a few connections for requests.
  server.maxConnections = options.maxStreams * 4;
  server.on('clientError', answerParseFailure);
  if (!(await bind(server, options))) return undefined;
  const inherited = inherit?.();
  return {
    registry,
    port: (server.address() as AddressInfo).port,
    restored: inherited ? registry.restore(inherited.known, inherited.holder) : 0,
    get streams() {
      return streams.count;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      streams.close();
      registry.close();
      server.closeIdleConnections();
      // What has been answered must get out; what has not will be asked of the next registry.
      await new Promise((resolve) => setImmediate(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function bind(server: Server, { host, port }: LocalRegistryOptions): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      // In use: somebody else serves. Not available: it is an address of another machine.
      if (error.code === 'EADDRINUSE' || error.code === 'EADDRNOTAVAIL') resolve(false);
      else reject(error);
    };
    server.once('error', failed);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

function refuse(response: ServerResponse, error: unknown, env: Env): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const problem = problemOf(error) ?? { type: 'about:blank', status: 500, detail: 'the registry could not answer' };
  if (problem.status === 500) env.logger.error({ err: error }, problem.detail);
  // The rest of a body that nobody will read must not be taken for the next request.
  if (problem.status === 413) response.setHeader('connection', 'close');
  if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer');
  send(response, problem.status, problem, 'application/problem+json');
}

function send(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    [headers.registry]: protocol,
  });
  response.end(text);
}
