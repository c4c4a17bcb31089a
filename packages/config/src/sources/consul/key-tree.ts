/**
 * The keys below a folder of a key-value store as a tree of settings: slashes separate levels. It is kept between loads, and only
 * the folders in which a key has changed are built anew; all others stay the same objects, so that nobody looks at them again.
 */
import { ConfigError } from '../../errors.js';
import { parseScalar } from '../../format/scalar.js';
import type { SourceValues } from '../../source/source.js';
import { keepTree } from '../../tree/kept.js';
import type { Origin } from '../../tree/origin.js';
import { type ConfigPath, formatPath } from '../../tree/path.js';
import { shareUnchanged } from '../../tree/share.js';
import { type ConfigTree, checkDepth, checkKey, isTree, valueAt } from '../../tree/tree.js';
import { conflictOf, readText, Spellings } from '../named-texts.js';

/** One key with its value. */
class Text {
  readonly key: string;
  readonly text: string;
  #scalar: string | number | boolean | undefined;

  constructor(key: string, text: string) {
    this.key = key;
    this.text = text;
  }

  /** @param known - what the sources below have at its place. */
  value(known: unknown): string | number | boolean {
    if (typeof known === 'string') return readText(this.text, known);
    this.#scalar ??= parseScalar(this.text);
    return this.#scalar;
  }
}

interface Folder {
  readonly key: string;
  readonly folders: Map<string, Folder>;
  readonly texts: Map<string, Text>;
  built: Built | undefined;
  /** What has changed since then: the values of these parts, or `all`. */
  changed: Set<string> | 'all';
}

/** A folder as settings; it stays as it is when the folder changes. */
interface Built {
  /** What the sources below have there. */
  readonly level: unknown;
  readonly tree: ConfigTree;
  /** By the name of the setting. */
  readonly members: ReadonlyMap<string, Text | BuiltFolder>;
}

interface BuiltFolder extends Built {
  readonly key: string;
}

/** Keys below one folder. */
export class KeyTree {
  readonly #source: string;
  readonly #root: Folder;
  readonly #spellings = new Spellings();
  #below: ConfigTree = {};

  /**
   * @param source - the name of the source, for messages.
   * @param prefix - what all keys begin with; ends in a slash.
   */
  constructor(source: string, prefix: string) {
    this.#source = source;
    this.#root = emptyFolder(prefix);
  }

  /** Sets a key, or replaces its value. */
  set(key: string, text: string): void {
    const parts = this.#partsOf(key);
    const last = parts.pop() ?? '';
    let folder = this.#root;
    for (const part of parts) {
      folder.changed = 'all';
      let next = folder.folders.get(part);
      if (!next) {
        next = emptyFolder(`${folder.key}${part}/`);
        folder.folders.set(part, next);
      }
      folder = next;
    }
    if (!folder.texts.has(last)) folder.changed = 'all';
    else if (folder.changed !== 'all') folder.changed.add(last);
    folder.texts.set(last, new Text(key, text));
  }

  /** Takes a key away, and the folders that are empty without it. */
  delete(key: string): void {
    remove(this.#root, this.#partsOf(key));
  }

  /**
   * What the keys say now.
   * @param below - what the sources below say together.
   * @throws ConfigError that names the key: `FWK_CONFIG_NAME_CONFLICT`, `FWK_CONFIG_KEY_REFUSED`, `FWK_CONFIG_TOO_DEEP`.
   */
  values(below: ConfigTree): SourceValues {
    this.#below = shareUnchanged(this.#below, below) as ConfigTree;
    const root = this.#build(this.#root, this.#below, []);
    const at = (path: ConfigPath) => memberAt(root, path);
    const source = this.#source;
    return {
      tree: root.tree,
      originOf: (path) => {
        const key = at(path)?.key;
        return key === undefined ? undefined : { source, key };
      },
      textOf: (path) => {
        const member = at(path);
        return member instanceof Text ? member.text : undefined;
      },
    };
  }

  #partsOf(key: string): string[] {
    return key.slice(this.#root.key.length).split('/');
  }

  #build(folder: Folder, below: unknown, path: ConfigPath): BuiltFolder {
    const level = isTree(below) ? below : undefined;
    const { built } = folder;
    if (built && built.level === level && folder.changed !== 'all') return this.#mended(folder, built, level);
    const tree: Record<string, unknown> = {};
    const members = new Map<string, Text | BuiltFolder>();
    const parent = formatPath(path);
    const place = (part: string, key: string) => {
      const origin = { source: this.#source, key };
      checkDepth(path.length + 1, origin);
      const name = this.#spellings.of(part, level);
      checkKey(name, parent, origin);
      const other = members.get(name);
      if (other) throw conflictOf(formatPath([...path, name]), origin, { source: this.#source, key: other.key });
      return name;
    };
    for (const [part, inner] of folder.folders) {
      const name = place(part, inner.key);
      const built = this.#build(inner, valueAt(level, [name]), [...path, name]);
      members.set(name, built);
      tree[name] = built.tree;
    }
    for (const [part, text] of folder.texts) {
      if (part === '' && isMarker(text, this.#source)) continue;
      const name = place(part, text.key);
      members.set(name, text);
      tree[name] = text.value(valueAt(level, [name]));
    }
    return this.#keep(folder, { level, tree: keepTree(tree), members });
  }

  /** The same with the new values of some texts, of which all else is as it was: a copy takes less time than building. */
  #mended(folder: Folder, built: Built, level: ConfigTree | undefined): BuiltFolder {
    if (folder.changed === 'all' || folder.changed.size === 0) return { ...built, key: folder.key };
    const tree: Record<string, unknown> = { ...built.tree };
    const members = new Map(built.members);
    for (const part of folder.changed) {
      const text = folder.texts.get(part);
      if (!text || (part === '' && isMarker(text, this.#source))) continue;
      const name = this.#spellings.of(part, level);
      members.set(name, text);
      tree[name] = text.value(valueAt(level, [name]));
    }
    return this.#keep(folder, { level, tree: keepTree(tree), members });
  }

  #keep(folder: Folder, built: Built): BuiltFolder {
    folder.built = built;
    folder.changed = new Set();
    return { ...built, key: folder.key };
  }
}

function emptyFolder(key: string): Folder {
  return { key, folders: new Map(), texts: new Map(), built: undefined, changed: 'all' };
}

function remove(folder: Folder, parts: readonly string[]): void {
  const [part = '', ...rest] = parts;
  folder.changed = 'all';
  const inner = folder.folders.get(part);
  if (rest.length === 0) folder.texts.delete(part);
  else if (inner) {
    remove(inner, rest);
    if (inner.folders.size === 0 && inner.texts.size === 0) folder.folders.delete(part);
  }
}

function memberAt(root: BuiltFolder, path: ConfigPath): Text | BuiltFolder | undefined {
  let member: Text | BuiltFolder | undefined = root;
  for (const name of path) member = member instanceof Text ? undefined : member?.members.get(name);
  return member;
}

/** A key that ends in a slash is how people make an empty folder. @throws ConfigError when it has a value. */
function isMarker({ key, text }: Text, source: string): boolean {
  if (text === '') return true;
  const origin: Origin = { source, key };
  const message = 'the key ends in a slash, which stands for a folder, but it has a value; choose another name';
  throw new ConfigError('FWK_CONFIG_KEY_REFUSED', message, { origin });
}
