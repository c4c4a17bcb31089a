/**
 * Listening for one process alone. Workers of `node:cluster` (PM2's cluster mode is the same) share the ports that they
 * listen on, so that any of them would answer for any other. A listener made here is its worker's own: where the port is
 * taken by another worker, it takes the first free one above.
 */
import type { AddressInfo, Server } from 'node:net';
import { detached } from '@fwk/kernel';
import { clusterWorker } from '../lifecycle/cluster-worker.js';

/** Ports that a worker of a cluster tries, the configured one included. */
const portsTriedInCluster = 64;

/**
 * Listens on a port that no other process answers on.
 * @param port - 0 for any. In a worker of `node:cluster`: the first that is tried of {@link portsTriedInCluster}.
 * @returns the port.
 * @throws what the server emits, such as `EADDRINUSE`.
 */
export async function listenAlone(server: Server, host: string, port: number): Promise<number> {
  const last = port === 0 || !clusterWorker() ? port : Math.min(65_535, port + portsTriedInCluster - 1);
  for (let tried = port; ; tried++) {
    try {
      return await listen(server, host, tried);
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || tried >= last) throw error;
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Connections are nobody's call until a request comes.
    detached(() =>
      server.listen({ host, port, exclusive: true }, () => {
        server.off('error', reject);
        resolve((server.address() as AddressInfo).port);
      }),
    );
  });
}
