/**
 * Workers of `node:cluster`; those of PM2's cluster mode are such workers too. The primary process owns their shared ports
 * and hands connections over, which ends in two steps: the worker closes its listeners, and, before it exits, leaves the
 * primary, so that a connection on its way to it goes back and on to another worker.
 */
import type { Cluster, Worker } from 'node:cluster';
import { type Clock, settleWithin } from '@fwk/kernel';

/** Longest wait for the primary's word that nothing is on its way any more, in milliseconds. */
const leaveWaitMs = 1000;

/** This process as a worker of a cluster; undefined in any other process. Loads `node:cluster` in workers only. */
export function clusterWorker(): Worker | undefined {
  if (process.send === undefined) return undefined;
  // The types describe the namespace of an import; this is the module itself.
  const cluster: object = process.getBuiltinModule('node:cluster');
  const { worker }: Partial<Cluster> = cluster;
  return worker;
}

/**
 * Leaves the primary. For workers that are about to exit and whose servers have closed; others have nothing to leave.
 * Never rejects.
 */
export function leaveCluster(clock: Clock): Promise<void> {
  const worker = clusterWorker();
  if (!worker?.isConnected()) return Promise.resolve();
  const left = new Promise<void>((resolve) => {
    worker.once('disconnect', resolve);
    worker.disconnect();
  });
  return settleWithin(left, { clock, limitMs: leaveWaitMs, late: () => undefined });
}
