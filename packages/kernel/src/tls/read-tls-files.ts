/** Reads the files of TLS: at once when something is built, and in the background after that. */
import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors/fwk-error.js';
import { readRegularFile, readRegularFileSync } from '../files/regular-file.js';
import { TlsInvalidError } from './tls-error.js';
import type { TlsTexts } from './tls-material.js';
import type { TlsSources } from './tls-options.js';

/** More than a file of all authorities of the world has. */
const limit = { maxBytes: 4 * 1024 * 1024 };
/** More than a folder of all authorities of the world has. */
const maxFiles = 2000;

const fileFields = ['caFile', 'certFile', 'keyFile', 'passphraseFile'] as const;

/** The files that the options name, with their fields. */
export function filesOf(sources: TlsSources): readonly (readonly [field: string, path: string])[] {
  return fileFields.flatMap((field) => (sources[field] === undefined ? [] : [[field, sources[field]] as const]));
}

/** @throws TlsInvalidError `FWK_KERNEL_TLS_INVALID` when a file cannot be read. */
export function readTlsFilesSync(owner: string, sources: TlsSources): TlsTexts {
  const read = (field: string, path: string) =>
    refuse(owner, field, path, () => readRegularFileSync(path, limit).toString('utf8'));
  const { caFolder } = sources;
  const inFolder =
    caFolder === undefined
      ? []
      : refuse(owner, 'caFolder', caFolder, () =>
          filesAmong(caFolder, readdirSync(caFolder, { recursive: true, withFileTypes: true })),
        );
  return {
    files: Object.fromEntries(filesOf(sources).map(([field, path]) => [path, read(field, path)])),
    folder: inFolder.map((path) => textOrNone(() => readRegularFileSync(path, limit))),
  };
}

/** The same without holding anybody up. */
export async function readTlsFiles(owner: string, sources: TlsSources, inFolder: readonly string[]): Promise<TlsTexts> {
  const files = await Promise.all(
    filesOf(sources).map(async ([field, path]) => {
      try {
        return [path, (await readRegularFile(path, limit)).toString('utf8')] as const;
      } catch (error) {
        throw unreadable(owner, field, path, error);
      }
    }),
  );
  const folder = await Promise.all(
    inFolder.map(async (path) => {
      const read = await readRegularFile(path, limit).catch(() => undefined);
      return textOrNone(() => read);
    }),
  );
  return { files: Object.fromEntries(files), folder };
}

/**
 * All files in a folder and below, as Consul's own tools take them.
 * @throws TlsInvalidError `FWK_KERNEL_TLS_INVALID`
 */
export async function filesIn(owner: string, folder: string): Promise<readonly string[]> {
  const { readdir } = await import('node:fs/promises');
  try {
    return filesAmong(folder, await readdir(folder, { recursive: true, withFileTypes: true }));
  } catch (error) {
    throw unreadable(owner, 'caFolder', folder, error);
  }
}

function filesAmong(folder: string, entries: readonly Dirent[]): readonly string[] {
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
  if (files.length > maxFiles) throw new Error(`${folder} holds more than ${maxFiles} files`);
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort();
}

function textOrNone(read: () => Buffer | undefined): string {
  try {
    return read()?.toString('utf8') ?? '';
  } catch {
    return '';
  }
}

function refuse<T>(owner: string, field: string, path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(owner, field, path, error);
  }
}

function unreadable(owner: string, field: string, path: string, error: unknown): TlsInvalidError {
  const { code } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'there is no such file' : messageOf(error);
  return new TlsInvalidError(owner, `${field} ${path}`, reason, error);
}
