/** The options of a Unix socket: what can be told of them before anything listens. */
import { dirname } from 'node:path';
import { clusterWorker } from '@fwk/core';
import { maxSocketPathBytes, OptionsError, type Rule } from '@fwk/kernel';
import type { ServerSettings } from './server-options.js';

/** A rule for the rights of a socket. A server that starts asks the socket that is there, which takes the right to write. */
export const socketRights: Rule = (value) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0o777 && ((value as number) & 0o200) !== 0
    ? undefined
    : 'rights of a file, at most 0o777, with which its own user may write, such as 0o660';

type Settings = Pick<ServerSettings, 'socketPath' | 'host' | 'port' | 'tls'>;

/** Bytes that a place for binding, `/x/s`, adds to the folder of the socket at least. */
const bindingBytes = 4;

/**
 * Checks that a server may listen at its Unix socket, and that nothing is asked of it that a socket cannot do.
 * @param defaults - of `host` and `port`, which tell whether one was given.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkSocketOptions(
  owner: string,
  { socketPath, host, port, tls }: Settings,
  defaults: Pick<Settings, 'host' | 'port'>,
): void {
  if (socketPath === undefined) return;
  const problems: string[] = [];
  const bytes = Buffer.byteLength(dirname(socketPath)) + bindingBytes;
  const most = maxSocketPathBytes();
  if (bytes > most)
    problems.push(
      `socketPath needs ${bytes} bytes while it is bound, and ${most} fit: choose a folder with a shorter path`,
    );
  if (host !== defaults.host || port !== defaults.port)
    problems.push('socketPath stands instead of host and port: leave those out, or list a second server for them');
  if (tls !== undefined)
    problems.push('tls cannot be spoken at socketPath: leave it out, the rights of the socket say who may connect');
  if (clusterWorker())
    problems.push('socketPath cannot be used in a worker of a cluster, where workers share ports: use host and port');
  if (problems.length > 0) throw new OptionsError(owner, problems);
}
