/** Which members of one value were looked at, for `unevaluatedProperties` and `unevaluatedItems`. */
export class Evaluated {
  readonly #names = new Set<string>();
  readonly #indexes = new Set<number>();
  /** All names, or all indexes below this, were looked at. */
  #allNames = false;
  #indexesBelow = 0;

  name(name: string): void {
    this.#names.add(name);
  }

  allNames(): void {
    this.#allNames = true;
  }

  index(index: number): void {
    this.#indexes.add(index);
  }

  indexesBelow(end: number): void {
    this.#indexesBelow = Math.max(this.#indexesBelow, end);
  }

  hasName(name: string): boolean {
    return this.#allNames || this.#names.has(name);
  }

  hasIndex(index: number): boolean {
    return index < this.#indexesBelow || this.#indexes.has(index);
  }

  /** Takes over what an alternative that fits has looked at. */
  add(other: Evaluated): void {
    for (const name of other.#names) this.#names.add(name);
    for (const index of other.#indexes) this.#indexes.add(index);
    this.#allNames ||= other.#allNames;
    this.indexesBelow(other.#indexesBelow);
  }
}
