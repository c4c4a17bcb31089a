/**
 * Where a registry listens: at its port, and without a token also at the socket of this user. Whoever has the port serves. It
 * is closed after the socket, and answered only once the socket is open too, so that whoever finds a registry at the port and
 * none at the socket knows that it is not this user's.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { oneByOne } from '@fwk/kernel';
import type { LocalRegistryOptions } from './local-options.js';
import { answerParseFailure } from './parse-failure.js';
import { socketPlace } from './place.js';
import type { Channel } from './registry-access.js';
import { isAnswered, listenAtSocket } from './socket-listener.js';

const REQUEST_LIMIT_MS = 5000;
/** Longer than clients pause between requests, so that they, not the server, end idle connections. */
const KEEP_ALIVE_MS = 60_000;

/** A registry's open listeners. */
export interface Listening {
  readonly port: number;
  /** The socket by which programs of this user register; undefined where they do by the port. */
  readonly socket: string | undefined;
  /** Frees both. What has been answered when it is called, and in the same turn, still gets out. */
  close(): Promise<void>;
}

/**
 * Binds the port, and opens the socket.
 * @returns undefined when the port is taken, or the address is another machine's: then somebody else serves.
 * @throws the system's error when the port cannot be bound for another reason; RegistryUnavailableError when there is no
 * safe place for the socket.
 */
export async function listenAsRegistry(
  options: LocalRegistryOptions,
  answer: (request: IncomingMessage, response: ServerResponse, channel: Channel) => void,
): Promise<Listening | undefined> {
  const { createServer } = await import('node:http');
  let closing = false;
  const serverFor = (channel: Channel) => {
    const limits = {
      headersTimeout: REQUEST_LIMIT_MS,
      requestTimeout: REQUEST_LIMIT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node looks for slow requests so often; its own 30 s would be added to every limit.
      connectionsCheckingInterval: 500,
    };
    const work = oneByOne((request, response) => {
      if (closing) request.socket.destroy();
      else answer(request, response, channel);
    });
    const server = createServer({ ...limits, noDelay: true }, work);
    // Each process has its stream and a few connections for requests.
    server.maxConnections = options.maxStreams * 4;
    server.on('clientError', answerParseFailure);
    return server;
  };
  const atPort = serverFor('port');
  const servers = [atPort];
  const close = () => {
    closing = true;
    return closeAll(servers);
  };
  if (!(await bind(atPort, options))) return undefined;
  const { port } = atPort.address() as AddressInfo;
  try {
    const socket = await socketPlace(options, port);
    if (socket !== undefined) {
      // A registry with the same port on another network that shares this disk.
      if (await isAnswered(socket)) {
        await close();
        return undefined;
      }
      const atSocket = serverFor('socket');
      await listenAtSocket(atSocket, socket);
      // First to be closed, which takes its file away: it must not be the next registry's.
      servers.unshift(atSocket);
    }
    return { port, socket, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  // What has been answered must get out; what has not will be asked of the next registry.
  await new Promise((resolve) => setImmediate(resolve));
  for (const server of servers) {
    server.closeIdleConnections();
    server.closeAllConnections();
  }
  await closed;
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
