import { type CallContext, callable, currentOf, isLive, OptionsError, optional, text } from '@fwk/kernel';

/** The call that failed. */
export interface FailedCall<Args extends readonly unknown[] = readonly unknown[], Self = unknown> {
  /** Arguments of the wrapped function or method; of a service or a client's operation, its request alone. */
  readonly args: Args;
  /** What the wrapped function was called on; undefined for a service. */
  readonly self: Self;
  readonly context: CallContext;
  /** What the call answered, if the classifier calls that a failure; undefined when it failed with an error. */
  readonly result: unknown;
}

/** As a method, so that a handler may say what arguments it expects. */
interface Handling {
  handle(error: unknown, call: FailedCall): unknown;
}

/**
 * Answers instead of a failed call, with what the call would have answered. The same wherever a fallback is given: a
 * function, a method named by `@Fallback`, an operation of a client.
 * @param error - what the call itself failed with, also when other fallbacks were asked before and failed; undefined when
 *   it failed with a result.
 */
export type FallbackHandler = Handling['handle'];

/** A plain value in place of a handler, or a live one. All callers get the same one: treat it as read-only. */
export interface FallbackValue {
  readonly value: unknown;
}

/** Options of the fallback layer. */
export interface FallbackOptions {
  /** For people: events, metrics, notes. @defaultValue the handler's own name, or 'fallback' */
  readonly name: string | undefined;
  /**
   * Which failures of the call it answers, errors with ignored outcomes included. It gets what the handler would get.
   * @defaultValue every failure, but neither cancellation nor ignored outcomes
   */
  readonly when: ((error: unknown, call: FailedCall) => boolean) | undefined;
}

/** A handler or a plain value with its options, as one of a policy's chain. */
export type FallbackEntry = Partial<FallbackOptions> & ({ readonly handler: FallbackHandler } | FallbackValue);

/** Defaults of the fallback layer. */
export const fallbackDefaults = Object.freeze({ name: undefined, when: undefined }) satisfies FallbackOptions;

/** Rules of {@link FallbackOptions}. */
export const fallbackRules = Object.freeze({ name: optional(text), when: optional(callable) });

/** True for a handler or a plain value, alone or with options beside it; the options are checked by the layer. */
export function isFallback(given: unknown): given is FallbackHandler | FallbackEntry {
  if (typeof given === 'function') return true;
  if (typeof given !== 'object' || given === null || isLive(given)) return false;
  const answers = 'handler' in given ? typeof given.handler === 'function' : 'value' in given;
  return answers && !('handler' in given && 'value' in given);
}

/** Parts an entry of a chain into what answers and its options. */
export function partsOf(
  entry: FallbackHandler | FallbackEntry,
): readonly [FallbackHandler | FallbackValue, Partial<FallbackOptions> | undefined] {
  if (typeof entry === 'function') return [entry, undefined];
  if ('handler' in entry) {
    const { handler, ...options } = entry;
    return [handler, options];
  }
  const { value, ...options } = entry;
  return [{ value }, options];
}

/**
 * The handler of what was given.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for what is neither a function nor `{ value }`
 */
export function handlerOf(given: FallbackHandler | FallbackValue): FallbackHandler {
  if (typeof given === 'function') return given;
  if (!isFallback(given) || Object.keys(given).length > 1) {
    throw new OptionsError('fallback', [`handler must be a function or { value }, not ${typeof given}`]);
  }
  const { value } = given;
  return Object.defineProperty(() => currentOf(value), 'name', { value: 'value' });
}
