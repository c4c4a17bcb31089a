/**
 * Cancellation without AbortSignal: making a signal and a listener costs 8 µs, a node of this tree well under one.
 *
 * A node asks its parent only when somebody asks it, and listens to its parent only while somebody listens to it. A
 * node that nobody observes therefore costs its parent nothing and cannot be leaked.
 */
export class Cancellation {
  readonly #parent: Cancellation | undefined;
  #cancelled = false;
  #reason: unknown;
  #first: CancelListener | undefined;
  #count = 0;
  #upstream: Disposable | undefined;

  constructor(parent?: Cancellation) {
    this.#parent = parent;
  }

  /** True once this node or one above it was cancelled. */
  get cancelled(): boolean {
    return this.#cancelled || (this.#parent?.cancelled ?? false);
  }

  /** Why; undefined while not cancelled. The nearest cancelled node wins. */
  get reason(): unknown {
    return this.#cancelled ? this.#reason : this.#parent?.reason;
  }

  /** How many listeners wait; tests use it to show that nothing is left behind. */
  get listenerCount(): number {
    return this.#count;
  }

  /** Cancels this node and all below it. The first reason stays; later calls do nothing. */
  cancel(reason: unknown): void {
    if (this.cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    this.#notify(reason);
  }

  /** Calls `listener` once on cancellation, at once when that has happened already. */
  onCancel(listener: (reason: unknown) => void): Disposable {
    if (this.cancelled) {
      listener(this.reason);
      return spent;
    }
    const entry = new CancelListener(this, listener);
    entry.next = this.#first;
    if (this.#first) this.#first.previous = entry;
    this.#first = entry;
    this.#count++;
    if (this.#parent && !this.#upstream) {
      this.#upstream = this.#parent.onCancel((reason) => this.#notify(reason));
    }
    return entry;
  }

  /** @internal */
  remove(entry: CancelListener): void {
    if (entry.previous) entry.previous.next = entry.next;
    else if (this.#first === entry) this.#first = entry.next;
    else return;
    if (entry.next) entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.#count--;
    if (this.#count === 0) this.#detach();
  }

  #detach(): void {
    this.#upstream?.[Symbol.dispose]();
    this.#upstream = undefined;
  }

  /** Runs every listener even when one throws; the errors surface afterwards, outside the caller's stack. */
  #notify(reason: unknown): void {
    this.#detach();
    for (let entry = this.#first; entry; entry = this.#first) {
      this.remove(entry);
      try {
        entry.listener(reason);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

class CancelListener implements Disposable {
  previous: CancelListener | undefined;
  next: CancelListener | undefined;
  readonly #owner: Cancellation;
  readonly listener: (reason: unknown) => void;

  constructor(owner: Cancellation, listener: (reason: unknown) => void) {
    this.#owner = owner;
    this.listener = listener;
  }

  [Symbol.dispose](): void {
    this.#owner.remove(this);
  }
}

const spent: Disposable = { [Symbol.dispose]() {} };
