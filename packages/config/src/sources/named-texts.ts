/**
 * Settings of sources that know only names and texts: variables, files of a directory, arguments, keys of a store. Each part of
 * a name is matched without regard to case, `_` and `-` against the names that the sources below use there; one that nothing below
 * knows becomes what the source says. Texts are read as {@link parseScalar} does; where a source below has text, it stays text.
 * A part that is a number sets an item of a list: `servers.0.host`. Where nothing stands below, `0`, `1` and so on make a list.
 */

import { ConfigError } from '../errors.js';
import { parseScalar, unquoted } from '../format/scalar.js';
import type { SourceValues } from '../source/source.js';
import { namesItems } from '../tree/merge.js';
import { formatOrigin, type Origin } from '../tree/origin.js';
import { type ConfigPath, formatPath } from '../tree/path.js';
import { type ConfigTree, checkDepth, checkKey, isTree, valueAt } from '../tree/tree.js';

interface Placed {
  readonly origin: Origin;
  readonly text: string | undefined;
  /** False for what only leads to it. */
  readonly whole: boolean;
}

/** How the parts of a name are spelled: as the sources below do, without regard to case, `_` and `-`. */
export class Spellings {
  readonly #unknown: (part: string) => string;
  /** Names of a level below by how they are compared. */
  readonly #folded = new WeakMap<ConfigTree, ReadonlyMap<string, string>>();

  /** @param unknown - the spelling of a part that nothing below knows. @defaultValue as it is */
  constructor(unknown: (part: string) => string = (part) => part) {
    this.#unknown = unknown;
  }

  /** @param level - what the sources below have at this place. */
  of(part: string, level: unknown): string {
    if (!isTree(level)) return this.#unknown(part);
    if (Object.hasOwn(level, part)) return part;
    const unknown = this.#unknown(part);
    if (Object.hasOwn(level, unknown)) return unknown;
    let names = this.#folded.get(level);
    if (!names) {
      // The first of several that differ only in their spelling wins.
      names = new Map(
        Object.keys(level)
          .reverse()
          .map((name) => [fold(name), name]),
      );
      this.#folded.set(level, names);
    }
    return names.get(fold(part)) ?? unknown;
  }
}

/** What a text stands for. @param known - what the sources below have at its place: where that is text, it stays text. */
export function readText(text: string, known: unknown): string | number | boolean {
  return typeof known === 'string' ? (unquoted(text.trim()) ?? text) : parseScalar(text);
}

/** Two names that set the same. */
export function conflictOf(path: string, origin: Origin, other: Origin | undefined): ConfigError {
  const by = other ? `the ${formatOrigin(other)}` : 'another';
  return new ConfigError('FWK_CONFIG_NAME_CONFLICT', `sets "${path}", and so does ${by}; remove one of them`, {
    origin,
  });
}

/** Collects them. */
export class NamedTexts {
  readonly #below: ConfigTree;
  /** Undefined where names are exact. */
  readonly #spellings: Spellings | undefined;
  readonly #tree: Record<string, unknown> = {};
  readonly #placed = new Map<string, Placed>();

  /**
   * @param unknown - the spelling of a part that nothing below knows. @defaultValue as it is
   * @param exact - names are spelled as settings are. @defaultValue false
   */
  constructor(below: ConfigTree, unknown?: (part: string) => string, exact = false) {
    this.#below = below;
    if (!exact) this.#spellings = new Spellings(unknown);
  }

  /**
   * Adds one setting.
   * @throws ConfigError `FWK_CONFIG_NAME_CONFLICT` where two names set the same, `FWK_CONFIG_KEY_REFUSED`, `FWK_CONFIG_TOO_DEEP`.
   */
  add(parts: readonly string[], text: string, origin: Origin): void {
    const path = this.#pathOf(parts, origin);
    this.#place(path, readText(text, valueAt(this.#below, path)), { origin, text, whole: true });
  }

  /** Adds a value that is no text. */
  addValue(parts: readonly string[], value: unknown, origin: Origin): void {
    this.#place(this.#pathOf(parts, origin), value, { origin, text: undefined, whole: true });
  }

  /**
   * What the source says.
   * @param lists - whether numbers name items of lists. @defaultValue true
   * @throws ConfigError `FWK_CONFIG_NAME_CONFLICT` for a part of a list that is none of its items.
   */
  values(lists = true): SourceValues {
    const at = (path: ConfigPath) => this.#placed.get(formatPath(path));
    const member = ([key, value]: [string, unknown]) => [
      key,
      this.#withLists(value, valueAt(this.#below, [key]), [key]),
    ];
    const tree = lists ? Object.fromEntries(Object.entries(this.#tree).map(member)) : this.#tree;
    return { tree, originOf: (path) => at(path)?.origin, textOf: (path) => at(path)?.text };
  }

  #pathOf(parts: readonly string[], origin: Origin): ConfigPath {
    checkDepth(parts.length, origin);
    let level: unknown = this.#below;
    const path = parts.map((part) => {
      const name = this.#spellings?.of(part, level) ?? part;
      level = valueAt(level, [name]);
      return name;
    });
    for (const [index, key] of path.entries()) checkKey(key, formatPath(path.slice(0, index)), origin);
    return path;
  }

  /** Objects that name items of a list, or make one. */
  #withLists(value: unknown, below: unknown, path: ConfigPath): unknown {
    // Whole values stand where something was placed; what stands above them was made by their names.
    const placed = this.#placed.get(formatPath(path));
    if (!isTree(value) || placed?.whole) return value;
    const members = Object.entries(value);
    if (Array.isArray(below) && !namesItems(value, below.length)) throw noItem(value, below, path, placed);
    const made = members.map(([key, item]) => {
      return [key, this.#withLists(item, valueAt(below, [key]), [...path, key])] as const;
    });
    const isList = !isTree(below) && !Array.isArray(below) && namesItems(value, 0);
    return isList ? made.map(([, item]) => item) : Object.fromEntries(made);
  }

  #place(path: ConfigPath, value: unknown, placed: Placed): void {
    let level = this.#tree;
    for (const [index, key] of path.entries()) {
      const prefix = formatPath(path.slice(0, index + 1));
      const last = index === path.length - 1;
      const there = Object.hasOwn(level, key) ? level[key] : undefined;
      if (there !== undefined && (last || !isTree(there)))
        throw conflictOf(prefix, placed.origin, this.#placed.get(prefix)?.origin);
      if (last) level[key] = value;
      else {
        const next = isTree(there) ? (there as Record<string, unknown>) : {};
        level[key] = next;
        level = next;
      }
      const part = { ...placed, text: undefined, whole: false };
      if (!this.#placed.has(prefix)) this.#placed.set(prefix, last ? placed : part);
    }
  }
}

/** The name with `_` and `-` taken for the start of a word: `MAX_ITEMS` is `maxItems`. */
export function camelCase(part: string): string {
  return part.toLowerCase().replace(/[_-]+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function fold(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase();
}

function noItem(
  value: ConfigTree,
  list: readonly unknown[],
  path: ConfigPath,
  placed: Placed | undefined,
): ConfigError {
  const place = (key: string | number) => `"${formatPath([...path, String(key)])}"`;
  const wrong = Object.keys(value).find((key) => !namesItems({ [key]: true }, list.length)) ?? '';
  const has = list.length === 1 ? '1 item' : `${list.length} items`;
  return new ConfigError(
    'FWK_CONFIG_NAME_CONFLICT',
    `sets ${place(wrong)}, and "${formatPath(path)}" is a list of ${has}; the next one is ${place(list.length)}`,
    placed && { origin: placed.origin },
  );
}
