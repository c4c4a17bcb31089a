/**
 * What a layer keeps for each key of its requests: tenants, hosts, users. Keys come from outside, so there must be a
 * bound: the one used least recently goes first. What is idle, so that forgetting it changes nothing, goes when the next
 * new key comes; no timer sweeps.
 */
export class BoundedKeys<Value> {
  readonly #maxKeys: number;
  readonly #idle: (value: Value, nowMs: number) => boolean;
  /** In order of use, oldest first. */
  readonly #values = new Map<string, Value>();

  /**
   * @param maxKeys - kept at most.
   * @param idle - whether a value may be forgotten.
   */
  constructor(maxKeys: number, idle: (value: Value, nowMs: number) => boolean) {
    this.#maxKeys = maxKeys;
    this.#idle = idle;
  }

  /** The key's value, if there is one; its place in the order of use stays. */
  peek(key: string): Value | undefined {
    return this.#values.get(key);
  }

  /** The key's value, made when there is none. */
  get(key: string, nowMs: number, make: (nowMs: number) => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) this.#values.delete(key);
    else this.#makeRoom(nowMs);
    const value = known ?? make(nowMs);
    this.#values.set(key, value);
    return value;
  }

  /** Stops at the first that is in use: what follows was used more recently. So a new key costs O(1) in the long run. */
  #makeRoom(nowMs: number): void {
    for (const [key, value] of this.#values) {
      if (this.#values.size < this.#maxKeys && !this.#idle(value, nowMs)) return;
      this.#values.delete(key);
    }
  }
}
