import { resolve } from 'node:path';
import { messageOf, readRegularFile } from '@fwk/kernel';
import { ConfigError } from '../errors.js';
import { readKeys, type ValueKeys } from './value-cipher.js';

/** Holds the keys, the one that encrypts first, with commas between. */
export const keyVariable = 'FWK_SETTINGS_KEY';
/** Names a file that holds them, one a line; a `keyFile` option comes before it. */
export const keyFileVariable = 'FWK_SETTINGS_KEY_FILE';

const maxBytes = 64 * 1024;

/**
 * The keys of the environment and of a file; none where neither has any. Read anew each time, so that a key can be replaced under way.
 * @throws ConfigError `FWK_CONFIG_KEY_INVALID`.
 */
export async function findKeys(
  keyFile: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<ValueKeys> {
  const file = keyFile ?? variables[keyFileVariable];
  const inFile = file ? readKeys(await read(file)) : new Map<string, Buffer>();
  return new Map([...readKeys(variables[keyVariable] ?? ''), ...inFile]);
}

async function read(file: string): Promise<string> {
  try {
    return (await readRegularFile(resolve(file), { maxBytes })).toString('utf8');
  } catch (cause) {
    throw new ConfigError('FWK_CONFIG_KEY_INVALID', `the file of keys cannot be read: ${messageOf(cause)}`, {
      origin: { source: file, file },
      cause,
    });
  }
}
