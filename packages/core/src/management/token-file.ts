import { chmod, lstat, mkdtemp, readdir, readlink, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A token that whoever may read this user's files may use: made for one run of the listener, and gone with it. */
export interface TokenFile extends AsyncDisposable {
  readonly path: string;
  readonly token: string;
}

/** Most directories of dead processes that one start removes, so that it stays quick. */
const maxRemoved = 100;

/**
 * Makes a token of 256 random bits in a file of mode 0600, in a new directory of mode 0700 that only this user may enter.
 * The directory's name ends in random characters, and the file is made anew, so nobody can have planted one. Files of
 * processes that were killed are removed.
 * @param parent - where the directory is made.
 */
export async function makeTokenFile(parent: string = tmpdir()): Promise<TokenFile> {
  const { createHash, randomBytes } = await import('node:crypto');
  const space = createHash('sha256')
    .update(await processSpace())
    .digest('hex')
    .slice(0, 8);
  const prefix = `fwk-management-${space}-`;
  await removeStale(parent, prefix).catch(() => {});
  const token = randomBytes(32).toString('base64url');
  const path = join(await mkdtemp(join(parent, `${prefix}${process.pid}-`)), 'token');
  try {
    await chmod(dirname(path), 0o700);
    await writeFile(path, token, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    await remove(path);
    throw error;
  }
  return { path, token, [Symbol.asyncDispose]: () => remove(path) };
}

function remove(path: string): Promise<void> {
  return rm(dirname(path), { recursive: true, force: true });
}

/**
 * Where the ids of processes are the same as here: the machine, or the container. Containers may share a directory, and a
 * process of another one must not seem to be dead.
 */
async function processSpace(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${hostname()} ${namespace}`;
}

/** Removes the directories that dead processes of this user have left. Whatever looks otherwise than ours stays. */
async function removeStale(parent: string, prefix: string): Promise<void> {
  const dead = (await readdir(parent)).filter((name) => {
    const pid = name.startsWith(prefix) ? /^(\d{1,10})-\w{6}$/.exec(name.slice(prefix.length))?.[1] : undefined;
    return pid !== undefined && !isAlive(Number(pid));
  });
  for (const name of dead.slice(0, maxRemoved)) {
    const directory = join(parent, name);
    try {
      const found = await lstat(directory);
      const ours = process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o077) === 0);
      if (!ours || !found.isDirectory()) continue;
      // Not recursively: nothing is removed but what was made here, even where a link was put in the way.
      await unlink(join(directory, 'token')).catch(() => {});
      await rmdir(directory);
    } catch {
      // Somebody else removes it as well, or put something into it.
    }
  }
}

/** A process that may not be signalled lives too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
