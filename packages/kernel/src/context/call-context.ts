import { CancelledError } from '../errors/cancelled-error.js';
import { Cancellation, type CancelSource } from './cancellation.js';
import type { ContextEntry, ContextKey } from './context-key.js';

/** What may be changed when a context is derived. */
export interface ContextChange {
  /** New deadline on `env.clock.now()`; a deadline can only move nearer, a later one is ignored, unless `unlimited`. */
  readonly deadlineMs?: number;
  readonly values?: readonly ContextEntry[];
  /** The node that cancels the derived context; see {@link cancellable}. */
  readonly cancellation?: Cancellation;
  /**
   * For work that may outlive the call: takes no deadline over. Give it a `cancellation` of its own as well.
   * @defaultValue false
   */
  readonly unlimited?: boolean;
  /**
   * For work that is no part of the call: leaves behind the values that belong to one call, such as trace and notes.
   * @defaultValue false
   */
  readonly apart?: boolean;
}

/** What travels with one call: deadline, cancellation and values. Immutable: derive with {@link CallContext.with}. */
export interface CallContext extends CancelSource {
  /** On `env.clock.now()`; `Infinity` = none. Data only: the deadline layer enforces it. */
  readonly deadlineMs: number;
  readonly cancelled: boolean;
  /** Why it was cancelled: the first reason given; undefined while it is not. */
  readonly reason: unknown;
  /**
   * The cheap path: calls `listener` once on cancellation, at once if that has happened already. Dispose the answer when
   * the wait is over. A listener that throws is reported and stops nobody.
   */
  onCancel(listener: (reason: unknown) => void): Disposable;
  /**
   * For APIs that want one: made on first read, costs microseconds. What nothing can cancel answers a fresh signal that
   * never aborts.
   */
  readonly signal: AbortSignal;
  /** The value put in last under the key, or the key's default. */
  get<T>(key: ContextKey<T>): T;
  with(change: ContextChange): CallContext;
}

/** A value and those before it. A class, because V8 may come to allocate object literals as old objects (docs/decisions/0036). */
class ValueNode {
  readonly key: ContextKey<unknown>;
  readonly value: unknown;
  readonly next: ValueNode | undefined;

  constructor(key: ContextKey<unknown>, value: unknown, next: ValueNode | undefined) {
    this.key = key;
    this.value = value;
    this.next = next;
  }
}

class Context implements CallContext {
  readonly deadlineMs: number;
  readonly #cancellation: Cancellation | undefined;
  readonly #values: ValueNode | undefined;

  constructor(deadlineMs: number, cancellation: Cancellation | undefined, values: ValueNode | undefined) {
    this.deadlineMs = deadlineMs;
    this.#cancellation = cancellation;
    this.#values = values;
  }

  get cancelled(): boolean {
    return this.#cancellation?.cancelled ?? false;
  }

  get reason(): unknown {
    return this.#cancellation?.reason;
  }

  onCancel(listener: (reason: unknown) => void): Disposable {
    return this.#cancellation ? this.#cancellation.onCancel(listener) : nothingToDispose;
  }

  get signal(): AbortSignal {
    return this.#cancellation?.signal ?? new AbortController().signal;
  }

  get<T>(key: ContextKey<T>): T {
    for (let node = this.#values; node; node = node.next) {
      if (node.key === key) return node.value as T;
    }
    return key.defaultValue;
  }

  with(change: ContextChange): CallContext {
    let values = change.apart ? withoutCall(this.#values) : this.#values;
    if (change.values) {
      for (const { key, value } of change.values) values = new ValueNode(key, value, values);
    }
    const limitMs = change.unlimited ? Number.POSITIVE_INFINITY : this.deadlineMs;
    const deadlineMs = change.deadlineMs !== undefined && change.deadlineMs < limitMs ? change.deadlineMs : limitMs;
    return new Context(deadlineMs, change.cancellation ?? this.#cancellation, values);
  }

  tellNotSent(): void {
    if (this.#cancellation) this.#cancellation.notSent = true;
  }

  /** A child node, so that cancelling the derived context leaves this one alone. */
  branch(): Cancellation {
    return new Cancellation(this.#cancellation);
  }
}

/**
 * For transports: tells that nothing of a cancelled call had been sent. The layer whose limit cancelled the call reads it from
 * the cancellation (`notSent`), and may say that the call can be repeated, whatever it does.
 */
export function tellNotSent(context: CallContext): void {
  if (context instanceof Context) context.tellNotSent();
}

/** The values that do not belong to one call; of each key the one put in last. */
function withoutCall(values: ValueNode | undefined): ValueNode | undefined {
  let kept: ValueNode | undefined;
  const seen = new Set<ContextKey<unknown>>();
  for (let node = values; node; node = node.next) {
    const { key, value } = node;
    if (key.ofOneCall || seen.has(key)) continue;
    seen.add(key);
    kept = new ValueNode(key, value, kept);
  }
  return kept;
}

const nothingToDispose: Disposable = { [Symbol.dispose]() {} };

/** The context of a call that nobody limits: no deadline, never cancelled, no values. */
export const background: CallContext = new Context(Number.POSITIVE_INFINITY, undefined, undefined);

/** A derived context with its own cancel; cancelling the parent cancels it too. */
export interface Cancellable extends Disposable {
  readonly context: CallContext;
  /**
   * Cancels the derived context; the first reason stays.
   * @param reason - surfaces to whoever waits. @defaultValue a {@link CancelledError}
   */
  cancel(reason?: unknown): void;
  readonly cancellation: Cancellation;
  /**
   * For the owner, when the call is over: forgets listeners that were left, such as the one that a read of `signal`
   * leaves, so that a parent that lives on does not keep them.
   */
  [Symbol.dispose](): void;
}

/**
 * Derives a context that can be cancelled on its own. Costs no listener on the parent until somebody listens.
 * @param parent - also another copy's context, or any other implementation. @defaultValue {@link background}
 */
export function cancellable(
  parent: CallContext = background,
  change?: Omit<ContextChange, 'cancellation'>,
): Cancellable {
  const cancellation = cancellationUnder(parent);
  const context = parent.with({ deadlineMs: change?.deadlineMs, values: change?.values, cancellation });
  return new DerivedContext(context, cancellation);
}

/** A node that is cancelled with the context; for whoever derives many and needs no more of a {@link Cancellable}. */
export function cancellationUnder(parent: CallContext): Cancellation {
  return parent instanceof Context ? parent.branch() : new Cancellation(parent);
}

/** A class because an object literal with a `Symbol.dispose` costs four times as much, on every attempt. */
class DerivedContext implements Cancellable {
  readonly context: CallContext;
  readonly cancellation: Cancellation;
  /** Bound, so that owners may hand it on. */
  readonly cancel: (reason?: unknown) => void;

  constructor(context: CallContext, cancellation: Cancellation) {
    this.context = context;
    this.cancellation = cancellation;
    this.cancel = (reason = new CancelledError()) => cancellation.cancel(reason);
  }

  [Symbol.dispose](): void {
    this.cancellation[Symbol.dispose]();
  }
}

/** A context that follows an AbortSignal, for callers who have one. Dispose it when the call is over. */
export function fromSignal(signal: AbortSignal, parent: CallContext = background): Cancellable {
  const derived = cancellable(parent);
  const abort = () => derived.cancel(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  const { context, cancel, cancellation } = derived;
  return {
    context,
    cancel,
    cancellation,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', abort);
      derived[Symbol.dispose]();
    },
  };
}
