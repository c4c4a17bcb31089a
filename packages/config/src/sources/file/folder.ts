import { join } from 'node:path';
import { ConfigError } from '../../errors.js';
import { fingerprintOf } from './read-file.js';

/** Most files in a directory of settings. */
const maxFiles = 1000;
/** How deep directories may lie within it; a link to a directory above would have no end. */
const maxLevels = 8;

/** One file of a directory. */
export interface FolderEntry {
  /** Names from the directory to the file. */
  readonly parts: readonly string[];
}

/**
 * The files in a directory and below, by name, and a fingerprint of all of them: another one means that something may have changed.
 * @throws the system's error; ConfigError `FWK_CONFIG_FILE_TOO_LARGE`.
 */
export async function filesIn(absolute: string): Promise<{ files: FolderEntry[]; fingerprint: string }> {
  const { readdir, stat } = await import('node:fs/promises');
  const files: FolderEntry[] = [];
  const prints: string[] = [];
  const look = async (parts: readonly string[]): Promise<void> => {
    for (const name of (await readdir(join(absolute, ...parts))).sort()) {
      if (name.startsWith('.')) continue;
      const here = [...parts, name];
      const isFolder = await stat(join(absolute, ...here)).then(
        (found) => found.isDirectory(),
        () => false,
      );
      if (isFolder) {
        if (here.length >= maxLevels) throw tooMuch(absolute, `directories more than ${maxLevels} levels deep`);
        await look(here);
        continue;
      }
      if (files.length >= maxFiles) throw tooMuch(absolute, `more than ${maxFiles} files`);
      files.push({ parts: here });
      prints.push(`${here.join('/')}=${await fingerprintOf(join(absolute, ...here))}`);
    }
  };
  await look([]);
  return { files, fingerprint: prints.join('\n') };
}

/** The fingerprint of a directory; `absent` where there is none. */
export async function folderFingerprint(absolute: string): Promise<string> {
  try {
    return (await filesIn(absolute)).fingerprint;
  } catch {
    return 'absent';
  }
}

function tooMuch(absolute: string, what: string): ConfigError {
  return new ConfigError('FWK_CONFIG_FILE_TOO_LARGE', `the directory holds ${what}`, {
    origin: { source: absolute, file: absolute },
  });
}
