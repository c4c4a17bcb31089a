import type { Override } from '../../override.js';
import type { Catalog, CatalogEntry } from '../catalog.js';
import { frameEvent } from './wire.js';

/** Characters from which on a part takes no more. */
export const PART_LENGTH = 64 * 1024;

/**
 * All that a catalog holds at one version, as events of moderate size. A part is formatted when the first reader comes to
 * it, so that a long list blocks nobody, and shared by all: bytes that wait for many readers are the same bytes.
 */
export class ListInParts {
  readonly version: number;
  readonly #entries: readonly CatalogEntry[];
  readonly #overrides: readonly (readonly [string, Override])[];
  readonly #parts: Buffer[] = [];
  /** The first entry, and the first override, that is in no part yet. */
  #nextEntry = 0;
  #nextOverride = 0;

  constructor(catalog: Catalog, version: number) {
    this.version = version;
    this.#entries = [...catalog.entries()];
    this.#overrides = [...catalog.overrides];
  }

  /** One part, counted from 0; undefined after the last. There is at least one. */
  part(index: number): Buffer | undefined {
    const more = this.#nextEntry < this.#entries.length || this.#nextOverride < this.#overrides.length;
    if (index === this.#parts.length && (index === 0 || more)) this.#format();
    return this.#parts[index];
  }

  #format(): void {
    const overrides: string[] = [];
    const entries: string[] = [];
    let length = 0;
    while (this.#nextOverride < this.#overrides.length && length < PART_LENGTH) {
      const [id, override] = this.#overrides[this.#nextOverride++] as readonly [string, Override];
      const text = `${JSON.stringify(id)}:${JSON.stringify(override)}`;
      overrides.push(text);
      length += text.length;
    }
    while (this.#nextEntry < this.#entries.length && length < PART_LENGTH) {
      const text = JSON.stringify(this.#entries[this.#nextEntry++]);
      entries.push(text);
      length += text.length;
    }
    this.#parts.push(
      Buffer.from(frameEvent('list', `{"entries":[${entries.join()}],"overrides":{${overrides.join()}}}`)),
    );
  }
}
