import { inspect } from 'node:util';
import { settable } from './settable.js';

const brand = Symbol.for('@fwk/error');
const marks = Symbol.for('@fwk/do-not-retry');

/** What the classifier may take from an error without knowing its class. */
export interface ErrorTraits {
  /** How the outcome counts. @defaultValue 'failure' */
  readonly outcome?: 'failure' | 'ignored';
  /** Whether another attempt may succeed. @defaultValue false */
  readonly retryable?: boolean;
  /** Whether the callee refused for lack of capacity. @defaultValue false */
  readonly overloaded?: boolean;
  /**
   * True when the callee provably did not process the call: then even a non-idempotent call may be tried again. False when
   * the call was sent for certain. @defaultValue unknown
   */
  readonly notProcessed?: boolean;
  /**
   * Who refused the call, where somebody did: a layer on the caller's side (an open breaker, a full bulkhead), which says
   * nothing about the callee, or the callee itself.
   */
  readonly refusedBy?: 'caller' | 'callee';
  /**
   * True when a limit of time ran out. A call that is cancelled for this reason counts against the callee, which was too
   * slow; any other cancellation is its caller's own affair. @defaultValue false
   */
  readonly timedOut?: boolean;
  /**
   * True when that limit was noticed late because this process was busy or stopped: its answer may have been on the way,
   * so the call failed, but says nothing about the callee. @defaultValue false
   */
  readonly noticedLate?: boolean;
  /** What the callee asked to wait before another attempt, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Options of {@link FwkError}. */
export interface FwkErrorOptions {
  readonly cause?: unknown;
  /** The facts behind the message as plain data: limit, measured value, names. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly traits?: ErrorTraits;
  /**
   * Whether `stack` has the frames of the place where the error was made. They cost 10 to 20 µs, up to half of a small request, so
   * errors that are made in large numbers under overload have none. @defaultValue false for refusals (`refusedBy`), else true
   */
  readonly stackTrace?: boolean;
}

const noTraits: ErrorTraits = Object.freeze({});
const noDetails: Readonly<Record<string, unknown>> = Object.freeze({});

/**
 * Base of every error the framework raises. `code` is stable (`FWK_<PACKAGE>_<REASON>`, listed in docs/errors.md); the
 * message says what happened, the limit, the measured value and what to do.
 */
export class FwkError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly traits: ErrorTraits;

  constructor(code: string, message: string, options: FwkErrorOptions = {}) {
    const { cause, details = noDetails, traits = noTraits, stackTrace = traits.refusedBy === undefined } = options;
    const frames = Error.stackTraceLimit;
    // `Reflect.set` returns false where `Error` is frozen; the error has its frames then.
    if (!stackTrace) Reflect.set(Error, 'stackTraceLimit', 0);
    super(message, cause === undefined ? undefined : { cause });
    if (!stackTrace) Reflect.set(Error, 'stackTraceLimit', frames);
    this.code = code;
    this.details = details;
    this.traits = traits;
  }

  /** The class's own name, also for subclasses. */
  override get name(): string {
    return this.constructor.name;
  }

  get [brand](): true {
    return true;
  }
}

// Not in the class: a class that names itself inside is renamed when modules are joined into one, and errors show the name.
settable(FwkError.prototype, 'name');

/**
 * True for an error of this framework, with this code if one is given. Works across duplicate copies of a package,
 * where `instanceof` does not.
 */
export function isFwkError(error: unknown, code?: string): error is FwkError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return code === undefined || (error as FwkError).code === code;
}

/** The marks of all copies of the package in the process: retries of two copies must not multiply each other. */
interface Marks {
  /** How many were set so far. */
  count: number;
  /** The number of the last mark of each error. */
  readonly errors: WeakMap<object, number>;
  /** What was marked last of all that is no object, and the number of that mark: nothing else can be remembered of it. */
  thrown: unknown;
  thrownAt: number;
}

const marked = sharedMarks();

/**
 * The number of *do not retry* marks set so far, for {@link isDoNotRetry}: ask when a call begins. One error may end
 * many calls (a constant, a memoised rejection), so a mark is for the calls that were under way when it was set, and for
 * none that begins later.
 */
export function doNotRetryMarks(): number {
  return marked.count;
}

/**
 * Marks an error so that no layer above tries again: somebody below has already done what retrying can do. Changes
 * nothing on the error, so frozen ones can be marked; works across duplicate copies of this package.
 */
export function markDoNotRetry<E>(error: E): E {
  const at = ++marked.count;
  if (typeof error === 'object' && error !== null) marked.errors.set(error, at);
  else {
    marked.thrown = error;
    marked.thrownAt = at;
  }
  return error;
}

/**
 * True when the error was given the *do not retry* mark in the course of the call.
 * @param since - what {@link doNotRetryMarks} answered when the call began.
 */
export function isDoNotRetry(error: unknown, since: number): boolean {
  if (typeof error === 'object' && error !== null) return (marked.errors.get(error) ?? 0) > since;
  return marked.thrownAt > since && Object.is(marked.thrown, error);
}

function sharedMarks(): Marks {
  const known = Reflect.get(globalThis, marks) as Marks | undefined;
  const shared = known ?? { count: 0, errors: new WeakMap(), thrown: undefined, thrownAt: 0 };
  if (!known) Object.defineProperty(globalThis, marks, { value: shared });
  return shared;
}

/** The message of anything that was thrown, for joining into our own messages. Never throws itself. */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  try {
    const message: unknown = error instanceof Error ? error.message : undefined;
    if (typeof message === 'string') return message;
    return inspect(error, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200 });
  } catch {
    return '[unreadable]';
  }
}
