/**
 * Consul tells that something below a prefix has changed, but not what. So the keys are divided into ranges, each with a prefix
 * of its own, about as many in each level as a name has letters to choose from: asked for the index of each, Consul shows in which
 * of them the change is, and only that one is read. A range knows the names in it, one level deep, so that a new name which
 * belongs to none of its parts is noticed.
 */

/** A key as Consul lists it. */
export interface ListedKey {
  readonly key: string;
  /** The state in which it was changed last. */
  readonly index: number;
}

/** Keys that begin with the same characters. */
export interface KeyRange {
  readonly prefix: string;
  /** The state that is known of it. */
  readonly index: number;
  /** Its keys; empty where they stand in its parts. */
  readonly keys: readonly string[];
  /** Whether it is only the key that the prefix is, and not what begins with it. */
  readonly single: boolean;
  /** Empty for a range that is read as a whole. */
  readonly parts: readonly KeyRange[];
  /** What Consul lists of it: its keys up to the next slash. */
  readonly names: ReadonlySet<string>;
}

/** Ranges of up to so many keys are read as a whole, which takes about as long as asking for the indexes of ten. */
const wholeRange = 1500;
/** Names that differ only after so many divisions are not divided further. */
const maxDepth = 32;

/** @param listed - all keys that begin with the prefix. */
export function rangeOf(prefix: string, listed: readonly ListedKey[], depth = 0): KeyRange {
  const index = listed.reduce((latest, key) => Math.max(latest, key.index), 0);
  const parts = listed.length <= wholeRange || depth >= maxDepth ? [] : divided(prefix, listed, depth + 1);
  const whole = parts.length === 0;
  const names = new Set(whole ? [] : listed.map(({ key }) => nameIn(prefix, key)));
  return { prefix, index, keys: whole ? listed.map(({ key }) => key) : [], single: false, parts, names };
}

/** All keys that are known of a range. */
export function keysOf({ keys, parts }: KeyRange): readonly string[] {
  return parts.length === 0 ? keys : parts.flatMap(keysOf);
}

/** True when Consul lists exactly the names that are known. */
export function hasNames(range: KeyRange, listed: unknown): boolean {
  return (
    Array.isArray(listed) &&
    listed.length === range.names.size &&
    listed.every((name) => range.names.has(name as string))
  );
}

/** Parts by the next character; none where one of them could not be asked for. */
function divided(prefix: string, listed: readonly ListedKey[], depth: number): KeyRange[] {
  const groups = new Map<string, ListedKey[]>();
  const parts: KeyRange[] = [];
  for (const each of listed) {
    const code = each.key.codePointAt(prefix.length);
    if (code === undefined) {
      parts.push({ ...rangeOf(prefix, [each]), single: true });
      continue;
    }
    const start = String.fromCodePoint(code);
    const group = groups.get(start);
    if (group) group.push(each);
    else groups.set(start, [each]);
  }
  for (const group of groups.values()) {
    const shared = sharedPrefix(prefix, group);
    if (!isAskable(shared)) return [];
    // One that has them all would only be asked what was asked already, unless it is a folder of its own.
    if (group.length === listed.length && !shared.endsWith('/')) return divided(shared, listed, depth);
    parts.push(rangeOf(shared, group, depth));
  }
  return parts;
}

/** What all of them begin with, but not beyond the next slash. */
function sharedPrefix(prefix: string, listed: readonly ListedKey[]): string {
  const [first = { key: prefix }] = listed;
  let length = nameIn(prefix, first.key).length;
  for (const { key } of listed) {
    let same = prefix.length;
    while (same < length && key[same] === first.key[same]) same++;
    length = same;
  }
  // Not between the halves of a character.
  if (/[\ud800-\udbff]/.test(first.key[length - 1] ?? '')) length--;
  return first.key.slice(0, length);
}

function nameIn(prefix: string, key: string): string {
  const slash = key.indexOf('/', prefix.length);
  return slash < 0 ? key : key.slice(0, slash + 1);
}

/** Whether it can stand in a URL as it is: neither URLs nor Consul keep empty parts and dots, and Consul refuses what is not printable. */
export function isAskable(prefix: string): boolean {
  const parts = prefix.replace(/\/$/, '').split('/');
  return (
    /^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(prefix) && !parts.some((part) => part === '' || part === '.' || part === '..')
  );
}

/** A key in the path of a URL. */
export function encodedKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
