/** What happened in each second of a run, by name. */
export class Timeline<Name extends string> {
  readonly #counts = new Map<Name, number[]>();

  /** @param ms - the moment; for calls, when the caller wanted to make it, so that slow ones count where they belong. */
  count(name: Name, ms: number): void {
    const seconds = this.#counts.get(name) ?? [];
    this.#counts.set(name, seconds);
    const second = Math.floor(ms / 1000);
    while (seconds.length <= second) seconds.push(0);
    seconds[second]!++;
  }

  /** How often, from one second up to but not including another. */
  sum(name: Name, fromS: number, untilS: number): number {
    let sum = 0;
    for (let second = fromS; second < untilS; second++) sum += this.#counts.get(name)?.[second] ?? 0;
    return sum;
  }

  /**
   * How many seconds after `fromS` the ratio was good enough and stayed so up to `untilS`; `Infinity` when it was not even
   * in the last of them. A second in which nobody asked for anything is good.
   */
  secondsUntil(atLeast: number, name: Name, of: Name, fromS: number, untilS: number): number {
    let second = untilS;
    while (second > fromS && !(this.ratio(name, of, second - 1, second) < atLeast)) second--;
    return second === untilS ? Number.POSITIVE_INFINITY : second - fromS;
  }

  /** How often for each time of the other; NaN when that never happened. */
  ratio(name: Name, of: Name, fromS: number, untilS: number): number {
    return this.sum(name, fromS, untilS) / this.sum(of, fromS, untilS);
  }
}
