/**
 * Where a project has its settings, so that nobody need write it each time: the list `fwk-config` in the `package.json` of the folder,
 * with options as on the command line.
 */
import { resolve } from 'node:path';
import { codeOf, jsonFault, messageOf, OptionsError, parseJson, readRegularFile } from '@fwk/kernel';

const file = 'package.json';
const maxBytes = 1_048_576;

/**
 * Reads them.
 * @returns no options where there is no such file or list
 * @throws OptionsError for a file that cannot be read, and for what is no list of options.
 */
export async function projectArguments(): Promise<readonly string[]> {
  const manifest = await readManifest();
  const given: unknown =
    typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'fwk-config') : undefined;
  if (given === undefined) return [];
  if (Array.isArray(given) && given.every((each) => typeof each === 'string')) return given;
  throw new OptionsError('fwk-config', [
    `"fwk-config" in ${file} must be a list of options, such as ["--file", "config.yaml"]`,
  ]);
}

async function readManifest(): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readRegularFile(resolve(file), { maxBytes });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new OptionsError('fwk-config', [`${file} cannot be read: ${messageOf(error)}`]);
  }
  try {
    return parseJson(bytes);
  } catch (error) {
    throw new OptionsError('fwk-config', [`${file} ${jsonFault(error)}`]);
  }
}
