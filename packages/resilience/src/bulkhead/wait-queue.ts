/** One who waits for a place. */
export interface Waiter {
  /** Called once, when a place is handed over; the waiter owns it from then on. */
  readonly enter: () => void;
  previous: Waiter | undefined;
  next: Waiter | undefined;
}

/** First come, first served, and leaving from the middle costs as little as from the ends. */
export class WaitQueue {
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Lines up at the end. */
  join(enter: () => void): Waiter {
    const waiter: Waiter = { enter, previous: this.#last, next: undefined };
    if (this.#last) this.#last.next = waiter;
    else this.#first = waiter;
    this.#last = waiter;
    this.#length++;
    return waiter;
  }

  /** Leaves without a place. Only for one who still waits. */
  leave(waiter: Waiter): void {
    if (waiter.previous) waiter.previous.next = waiter.next;
    else this.#first = waiter.next;
    if (waiter.next) waiter.next.previous = waiter.previous;
    else this.#last = waiter.previous;
    this.#length--;
  }

  /** Takes out whoever has waited longest. */
  shift(): Waiter | undefined {
    const waiter = this.#first;
    if (waiter) this.leave(waiter);
    return waiter;
  }
}
