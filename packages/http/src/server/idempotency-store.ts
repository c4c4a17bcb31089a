/**
 * Answers kept by `Idempotency-Key`, so that an operation is done once however often its request arrives. The first
 * request with a key claims it; later ones are told to wait, or get the stored answer. What failed on our side is
 * forgotten, so that trying again can succeed.
 *
 * State: in memory, for this instance alone, bounded by entries, bytes and time; the oldest finished entry goes first,
 * one that is being worked on never. Operations that must survive the loss of an instance keep the key with their data.
 */
import { type Clock, checkOptions, integerIn, millisecondsIn } from '@fwk/kernel';
import type { Answer } from './answer.js';

/** Options of the store. */
export interface IdempotencyOptions {
  /** How long an answer is kept, 1000 to 604 800 000 milliseconds. @defaultValue 600000 */
  readonly keepMs: number;
  /** Keys kept at once, 1 to 1 000 000. @defaultValue 10000 */
  readonly maxEntries: number;
  /** Sum of the answers' lengths in characters, 1024 to 2^31 − 1. @defaultValue 67108864 */
  readonly maxLength: number;
}

/** Defaults of the store. */
export const idempotencyDefaults = Object.freeze({
  keepMs: 600_000,
  maxEntries: 10_000,
  maxLength: 67_108_864,
}) satisfies IdempotencyOptions;

/** What a claim meets. */
export type Claim =
  | { readonly kind: 'fresh'; readonly entry: ClaimedKey }
  | { readonly kind: 'stored'; readonly answer: Answer }
  | { readonly kind: 'running' | 'other-request' | 'full' };

/** The right and duty to end a claim, by exactly one of these. */
export interface ClaimedKey {
  finish(answer: Answer): void;
  release(): void;
}

/** See the head of this file. */
export interface IdempotencyStore {
  /**
   * @param key - unique for operation and caller's key.
   * @param fingerprint - the same for equal requests only.
   */
  claim(key: string, fingerprint: string): Claim;
  readonly size: number;
}

interface Entry {
  readonly fingerprint: string;
  answer: Answer | undefined;
  expiresMs: number;
}

/**
 * Makes a store.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function idempotencyStore(options: Partial<IdempotencyOptions> | undefined, clock: Clock): IdempotencyStore {
  const { keepMs, maxEntries, maxLength } = checkOptions<IdempotencyOptions>(
    'idempotency',
    options,
    idempotencyDefaults,
    {
      keepMs: millisecondsIn(1000, 604_800_000),
      maxEntries: integerIn(1, 1_000_000),
      maxLength: integerIn(1024, 2 ** 31 - 1),
    },
  );
  /** Being worked on. */
  const running = new Map<string, Entry>();
  /** Finished, oldest first: all are kept equally long, so this is also the order in which they expire. */
  const finished = new Map<string, Entry>();
  let length = 0;

  const drop = (key: string, entry: Entry) => {
    finished.delete(key);
    length -= lengthOf(entry.answer);
  };
  const expire = (nowMs: number) => {
    for (const [key, entry] of finished) {
      if (entry.expiresMs > nowMs) return;
      drop(key, entry);
    }
  };
  const makeRoom = () => {
    for (const [key, entry] of finished) {
      if (running.size + finished.size <= maxEntries && length <= maxLength) return;
      drop(key, entry);
    }
  };

  return {
    get size() {
      return running.size + finished.size;
    },
    claim(key, fingerprint) {
      expire(clock.now());
      const known = running.get(key) ?? finished.get(key);
      if (known) {
        if (known.fingerprint !== fingerprint) return { kind: 'other-request' };
        return known.answer ? { kind: 'stored', answer: known.answer } : { kind: 'running' };
      }
      if (running.size >= maxEntries) return { kind: 'full' };
      const entry: Entry = { fingerprint, answer: undefined, expiresMs: 0 };
      running.set(key, entry);
      makeRoom();
      return {
        kind: 'fresh',
        entry: {
          finish(answer) {
            if (!running.delete(key)) return;
            entry.answer = answer;
            entry.expiresMs = clock.now() + keepMs;
            finished.set(key, entry);
            length += lengthOf(answer);
            makeRoom();
          },
          release: () => void running.delete(key),
        },
      };
    },
  };
}

function lengthOf(answer: Answer | undefined): number {
  return answer?.body?.length ?? 0;
}
