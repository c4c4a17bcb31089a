import { readFileSync } from 'node:fs';
import { sharedState } from './shared-state.js';

/** Where the copies of each package were loaded from. */
const copies = sharedState('copies', () => new Map<string, string[]>());

/**
 * Notes that a copy of a package was loaded, and tells once of the second: what is compared by identity in one (classes,
 * tokens, `instanceof`) is not the same in the other. Call it when the package's first module runs.
 * @param place - where it was loaded from; read from `stack`, since `import.meta` does not survive bundlers and Jest.
 */
export function noteCopy(packageName: string, place: string | undefined = callerOf(new Error().stack)): void {
  if (place === undefined) return;
  const known = copies.get(packageName) ?? [];
  if (known.includes(place)) return;
  copies.set(packageName, [...known, place]);
  if (known.length !== 1) return;
  const versions = [...known, place].map((each) => versionAt(packageName, each));
  const differ = versions.every((version) => version !== undefined) && versions[0] !== versions[1];
  const listed = [...known, place].map((each, at) => (differ ? `${versions[at]} from ${each}` : each));
  process.emitWarning(`two ${differ ? 'versions' : 'copies'} of ${packageName} are loaded: ${listed.join(' and ')}`, {
    code: 'FWK_KERNEL_TWO_COPIES',
    detail: `Classes and tokens of one are strangers to the other. Let all packages of the program use one version and one installation ("npm ls ${packageName}" shows who brings which).`,
  });
}

/** Places of all copies of a package that are loaded. */
export function copiesOf(packageName: string): readonly string[] {
  return copies.get(packageName) ?? [];
}

/** File, line and column of the second frame of a stack: of whoever called {@link noteCopy}. A bundle holds copies in one file. */
function callerOf(stack: string | undefined): string | undefined {
  const frame = stack?.split('\n').filter((line) => line.trimStart().startsWith('at '))[1];
  return frame?.match(/((?:file:\/\/|[A-Za-z]:[\\/]|\/)[^()]*?:\d+:\d+)\)?$/)?.[1];
}

/** The version in the nearest manifest above a place, if it is that of the package: a bundle has another, or none. */
function versionAt(packageName: string, place: string): string | undefined {
  const file = place.replace(/^file:\/\//, '');
  for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) {
    try {
      const { name, version } = JSON.parse(readFileSync(`${file.slice(0, end)}/package.json`, 'utf8'));
      if (name !== undefined) return name === packageName ? version : undefined;
    } catch {
      // There is none in this folder.
    }
  }
  return undefined;
}

noteCopy('@fwk/kernel');
