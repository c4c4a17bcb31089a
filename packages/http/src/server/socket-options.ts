/** Checks the options of a Unix socket before anything listens. */
import { dirname } from 'node:path';
import { clusterWorker } from '@fwk/core';
import { maxSocketPathBytes, OptionsError, type Rule } from '@fwk/kernel';
import type { ServerSettings } from './server-options.js';

/**
 * A rule for the permissions of a socket. Its own user must be able to write: a server that starts connects to a socket that it
 * finds, to learn whether it is in use, and connecting takes the permission to write.
 */
export const socketModeRule: Rule = (value) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0o777 && ((value as number) & 0o200) !== 0
    ? undefined
    : 'permissions of a file, at most 0o777, with which its own user may write, such as 0o660';

type Settings = Pick<ServerSettings, 'socketPath' | 'host' | 'port' | 'tls'>;

/** What the temporary path at which the socket is bound adds to the folder, at the least: the bytes of `/x/s`. */
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
    problems.push('socketPath replaces host and port: leave those out, or list a second server for them');
  if (tls !== undefined)
    problems.push(
      'tls cannot be used with socketPath: leave it out, the permissions of the socket say who may connect',
    );
  if (clusterWorker())
    problems.push('socketPath cannot be used in a worker of a cluster, where workers share ports: use host and port');
  if (problems.length > 0) throw new OptionsError(owner, problems);
}
