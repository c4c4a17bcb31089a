/**
 * The place of a Unix socket in the file system: who is there, taking it, and leaving it. Nothing is removed that is not known
 * to be a socket where nobody listens, or our own.
 */
import { type BigIntStats, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { link, lstat, mkdir, rmdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { background, type Clock, sleep } from '@fwk/kernel';
import { NotASocketError, SocketTakenError } from './listen-errors.js';

/** How often the place is tried for when others come and go there at the same time. */
const maxTries = 200;
/** How long another server is left alone that replaces the same socket, in milliseconds. */
const waitMs = 50;
/** Replacing takes far less than so many waits: who has not done it by then was killed. */
const maxWaits = 40;

/** Tells one file from every other. An inode's number alone is given anew when its file is gone. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino' | 'mtimeNs'>;

/**
 * Gives a socket that listens its place. The name is given where there is none, or in one step instead of a socket where nobody
 * listens. That step is taken only by the one server that has claimed this very file, so of several that start at once none
 * replaces the socket of another.
 * @param from - where the socket is now.
 * @throws SocketTakenError `FWK_HTTP_SOCKET_TAKEN`, NotASocketError `FWK_HTTP_NOT_A_SOCKET`, or the system's error
 */
export async function takePlace(from: string, path: string, clock: Clock): Promise<void> {
  let waitedFor = '';
  let waits = 0;
  for (let tries = 0; tries < maxTries; tries++) {
    if (await succeeds(link(from, path), 'EEXIST')) return;
    const stale = await staleAt(path);
    if (!stale) continue;
    const claim = join(dirname(path), `.${basename(path).slice(0, 40)}.${stale.ino}-${stale.mtimeNs}`);
    if (await succeeds(mkdir(claim), 'EEXIST')) {
      try {
        // Nothing can come between: the two calls are synchronous.
        if (isSame(lstatSync(path, { bigint: true, throwIfNoEntry: false }), stale)) {
          renameSync(from, path);
          return;
        }
      } finally {
        await succeeds(rmdir(claim), 'ENOENT');
      }
    } else {
      if (claim !== waitedFor) waits = 0;
      waitedFor = claim;
      await sleep(clock, waitMs, background);
      waits++;
      if (waits % maxWaits === 0) await succeeds(rmdir(claim), 'ENOENT');
    }
  }
  throw new SocketTakenError(path, new Error('others come and go there'));
}

/** Which file is at a path now; undefined when there is none. */
async function identityOf(path: string): Promise<BigIntStats | undefined> {
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
    // It is gone, or its folder cannot be reached: the next server then finds a socket on which nobody listens.
  }
}

/**
 * The socket at a path where nobody listens; undefined when there is nothing.
 * @throws SocketTakenError, NotASocketError
 */
async function staleAt(path: string): Promise<BigIntStats | undefined> {
  const found = await identityOf(path);
  if (found && !found.isSocket()) throw new NotASocketError(path, kindOf(found));
  if (found) await checkUnanswered(path);
  return found;
}

/** @throws SocketTakenError unless it is certain that nobody listens */
async function checkUnanswered(path: string): Promise<void> {
  const refusal = await connectionRefusal(path);
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

/** Whether something is done; false where it fails with a code that says that somebody else was faster. */
async function succeeds(step: Promise<void>, code: string): Promise<boolean> {
  try {
    await step;
    return true;
  } catch (error) {
    if (codeOf(error) === code) return false;
    throw error;
  }
}

function isSame(one: FileIdentity | undefined, other: FileIdentity): boolean {
  return one !== undefined && one.ino === other.ino && one.dev === other.dev && one.mtimeNs === other.mtimeNs;
}

function kindOf(found: BigIntStats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isSymbolicLink()) return 'a symbolic link';
  return found.isFile() ? 'a file' : 'something else';
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code;
}
