import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A token that whoever may read this user's files may use: made for one run of the listener, and gone with it. */
export interface TokenFile extends AsyncDisposable {
  readonly path: string;
  readonly token: string;
}

/**
 * Makes a token of 256 random bits in a file of mode 0600, in a new directory of mode 0700 that only this user may enter.
 * The directory's name cannot be guessed, and the file is made anew, so nobody can have planted one.
 */
export async function makeTokenFile(): Promise<TokenFile> {
  const { randomBytes } = await import('node:crypto');
  const token = randomBytes(32).toString('base64url');
  const path = join(await mkdtemp(join(tmpdir(), 'fwk-management-')), 'token');
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
