/**
 * Listens at a Unix socket. The socket is bound in a temporary folder that only this user can enter, gets its permissions
 * there, and is then put at its path: nobody can connect before its permissions are set. It is removed as soon as the server
 * takes no more connections.
 */
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { dirname, join } from 'node:path';
import { type CallContext, codeOf, type Env, maxSocketPathBytes } from '@fwk/kernel';
import { closeAll, type Listeners, listenAt } from './listeners.js';
import { type FileIdentity, leavePlace, takePlace } from './socket-place.js';

/** Longest name of the temporary folder, in characters; it is shorter where the path would be too long for a socket. */
const maxNameLength = 9;
const maxTries = 20;

/**
 * Makes a server listen at a Unix socket.
 * @param mode - permissions of the socket.
 * @param context - its cancellation ends the waits for other servers.
 * @throws SocketTakenError `FWK_HTTP_SOCKET_TAKEN`, NotASocketError `FWK_HTTP_NOT_A_SOCKET`, or the system's error
 */
export async function openSocketListener(
  server: Server,
  path: string,
  mode: number,
  { clock, random }: Pick<Env, 'clock' | 'random'>,
  context: CallContext,
): Promise<Listeners> {
  const folder = await makeFolder(dirname(path), random);
  let own: FileIdentity;
  try {
    const bound = join(folder, 's');
    await listenAt(server, { path: bound });
    await chmod(bound, mode);
    own = await lstat(bound, { bigint: true });
    await takePlace(bound, path, clock, context);
  } catch (error) {
    if (server.listening) await closeAll([server]);
    throw error;
  } finally {
    // Node removes the path that it has bound when it closes the server; that path is gone by then, which is no error.
    await rm(folder, { recursive: true, force: true });
  }
  return {
    port: 0,
    stop() {
      leavePlace(path, own);
      NetServer.prototype.close.call(server);
    },
    close() {
      leavePlace(path, own);
      return closeAll([server]);
    },
  };
}

/** Makes a folder that only this user can enter. It is beside the socket's path, since links and renames need one file system. */
async function makeFolder(parent: string, random: () => number): Promise<string> {
  const room = maxSocketPathBytes() - Buffer.byteLength(join(parent, 'xx', 's')) + 2;
  const length = Math.min(maxNameLength, room);
  for (let tries = 1; ; tries++) {
    const letters = Array.from({ length: Math.max(1, length - 1) }, () => Math.floor(random() * 36).toString(36));
    const folder = join(parent, `${length > 1 ? '.' : ''}${letters.join('')}`);
    try {
      await mkdir(folder, { mode: 0o700 });
      return folder;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || tries === maxTries) throw error;
    }
  }
}
