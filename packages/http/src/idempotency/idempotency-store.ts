/**
 * Where answers are kept by `Idempotency-Key`, so that an operation is done once however often its request arrives. The
 * first request with a key claims it; later ones are told to wait, or get the stored answer.
 *
 * A claim that nobody ends is over with its lease: a handler that never answers must not hold its key for ever.
 */
import type { CallContext } from '@fwk/kernel';

/** An answer as it was sent the first time. */
export interface KeptAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** A request that has a key. */
export interface KeyedRequest {
  /** Whose key it is: keys of two callers never meet. Any text; what it says of credentials is hashed. */
  readonly caller: string;
  /** Where the request came from, such as an address; only used to share a full store fairly. */
  readonly source: string;
  /** The operation with its contract: `inventory.reserve`. */
  readonly operation: string;
  /** As the caller gave it. */
  readonly key: string;
  /** The same for equal requests only. */
  readonly fingerprint: string;
  /** How long the request may be at work, in milliseconds; its claim ends then unless it was ended before. */
  readonly leaseMs: number;
}

/** What a claim meets. */
export type Claim =
  /** Nobody had the key: the request is to be worked on. */
  | { readonly kind: 'fresh'; readonly entry: ClaimedKey }
  /** It was answered before. */
  | { readonly kind: 'stored'; readonly answer: KeptAnswer }
  /**
   * `running`: it is being worked on. `other-request`: the key was used for another request. `full`: the caller, or all
   * together, have as many keys at work as the store keeps.
   */
  | { readonly kind: 'running' | 'other-request' | 'full' };

/** The right and duty to end a claim, by exactly one of these. */
export interface ClaimedKey {
  /** Keeps the answer, also when the lease is over, unless somebody else has claimed the key since. */
  finish(answer: KeptAnswer): Promise<void> | void;
  /** Forgets the key, so that trying again can succeed. */
  release(): Promise<void> | void;
}

/**
 * A store. The one in memory belongs to one instance; one that instances share, such as {@link redisIdempotencyStore},
 * holds its promise wherever a request arrives.
 */
export interface IdempotencyStore {
  /**
   * Claims the key of a request. A store that is unreachable rejects: the request is refused then, rather than worked on
   * a second time.
   * @param context - of the request; what waits ends with it.
   */
  claim(request: KeyedRequest, context: CallContext): Promise<Claim> | Claim;
}

/** True for what can be used as a store. */
export function isIdempotencyStore(value: unknown): value is IdempotencyStore {
  return typeof value === 'object' && value !== null && 'claim' in value && typeof value.claim === 'function';
}
