import type { CallContext } from '@fwk/kernel';

/** One who waits in a {@link WaitQueue}. */
export interface Waiter {
  /** The call that waits, for the error that it may end with. */
  readonly context: CallContext;
  /** Called once, after the waiter was taken out: it may go on, and owns what it waited for. */
  readonly enter: () => void;
  /** Called once, after the waiter was taken out: it ends with this error. */
  readonly refuse: (error: unknown) => void;
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

  /**
   * Lines up at the end.
   * @returns leaves the line; only for one who still waits.
   */
  join({ context, enter, refuse }: Waiter): () => void {
    const link: Link = { context, enter, refuse, previous: this.#last, next: undefined };
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
