/**
 * Listens on every address of a host name, all with one port. `localhost`, for one, is often both `127.0.0.1` and `::1`.
 * Addresses of the name that this machine does not have are left out, as long as it has one.
 */
import type { Server } from 'node:http';
import { type AddressInfo, isIP, type ListenOptions, Server as NetServer } from 'node:net';
import { codeOf } from '@fwk/kernel';

/** How often another free port is tried when one is free on the first address and taken on the next. */
const freePortTries = 10;

const notOurs: readonly unknown[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** Servers that listen. */
export interface Listeners {
  readonly port: number;
  /** Takes no new connection and leaves the open ones as they are, also those on which nothing was sent yet. */
  stop(): void;
  /** Stops listening on all; settles when all connections have ended. */
  close(): Promise<void>;
}

/**
 * Opens them.
 * @param make - makes the server of one address.
 * @param port - 0 for any that is free on all addresses.
 * @throws the system's error when an address cannot be listened on.
 */
export async function openListeners(make: () => Server, host: string, port: number): Promise<Listeners> {
  const addresses = await addressesOf(host);
  for (let tries = 1; ; tries++) {
    try {
      return await openAll(make, addresses, port);
    } catch (error) {
      const again = port === 0 && codeOf(error) === 'EADDRINUSE' && tries < freePortTries;
      if (!again) throw error;
    }
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

async function openAll(make: () => Server, addresses: readonly string[], wanted: number): Promise<Listeners> {
  const servers: Server[] = [];
  let port = wanted;
  let absent: unknown;
  try {
    for (const address of addresses) {
      const server = make();
      try {
        await listenAt(server, { host: address, port });
      } catch (error) {
        if (!notOurs.includes(codeOf(error))) throw error;
        absent = error;
        continue;
      }
      servers.push(server);
      port = (server.address() as AddressInfo).port;
    }
    if (servers.length === 0) throw absent;
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
  const stop = () => {
    for (const server of servers) NetServer.prototype.close.call(server);
  };
  return { port, stop, close: () => closeAll(servers) };
}

/** Settles when the server listens. @throws the system's error */
export function listenAt(server: Server, place: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Stops listening; settles when all connections have ended. */
export async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
}
