import type { Override } from '../../override.js';
import type { Catalog, CatalogEntry } from '../catalog.js';
import { frameEvent } from './wire.js';

/** Characters from which on a part takes no more entries. */
export const PART_LENGTH = 64 * 1024;

/**
 * All that a catalog holds at one version, as events of moderate size. A part is formatted when the first reader comes to
 * it, so that a long list blocks nobody, and shared by all: bytes that wait for many readers are the same bytes.
 */
export class ListInParts {
  readonly version: number;
  readonly #entries: readonly CatalogEntry[];
  readonly #overrides: Readonly<Record<string, Override>>;
  readonly #parts: Buffer[] = [];
  /** The first entry that is in no part yet. */
  #next = 0;

  constructor(catalog: Catalog, version: number) {
    this.version = version;
    this.#entries = [...catalog.entries()];
    this.#overrides = Object.fromEntries(catalog.overrides);
  }

  /** One part, counted from 0; undefined after the last. There is at least one. */
  part(index: number): Buffer | undefined {
    if (index === this.#parts.length && (index === 0 || this.#next < this.#entries.length)) this.#format();
    return this.#parts[index];
  }

  #format(): void {
    const entries: string[] = [];
    let length = 0;
    while (this.#next < this.#entries.length && length < PART_LENGTH) {
      const entry = JSON.stringify(this.#entries[this.#next++]);
      entries.push(entry);
      length += entry.length;
    }
    const overrides = this.#parts.length === 0 ? `,"overrides":${JSON.stringify(this.#overrides)}` : '';
    this.#parts.push(Buffer.from(frameEvent('list', `{"entries":[${entries.join()}]${overrides}}`)));
  }
}
