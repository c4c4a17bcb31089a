import {
  type CallContext,
  Cancellation,
  callSafely,
  currentOf,
  detached,
  type Env,
  emitInCall,
  idempotentKey,
  messageOf,
  note,
  type Outcome,
  type Service,
  type Status,
  TimeLimits,
} from '@fwk/kernel';
import { type EngineShare, engineShareOf } from '../breaker/engine-share.js';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { type TimedCallOwner, timedCall } from '../deadline/timed-call.js';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import { KeyError } from '../layer/key-error.js';
import { requestKey } from '../layer/request-key.js';
import { CacheCounts } from './cache-counts.js';
import type { CacheHandle, CacheSettings, CacheSnapshot } from './cache-options.js';
import { type CacheEntry, EntryStore, type Fill } from './entry-store.js';

/** Longest time for a renewal, in milliseconds: one whose answer was lost must not keep the next from being tried. */
const RENEWAL_LIMIT_MS = 60_000;

/** Answers from the cache of one stack what it can, and asks for the rest. */
export class CacheService<Req, Res> implements Service<Req, Res>, CacheHandle, TimedCallOwner {
  /** Nobody waits for a renewal, so it does not keep the process alive. */
  readonly limits: TimeLimits;
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #engine: EngineShare | undefined;
  readonly #options: CacheSettings;
  readonly #counts: CacheCounts;
  readonly #expiry: Expiry;
  readonly #store = new EntryStore<Res>();

  constructor(next: Service<Req, Res>, env: Env, options: CacheSettings) {
    this.#next = next;
    this.#env = env;
    this.#engine = engineShareOf(env);
    this.#options = options;
    this.#counts = new CacheCounts(env);
    this.#expiry = new Expiry(env);
    this.limits = TimeLimits.of(env.clock, true);
  }

  get path(): string {
    return this.#env.path;
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (!context.get(idempotentKey)) return callSafely(this.#next, request, context);
    let key: string;
    try {
      key = requestKey(this.#options.keyOf, request);
    } catch (error) {
      return Promise.reject(new KeyError(nameOf(context, this.#env), error));
    }
    const nowMs = this.#env.clock.now();
    const entry = this.#store.get(key);
    if (entry === undefined) return this.#fetch(key, request, context, nowMs);
    const ageMs = nowMs - entry.askedAtMs;
    const ttlMs = currentOf(this.#options.ttlMs);
    if (ageMs < ttlMs) this.#counts.fresh.add();
    else if (ageMs < ttlMs + currentOf(this.#options.staleWhileRevalidateMs)) {
      this.#counts.stale.add();
      note(context, 'stale', true);
      if (!this.#store.filling(key)) this.#refresh(key, request, context, nowMs);
    } else return this.#fetch(key, request, context, nowMs);
    note(context, 'cached', true);
    this.#engine?.breaker?.viewOf(request)?.answeredBefore(request, 'cacheHit');
    return Promise.resolve(entry.value);
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  clear(): void {
    this.#store.clear();
  }

  delete(key: string): boolean {
    return this.#store.delete(key);
  }

  snapshot(): CacheSnapshot {
    const { fresh, stale, staleOnError, missed, refreshed, refreshFailed, evicted } = this.#counts;
    return {
      path: this.#env.path,
      entries: this.#store.size,
      maxEntries: currentOf(this.#options.maxEntries),
      fresh: fresh.total,
      stale: stale.total,
      staleOnError: staleOnError.total,
      missed: missed.total,
      refreshed: refreshed.total,
      refreshFailed: refreshFailed.total,
      evicted: evicted.total,
    };
  }

  #fetch(key: string, request: Req, context: CallContext, nowMs: number): Promise<Res> {
    const fill = this.#store.begin(key);
    this.#engine?.breaker?.viewOf(request)?.missed('cacheMiss');
    return callSafely(this.#next, request, context).then(
      (value) => {
        const outcome = this.#keep(key, fill, value, nowMs, request, context);
        const old = outcome === 'failure' ? this.#oldInstead(key, context, undefined) : undefined;
        if (old !== undefined) return old.value;
        this.#counts.missed.add();
        return value;
      },
      (error) => {
        this.#store.end(key, fill);
        const { outcome } = judgeCallError(this.#env, error, context, request);
        const old = outcome === 'failure' ? this.#oldInstead(key, context, error) : undefined;
        if (old !== undefined) return old.value;
        this.#counts.missed.add();
        throw error;
      },
    );
  }

  /**
   * The caller has its answer already, so nothing of its call goes along: no deadline, cancellation, trace or notes. A
   * renewal ends when its answer would be too old to be given, and after a minute at the latest.
   */
  #refresh(key: string, request: Req, context: CallContext, nowMs: number): void {
    const fill = this.#store.begin(key);
    const givenMs = currentOf(this.#options.ttlMs) + currentOf(this.#options.staleWhileRevalidateMs);
    const limitMs = Math.min(givenMs, RENEWAL_LIMIT_MS);
    const deadlineMs = nowMs + limitMs;
    const own = context.with({ unlimited: true, apart: true, cancellation: new Cancellation(), deadlineMs });
    const limit = { limitMs, byDeadline: true, startMs: nowMs, deadlineMs: own.deadlineMs };
    detached(() => timedCall(this, this.#next, request, own, limit)).then(
      (value) => {
        if (this.#keep(key, fill, value, nowMs, request, context) === 'success') this.#counts.refreshed.add();
        else this.#refreshFailed(undefined);
      },
      (error) => {
        this.#store.end(key, fill);
        this.#refreshFailed(error);
      },
    );
  }

  expired(context: CallContext, limitMs: number): unknown {
    return this.#expiry.error(context, limitMs, 'the renewal');
  }

  /** Layers below count late answers where they know what was late. */
  late(): void {}

  #refreshFailed(error: unknown): void {
    this.#counts.refreshFailed.add();
    this.#env.events.emit('cache.refresh-failed', { path: this.#env.path, error: shown(error) });
  }

  /** Ends a fill with its answer, and keeps that if it is a success. */
  #keep(key: string, fill: Fill, value: Res, askedAtMs: number, request: Req, context: CallContext): Outcome {
    const valid = this.#store.end(key, fill);
    const { outcome } = judgeCallResult(this.#env, value, context, request);
    if (!valid || outcome !== 'success') return outcome;
    const evicted = this.#store.put(key, { value, askedAtMs }, currentOf(this.#options.maxEntries));
    if (evicted > 0) this.#counts.evicted.add(evicted);
    return outcome;
  }

  /** The answer to give although it is too old, because the call failed; undefined when there is none, or it is far too old. */
  #oldInstead(key: string, context: CallContext, error: unknown): CacheEntry<Res> | undefined {
    const entry = context.cancelled ? undefined : this.#store.get(key);
    if (entry === undefined) return undefined;
    const ageMs = this.#env.clock.now() - entry.askedAtMs;
    if (ageMs >= currentOf(this.#options.ttlMs) + currentOf(this.#options.staleIfErrorMs)) return undefined;
    this.#counts.staleOnError.add();
    note(context, 'cached', true);
    note(context, 'stale', true);
    emitInCall(this.#env.events, context, 'cache.answered-stale', { path: this.#env.path, ageMs, error: shown(error) });
    return entry;
  }
}

/** A result that the classifier calls a failure has no message. */
function shown(error: unknown): string | undefined {
  return error === undefined ? undefined : messageOf(error);
}
