/**
 * Cancellation without AbortSignal: making a signal and a listener costs 8 µs, a node of this tree well under one.
 *
 * A node asks its parent only when somebody asks it, and listens to its parent only while somebody listens to it. A
 * node that nobody observes therefore costs its parent nothing and cannot be leaked. Whoever reads `signal` observes
 * until the node is cancelled or disposed: the owner of a node under a long-lived parent disposes it after the call.
 */
import { setMaxListeners } from 'node:events';
import { warnOfListener } from '../errors/listener-error.js';

/** Something that may be cancelled, as seen by what hangs below it; call contexts are of this kind too. */
export interface CancelSource {
  readonly cancelled: boolean;
  readonly reason: unknown;
  onCancel(listener: (reason: unknown) => void): Disposable;
}

/** One node of a cancellation tree. */
export class Cancellation implements CancelSource, Disposable {
  /** Whether the cancelled work said that nothing of it had been sent; see `tellNotSent`. */
  notSent = false;
  readonly #parent: CancelSource | undefined;
  #cancelled = false;
  #reason: unknown;
  #first: CancelListener | undefined;
  #count = 0;
  #upstream: Disposable | undefined;
  #signal: AbortSignal | undefined;

  /** @param parent - cancels this node when it is cancelled itself. */
  constructor(parent?: CancelSource) {
    this.#parent = parent;
  }

  /** True once this node or one above it was cancelled. */
  get cancelled(): boolean {
    return this.#cancelled || (this.#parent?.cancelled ?? false);
  }

  /** Why; undefined while not cancelled. The first reason that reached this node stays. */
  get reason(): unknown {
    return this.#cancelled ? this.#reason : this.#parent?.reason;
  }

  /** How many listeners wait; tests use it to show that nothing is left behind. */
  get listenerCount(): number {
    return this.#count;
  }

  /** The same as an AbortSignal, made on first read; every read answers the same one. */
  get signal(): AbortSignal {
    this.#signal ??= this.#makeSignal();
    return this.#signal;
  }

  /** Cancels this node and all below it. The first reason stays; later calls do nothing. */
  cancel(reason: unknown): void {
    if (this.cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    this.#notify(reason);
  }

  /**
   * Calls `listener` once on cancellation, at once when that has happened already. The newest listener is called first:
   * inner work ends before the layers round it. One that throws is reported and stops nobody.
   */
  onCancel(listener: (reason: unknown) => void): Disposable {
    if (this.cancelled) {
      call(listener, this.reason);
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

  /** Forgets whoever still listens, and with them the parent. For the owner, when the call is over. */
  [Symbol.dispose](): void {
    while (this.#first) this.remove(this.#first);
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

  #notify(reason: unknown): void {
    // First, so that a listener which cancels the parent cannot bring a second reason to the rest.
    this.#detach();
    for (let entry = this.#first; entry; entry = this.#first) {
      this.remove(entry);
      call(entry.listener, reason);
    }
  }

  #makeSignal(): AbortSignal {
    const controller = new AbortController();
    // Many calls in parallel under one context add many listeners, which is no leak.
    // Not 0, the other way to say so: up to Node 20 `getMaxListeners` throws at that, and undici's `fetch` asks.
    setMaxListeners(Number.POSITIVE_INFINITY, controller.signal);
    this.onCancel((reason) => controller.abort(reason));
    return controller.signal;
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

function call(listener: (reason: unknown) => void, reason: unknown): void {
  try {
    listener(reason);
  } catch (error) {
    warnOfListener(error, 'a cancellation');
  }
}

const spent: Disposable = { [Symbol.dispose]() {} };
