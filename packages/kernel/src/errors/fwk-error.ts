import { inspect } from 'node:util';

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
  /** True when the callee provably did not process the call: then even a non-idempotent call may be tried again. */
  readonly notProcessed?: boolean;
  /**
   * True when a limit of time ran out. A call that is cancelled for this reason counts against the callee, which was too
   * slow; any other cancellation is its caller's own affair. @defaultValue false
   */
  readonly timedOut?: boolean;
  /** What the callee asked to wait before another attempt, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Options of {@link FwkError}. */
export interface FwkErrorOptions {
  readonly cause?: unknown;
  /** The facts behind the message as plain data: limit, measured value, names. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly traits?: ErrorTraits;
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
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? noDetails;
    this.traits = options.traits ?? noTraits;
  }

  /** The class's own name, also for subclasses. */
  override get name(): string {
    return this.constructor.name;
  }

  get [brand](): true {
    return true;
  }
}

/**
 * True for an error of this framework, with this code if one is given. Works across duplicate copies of a package,
 * where `instanceof` does not.
 */
export function isFwkError(error: unknown, code?: string): error is FwkError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return code === undefined || (error as FwkError).code === code;
}

const marked = sharedMarks();

/**
 * Marks an error so that no layer above tries again: somebody below has already done what retrying can do. The mark
 * stays with the error object; works across duplicate copies of this package, and on frozen errors.
 */
export function markDoNotRetry<E>(error: E): E {
  if (typeof error === 'object' && error !== null) marked.add(error);
  return error;
}

/** True for an error that carries the *do not retry* mark. */
export function isDoNotRetry(error: unknown): boolean {
  return typeof error === 'object' && error !== null && marked.has(error);
}

/** One set for all copies of the package in the process: retries of two copies must not multiply each other. */
function sharedMarks(): WeakSet<object> {
  const known = Reflect.get(globalThis, marks) as WeakSet<object> | undefined;
  const shared = known ?? new WeakSet<object>();
  if (!known) Object.defineProperty(globalThis, marks, { value: shared });
  return shared;
}

/** The message of anything that was thrown, for joining into our own messages. Never throws itself. */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error) return error.message;
  return inspect(error, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200 });
}
