/**
 * Keeps one secret that runs out, such as an access token, fresh for all calls of a client.
 *
 * State: the token, until when it holds on the monotonic clock (so that a wall clock that jumps changes nothing), the refresh
 * that is under way, and the pause after one that failed. No timer while nothing is asked: a call that comes in the last part of the
 * token's life begins a refresh and goes on with the token that is there; only a call without a valid token waits. There is
 * one refresh at a time, with a limit of its own; a caller that leaves ends only its own wait.
 */
import {
  abandonOnCancel,
  backoffBound,
  type CallContext,
  type Env,
  jittered,
  outside,
  settleWithin,
} from '@fwk/kernel';
import { CredentialsFailedError } from '../calling/credentials-failed-error.js';

/** A token, as whoever fetches it answers. */
export interface FetchedToken {
  readonly token: string;
  /** How long it holds, in milliseconds from when it was asked for. @defaultValue until the callee refuses it */
  readonly expiresInMs?: number | undefined;
}

/** When a token is fetched anew. */
export interface RefreshOptions {
  /**
   * How long before its end a token is fetched anew, 0 to 3 600 000 milliseconds; at most half of its life.
   * @defaultValue 60000
   */
  readonly refreshAheadMs: number;
  /** How long fetching one may take, 1 to 60 000 milliseconds. @defaultValue 5000 */
  readonly timeoutMs: number;
}

/** Defaults of {@link RefreshOptions}. */
export const refreshDefaults = Object.freeze({ refreshAheadMs: 60_000, timeoutMs: 5000 }) satisfies RefreshOptions;

/** Pauses after refreshes that failed in a row: the first, then doubled up to the longest; up to half of it less by chance. */
const pauses = Object.freeze({ baseMs: 500, capMs: 30_000 });

/**
 * A token that was fetched because of a 401 is not fetched again for that reason within this time: the account itself is refused then,
 * and each call would ask the token server once more.
 */
const REFUSED_AGAIN_MS = 10_000;

/** What a keeper needs. */
export interface KeeperParts {
  readonly service: string;
  readonly kind: string;
  readonly env: Env;
  /** Fetches a token. @param signal - aborted once nobody waits for it any more */
  readonly fetch: (signal: AbortSignal) => Promise<FetchedToken> | FetchedToken;
}

interface Kept {
  readonly token: string;
  readonly endMs: number;
  /** From when on it is fetched anew. */
  readonly renewMs: number;
}

/** See the head of this file. */
export class TokenKeeper {
  readonly #parts: KeeperParts;
  readonly #options: RefreshOptions;
  #kept: Kept | undefined;
  #refresh: Promise<Kept> | undefined;
  #abort: AbortController | undefined;
  #failures = 0;
  #failed: { readonly untilMs: number; readonly what: string; readonly cause: unknown } | undefined;
  #refusedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: KeeperParts, options: RefreshOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** A token that holds. @throws CredentialsFailedError `FWK_HTTP_CREDENTIALS_FAILED` */
  get(context: CallContext): string | Promise<string> {
    const nowMs = this.#parts.env.clock.now();
    const kept = this.#kept;
    if (kept && nowMs < kept.endMs) {
      if (nowMs >= kept.renewMs && !this.#refresh && !this.#paused(nowMs)) this.#begin(nowMs).catch(() => {});
      return kept.token;
    }
    if (!this.#refresh) {
      const paused = this.#paused(nowMs);
      if (paused) return Promise.reject(paused);
    }
    return abandonOnCancel(context, this.#refresh ?? this.#begin(nowMs)).then(({ token }) => token);
  }

  /** The callee refuses a token. @returns whether there is another one, or will be */
  refused(token: string): boolean {
    const kept = this.#kept;
    if (kept && kept.token !== token) return true;
    const nowMs = this.#parts.env.clock.now();
    if (kept && nowMs - this.#refusedMs < REFUSED_AGAIN_MS) return false;
    this.#refusedMs = nowMs;
    this.#kept = undefined;
    return true;
  }

  /** Ends the refresh that is under way. */
  close(): void {
    this.#abort?.abort();
  }

  #paused(nowMs: number): CredentialsFailedError | undefined {
    const failed = this.#failed;
    return failed && nowMs < failed.untilMs
      ? this.#error(failed.what, failed.untilMs - nowMs, failed.cause)
      : undefined;
  }

  #error(what: string, retryAfterMs: number, cause: unknown): CredentialsFailedError {
    return new CredentialsFailedError(this.#parts.service, this.#parts.kind, what, retryAfterMs, cause);
  }

  #begin(startMs: number): Promise<Kept> {
    const { env, fetch } = this.#parts;
    const abort = new AbortController();
    this.#abort = abort;
    const { timeoutMs } = this.#options;
    // It serves many calls, so it belongs to the context of none.
    const work = outside(async () => this.#checked(await fetch(abort.signal), startMs));
    const refresh = settleWithin(work, {
      clock: env.clock,
      limitMs: timeoutMs,
      inBackground: true,
      late: () => {
        throw new LateError(timeoutMs);
      },
    }).then(
      (kept) => {
        this.#over();
        this.#failures = 0;
        this.#failed = undefined;
        this.#kept = kept;
        return kept;
      },
      (cause: unknown) => {
        this.#over();
        abort.abort();
        throw this.#failedBy(cause);
      },
    );
    this.#refresh = refresh;
    return refresh;
  }

  #over(): void {
    this.#refresh = undefined;
    this.#abort = undefined;
  }

  #failedBy(cause: unknown): CredentialsFailedError {
    const { env, service, kind } = this.#parts;
    const pauseMs = jittered(backoffBound(this.#failures++, pauses), 0.5, env.random);
    const what = whatOf(cause);
    this.#failed = { untilMs: env.clock.now() + pauseMs, what, cause };
    env.events.emit('credentials.failed', { service, kind, what, failures: this.#failures, retryAfterMs: pauseMs });
    return this.#error(what, pauseMs, cause);
  }

  #checked(fetched: unknown, startMs: number): Kept {
    const { token, expiresInMs } = Object(fetched) as Partial<FetchedToken>;
    if (typeof token !== 'string' || token === '')
      throw new NoTokenError('what was fetched is no token but empty or no text');
    if (expiresInMs === undefined) return { token, endMs: Number.POSITIVE_INFINITY, renewMs: Number.POSITIVE_INFINITY };
    if (typeof expiresInMs !== 'number' || Number.isNaN(expiresInMs)) {
      throw new NoTokenError('the life of the token (expiresInMs) must be a number of milliseconds');
    }
    const endMs = startMs + expiresInMs;
    if (endMs <= this.#parts.env.clock.now()) {
      throw new NoTokenError(`the token had run out when it arrived (it holds for ${Math.round(expiresInMs)} ms)`);
    }
    return { token, endMs, renewMs: endMs - Math.min(this.#options.refreshAheadMs, expiresInMs / 2) };
  }
}

/** What a refresh that failed says for itself; any other error may show a secret in its message, and is only the cause. */
export class NoTokenError extends Error {}

class LateError extends NoTokenError {
  constructor(limitMs: number) {
    super(`fetching it took longer than ${limitMs} ms (timeoutMs)`);
  }
}

function whatOf(cause: unknown): string {
  return cause instanceof NoTokenError ? cause.message : 'fetching it failed; cause says why';
}
