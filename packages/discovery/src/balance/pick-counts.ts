/**
 * Counts to which endpoints calls went during the last minute, for those who ask why one got more than another. Seven counts
 * an endpoint in one array, each of ten seconds: six full ones and the one that runs. No timer; a pick compares the clock.
 */

const SLICE_MS = 10_000;
const SLICES = 7;

/** See the head of this file. */
export class PickCounts {
  #counts = new Uint32Array(8 * SLICES);
  #used = 0;
  #free: number[] = [];
  /** Number of the slice that runs, since the clock's zero. */
  #slice = 0;
  #endMs = Number.NEGATIVE_INFINITY;

  /** Begins to count for an endpoint. @returns its number */
  open(): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (this.#used * SLICES > this.#counts.length) {
      const grown = new Uint32Array(this.#counts.length * 2);
      grown.set(this.#counts);
      this.#counts = grown;
    }
    return slot;
  }

  /** The endpoint has left; its number may be another's next. */
  close(slot: number): void {
    this.#counts.fill(0, slot * SLICES, (slot + 1) * SLICES);
    this.#free.push(slot);
  }

  add(slot: number, nowMs: number): void {
    if (nowMs >= this.#endMs) this.#turn(nowMs);
    const at = slot * SLICES + (this.#slice % SLICES);
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  /** Calls that went there during the last 60 to 70 seconds. */
  of(slot: number, nowMs: number): number {
    if (nowMs >= this.#endMs) this.#turn(nowMs);
    let sum = 0;
    for (let slice = 0; slice < SLICES; slice++) sum += this.#counts[slot * SLICES + slice] as number;
    return sum;
  }

  /** Forgets what is older than a minute. */
  #turn(nowMs: number): void {
    const now = Math.floor(nowMs / SLICE_MS);
    const passed = Math.min(SLICES, now - this.#slice);
    for (let ago = 0; ago < passed; ago++) {
      for (let at = (now - ago) % SLICES; at < this.#used * SLICES; at += SLICES) this.#counts[at] = 0;
    }
    this.#slice = now;
    this.#endMs = (now + 1) * SLICE_MS;
  }
}
