/**
 * The store of one instance, in memory, bounded by entries, characters and time. Operations that must survive the loss of
 * an instance keep the key with their data, or share a store.
 *
 * A full store is shared fairly. A caller that has its share loses its own oldest answer. When all together are too many,
 * the source with the most answers loses, of its callers the one with the most, and of its answers the oldest: whoever
 * floods the store pushes out its own.
 */
import type { Clock } from '@fwk/kernel';
import { BySize } from './by-size.js';
import { checkIdempotencyOptions, type IdempotencyOptions } from './idempotency-options.js';
import type { Claim, IdempotencyStore, KeptAnswer, KeyedRequest } from './idempotency-store.js';

/** A store in memory. */
export interface MemoryIdempotencyStore extends IdempotencyStore {
  claim(request: KeyedRequest): Claim;
  /** Keys at work and answers kept. */
  readonly size: number;
}

/** Makes a store. @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function memoryIdempotencyStore(
  options: Partial<IdempotencyOptions> | undefined,
  clock: Clock,
): MemoryIdempotencyStore {
  return new MemoryStore(checkIdempotencyOptions(options), clock);
}

/** What one caller has from one source. */
interface Holder {
  readonly id: string;
  readonly source: Source;
  /** Being worked on. */
  readonly running: Map<string, Entry>;
  /** Answered, oldest first. */
  readonly finished: Map<string, Entry>;
}

interface Source {
  readonly id: string;
  readonly holders: BySize<Holder>;
  running: number;
}

interface Entry {
  readonly key: string;
  readonly holder: Holder;
  readonly fingerprint: string;
  answer: KeptAnswer | undefined;
  expiresMs: number;
}

class MemoryStore implements MemoryIdempotencyStore {
  readonly #options: IdempotencyOptions;
  readonly #clock: Clock;
  readonly #holders = new Map<string, Holder>();
  readonly #sources = new Map<string, Source>();
  readonly #bySource = new BySize<Source>();
  /** Oldest first: all are kept equally long, so this is also the order in which they expire. */
  readonly #finished = new Set<Entry>();
  readonly #running = new Set<Entry>();
  #length = 0;

  constructor(options: IdempotencyOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get size(): number {
    return this.#running.size + this.#finished.size;
  }

  claim({ caller, source, operation, key: given, fingerprint, leaseMs }: KeyedRequest): Claim {
    const nowMs = this.#clock.now();
    this.#expire(nowMs);
    const holder = this.#holderOf(caller, source);
    const key = `${operation} ${given}`;
    const known = holder.finished.get(key) ?? this.#atWork(holder, key, nowMs);
    if (known) {
      if (known.fingerprint !== fingerprint) return { kind: 'other-request' };
      return known.answer ? { kind: 'stored', answer: known.answer } : { kind: 'running' };
    }
    if (!this.#makeRoom(holder, nowMs)) {
      this.#tidy(holder);
      return { kind: 'full' };
    }
    // Making room may have taken the last that the holder had.
    this.#holders.set(holder.id, holder);
    this.#sources.set(holder.source.id, holder.source);
    const entry: Entry = { key, holder, fingerprint, answer: undefined, expiresMs: nowMs + leaseMs };
    holder.running.set(key, entry);
    holder.source.running++;
    this.#running.add(entry);
    return {
      kind: 'fresh',
      entry: { finish: (answer) => this.#finish(entry, answer), release: () => this.#end(entry) },
    };
  }

  #finish(entry: Entry, answer: KeptAnswer): void {
    const { key } = entry;
    this.#end(entry);
    // Its lease may have been over; whoever has the key since then keeps it.
    const holder = this.#holderOf(entry.holder.id, entry.holder.source.id);
    if (holder.running.has(key) || holder.finished.has(key)) return;
    const kept = { ...entry, holder, answer, expiresMs: this.#clock.now() + this.#options.keepMs };
    holder.finished.set(key, kept);
    holder.source.holders.grow(holder);
    this.#bySource.grow(holder.source);
    this.#finished.add(kept);
    this.#length += lengthOf(kept);
    const { maxEntries, maxEntriesPerCaller, maxLength } = this.#options;
    if (holder.finished.size > maxEntriesPerCaller) this.#dropOldest(holder);
    while (this.#length > maxLength || this.size > maxEntries) if (!this.#dropOfLargest()) break;
  }

  /** Makes room for one more at work. Answers false when there is none. */
  #makeRoom(holder: Holder, nowMs: number): boolean {
    const { maxEntries, maxEntriesPerCaller } = this.#options;
    const isFull = () =>
      holder.running.size >= maxEntriesPerCaller ||
      holder.source.running >= Math.max(1, maxEntries / 2) ||
      this.#running.size >= maxEntries;
    if (isFull()) this.#endOverdue(nowMs);
    if (isFull()) return false;
    if (holder.running.size + holder.finished.size >= maxEntriesPerCaller) this.#dropOldest(holder);
    return this.size < maxEntries || this.#dropOfLargest();
  }

  #atWork(holder: Holder, key: string, nowMs: number): Entry | undefined {
    const entry = holder.running.get(key);
    if (!entry || entry.expiresMs > nowMs) return entry;
    this.#end(entry, false);
    return undefined;
  }

  #expire(nowMs: number): void {
    for (const entry of this.#finished) {
      if (entry.expiresMs > nowMs) return;
      this.#drop(entry);
    }
  }

  #endOverdue(nowMs: number): void {
    for (const entry of this.#running) if (entry.expiresMs <= nowMs) this.#end(entry, false);
  }

  /** Ends being at work. @param tidy - whether a holder that has nothing left is forgotten. */
  #end(entry: Entry, tidy = true): void {
    if (!this.#running.delete(entry)) return;
    const { holder, key } = entry;
    holder.running.delete(key);
    holder.source.running--;
    if (tidy) this.#tidy(holder);
  }

  #dropOldest(holder: Holder): boolean {
    const oldest = holder.finished.values().next().value;
    if (oldest) this.#drop(oldest);
    return oldest !== undefined;
  }

  #dropOfLargest(): boolean {
    const largest = this.#bySource.largest?.holders.largest;
    return largest !== undefined && this.#dropOldest(largest);
  }

  #drop(entry: Entry): void {
    const { holder, key } = entry;
    this.#finished.delete(entry);
    this.#length -= lengthOf(entry);
    holder.finished.delete(key);
    holder.source.holders.shrink(holder);
    this.#bySource.shrink(holder.source);
    this.#tidy(holder);
  }

  #holderOf(caller: string, from: string): Holder {
    let holder = this.#holders.get(caller);
    if (!holder) {
      let source = this.#sources.get(from);
      if (!source) {
        source = { id: from, holders: new BySize(), running: 0 };
        this.#sources.set(from, source);
      }
      holder = { id: caller, source, running: new Map(), finished: new Map() };
      this.#holders.set(caller, holder);
    }
    return holder;
  }

  #tidy(holder: Holder): void {
    if (holder.running.size > 0 || holder.finished.size > 0) return;
    if (this.#holders.get(holder.id) === holder) this.#holders.delete(holder.id);
    const { source } = holder;
    if (source.running === 0 && this.#bySource.sizeOf(source) === 0) this.#sources.delete(source.id);
  }
}

function lengthOf({ key, answer }: Entry): number {
  return key.length + (answer?.body?.length ?? 0);
}
