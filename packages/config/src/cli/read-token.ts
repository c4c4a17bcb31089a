/** The token with which a service is asked. */
import { messageOf, OptionsError, readRegularFile } from '@fwk/kernel';

/** Largest file of a token, in bytes. */
const maxBytes = 4096;

/**
 * The token in a file, or else in the variable `FWK_SETTINGS_TOKEN`; undefined where neither is given.
 * @throws OptionsError that does not show it.
 */
export async function readToken(
  file: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const text = file === undefined ? variables.FWK_SETTINGS_TOKEN : await readFile(file);
  const token = text?.trim();
  if (token === undefined || (file === undefined && token === '')) return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const where = file === undefined ? 'the variable FWK_SETTINGS_TOKEN' : `the file ${file}`;
  throw new OptionsError('fwk-config', [`${where} must hold a token: letters, digits and signs without a space`]);
}

async function readFile(path: string): Promise<string> {
  try {
    return (await readRegularFile(path, { maxBytes })).toString('utf8');
  } catch (error) {
    throw new OptionsError('fwk-config', [`the file of the token cannot be read: ${messageOf(error)}`]);
  }
}
