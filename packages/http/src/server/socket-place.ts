/**
 * The place of a Unix socket in the file system: who is there, taking it, and leaving it. Nothing is removed that is not known
 * to be a socket where nobody listens, or our own.
 */
import { type BigIntStats, lstatSync, unlinkSync } from 'node:fs';
import { link, lstat, rename, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { NotASocketError, SocketTakenError } from './listen-errors.js';

/** How often the place is tried for when others come and go there at the same time. */
const maxTries = 10;

/** Tells one file from every other. An inode's number alone is given anew when its file is gone. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino' | 'mtimeNs'>;

/**
 * Gives a socket that listens its place. Never over something else: a name is only ever given where there is none.
 * @param from - where the socket is now.
 * @param aside - a free path in a folder of our own, where a stale socket is looked at once more before it is removed.
 * @throws SocketTakenError `FWK_HTTP_SOCKET_TAKEN`, NotASocketError `FWK_HTTP_NOT_A_SOCKET`, or the system's error
 */
export async function takePlace(from: string, path: string, aside: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await link(from, path);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (tries === maxTries) throw new SocketTakenError(path);
    }
    await clearPlace(path, aside);
  }
}

/** Which file is at a path now; undefined when there is none. */
export async function identityOf(path: string): Promise<BigIntStats | undefined> {
  return lstat(path, { bigint: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

/** Removes our own socket; whatever else stands at the path by now stays. */
export function leavePlace(path: string, own: FileIdentity): void {
  try {
    const found = lstatSync(path, { bigint: true });
    if (isSame(found, own)) unlinkSync(path);
  } catch {
    // Gone, or its folder is out of reach: the next server finds a socket where nobody listens.
  }
}

/** Removes a socket where nobody listens. */
async function clearPlace(path: string, aside: string): Promise<void> {
  const found = await identityOf(path);
  if (!found) return;
  if (!found.isSocket()) throw new NotASocketError(path, kindOf(found));
  await checkUnanswered(path, path);
  // Another server may have replaced it since. So it is moved, which takes whatever is there, and looked at again.
  const now = await identityOf(path);
  if (!now || !isSame(now, found)) return;
  await rename(path, aside).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  const moved = await identityOf(aside);
  if (!moved) return;
  try {
    if (!isSame(moved, found)) throw new SocketTakenError(path);
    await checkUnanswered(aside, path);
  } catch (error) {
    await link(aside, path);
    throw error;
  } finally {
    await unlink(aside);
  }
}

/** @throws SocketTakenError unless it is certain that nobody listens */
async function checkUnanswered(at: string, path: string): Promise<void> {
  const refusal = await connectionRefusal(at);
  const code = codeOf(refusal);
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return;
  throw new SocketTakenError(path, refusal);
}

/** Why a connection could not be made; undefined when it could. */
function connectionRefusal(path: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', resolve);
  });
}

function isSame(one: FileIdentity, other: FileIdentity): boolean {
  return one.ino === other.ino && one.dev === other.dev && one.mtimeNs === other.mtimeNs;
}

function kindOf(found: BigIntStats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isSymbolicLink()) return 'a symbolic link';
  return found.isFile() ? 'a file' : 'something else';
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code;
}
