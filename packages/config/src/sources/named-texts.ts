/**
 * Settings of sources that know only names and texts: variables, files of a directory, arguments, keys of a store. Each part of
 * a name is matched without regard to case, `_` and `-` against the names that the sources below use there; one that nothing below
 * knows becomes what the source says. Texts are read as {@link parseScalar} does; where a source below has text, it stays text.
 */

import { ConfigError } from '../errors.js';
import { parseScalar, unquoted } from '../format/scalar.js';
import type { SourceValues } from '../source/source.js';
import { formatOrigin, type Origin } from '../tree/origin.js';
import { type ConfigPath, formatPath } from '../tree/path.js';
import { type ConfigTree, checkDepth, checkKey, isTree, valueAt } from '../tree/tree.js';

interface Placed {
  readonly origin: Origin;
  readonly text: string | undefined;
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
  readonly #spellings: Spellings;
  readonly #tree: Record<string, unknown> = {};
  readonly #placed = new Map<string, Placed>();

  /** @param unknown - the spelling of a part that nothing below knows. @defaultValue as it is */
  constructor(below: ConfigTree, unknown?: (part: string) => string) {
    this.#below = below;
    this.#spellings = new Spellings(unknown);
  }

  /**
   * Adds one setting.
   * @throws ConfigError `FWK_CONFIG_NAME_CONFLICT` where two names set the same, `FWK_CONFIG_KEY_REFUSED`, `FWK_CONFIG_TOO_DEEP`.
   */
  add(parts: readonly string[], text: string, origin: Origin): void {
    const path = this.#pathOf(parts, origin);
    this.#place(path, readText(text, valueAt(this.#below, path)), { origin, text });
  }

  /** Adds a value that is no text. */
  addValue(parts: readonly string[], value: unknown, origin: Origin): void {
    this.#place(this.#pathOf(parts, origin), value, { origin, text: undefined });
  }

  /** What the source says. */
  values(): SourceValues {
    const at = (path: ConfigPath) => this.#placed.get(formatPath(path));
    return { tree: this.#tree, originOf: (path) => at(path)?.origin, textOf: (path) => at(path)?.text };
  }

  #pathOf(parts: readonly string[], origin: Origin): ConfigPath {
    checkDepth(parts.length, origin);
    let level: unknown = this.#below;
    const path = parts.map((part) => {
      const name = this.#spellings.of(part, level);
      level = valueAt(level, [name]);
      return name;
    });
    for (const [index, key] of path.entries()) checkKey(key, formatPath(path.slice(0, index)), origin);
    return path;
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
      if (!this.#placed.has(prefix)) this.#placed.set(prefix, last ? placed : { ...placed, text: undefined });
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
