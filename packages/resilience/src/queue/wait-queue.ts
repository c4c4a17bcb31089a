import type { CallContext } from '@fwk/kernel';

/** One who waits in a {@link WaitQueue}. */
export interface Waiter {
  /** The call that waits, for the error that it may end with. */
  readonly context: CallContext;
  /** When it lined up, where somebody wants to know. */
  readonly sinceMs?: number;
  /** Called once, after the waiter was taken out: it may go on, and owns what it waited for. */
  readonly enter: () => void;
  /** Called once, after the waiter was taken out: it ends with this error. */
  readonly refuse: (error: unknown) => void;
  /**
   * Asked when its turn will come at another time than was foreseen, in so many milliseconds.
   * @returns the error with which it leaves; undefined when it waits on
   */
  readonly reconsider?: (waitMs: number) => unknown;
}

interface Link extends Waiter {
  previous: Link | undefined;
  next: Link | undefined;
}

/** First come, first served, and leaving from the middle costs as little as from the ends. */
export class WaitQueue {
  #first: Link | undefined;
  #last: Link | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Whoever has waited longest, and goes on waiting. */
  get oldest(): Waiter | undefined {
    return this.#first;
  }

  /**
   * Lines up at the end.
   * @returns leaves the line; only for one who still waits.
   */
  join(waiter: Waiter): () => void {
    const link: Link = { ...waiter, previous: this.#last, next: undefined };
    if (this.#last) this.#last.next = link;
    else this.#first = link;
    this.#last = link;
    this.#length++;
    return () => this.#remove(link);
  }

  /** Takes out whoever has waited longest. */
  shift(): Waiter | undefined {
    const first = this.#first;
    if (first) this.#remove(first);
    return first;
  }

  /** Takes out whoever came last. */
  pop(): Waiter | undefined {
    const last = this.#last;
    if (last) this.#remove(last);
    return last;
  }

  /**
   * Lets all reconsider, from the first on. Who leaves brings those behind forward.
   * @param waitMs - how long the one at this place in line must wait; the first place is 1.
   */
  reconsider(waitMs: (place: number) => number): void {
    let place = 1;
    let next: Link | undefined;
    for (let link = this.#first; link; link = next) {
      next = link.next;
      const error = link.reconsider?.(waitMs(place));
      if (error === undefined) {
        place++;
        continue;
      }
      this.#remove(link);
      link.refuse(error);
    }
  }

  #remove(link: Link): void {
    if (link.previous) link.previous.next = link.next;
    else this.#first = link.next;
    if (link.next) link.next.previous = link.previous;
    else this.#last = link.previous;
    this.#length--;
  }
}

/**
 * Lines up in two queues at once. Whichever lets the waiter in or refuses it, it leaves the other first.
 * @returns leaves both; only for one who still waits.
 */
export function joinBoth(first: WaitQueue, second: WaitQueue, waiter: Waiter): () => void {
  const joining = (leaveOther: () => void): Waiter => ({
    ...waiter,
    enter() {
      leaveOther();
      waiter.enter();
    },
    refuse(error) {
      leaveOther();
      waiter.refuse(error);
    },
  });
  const leaveFirst: () => void = first.join(joining(() => leaveSecond()));
  const leaveSecond = second.join(joining(leaveFirst));
  return () => {
    leaveFirst();
    leaveSecond();
  };
}
