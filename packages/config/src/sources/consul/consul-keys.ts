/**
 * The keys of one folder, kept from load to load. When Consul was heard to say that something has changed, only those ranges are
 * read in which something has.
 */
import { ConfigError } from '../../errors.js';
import type { SourceContext, SourceValues } from '../../source/source.js';
import { nothingThere } from './consul-errors.js';
import type { ConsulPlace } from './consul-options.js';
import type { Asker, Heard, Read } from './held-question.js';
import { encodedKey, hasNames, type KeyRange, keysOf, rangeOf } from './key-range.js';
import { KeyTree } from './key-tree.js';
import { entriesIn, indexOf, type KvEntry, textIn } from './kv-answers.js';

/** Most keys of a tree. */
const maxKeys = 100_000;
/** How often a tree that changes while it is read is looked at again, before it is read as a whole. */
const maxRounds = 5;

/** The question for what stands below a prefix, up to the next slash. */
export function namesBelow(prefix: string) {
  return { path: `/kv/${encodedKey(prefix)}`, query: { keys: '', separator: '/' } };
}

/** See the head of this file. */
export class ConsulKeys {
  readonly #place: Pick<ConsulPlace, 'name' | 'key' | 'options'>;
  readonly #tree: KeyTree;
  /** By key, as Consul sends them. */
  readonly #known = new Map<string, string>();
  #range: KeyRange | undefined;
  /** The latest state that an answer of this round showed. */
  #newest = 0;

  constructor(place: Pick<ConsulPlace, 'name' | 'key' | 'options'>) {
    this.#place = place;
    this.#tree = new KeyTree(place.name, place.key);
  }

  async read(asker: Asker, heard: Heard | undefined, { below }: SourceContext): Promise<Read<SourceValues>> {
    const index = (heard && (await this.#readChanges(asker, heard))) ?? (await this.#readAll(asker));
    return { result: { ...this.#tree.values(below), secret: this.#place.options.secret }, index };
  }

  /**
   * Reads what has changed, and answers the state that is read then. It is one state: nothing was asked before the change was heard of,
   * and no answer shows a later one. Undefined when it changes faster than it can be read so.
   */
  async #readChanges(asker: Asker, heard: Heard): Promise<number | undefined> {
    let now = heard;
    for (let round = 0; round < maxRounds && this.#range; round++) {
      this.#newest = now.index;
      const range: KeyRange | undefined = await this.#refreshed(this.#range, now, asker);
      if (!range) return undefined;
      this.#range = range;
      if (this.#newest <= now.index) return now.index;
      now = await this.#look(range, asker);
    }
    return undefined;
  }

  /** Undefined when the whole must be read. */
  async #refreshed(range: KeyRange, now: Heard, asker: Asker): Promise<KeyRange | undefined> {
    this.#newest = Math.max(this.#newest, now.index);
    if (range.index === now.index) return range;
    if (range.parts.length === 0 || !hasNames(range, now.value)) {
      return range === this.#range ? undefined : this.#readRange(range, asker);
    }
    const looks = range.parts.map(async (part) => this.#refreshed(part, await this.#look(part, asker), asker));
    const parts = await Promise.all(looks);
    return { ...range, index: now.index, parts: parts.filter((part) => part !== undefined) };
  }

  async #look({ prefix, single }: KeyRange, asker: Asker): Promise<Heard> {
    const answer = await asker.ask(single ? { path: `/kv/${encodedKey(prefix)}` } : namesBelow(prefix));
    return { index: indexOf(answer, asker), value: answer.status === 404 ? null : asker.parse(answer.text) };
  }

  async #readRange(range: KeyRange, asker: Asker): Promise<KeyRange> {
    const path = `/kv/${encodedKey(range.prefix)}`;
    const answer = await asker.ask(range.single ? { path } : { path, query: { recurse: '' } });
    const entries = answer.status === 404 ? [] : entriesIn(asker.parse(answer.text), asker);
    const index = indexOf(answer, asker);
    this.#newest = Math.max(this.#newest, index);
    this.#take(entries, keysOf(range));
    return { ...rangeOf(range.prefix, entries), single: range.single, index };
  }

  async #readAll(asker: Asker): Promise<number> {
    const { key, name } = this.#place;
    const path = `/kv/${encodedKey(key)}`;
    const answer = await asker.ask({ path, query: { recurse: '' } });
    if (answer.status === 404) {
      // Of what the token may not read Consul says nothing, unless one key is asked for.
      await asker.ask({ path });
      throw nothingThere(name, `no key below "${key}"`);
    }
    const entries = entriesIn(asker.parse(answer.text), asker);
    const index = indexOf(answer, asker);
    if (entries.length > maxKeys) {
      const message = `"${key}" holds ${entries.length} keys, above the limit of ${maxKeys}`;
      throw new ConfigError('FWK_CONFIG_FILE_TOO_LARGE', message, { origin: { source: name } });
    }
    this.#take(entries, [...this.#known.keys()]);
    this.#range = { ...rangeOf(key, entries), index };
    return index;
  }

  /** @param before - the keys that were known where these entries stand. */
  #take(entries: readonly KvEntry[], before: readonly string[]): void {
    const gone = new Set(before);
    for (const { key, value } of entries) {
      gone.delete(key);
      if (this.#known.get(key) === value) continue;
      const text = textIn(value, { source: this.#place.name, key });
      this.#tree.set(key, text.replace(/\r?\n$/, ''));
      this.#known.set(key, value);
    }
    for (const key of gone) {
      this.#tree.delete(key);
      this.#known.delete(key);
    }
  }
}
