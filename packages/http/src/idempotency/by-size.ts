/** Things that grow and shrink by one, of which the largest can be had at once however many there are. */
export class BySize<T> {
  readonly #sizes = new Map<T, number>();
  /** The things of each size, in the order in which they got it. */
  readonly #bySize = new Map<number, Set<T>>();
  #largest = 0;

  /** One of the largest, the one that has been so for longest; undefined when all are empty. */
  get largest(): T | undefined {
    while (this.#largest > 0 && !this.#bySize.has(this.#largest)) this.#largest--;
    return this.#bySize.get(this.#largest)?.values().next().value;
  }

  sizeOf(thing: T): number {
    return this.#sizes.get(thing) ?? 0;
  }

  grow(thing: T): void {
    this.#move(thing, this.sizeOf(thing) + 1);
  }

  /** Forgets what has become empty. */
  shrink(thing: T): void {
    this.#move(thing, this.sizeOf(thing) - 1);
  }

  #move(thing: T, size: number): void {
    const before = this.sizeOf(thing);
    const peers = this.#bySize.get(before);
    peers?.delete(thing);
    if (peers?.size === 0) this.#bySize.delete(before);
    if (size <= 0) {
      this.#sizes.delete(thing);
      return;
    }
    this.#sizes.set(thing, size);
    const others = this.#bySize.get(size);
    if (others) others.add(thing);
    else this.#bySize.set(size, new Set([thing]));
    if (size > this.#largest) this.#largest = size;
  }
}
