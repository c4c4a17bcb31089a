/**
 * The servers of Node that a server of contracts listens with: of `node:http`, or of `node:https` with certificates that follow
 * their files. Both modules are loaded when the first server starts, so that programs that only call pay nothing.
 */
import type { ServerOptions as NodeOptions, RequestListener, Server } from 'node:http';
import type { FollowedTls } from '@fwk/kernel';
import { quickRequests } from './quick-request.js';

/** Makes a server that does not listen yet. */
export type MakeServer = (limits: NodeOptions, listener: RequestListener) => Server;

/**
 * Loads what is needed and returns the function.
 * @param followed - the server's certificate; undefined for plain HTTP.
 * @param requestCert - whether callers are asked for a certificate; it is judged for each request.
 * @param protocols - for ALPN, the one to prefer first.
 */
export async function serverMaker(
  followed: FollowedTls | undefined,
  requestCert: boolean,
  protocols: readonly string[],
): Promise<MakeServer> {
  const { createServer, IncomingMessage: base } = await import('node:http');
  const IncomingMessage = quickRequests(base);
  if (!followed) return (limits, listener) => createServer({ ...limits, IncomingMessage }, listener);
  const { createServer: createSecureServer } = await import('node:https');
  return (limits, listener) => {
    const own = { requestCert, rejectUnauthorized: false, noDelay: true, ALPNProtocols: [...protocols] };
    const server = createSecureServer(
      { ...limits, IncomingMessage, ...own, ...followed.material.value.options },
      listener,
    );
    // Connections that are open go on as they are.
    followed.material.subscribe(({ options }) => server.setSecureContext(options));
    return server;
  };
}
