/** Files beside others that count for one profile: `config.production.yaml` beside `config.yaml`. */
import type { Rule } from '@fwk/kernel';

/** Names the profiles that are active, with commas between: `production,eu`. */
export const profileVariable = 'FWK_SETTINGS_PROFILE';

/** The path of the file beside another that counts for a profile. */
export function profileFile(path: string, profile: string): string {
  const cut = path.lastIndexOf('.');
  return `${path.slice(0, cut)}.${profile}${path.slice(cut)}`;
}

/** The profiles that a text names, in their order. */
export function profilesIn(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** A list of names that can stand in the name of a file, and lead to no other directory. */
export const profileNames: Rule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(name))
    ? undefined
    : 'a list of names of letters, digits, - and _';
