import type { Override } from '../../override.js';
import type { CatalogEntry } from '../catalog.js';

/** One change of a served registry, as streams tell it. */
export type Change = ChangeBody & { readonly version: number };

type ChangeBody =
  | { readonly kind: 'put'; readonly entry: CatalogEntry }
  /** With an owner: of an instance that the registry does not know, for those who still list it as that owner's. */
  | { readonly kind: 'remove'; readonly id: string; readonly owner?: string }
  | { readonly kind: 'override'; readonly id: string; readonly override: Override | undefined };

/** Changes kept for those who resume, and for those who still read the list; older readers get everything anew. */
const LOG_LENGTH = 5000;
/** Bytes that they take, so that one process that changes its instance again and again does not fill the memory. */
const LOG_BYTES = 16 * 1024 * 1024;
/** About what a change takes beside its instance. */
const CHANGE_BYTES = 300;

/** What has changed lately, numbered without gaps. */
export class ChangeLog {
  readonly #onChange: (change: Change) => void;
  readonly #changes: Change[] = [];
  /** The bytes of each. */
  readonly #sizes: number[] = [];
  #bytes = 0;
  #version = 0;

  constructor(onChange: (change: Change) => void) {
    this.#onChange = onChange;
  }

  /** The number of the newest change. */
  get version(): number {
    return this.#version;
  }

  /** @param bytes - of the instance in it, written as JSON. */
  add(body: ChangeBody, bytes = 0): void {
    const change: Change = { ...body, version: ++this.#version };
    this.#changes.push(change);
    this.#sizes.push(bytes + CHANGE_BYTES);
    this.#bytes += bytes + CHANGE_BYTES;
    // Many at once, since those that stay are moved.
    if (this.#changes.length > LOG_LENGTH * 2 || this.#bytes > LOG_BYTES * 2) this.#forget();
    this.#onChange(change);
  }

  /** What has changed after a version; undefined when that is too long ago to know. */
  since(version: number): readonly Change[] | undefined {
    const missing = this.#version - version;
    if (missing < 0 || missing > this.#changes.length) return undefined;
    return missing === 0 ? [] : this.#changes.slice(-missing);
  }

  #forget(): void {
    let gone = 0;
    while (this.#changes.length - gone > LOG_LENGTH || this.#bytes > LOG_BYTES) this.#bytes -= this.#sizes[gone++] ?? 0;
    this.#changes.splice(0, gone);
    this.#sizes.splice(0, gone);
  }
}
