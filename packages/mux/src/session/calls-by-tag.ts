/**
 * The calls under way of a session, by tag. Clients take the lowest tag that is free, so that nearly all tags are low: these calls
 * stand in an array. In a `Map`, whose entries come and go, V8 would keep ended calls in memory until the next full collection
 * (findings/v8-map-churn-keeps-entries.sh).
 */

/** Tags from here on stand in a map, so that a peer with high tags costs no memory for the ones below. */
const firstHighTag = 4096;

/** See the head of this file. */
export class CallsByTag<Call extends object> {
  readonly #low: (Call | undefined)[] = [];
  readonly #high = new Map<number, Call>();
  #size = 0;

  /** Calls under way. */
  get size(): number {
    return this.#size;
  }

  get(tag: number): Call | undefined {
    return tag < firstHighTag ? this.#low[tag] : this.#high.get(tag);
  }

  /** @param tag - one that no call has. */
  add(tag: number, call: Call): void {
    this.#size++;
    if (tag >= firstHighTag) {
      this.#high.set(tag, call);
      return;
    }
    while (this.#low.length < tag) this.#low.push(undefined);
    this.#low[tag] = call;
  }

  /** @returns false when no call has the tag. */
  delete(tag: number): boolean {
    if (this.get(tag) === undefined) return false;
    this.#size--;
    if (tag < firstHighTag) this.#low[tag] = undefined;
    else this.#high.delete(tag);
    return true;
  }

  /** Takes all calls. */
  takeAll(): readonly Call[] {
    const calls = [...this.#low.filter((call) => call !== undefined), ...this.#high.values()];
    this.#low.length = 0;
    this.#high.clear();
    this.#size = 0;
    return calls;
  }
}
