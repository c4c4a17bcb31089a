/**
 * Who used what, to be billed by: calls, time and bytes per caller and operation, in numbered periods.
 *
 * A period that is over never changes, and is kept until a reader acknowledges it. Reading changes nothing, so a reader that
 * fails after reading reads the same again; `instance`, `boot` and `sequence` name a period for ever, so nothing is billed twice.
 * When as many periods are kept as may be, the open one stays open and grows longer, so nothing is lost either: an instance that
 * nobody reads keeps its totals in bounded memory, and only loses how fine they are in time.
 *
 * No timer: a period is closed by the first call or reader after its end. An empty one is not kept.
 */
import { type Counter, type Meter, type Token, token } from '@fwk/kernel';
import { coreMetrics } from '../core-metrics.js';
import { type CostAccount, type CostRow, mergedCosts, OperationCosts } from './cost-account.js';
import { OperationAccount, type UsageAccount } from './usage-account.js';
import { checkUsageOptions, type UsageOptions } from './usage-options.js';
import type { UsagePeriod, UsageRow } from './usage-period.js';

/** Whose usage it is. */
export interface UsageOwner {
  readonly service: string;
  readonly instance: string;
  /** Differs from start to start, also where the instance keeps its name. */
  readonly boot: string;
}

/** What a reader gets. */
export interface UsagePage extends UsageOwner {
  /** Periods up to this one have been acknowledged, and are gone; 0 for none. */
  readonly acknowledged: number;
  /** Oldest first. */
  readonly periods: readonly UsagePeriod[];
  /** Whether there are more after these. */
  readonly more: boolean;
}

/** Usage that leaves with its instance: nobody has acknowledged it. */
export interface UnreadUsage extends UsageOwner {
  /** The first of the periods whose rows these are; more than one only where no reader has seen any of them. */
  readonly firstSequence: number;
  readonly sequence: number;
  readonly start: string;
  readonly end: string;
  readonly rows: readonly UsageRow[];
  readonly costs?: readonly CostRow[];
}

/** What an instance's callers use. */
export interface Usage extends Disposable {
  /** Counts the calls of an operation. Ask once and keep it. */
  account(operation: string): UsageAccount;
  /** Adds up what calls of somebody else's operation cost. Ask once and keep it. */
  costs(service: string, operation: string): CostAccount;
  /**
   * Closed periods after `after`, as many as fit an answer, and at least one if there is one.
   * @param after - `sequence` of the last one that the reader has. @defaultValue 0
   */
  read(after?: number): UsagePage;
  /** The reader has kept everything up to `through`. Told again it changes nothing. @returns what is acknowledged now */
  acknowledge(through: number): number;
  /** Closes the open period and hands out everything that was not acknowledged, for the last time. */
  drain(): readonly UnreadUsage[];
  readonly owner: UsageOwner;
  /** `sequence` of the last closed period; 0 for none. */
  readonly last: number;
}

/** The usage of the application. */
export const usageToken: Token<Usage> = token('usage');

/** Rows after which an answer takes no further period. */
const rowsPerPage = 5000;

/** Makes a ledger. @throws OptionsError for options out of range. */
export function createUsage(owner: UsageOwner, metrics: Meter, options: Partial<UsageOptions> = {}): Usage {
  return new Ledger(owner, metrics, checkUsageOptions('usage', options));
}

class Ledger implements Usage {
  readonly owner: UsageOwner;
  readonly #options: UsageOptions;
  readonly #accounts = new Map<string, OperationAccount>();
  readonly #costs = new Map<string, OperationCosts>();
  /** Oldest first. */
  #closed: UsagePeriod[] = [];
  #last = 0;
  #acknowledged = 0;
  /** The last period that a reader has seen. */
  #seen = 0;
  #startWallMs: number;
  #endMs = 0;
  #endWallMs = 0;
  /** Rows that are open now, of proven callers and of others. */
  #provenRows = 0;
  #claimedRows = 0;
  readonly #folds: Counter;
  readonly #kept: Disposable;

  constructor(owner: UsageOwner, metrics: Meter, options: UsageOptions) {
    this.owner = owner;
    this.#options = options;
    this.#startWallMs = options.clock.wallTime();
    this.#begin(options.clock.now());
    this.#folds = metrics.counter(coreMetrics['fwk.usage.folded']);
    this.#kept = metrics.observe('gauge', coreMetrics['fwk.usage.periods'], {}, () => this.#closed.length);
  }

  get last(): number {
    return this.#last;
  }

  account(operation: string): UsageAccount {
    const known = this.#accounts.get(operation);
    if (known) return known;
    const made = new OperationAccount(operation, this);
    this.#accounts.set(operation, made);
    return made;
  }

