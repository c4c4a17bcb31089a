/**
 * Where the registry of this machine is spoken to. Without a token it is a Unix socket in a directory of this user alone: what
 * listens there is a program of the same user, and nobody else can connect. The port is held all the same: whoever has it
 * serves, and lists can be read from it. With a token, or where there are no such sockets, requests go by the port too.
 */
import type { BigIntStats, Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { maxSocketPathBytes, messageOf, OptionsError } from '@fwk/kernel';
import { RegistryUnavailableError } from '../../errors.js';
import type { LocalRegistryOptions } from './local-options.js';

/** The path of the socket for a port. @throws OptionsError where the system could not take it. */
export function socketPath({ socketDirectory, host }: LocalRegistryOptions, port: number): string {
  const directory = socketDirectory ?? `/tmp/fwk-${process.geteuid?.()}`;
  const of = /^(localhost|127\.0\.0\.1)$/i.test(host) ? '' : `${host.replaceAll(':', '_')}-`;
  const path = join(directory, `registry-${of}${port}.sock`);
  const bytes = Buffer.byteLength(path);
  if (isAbsolute(directory) && bytes <= maxSocketPathBytes()) return path;
  throw new OptionsError('localRegistry', [
    `socketDirectory must be an absolute path short enough for a Unix socket: ${path} has ${bytes} bytes, at most ` +
      `${maxSocketPathBytes()} fit; set it, or FWK_REGISTRY_SOCKET_DIRECTORY, to a shorter one`,
  ]);
}

/**
 * Makes sure of the directory for the socket, and answers the socket's path.
 * @returns undefined where requests go by the port: there is a token, or no place for such sockets on this system.
 * @throws RegistryUnavailableError when others could write in that directory.
 */
export async function socketPlace(options: LocalRegistryOptions, port: number): Promise<string | undefined> {
  if (options.token !== undefined || process.platform === 'win32') return undefined;
  const path = socketPath(options, port);
  const directory = dirname(path);
  const { lstat, mkdir, stat } = await import('node:fs/promises');
  const refuse = (problem: string, cause?: unknown) => {
    const hint = 'name another by socketDirectory or FWK_REGISTRY_SOCKET_DIRECTORY, or give all programs a token';
    return new RegistryUnavailableError(`${options.host}:${port}`, `${directory} ${problem}; ${hint}`, cause);
  };
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // There is no place for anybody's sockets then. A directory that was named must be there.
    if ((code === 'ENOENT' || code === 'EROFS') && options.socketDirectory === undefined) return undefined;
    if (code !== 'EEXIST') throw refuse(`cannot be made: ${messageOf(error)}`, error);
  }
  const problem = problemOf(await lstat(directory), await stat(dirname(directory)));
  if (problem !== undefined) throw refuse(problem);
  return path;
}

/** Why a directory is not this user's alone; undefined when it is. */
export function problemOf(directory: Stats | BigIntStats, parent: Stats | BigIntStats): string | undefined {
  const me = process.geteuid?.();
  if (!directory.isDirectory()) return 'is no directory';
  if (Number(directory.uid) !== me) return `belongs to the user ${directory.uid}, not to ${me}`;
  if (Number(directory.mode) & 0o077) return 'is open to other users (chmod 700 mends it)';
  if (Number(parent.uid) !== me && Number(parent.uid) !== 0) return `stands in a directory of the user ${parent.uid}`;
  if (Number(parent.mode) & 0o002 && !(Number(parent.mode) & 0o1000)) {
    return 'stands in a directory where everybody may replace it';
  }
  return undefined;
}
