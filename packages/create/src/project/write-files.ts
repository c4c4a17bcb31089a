/** Puts the files of a new project where nothing is, all of them or none. */
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '@fwk/kernel';
import { FolderTakenError, WriteFailedError } from '../errors.js';

/** Texts by their paths below the project's folder, with `/`. */
export type ProjectFiles = Readonly<Record<string, string>>;

/** What a new repository has before its first project, and what is left alone. */
const leftAlone: readonly string[] = ['.git'];

/**
 * @param folder - is made if it is not there; may hold nothing but `.git`.
 * @throws FolderTakenError `FWK_CREATE_FOLDER_TAKEN`, WriteFailedError `FWK_CREATE_WRITE_FAILED`
 */
export async function writeFiles(folder: string, files: ProjectFiles): Promise<void> {
  await checkFree(folder);
  const made: string[] = [];
  try {
    for (const [path, text] of Object.entries(files)) {
      const target = join(folder, path);
      const first = await mkdir(dirname(target), { recursive: true });
      if (first !== undefined) made.push(first);
      // `wx`: what somebody puts there meanwhile is theirs.
      await writeFile(target, text, { flag: 'wx' });
      made.push(target);
    }
  } catch (error) {
    for (const path of made.reverse()) await rm(path, { recursive: true, force: true }).catch(() => {});
    throw new WriteFailedError(folder, error);
  }
}

/** @throws FolderTakenError */
export async function checkFree(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new WriteFailedError(folder, error);
  });
  if (!found) return;
  if (!found.isDirectory()) throw new FolderTakenError(folder, 'is there already, and is no folder');
  const entries = (await readdir(folder)).filter((entry) => !leftAlone.includes(entry));
  if (entries.length === 0) return;
  const more = entries.length > 3 ? ` and ${entries.length - 3} more` : '';
  throw new FolderTakenError(folder, `is not empty (${entries.slice(0, 3).join(', ')}${more})`);
}
