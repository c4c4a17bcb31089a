/**
 * A token bucket: each call takes a token, tokens come back at a steady rate, and at most `burst` are kept. So over any
 * stretch of time `t` no more than `burst + rate · t` calls pass, and calls that come evenly never wait.
 *
 *     tokens(now) = min(burst, tokens(last taken) + (now − last taken) · rate)
 *
 * Only taking writes; reading projects. So a bucket needs no timer, and looking at it changes nothing. The usual choice over
 * counting in fixed windows, which lets twice the limit pass round the edge of a window.
 */

/** How fast a bucket fills and how much it holds; read anew each time, since both may be live. */
export interface BucketShape {
  /** Tokens that come back a millisecond. */
  readonly perMs: number;
  /** Tokens kept at most. */
  readonly burst: number;
}

/**
 * Sums of fractions of a token are not exact; what is missing by less than this is not missing. Nothing is given away: the
 * bucket goes below zero by what was missing.
 */
const ROUNDING = 1e-6;

/** Counts tokens; has no clock, so that it can be tested with numbers alone. */
export class TokenBucket {
  readonly #shape: BucketShape;
  #tokens: number;
  #atMs: number;

  /** Starts full. */
  constructor(shape: BucketShape, nowMs: number) {
    this.#shape = shape;
    this.#tokens = shape.burst;
    this.#atMs = nowMs;
  }

  /** Tokens that are there now, with fractions. */
  tokens(nowMs: number): number {
    const { perMs, burst } = this.#shape;
    return Math.min(burst, this.#tokens + (nowMs - this.#atMs) * perMs);
  }

  /** Takes one token if there is a whole one. */
  take(nowMs: number): boolean {
    const tokens = this.tokens(nowMs);
    if (tokens < 1 - ROUNDING) return false;
    this.#tokens = tokens - 1;
    this.#atMs = nowMs;
    return true;
  }

  /**
   * Takes one token, if need be one of the future.
   * @returns milliseconds until it may be used.
   */
  reserve(nowMs: number): number {
    this.#tokens = this.tokens(nowMs) - 1;
    this.#atMs = nowMs;
    return this.#tokens >= -ROUNDING ? 0 : -this.#tokens / this.#shape.perMs;
  }

  /** Milliseconds until `count` tokens will have been there for the taking, one after the other; 0 when they are. */
  waitMs(count: number, nowMs: number): number {
    const missing = count - this.tokens(nowMs);
    return missing <= ROUNDING ? 0 : missing / this.#shape.perMs;
  }

  /** True when forgetting the bucket would change nothing: a new one starts full as well. */
  full(nowMs: number): boolean {
    return this.tokens(nowMs) >= this.#shape.burst;
  }
}
