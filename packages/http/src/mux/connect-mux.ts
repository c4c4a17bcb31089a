/** Makes the connection for a session, over TLS where the endpoint or the client demands it. */
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionParts, ConnectionTls, Place } from '../calling/connection-parts.js';
import { openSocket, tcpTo } from '../calling/connector.js';
import type { Upgrade } from '../proxy/through-proxy.js';
import { httpProtocol, muxProtocol } from '../wire/alpn.js';

/** Connects. @throws the system's error, or that of TLS */
export function connectMux({ address, port, socketPath, url }: Place, parts: ConnectionParts): Promise<Socket> {
  const { clock, tls, connectTimeoutMs } = parts;
  const upgrade = tls.demanded || url.startsWith('https:') ? overTls(tls, address) : undefined;
  return new Promise((resolve, reject) => {
    const to = socketPath === undefined ? tcpTo(address, port) : { path: socketPath };
    const done: Parameters<Upgrade>[1] = (...[error, socket]) => {
      if (error) reject(error);
      else resolve(socket);
    };
    openSocket(clock, connectTimeoutMs(), to, upgrade, done, parts.proxy?.(url));
  });
}

/** Whether the other end said over TLS that it speaks HTTP. */
export function isHttp(socket: Socket): boolean {
  return 'alpnProtocol' in socket && socket.alpnProtocol === httpProtocol;
}

function overTls({ serverName, followed }: ConnectionTls, host: string): Upgrade {
  return (plain, callback) => {
    const name = serverName ?? (isIP(host) === 0 ? host : undefined);
    const secure = connectTls({
      socket: plain,
      host,
      // HTTP is offered too: else a server that does not speak Mux would break the connection instead of choosing HTTP.
      ALPNProtocols: [muxProtocol, httpProtocol],
      ...(name !== undefined && { servername: name }),
      ...(followed && { secureContext: followed.material.value.secureContext }),
    });
    secure.on('error', (error) => callback(error, null));
    secure.once('secureConnect', () => callback(null, secure));
  };
}