  costs(service: string, operation: string): CostAccount {
    const key = JSON.stringify([service, operation]);
    const known = this.#costs.get(key);
    if (known) return known;
    const made = new OperationCosts(service, operation, (nowMs) => this.advance(nowMs));
    this.#costs.set(key, made);
    return made;
  }

  advance(nowMs: number): void {
    if (nowMs >= this.#endMs) this.#turn(nowMs);
  }

  mayOpen(proven: boolean): boolean {
    if ((proven ? this.#provenRows : this.#claimedRows) >= this.#options.maxRows) return false;
    if (proven) this.#provenRows++;
    else this.#claimedRows++;
    return true;
  }

  folded(): void {
    this.#folds.add();
  }

  read(after = 0): UsagePage {
    this.advance(this.#options.clock.now());
    const periods: UsagePeriod[] = [];
    let rows = 0;
    const waiting = this.#closed.filter(({ sequence }) => sequence > after);
    for (const period of waiting) {
      if (rows > 0 && rows + period.rows.length > rowsPerPage) break;
      rows += period.rows.length;
      periods.push(period);
    }
    this.#seen = Math.max(this.#seen, periods.at(-1)?.sequence ?? 0);
    return { ...this.owner, acknowledged: this.#acknowledged, periods, more: periods.length < waiting.length };
  }

  acknowledge(through: number): number {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(through, this.#last));
    this.#closed = this.#closed.filter(({ sequence }) => sequence > this.#acknowledged);
    return this.#acknowledged;
  }

  drain(): readonly UnreadUsage[] {
    this.#close(this.#options.clock.wallTime());
    const seen = this.#closed.filter(({ sequence }) => sequence <= this.#seen);
    const unseen = this.#closed.filter(({ sequence }) => sequence > this.#seen);
    this.acknowledge(this.#last);
    const unread = seen.map((period) => ({ ...this.owner, firstSequence: period.sequence, ...period }));
    const [first, latest] = [unseen[0], unseen.at(-1)];
    if (first && latest) {
      const rows = merged(unseen.flatMap((period) => period.rows));
      const costs = mergedCosts(unseen.flatMap((period) => period.costs ?? []));
      const { sequence, end } = latest;
      const joined = { sequence, start: first.start, end, rows, ...(costs.length > 0 && { costs }) };
      unread.push({ ...this.owner, firstSequence: first.sequence, ...joined });
    }
    return unread;
  }

  [Symbol.dispose](): void {
    this.#kept[Symbol.dispose]();
  }

  /** The period is over. Without room for one more closed period it goes on. */
  #turn(nowMs: number): void {
    const held = this.#closed.length >= this.#options.maxPeriods;
    // Nothing was counted since its end: that would have closed it.
    if (!held) this.#close(this.#endWallMs);
    this.#begin(nowMs);
    // Time in which nothing was called belongs to no period.
    if (!held) this.#startWallMs = Math.max(this.#startWallMs, this.#endWallMs - this.#options.periodMs);
  }

  #begin(nowMs: number): void {
    const { clock, periodMs } = this.#options;
    const wallMs = clock.wallTime();
    const leftMs = periodMs - (((wallMs % periodMs) + periodMs) % periodMs);
    this.#endMs = nowMs + leftMs;
    this.#endWallMs = wallMs + leftMs;
  }

  #close(endWallMs: number): void {
    const rows = [...this.#accounts.values()].flatMap((account) => account.take()).map((row) => row.closed());
    this.#provenRows = 0;
    this.#claimedRows = 0;
    const start = iso(this.#startWallMs);
    this.#startWallMs = endWallMs;
    const costs = [...this.#costs.values()].flatMap((account) => account.take());
    if (rows.length === 0 && costs.length === 0) return;
    const end = iso(endWallMs);
    this.#closed.push({ sequence: ++this.#last, start, end, rows, ...(costs.length > 0 && { costs }) });
  }
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** Adds up rows of one caller and operation. */
function merged(rows: readonly UsageRow[]): readonly UsageRow[] {
  const sums = new Map<string, UsageRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.callerFrom, row.caller, row.operation]);
    const sum = sums.get(key);
    if (!sum) sums.set(key, row);
    else {
      sums.set(key, {
        ...row,
        calls: sum.calls + row.calls,
        failed: sum.failed + row.failed,
        timeMs: Math.round((sum.timeMs + row.timeMs) * 1000) / 1000,
        requestBytes: sum.requestBytes + row.requestBytes,
        responseBytes: sum.responseBytes + row.responseBytes,
      });
    }
  }
  return [...sums.values()];
}
