/**
 * What pickers read of every endpoint that they draw, side by side in memory: a row of numbers each. A look at one of ten
 * thousand endpoints is mostly waiting for memory, and numbers that are fields of objects would be waited for one by one.
 */

import type { LoadMeter } from './balancer.js';

/** Cells of a row: half a line of the processor’s cache. */
const WIDTH = 4;

/** What the cells of a row are, counted from {@link LoadRow.at}. */
export const cell = Object.freeze({
  /** Calls under way. */
  inFlight: 0,
  /** Moving average of latency, in milliseconds. */
  averageMs: 1,
  /** Monotonic time of the average's last change. */
  atMs: 2,
  /** How much is known of it: answers, up to where the average counts. */
  answers: 3,
});

/** The rows of one balanced service. */
export class LoadTable {
  /** Another, longer array once there are more rows than it has room for. */
  cells = new Float64Array(4 * WIDTH);
  /** The meter that its rows share, if their balancer has such a one. */
  meter: LoadMeter | undefined;
  readonly #free: number[] = [];
  #used = 0;

  /** A row of zeros. */
  add(): LoadRow {
    const at = this.#free.pop() ?? this.#used++ * WIDTH;
    if (at >= this.cells.length) {
      const longer = new Float64Array(this.cells.length * 2);
      longer.set(this.cells);
      this.cells = longer;
    }
    return new LoadRow(this, at);
  }

  /** @param at - where a row begins that nobody reads any more. */
  remove(at: number): void {
    this.cells.fill(0, at, at + WIDTH);
    this.#free.push(at);
  }
}

/** The row of one endpoint. */
export class LoadRow {
  readonly table: LoadTable;
  /** Index of its first cell. */
  readonly at: number;

  constructor(table: LoadTable, at: number) {
    this.table = table;
    this.at = at;
  }
}

/** Where the rows of candidates begin, and their table; undefined unless all stand in one. */
export interface RowsOf {
  readonly table: LoadTable;
  readonly places: Int32Array;
}

/** @param rowOf - the row of a candidate; undefined where it has none. */
export function rowsOf<C>(candidates: readonly C[], rowOf: (candidate: C) => LoadRow | undefined): RowsOf | undefined {
  const places = new Int32Array(candidates.length);
  let table: LoadTable | undefined;
  for (let index = 0; index < places.length; index++) {
    const row = rowOf(candidates[index] as C);
    table ??= row?.table;
    if (!row || row.table !== table) return undefined;
    places[index] = row.at;
  }
  return table && { table, places };
}

/** Reads the calls under way of candidates by their places in the set; from their rows where they have any. */
export function inFlightOf(
  candidates: readonly { readonly inFlight: number; readonly row?: LoadRow }[],
): (index: number) => number {
  const rows = rowsOf(candidates, ({ row }) => row);
  if (!rows) return (index) => (candidates[index] as { readonly inFlight: number }).inFlight;
  return (index) => rows.table.cells[(rows.places[index] as number) + cell.inFlight] as number;
}
