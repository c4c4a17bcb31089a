/** An answer and when it was asked for. */
export interface CacheEntry<Value> {
  readonly value: Value;
  /** Monotonic milliseconds. What a call answers is at least as young as the call. */
  readonly askedAtMs: number;
}

/** The calls under way for one key, unless its answer was deleted since they began. */
export interface Fill {
  calls: number;
}

/**
 * The answers of a cache, the one used least recently first, and what is on its way to become one. An answer that was
 * asked for before its key was deleted is not put back: it may not know of the change that made somebody delete it.
 */
export class EntryStore<Value> {
  readonly #entries = new Map<string, CacheEntry<Value>>();
  readonly #fills = new Map<string, Fill>();

  get size(): number {
    return this.#entries.size;
  }

  /** The entry of a key, which counts as a use. */
  get(key: string): CacheEntry<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Whether a call for the key is under way. */
  filling(key: string): boolean {
    return this.#fills.has(key);
  }

  /** A call for the key begins; {@link end} must follow. */
  begin(key: string): Fill {
    let fill = this.#fills.get(key);
    if (fill === undefined) {
      fill = { calls: 0 };
      this.#fills.set(key, fill);
    }
    fill.calls++;
    return fill;
  }

  /** The call has ended. @returns whether its answer may be kept */
  end(key: string, fill: Fill): boolean {
    const valid = this.#fills.get(key) === fill;
    fill.calls--;
    if (valid && fill.calls === 0) this.#fills.delete(key);
    return valid;
  }

  /**
   * Keeps an answer, unless a younger one is kept already.
   * @returns how many others had to go, the one used least recently first.
   */
  put(key: string, entry: CacheEntry<Value>, maxEntries: number): number {
    const known = this.#entries.get(key);
    if (known !== undefined && known.askedAtMs > entry.askedAtMs) return 0;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    let evicted = 0;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries) break;
      this.#entries.delete(oldest);
      evicted++;
    }
    return evicted;
  }

  delete(key: string): boolean {
    this.#fills.delete(key);
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#fills.clear();
    this.#entries.clear();
  }
}
