import { parsePath } from '../tree/path.js';
import { valueAt } from '../tree/tree.js';
import type { FlagAttributes } from './flag-context.js';
import { targetingKey } from './flag-definition.js';

/** One attribute of contexts. A class and no function, so that reading it becomes a part of the condition that reads it. */
export class Attribute {
  readonly path: string;
  readonly #isKey: boolean;
  /** Undefined for a path, and for what every object inherits. */
  readonly #name: string | undefined;
  readonly #parts: readonly string[];

  /** @param path - such as `plan` or `company.country`; `targetingKey` is the key of the context. */
  constructor(path: string) {
    this.path = path;
    this.#isKey = path === targetingKey;
    this.#parts = parsePath(path);
    const [name = ''] = this.#parts;
    // A plain read costs a third of a look at what is its own.
    this.#name = this.#parts.length === 1 && !(name in Object.prototype) ? name : undefined;
  }

  /** Its value in a context; never what every object inherits, such as `constructor`. */
  read(key: string | undefined, attributes: FlagAttributes): unknown {
    if (this.#isKey) return key;
    if (this.#name !== undefined) return attributes[this.#name];
    return valueAt(attributes, this.#parts);
  }
}
