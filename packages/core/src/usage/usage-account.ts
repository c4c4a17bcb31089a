import { type CallerSource, OpenRow } from './usage-period.js';

/** Longest name of a caller that is kept, in characters; longer ones are cut. */
const maxCallerLength = 128;

/** What one call used. */
export interface UsedCall {
  /** Name of the caller; undefined when it is not known. */
  readonly caller: string | undefined;
  /** Whether a certificate proves the name. */
  readonly proven: boolean;
  /** From the arrival of the request to its answer, in milliseconds. */
  readonly timeMs: number;
  /** Whether the status was 500 or above. */
  readonly failed: boolean;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Counts the calls of one operation. */
export interface UsageAccount {
  /** @param nowMs - on the ledger's clock; the caller has read it anyway */
  add(call: UsedCall, nowMs: number): void;
}

/** What an account needs of its ledger. */
export interface AccountLedger {
  /** Closes the period when it is over. */
  advance(nowMs: number): void;
  /** Whether one more row may be opened. */
  mayOpen(proven: boolean): boolean;
  /** A call was counted without its caller's name. */
  folded(): void;
}

/** See {@link UsageAccount}: the rows of one operation in the open period. */
export class OperationAccount implements UsageAccount {
  readonly #operation: string;
  readonly #ledger: AccountLedger;
  readonly #proven = new Map<string, OpenRow>();
  readonly #claimed = new Map<string, OpenRow>();
  #unknown: OpenRow | undefined;
  #folded: OpenRow | undefined;

  constructor(operation: string, ledger: AccountLedger) {
    this.#operation = operation;
    this.#ledger = ledger;
  }

  add({ caller, proven, timeMs, failed, requestBytes, responseBytes }: UsedCall, nowMs: number): void {
    this.#ledger.advance(nowMs);
    this.#row(caller, proven).add(timeMs, failed, requestBytes, responseBytes);
  }

  /** The rows of the period, which is over: what comes next begins anew. */
  take(): OpenRow[] {
    const rows = [...this.#proven.values(), ...this.#claimed.values()];
    if (this.#unknown) rows.push(this.#unknown);
    if (this.#folded) rows.push(this.#folded);
    this.#proven.clear();
    this.#claimed.clear();
    this.#unknown = undefined;
    this.#folded = undefined;
    return rows;
  }

  #row(caller: string | undefined, proven: boolean): OpenRow {
    if (caller === undefined || caller === '') {
      this.#unknown ??= this.#open('', 'none');
      return this.#unknown;
    }
    const rows = proven ? this.#proven : this.#claimed;
    const known = rows.get(caller);
    if (known) return known;
    const name = caller.slice(0, maxCallerLength);
    const cut = name.length < caller.length ? rows.get(name) : undefined;
    if (cut) return cut;
    if (this.#ledger.mayOpen(proven)) {
      const made = this.#open(name, proven ? 'certificate' : 'claim');
      rows.set(name, made);
      return made;
    }
    this.#ledger.folded();
    this.#folded ??= this.#open('', 'folded');
    return this.#folded;
  }

  #open(caller: string, from: CallerSource): OpenRow {
    return new OpenRow(caller, from, this.#operation);
  }
}
