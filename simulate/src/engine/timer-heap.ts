/** One pending timer. */
export interface TimerEntry {
  readonly dueMs: number;
  /** Rises with each timer that is set: timers due at the same moment run in the order in which they were set. */
  readonly order: number;
  readonly callback: () => void;
  /** Its place in the heap; -1 once it is out. */
  index: number;
}

/**
 * Pending timers, the next one first: a binary heap whose entries know their places. Most timers of a simulation are
 * limits that are cleared long before they are due, so removing from the middle must be as cheap as taking the first.
 */
export class TimerHeap {
  readonly #entries: TimerEntry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** The timer that is due next; undefined when none is pending. */
  get first(): TimerEntry | undefined {
    return this.#entries[0];
  }

  add(entry: TimerEntry): void {
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
  }

  /** Takes an entry out; harmless for one that is out already. */
  remove(entry: TimerEntry): void {
    const { index } = entry;
    if (index < 0) return;
    entry.index = -1;
    const last = this.#entries.pop() as TimerEntry;
    if (last === entry) return;
    this.#sink(last, index);
    this.#rise(last, last.index);
  }

  #rise(entry: TimerEntry, from: number): void {
    const entries = this.#entries;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = entries[parentIndex] as TimerEntry;
      if (!before(entry, parent)) break;
      entries[index] = parent;
      parent.index = index;
      index = parentIndex;
    }
    entries[index] = entry;
    entry.index = index;
  }

  #sink(entry: TimerEntry, from: number): void {
    const entries = this.#entries;
    let index = from;
    for (let child = 2 * index + 1; child < entries.length; child = 2 * index + 1) {
      const right = entries[child + 1];
      if (right && before(right, entries[child] as TimerEntry)) child++;
      const smaller = entries[child] as TimerEntry;
      if (!before(smaller, entry)) break;
      entries[index] = smaller;
      smaller.index = index;
      index = child;
    }
    entries[index] = entry;
    entry.index = index;
  }
}

function before(left: TimerEntry, right: TimerEntry): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
}
