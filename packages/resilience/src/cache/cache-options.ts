import { callable, integerIn, type Live, millisecondsIn, optional } from '@fwk/kernel';
import type { KeyOf } from '../layer/request-key.js';

/** Options of the cache layer. */
export interface CacheOptions {
  /**
   * Names what is asked for: calls with equal keys have equal answers. It gets the request, or the arguments of the wrapped
   * function; whatever changes the answer (the user, the language) belongs into the key.
   */
  readonly keyOf: KeyOf;
  /** How long an answer is fresh, 1 to 2^31 − 1 milliseconds, counted from when it was asked for. */
  readonly ttlMs: number | Live<number>;
  /**
   * How long after that an answer is still given while it is renewed in the background, 0 to 2^31 − 1 milliseconds.
   * @defaultValue 0
   */
  readonly staleWhileRevalidateMs?: number | Live<number> | undefined;
  /**
   * How long after `ttlMs` an answer is still given instead of a failure, 0 to 2^31 − 1 milliseconds. @defaultValue 0
   */
  readonly staleIfErrorMs?: number | Live<number> | undefined;
  /** Answers kept, 1 to 1 000 000; the one used least recently goes first. @defaultValue 1000 */
  readonly maxEntries?: number | Live<number> | undefined;
  /** Is told of the cache of each stack that is built. @defaultValue undefined */
  readonly onBuilt?: ((cache: CacheHandle) => void) | undefined;
}

/** Defaults of the cache layer. */
export const cacheDefaults = Object.freeze({
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  maxEntries: 1000,
  onBuilt: undefined,
}) satisfies Partial<CacheOptions>;

/** Rules of {@link CacheOptions}. */
export const cacheRules = Object.freeze({
  keyOf: callable,
  ttlMs: millisecondsIn(1),
  staleWhileRevalidateMs: millisecondsIn(0),
  staleIfErrorMs: millisecondsIn(0),
  maxEntries: integerIn(1, 1_000_000),
  onBuilt: optional(callable),
});

/** The options with their defaults filled in. */
export interface CacheSettings extends CacheOptions {
  readonly staleWhileRevalidateMs: number | Live<number>;
  readonly staleIfErrorMs: number | Live<number>;
  readonly maxEntries: number | Live<number>;
}

/** A cache as it is at one moment; plain data. The counts are those since it was made. */
export interface CacheSnapshot {
  readonly path: string;
  /** Answers kept, those that are too old included: they go when they are asked for or room is needed. */
  readonly entries: number;
  readonly maxEntries: number;
  readonly fresh: number;
  /** Stale answers given while they were renewed. */
  readonly stale: number;
  /** Stale answers given instead of a failure. */
  readonly staleOnError: number;
  readonly missed: number;
  readonly refreshed: number;
  readonly refreshFailed: number;
  readonly evicted: number;
}

/** The cache of one stack, to look at and to empty. */
export interface CacheHandle {
  readonly path: string;
  /** Forgets all answers, also those that are still on their way. */
  clear(): void;
  /**
   * Forgets the answer of a key, also one that is still on its way: call it after a change.
   * @returns whether there was one.
   */
  delete(key: string): boolean;
  snapshot(): CacheSnapshot;
}
