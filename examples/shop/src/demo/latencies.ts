/** Times of calls in milliseconds, kept whole: the demo makes some thousands. */
export class Latencies {
  readonly #values: number[] = [];

  add(ms: number): void {
    this.#values.push(ms);
  }

  /** Nearest-rank quantile of what came since `from` (an earlier {@link count}); 0 when nothing did. */
  quantile(q: number, from = 0): number {
    const sorted = this.#values.slice(from).sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
  }

  get count(): number {
    return this.#values.length;
  }
}
