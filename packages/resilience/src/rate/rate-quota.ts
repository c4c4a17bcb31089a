/**
 * The quota of a callee, as its answers tell of it: how many calls are left, until when, and pauses that it asks for. All rate limits
 * of a client that follow it share it, so what one call is told holds for all.
 *
 * Told is what was left when the callee answered. Calls that were sent after the one that was answered may not be counted in it, so they
 * are taken off; an answer to an earlier call than the last one heard counts only where it leaves less. When a quota begins anew, as
 * many calls are let go as it holds, where that is known, so that those who waited do not all come at once. Nobody is asked to wait
 * longer than an hour for what was told: then one call asks again, since a header may be wrong.
 */
import { type Live, type LiveSource, liveValue } from '@fwk/kernel';

/** What an answer says of one quota. */
export interface QuotaNews {
  /** Tells the quotas of one callee apart, such as one a second and one a day; empty for the only one. */
  readonly name: string;
  /** Calls that are left. */
  readonly remaining: number;
  /** Until it begins anew, in milliseconds. */
  readonly resetMs: number;
  /** Calls that it holds when it begins. @defaultValue unknown */
  readonly limit?: number | undefined;
  /** How long it is, in milliseconds. @defaultValue unknown */
  readonly windowMs?: number | undefined;
}

/** Longest wait for what was told, in milliseconds. */
const LONGEST_MS = 3_600_000;
/** Most quotas of one callee; what more it names is not kept. */
const MAX_QUOTAS = 16;
/** A window that ends later by more than this is another one. */
const SAME_WINDOW_MS = 1000;

interface Quota {
  remaining: number;
  endMs: number;
  /** The last call whose answer told of it. */
  mark: number;
  /** What the next window holds and how long it is; undefined where nobody knows. */
  readonly next: { readonly limit: number; readonly windowMs: number } | undefined;
}

/** See the head of this file. Counts only: it has no clock, so that numbers alone test it. */
export class RateQuota {
  readonly #quotas = new Map<string, Quota>();
  readonly #changes: LiveSource<number> = liveValue(0, { name: 'quota of a callee' });
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #taken = 0;

  /** Changes whenever something was told. */
  get changes(): Live<number> {
    return this.#changes;
  }

  /** Calls so far; that of the moment in which a call is sent says later which calls an answer may not have counted. */
  get mark(): number {
    return this.#taken;
  }

  /** Takes what an answer says. @param mark - from when the answered call was sent */
  tell(news: readonly QuotaNews[], mark: number, nowMs: number): void {
    for (const each of news) this.#tellOne(each, mark, nowMs);
    if (news.length > 0) this.#changed();
  }

  /** The callee wants to be left alone. @param ms - for how long, in milliseconds */
  pause(ms: number, nowMs: number): void {
    const untilMs = nowMs + Math.min(ms, LONGEST_MS);
    if (untilMs <= this.#pausedUntilMs) return;
    this.#pausedUntilMs = untilMs;
    this.#changed();
  }

  /** Takes one call, where none of the quotas is used up. */
  take(nowMs: number): boolean {
    if (this.waitMs(1, nowMs) > 0) return false;
    this.#taken++;
    for (const quota of this.#quotas.values()) quota.remaining--;
    return true;
  }

  /** Milliseconds until `count` calls will have been there for the taking, one after the other; 0 when they are. */
  waitMs(count: number, nowMs: number): number {
    let waitMs = Math.max(0, this.#pausedUntilMs - nowMs);
    for (const [name, quota] of this.#quotas) waitMs = Math.max(waitMs, this.#waitFor(name, quota, count, nowMs));
    return waitMs;
  }

  #waitFor(name: string, quota: Quota, count: number, nowMs: number): number {
    if (nowMs >= quota.endMs) {
      if (!quota.next) {
        this.#quotas.delete(name);
        return 0;
      }
      quota.remaining = quota.next.limit;
      quota.endMs = nowMs + quota.next.windowMs;
    }
    const missing = count - quota.remaining;
    if (missing <= 0) return 0;
    const more = quota.next ? Math.floor((missing - 1) / quota.next.limit) * quota.next.windowMs : 0;
    return quota.endMs - nowMs + more;
  }

  #tellOne({ name, remaining, resetMs, limit, windowMs }: QuotaNews, mark: number, nowMs: number): void {
    const known = this.#quotas.get(name);
    if (!known && this.#quotas.size >= MAX_QUOTAS) return;
    const left = Math.max(0, remaining - (this.#taken - mark));
    const isLate = resetMs > LONGEST_MS;
    const endMs = nowMs + (isLate ? LONGEST_MS : resetMs);
    const isStale = known && mark < known.mark && endMs <= known.endMs + SAME_WINDOW_MS;
    if (isStale && left >= known.remaining) return;
    const held =
      limit !== undefined && limit >= 1
        ? { limit, windowMs: windowMs ?? Math.max(SAME_WINDOW_MS, resetMs) }
        : undefined;
    const next = isLate ? { limit: 1, windowMs: LONGEST_MS } : held;
    this.#quotas.set(name, { remaining: left, endMs, mark: Math.max(mark, known?.mark ?? 0), next });
  }

  #changed(): void {
    this.#changes.set(this.#changes.value + 1);
  }
}
