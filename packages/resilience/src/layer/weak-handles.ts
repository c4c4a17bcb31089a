/**
 * Things to look at that their owner may drop at any time: stacks come and go with their endpoints, and being listed must
 * not keep them alive.
 */
export class WeakHandles<T extends object> {
  readonly #refs = new Set<WeakRef<T>>();
  /** Dead entries are swept out when the list has doubled, so adding stays O(1). */
  #sweepAt = 16;

  add(handle: T): void {
    this.#refs.add(new WeakRef(handle));
    if (this.#refs.size < this.#sweepAt) return;
    for (const ref of this.#refs) if (ref.deref() === undefined) this.#refs.delete(ref);
    this.#sweepAt = Math.max(16, this.#refs.size * 2);
  }

  /** Those still in use, oldest first. */
  get alive(): readonly T[] {
    return [...this.#refs].flatMap((ref) => ref.deref() ?? []);
  }
}
