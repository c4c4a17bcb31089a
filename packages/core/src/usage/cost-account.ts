/** What the calls of an external operation cost in one period. */
export interface CostRow {
  /** Name of the service that was called. */
  readonly service: string;
  /** The operation, such as `payment-provider.pay`. */
  readonly operation: string;
  /** Calls that cost something, or nothing for once. */
  readonly calls: number;
  /** Their costs, in the unit in which the client gives them. */
  readonly cost: number;
}

/** Adds up what calls of one operation cost. */
export interface CostAccount {
  /** @param cost - of one call; @param nowMs - on the ledger's clock, which the caller has read anyway */
  add(cost: number, nowMs: number): void;
}

/** See {@link CostAccount}. Operations come from contracts, so there are not many. */
export class OperationCosts implements CostAccount {
  readonly service: string;
  readonly operation: string;
  readonly #advance: (nowMs: number) => void;
  #calls = 0;
  #cost = 0;

  /** @param advance - closes the period when it is over */
  constructor(service: string, operation: string, advance: (nowMs: number) => void) {
    this.service = service;
    this.operation = operation;
    this.#advance = advance;
  }

  add(cost: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#calls++;
    this.#cost += cost;
  }

  /** The row of the period, which is over, if there is one. */
  take(): readonly CostRow[] {
    if (this.#calls === 0) return [];
    const row = { service: this.service, operation: this.operation, calls: this.#calls, cost: rounded(this.#cost) };
    this.#calls = 0;
    this.#cost = 0;
    return [row];
  }
}

/** Adds up rows of one operation. */
export function mergedCosts(rows: readonly CostRow[]): readonly CostRow[] {
  const sums = new Map<string, CostRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.service, row.operation]);
    const { calls, cost } = sums.get(key) ?? { calls: 0, cost: 0 };
    sums.set(key, { ...row, calls: calls + row.calls, cost: rounded(cost + row.cost) });
  }
  return [...sums.values()];
}

/** Sums of fractions end in digits that mean nothing. */
function rounded(cost: number): number {
  return Number(cost.toPrecision(12));
}
