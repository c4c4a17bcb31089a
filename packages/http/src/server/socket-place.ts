/**
 * The path of a Unix socket in the file system: finding out what is there, taking the path and giving it up. Only two things
 * are ever removed: a stale socket, at which nobody listens, and our own.
 */
import { type BigIntStats, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { link, lstat, mkdir, rmdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { type CallContext, type Clock, codeOf, sleep } from '@fwk/kernel';
import { NotASocketError, SocketTakenError } from './listen-errors.js';

/** How often taking the path is tried while other servers take it and give it up. */
const maxTries = 200;
/** Pause while another server replaces the same stale socket, in milliseconds. */
const waitMs = 50;
/** Pauses after which a claim is removed. Replacing takes far less time, so the server that made the claim was killed. */
const maxWaits = 40;

/** Identifies a file. The number of its inode is not enough: it is used again for another file once this one is gone. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino' | 'mtimeNs'>;

/**
 * Puts a listening socket at its path: by a link if there is nothing, or by renaming it over a stale socket. Only the one server
 * that has claimed this very file, by making a folder named after it, may rename. So of several servers that start at once
 * none replaces the socket of another.
 * @param from - where the socket is now.
 * @param context - its cancellation ends the waits for other servers.
 * @throws SocketTakenError `FWK_HTTP_SOCKET_TAKEN`, NotASocketError `FWK_HTTP_NOT_A_SOCKET`, or the system's error
 */
export async function takePlace(from: string, path: string, clock: Clock, context: CallContext): Promise<void> {
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
      await sleep(clock, waitMs, context);
      waits++;
      if (waits % maxWaits === 0) await succeeds(rmdir(claim), 'ENOENT');
    }
  }
  throw new SocketTakenError(path, new Error('other servers keep taking this path and giving it up'));
}

/** Which file is at a path now; undefined when there is none. */
async function identityOf(path: string): Promise<BigIntStats | undefined> {
  return lstat(path, { bigint: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

/** Removes our own socket. Anything else that is at the path stays. */
export function leavePlace(path: string, own: FileIdentity): void {
  try {
    const found = lstatSync(path, { bigint: true });
    if (isSame(found, own)) unlinkSync(path);
  } catch {
    // It is gone, or its folder cannot be read: the next server then finds nothing, or a stale socket.
  }
}

/**
 * The stale socket at a path; undefined when there is nothing.
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

/** Whether a step succeeds; false when it fails with this code, which says that another server was faster. */
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
