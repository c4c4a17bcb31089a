import { parseVersionRange, type VersionRange } from '@fwk/kernel';

/** What the name of a group in a split means. */
export type SplitKey =
  | { readonly kind: 'tag'; readonly tag: string }
  /** A version is a range too, the narrowest there is. */
  | { readonly kind: 'range'; readonly range: VersionRange }
  /** All that are in no other group. */
  | { readonly kind: 'rest' };

const TAG = 'tag:';

/** Reads it: a version, a range, `tag:NAME` or `*`; undefined where it is none of them. */
export function parseSplitKey(text: string): SplitKey | undefined {
  if (text === '*') return { kind: 'rest' };
  if (text.startsWith(TAG)) return text === TAG ? undefined : { kind: 'tag', tag: text.slice(TAG.length) };
  const range = parseVersionRange(text);
  return range && { kind: 'range', range };
}
