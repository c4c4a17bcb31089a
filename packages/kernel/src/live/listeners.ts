/**
 * The listeners of one live value. Three things go wrong when listeners act while they are being told, and each is
 * settled here: a listener that sets the value again (the new change waits until all have seen the one before, so that
 * nobody sees them out of order), one that disposes another (which is then not called), and one that subscribes (it is
 * told of later changes only).
 */
import { detached } from '../context/ambient.js';
import { warnOfListener } from '../errors/listener-error.js';
import type { ListenerErrorHandler, LiveListener } from './live.js';

interface Change<T> {
  readonly value: T;
  readonly previous: T;
  readonly to: readonly Subscription<T>[];
}

/** Listeners, told in order and shielded from each other. */
export class Listeners<T> {
  readonly name: string;
  readonly onError: ListenerErrorHandler;
  readonly #subscriptions = new Set<Subscription<T>>();
  readonly #onLast: (() => void) | undefined;
  readonly #waiting: Change<T>[] = [];
  #telling = false;

  /** @param onLast - called when the last listener has gone. */
  constructor(name: string, onError: ListenerErrorHandler = warn, onLast?: () => void) {
    this.name = name;
    this.onError = onError;
    this.#onLast = onLast;
  }

  get count(): number {
    return this.#subscriptions.size;
  }

  /** Adds a listener; the same function may be added twice and each leaves on its own. */
  add(listener: LiveListener<T>): Disposable {
    const subscription = new Subscription(this, listener);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  remove(subscription: Subscription<T>): void {
    if (this.#subscriptions.delete(subscription) && this.#subscriptions.size === 0) this.#onLast?.();
  }

  /** Tells everybody who listens now. */
  publish(value: T, previous: T): void {
    if (this.#subscriptions.size === 0) return;
    this.#waiting.push({ value, previous, to: [...this.#subscriptions] });
    if (this.#telling) return;
    this.#telling = true;
    // What a listener begins is no part of the call that happened to change the value.
    detached(() => this.#tellAll());
    this.#telling = false;
  }

  #tellAll(): void {
    for (let change = this.#waiting.shift(); change; change = this.#waiting.shift()) this.#tell(change);
  }

  #tell({ value, previous, to }: Change<T>): void {
    for (const subscription of to) {
      if (!this.#subscriptions.has(subscription)) continue;
      try {
        subscription.listener(value, previous);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** A handler that throws must not leave later changes waiting for ever. */
  #report(error: unknown): void {
    try {
      this.onError(error, this.name);
    } catch (second) {
      warn(second, this.name);
    }
  }
}

class Subscription<T> implements Disposable {
  readonly listener: LiveListener<T>;
  readonly #owner: Listeners<T>;

  constructor(owner: Listeners<T>, listener: LiveListener<T>) {
    this.#owner = owner;
    this.listener = listener;
  }

  [Symbol.dispose](): void {
    this.#owner.remove(this);
  }
}

function warn(error: unknown, name: string): void {
  warnOfListener(error, `the live value "${name}"`);
}
