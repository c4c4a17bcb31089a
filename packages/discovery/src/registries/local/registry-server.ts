/**
 * The HTTP round a served registry: loopback only, every body bounded and checked, every refusal a problem document. A page
 * in a browser cannot reach it: bodies must be JSON (which browsers ask leave for first, in vain), and the Host header
 * must be a loopback name (so that no foreign name can be pointed here).
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type Env, messageOf } from '@fwk/kernel';
import { isInstanceId, parseInstance } from '../../instance.js';
import { EventStreams } from './event-streams.js';
import type { LocalRegistryOptions } from './local-options.js';
import { problemOf } from './problem.js';
import { Refusal, readJson } from './read-json.js';
import { type Identity, ServedRegistry } from './served-registry.js';
import { headers, isToken, objectOf, parseIds, protocol } from './wire.js';

const MAX_RENEWED = 10_000;
const REQUEST_LIMIT_MS = 5000;
/** Longer than clients pause between requests, so that they, not the server, end idle connections. */
const KEEP_ALIVE_MS = 60_000;

/** A registry being served. */
export interface RegistryServer {
  readonly registry: ServedRegistry;
  /** Event streams that are open. */
  readonly streams: number;
  /** Frees the port and tells all clients at once, so that another process can take over. */
  close(): Promise<void>;
}

/**
 * Binds the port and serves.
 * @returns undefined when the port is taken: then somebody else serves.
 * @throws the system's error when the port cannot be bound for another reason.
 */
export async function serveRegistry(
  epoch: string,
  holder: string,
  options: LocalRegistryOptions,
  env: Env,
): Promise<RegistryServer | undefined> {
  const { createServer } = await import('node:http');
  const registry = new ServedRegistry(epoch, holder, options, env, (change) => streams.publish(change));
  const streams = new EventStreams(registry, options);
  const server = createServer(
    {
      headersTimeout: REQUEST_LIMIT_MS,
      requestTimeout: REQUEST_LIMIT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    },
    (request, response) => {
      answer(registry, streams, request, response).catch((error: unknown) => refuse(response, error, env));
    },
  );
  // Each process has its stream and a few connections for requests.
  server.maxConnections = options.maxStreams * 4;
  server.on('clientError', (_error, socket) => void socket.destroy());
  if (!(await bind(server, options))) return undefined;
  return {
    registry,
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
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    server.once('error', failed);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

async function answer(
  registry: ServedRegistry,
  streams: EventStreams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  checkHost(request.headers.host);
  const url = readPath(request.url ?? '/');
  const [, version, resource, parameter, ...rest] = url.pathname.split('/');
  const { method } = request;
  if (version !== `v${protocol}` || rest.length > 0) throw new Refusal(404, 'no such resource');
  if (resource === 'instances' && parameter) {
    const id = decode(parameter);
    // What one client says of an id is told to all the others, who refuse what no registry says.
    if (!isInstanceId(id)) throw new Refusal(400, 'the path has no id that an instance could have');
    const identity = identityOf(request);
    if (method === 'PUT') {
      const instance = parseInstance(objectOf(await readJson(request)).instance);
      if (instance.id !== id) throw new Refusal(400, 'the id in the path and the one in the instance differ');
      registry.register(instance, identity);
      return send(response, 200, { version: registry.version, ttlMs: registry.ttlMs });
    }
    if (method === 'DELETE') {
      if (!registry.deregister(id, identity)) throw new Refusal(403, 'the instance belongs to another process');
      return send(response, 200, { version: registry.version });
    }
    throw new Refusal(405, 'an instance can be PUT or DELETEd');
  }
  if (parameter) throw new Refusal(404, 'no such resource');
  if (resource === 'renewals') {
    if (method !== 'POST') throw new Refusal(405, 'renewals are POSTed');
    const identity = identityOf(request);
    const ids = parsed(await readJson(request));
    return send(response, 200, { unknown: registry.renew(ids, identity) });
  }
  if (method !== 'GET') throw new Refusal(404, 'no such resource');
  switch (resource) {
    case 'events':
      return streams.add(request, response, request.headers[headers.key] ? identityOf(request) : undefined);
    case 'instances': {
      const service = url.searchParams.get('service');
      const { catalog, epoch } = registry;
      const instances =
        service === null ? [...catalog.entries()].map((entry) => entry.instance) : catalog.instancesOf(service);
      return send(response, 200, { epoch, version: registry.version, instances });
    }
    case 'services':
      return send(response, 200, { services: registry.catalog.serviceNames() });
    case 'state':
      return send(response, 200, { ...registry.describe(), streams: streams.count });
    default:
      throw new Refusal(404, 'no such resource');
  }
}

function parsed(body: unknown): readonly string[] {
  try {
    return parseIds(objectOf(body).ids, MAX_RENEWED);
  } catch (error) {
    throw new Refusal(400, `ids: ${messageOf(error)}`);
  }
}

function readPath(path: string): URL {
  try {
    return new URL(path, 'http://registry');
  } catch {
    throw new Refusal(400, 'the path cannot be read');
  }
}

function decode(parameter: string): string {
  try {
    return decodeURIComponent(parameter);
  } catch {
    throw new Refusal(400, 'the path cannot be read');
  }
}

function identityOf(request: IncomingMessage): Identity {
  const holder = request.headers[headers.holder];
  const key = request.headers[headers.key];
  if (isToken(holder) && isToken(key)) return { holder, key };
  throw new Refusal(400, `${headers.holder} and ${headers.key} must be 8 to 64 letters, digits or hyphens`);
}

function checkHost(host: string | undefined): void {
  const name = host?.replace(/:\d+$/, '');
  if (name === 'localhost' || name === '[::1]' || (name && /^127(\.\d{1,3}){3}$/.test(name))) return;
  throw new Refusal(421, 'this registry serves its own machine, under a loopback name');
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
