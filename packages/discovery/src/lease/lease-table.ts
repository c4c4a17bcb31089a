/**
 * Who must be heard of, and by when. One sweep looks at all leases; a sweep that comes late means that this process stood
 * still (stopped, suspended, blocked), so nobody could have been heard meanwhile, and all leases get that time back.
 */
import type { Clock, Timer } from '@fwk/kernel';
import type { EvictionPolicy } from './eviction.js';

/** Options of {@link LeaseTable}. */
export interface LeaseTableOptions {
  readonly clock: Clock;
  /** Time between sweeps, in milliseconds. */
  readonly sweepMs: number;
  readonly eviction: EvictionPolicy;
  /** Told of each lease that was ended because it ran out. */
  readonly onEvicted: (id: string) => void;
}

/** Leases by id. */
export class LeaseTable {
  readonly #options: LeaseTableOptions;
  /** When each runs out, by the time at which this process was at work. */
  readonly #expiresAtMs = new Map<string, number>();
  /** None runs out before; a sweep that comes sooner has nothing to look for. */
  #earliestMs = Number.POSITIVE_INFINITY;
  /** Time for which this process stood still; all leases get it back. */
  #stoodStillMs = 0;
  #timer: Timer | undefined;
  #sweptAtMs = 0;
  /** Whether the last sweep left expired leases to the policy. */
  #judged = false;

  constructor(options: LeaseTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#expiresAtMs.size;
  }

  /** Milliseconds left; negative when it has run out, undefined when there is none. */
  remainingMs(id: string): number | undefined {
    const expiresAtMs = this.#expiresAtMs.get(id);
    return expiresAtMs === undefined ? undefined : expiresAtMs - this.#nowMs();
  }

  /** Gives or renews a lease. */
  grant(id: string, durationMs: number): void {
    this.#set(id, this.#nowMs() + durationMs);
    if (!this.#timer) this.#schedule();
  }

  /** Renews a lease that exists; false when there is none. */
  renew(id: string, durationMs: number): boolean {
    if (!this.#expiresAtMs.has(id)) return false;
    this.grant(id, durationMs);
    return true;
  }

  /** Leaves a lease at most this long; it may be renewed again. */
  shorten(id: string, remainingMs: number): void {
    const expiresAtMs = this.#expiresAtMs.get(id);
    if (expiresAtMs === undefined) return;
    this.#set(id, Math.min(expiresAtMs, this.#nowMs() + remainingMs));
  }

  release(id: string): void {
    this.#expiresAtMs.delete(id);
    if (this.#expiresAtMs.size === 0) this.close();
  }

  /** Ends the sweeping; for the owner. */
  close(): void {
    if (this.#timer) this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #nowMs(): number {
    return this.#options.clock.now() - this.#stoodStillMs;
  }

  #set(id: string, expiresAtMs: number): void {
    this.#expiresAtMs.set(id, expiresAtMs);
    if (expiresAtMs < this.#earliestMs) this.#earliestMs = expiresAtMs;
  }

  #schedule(): void {
    const { clock, sweepMs } = this.#options;
    this.#sweptAtMs = clock.now();
    this.#timer = clock.setTimer(() => this.#sweep(), sweepMs, true);
  }

  #sweep(): void {
    const { clock, sweepMs, eviction, onEvicted } = this.#options;
    const lateMs = clock.now() - this.#sweptAtMs - sweepMs;
    this.#schedule();
    if (lateMs > sweepMs) {
      this.#stoodStillMs += lateMs;
      return;
    }
    const expired = this.#expired();
    // Once more after the last of them, so that a policy sees that it has nothing to withhold.
    if (expired.length === 0 && !this.#judged) return;
    this.#judged = expired.length > 0;
    for (const id of eviction({ expired, total: this.size })) {
      this.release(id);
      onEvicted(id);
    }
  }

  /** Those that have run out, the first of them first. */
  #expired(): readonly string[] {
    const nowMs = this.#nowMs();
    if (nowMs < this.#earliestMs) return [];
    const expired: (readonly [string, number])[] = [];
    this.#earliestMs = Number.POSITIVE_INFINITY;
    for (const lease of this.#expiresAtMs) {
      const [, expiresAtMs] = lease;
      if (expiresAtMs <= nowMs) expired.push(lease);
      if (expiresAtMs < this.#earliestMs) this.#earliestMs = expiresAtMs;
    }
    return expired.sort((a, b) => a[1] - b[1]).map(([id]) => id);
  }
}
