/**
 * Connections through a proxy. To an `https:` endpoint a tunnel is asked for (`CONNECT`), in which TLS is spoken with the endpoint
 * itself: the proxy sees its name and port and nothing else. Requests to an `http:` endpoint are given to the proxy, with the whole
 * URL: most proxies refuse tunnels to anything but TLS.
 */
import type { Socket } from 'node:net';
import { FwkError } from '@fwk/kernel';
import type { buildConnector } from 'undici';
import type { ProxyServer } from './client-proxy.js';

/** Makes of a connection the one that is wanted, such as one over TLS. */
export type Upgrade = (plain: Socket, callback: buildConnector.Callback) => void;

/**
 * The way from a connection to a proxy to one with the endpoint.
 * @param secure - puts TLS over the tunnel; undefined for an endpoint without TLS, which has no tunnel.
 * @returns undefined where there is nothing to do
 */
export function throughProxy(
  proxy: ProxyServer,
  host: string,
  port: number,
  secure: Upgrade | undefined,
): Upgrade | undefined {
  if (!proxy.secure && !secure) return undefined;
  return (plain, callback) => {
    const opened = async (): Promise<Socket> => {
      const socket = proxy.secure ? await overTls(plain, proxy.host) : plain;
      return secure ? tunnel(socket, proxy, host, port) : socket;
    };
    opened().then(
      (socket) => (secure ? secure(socket, callback) : callback(null, socket)),
      (error: Error) => {
        plain.destroy();
        callback(error, null);
      },
    );
  };
}

/** The proxy does not make a tunnel. Code `FWK_HTTP_PROXY_REFUSED`; nothing was sent to the endpoint. */
export class ProxyRefusedError extends FwkError {
  constructor(proxy: ProxyServer, authority: string, status: number) {
    const advice =
      status === 407
        ? 'it wants a user and a password: write them in its URL'
        : 'ask whoever runs it to allow the host, or except the host by NO_PROXY';
    super(
      'FWK_HTTP_PROXY_REFUSED',
      `the proxy ${proxy.shown} answered CONNECT ${authority} with ${status}; ${advice}`,
      {
        details: { proxy: proxy.shown, authority, status },
      },
    );
  }
}

async function overTls(plain: Socket, host: string): Promise<Socket> {
  const [{ isIP }, { connect }] = await Promise.all([import('node:net'), import('node:tls')]);
  return new Promise((resolve, reject) => {
    const secure = connect({
      socket: plain,
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ['http/1.1'],
    });
    secure.once('secureConnect', () => resolve(secure));
    secure.on('error', reject);
  });
}

async function tunnel(socket: Socket, proxy: ProxyServer, host: string, port: number): Promise<Socket> {
  // Its parser is as careful with the answer as one has to be.
  const { request } = await import('node:http');
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const asked = request({
      method: 'CONNECT',
      path: authority,
      setHost: false,
      headers: {
        host: authority,
        ...(proxy.authorization !== undefined && { 'proxy-authorization': proxy.authorization }),
      },
      createConnection: () => socket,
    });
    asked.once('connect', ({ statusCode = 0 }, opened: Socket, rest: Buffer) => {
      if (statusCode < 200 || statusCode > 299) {
        reject(new ProxyRefusedError(proxy, authority, statusCode));
        return;
      }
      if (rest.length > 0) opened.unshift(rest);
      resolve(opened);
    });
    asked.on('error', reject);
    asked.end();
  });
}
