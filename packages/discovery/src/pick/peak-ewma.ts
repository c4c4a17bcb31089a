/**
 * How long the next call to an endpoint will take, times the calls already there: `cost = ewma · (pending + 1)`.
 *
 * The average forgets with time, not with calls: `w = exp(−Δt/τ)`, `ewma = ewma·w + rtt·(1−w)`. A sample above the current
 * value replaces it at once (the peak), so slowness is felt with the first slow answer and forgiven slowly. Reads project
 * the decay without writing it, so looking at an endpoint does not change it.
 *
 * A call that was given up would have taken longer. While an endpoint gives no answer at all, the waits for it are added up, to
 * at most what a failure counts. Otherwise one that is stuck would look only as slow as hedging lets calls wait, and use up
 * all second attempts.
 *
 * A new endpoint has one call at a time until it has answered a few: these pay for connecting and for code that never ran,
 * and would count against it for half a minute. Its seed fades within seconds, or it would wait as long for its first call
 * beside faster ones that suffice (docs/decisions/0004). Source: Finagle PeakEwma, linkerd2-proxy.
 */
import type { Candidate, LoadMeter } from './balancer.js';
import { cell, type LoadRow, LoadTable, type RowsOf, rowsOf } from './load-table.js';
import { apart, candidateLoads, type Loads } from './loads.js';

/** Settings of {@link peakEwmaMeter}; all in milliseconds. */
export interface PeakEwmaOptions {
  /** τ: after this time without samples the average has fallen to 1/e. */
  readonly decayMs: number;
  /** Assumed of an endpoint nobody has called yet. Much less, and every new endpoint would be overrun. */
  readonly seedMs: number;
  /** What a failure counts as, at least: an endpoint that fails fast must not look fast. */
  readonly failureMs: number;
}

/** Load of a new endpoint with a call under way: one call finds out, the others go elsewhere. */
const UNPROVEN = 1e9;
/** Where weights differ: an endpoint that takes this many times as long as the other loses, even if it is owed calls. */
const FAR_SLOWER = 2;
/** Where weights differ, shorter latencies count as this one, in milliseconds: such differences come from this process. */
const LEAST_MS = 1;
/** The answer that is the first to count. */
const FIRST_COUNTED_ANSWER = 3;
/** τ of the seed, in milliseconds. */
const SEED_DECAY_MS = 1000;

/**
 * Makes the meter of an endpoint. All endpoints of one table share it: a meter each would be one more place in memory that every
 * answer waits for.
 * @param nowMs - since when the endpoint is known.
 * @param previous - what measured it until now; what a meter of this kind has learnt is carried on.
 * @param row - where its numbers are kept. @defaultValue one of its own
 */
export function peakEwmaMeter(
  options: PeakEwmaOptions,
  nowMs: number,
  previous?: LoadMeter,
  row: LoadRow = new LoadTable().add(),
): LoadMeter {
  const { table } = row;
  const shared = table.meter;
  const meter = shared instanceof PeakEwma && shared.options === options ? shared : new PeakEwma(options, row);
  table.meter = meter;
  if (previous !== meter) meter.begin(row, nowMs, previous instanceof PeakEwma ? previous : undefined);
  return meter;
}

/** Compares the loads of candidates with such meters, and of any others by what they say. */
export function peakEwmaLoads(candidates: readonly Candidate[], { decayMs }: PeakEwmaOptions): Loads {
  const rows = rowsOf(candidates, ({ meter, row }) => (meter instanceof PeakEwma ? (row ?? meter.first) : undefined));
  return rows ? new PeakEwmaLoads(rows, decayMs) : candidateLoads(candidates);
}

/** Waits in vain since the last answer of an endpoint. */
interface VainWaits {
  /** The average when the first of these calls was given up. */
  readonly beforeMs: number;
  /** How long such calls took together until they were given up. */
  readonly totalMs: number;
}

class PeakEwma implements LoadMeter {
  readonly options: PeakEwmaOptions;
  /** The row it was made for; the one that is meant where none is said. */
  readonly first: LoadRow;
  /** By the place of the row; of the few endpoints that answer nothing. */
  readonly #vain = new Map<number, VainWaits>();

  constructor(options: PeakEwmaOptions, first: LoadRow) {
    this.options = options;
    this.first = first;
  }

  /** Begins to measure an endpoint. @param previous - whose numbers go on */
  begin({ table, at }: LoadRow, nowMs: number, previous: PeakEwma | undefined): void {
    this.#vain.delete(at);
    // Numbers that stand in the row already stay there.
    if (previous?.first.table === table) return;
    const { cells } = table;
    const from = previous?.first;
    cells[at + cell.averageMs] = from ? of(from, cell.averageMs) : this.options.seedMs;
    cells[at + cell.atMs] = from ? of(from, cell.atMs) : nowMs;
    cells[at + cell.answers] = from ? of(from, cell.answers) : 0;
  }

  load(nowMs: number, inFlight: number, row = this.first): number {
    return costAt(row.table.cells, row.at, nowMs, this.options.decayMs, inFlight);
  }

  succeeded(nowMs: number, elapsedMs: number, row = this.first): void {
    if (this.#vain.size > 0) this.#vain.delete(row.at);
    const averageMs = of(row, cell.averageMs);
    const answers = of(row, cell.answers) + 1;
    if (answers < FIRST_COUNTED_ANSWER) row.table.cells[row.at + cell.answers] = answers;
    else if (answers === FIRST_COUNTED_ANSWER || elapsedMs > averageMs) record(row, nowMs, elapsedMs);
    else {
      const kept = keptShare(nowMs - of(row, cell.atMs), this.options.decayMs);
      record(row, nowMs, averageMs * kept + elapsedMs * (1 - kept));
    }
  }

  failed(nowMs: number, retryAfterMs: number, row = this.first): void {
    record(row, nowMs, Math.max(this.options.failureMs, retryAfterMs, of(row, cell.averageMs)));
  }

  abandoned(nowMs: number, elapsedMs: number, row = this.first): void {
    const { failureMs, decayMs } = this.options;
    const averageMs = of(row, cell.averageMs);
    const { beforeMs, totalMs } = this.#vain.get(row.at) ?? { beforeMs: averageMs, totalMs: 0 };
    // Answers may take what is usual, so callers who leave sooner say nothing together.
    const vainMs = elapsedMs > beforeMs ? totalMs + elapsedMs : totalMs;
    this.#vain.set(row.at, { beforeMs, totalMs: vainMs });
    const atLeastMs = Math.max(elapsedMs, Math.min(vainMs, failureMs));
    const fadedMs = averageMs * keptShare(nowMs - of(row, cell.atMs), decayMs);
    if (atLeastMs > fadedMs) record(row, nowMs, atLeastMs);
  }
}

function of({ table, at }: LoadRow, which: number): number {
  return table.cells[at + which] as number;
}

function record({ table: { cells }, at }: LoadRow, nowMs: number, averageMs: number): void {
  cells[at + cell.averageMs] = averageMs;
  cells[at + cell.atMs] = nowMs;
  cells[at + cell.answers] = FIRST_COUNTED_ANSWER;
}

class PeakEwmaLoads implements Loads {
  readonly #rows: RowsOf;
  readonly #decayMs: number;

  constructor(rows: RowsOf, decayMs: number) {
    this.#rows = rows;
    this.#decayMs = decayMs;
  }

  noWorse(first: number, second: number, nowMs: number): boolean {
    const { table, places } = this.#rows;
    const { cells } = table;
    const one = places[first] as number;
    const other = places[second] as number;
    if (!isMeasured(cells, one) || !isMeasured(cells, other)) return this.#costsNoMore(one, other, nowMs);
    const oneMs = (cells[one + cell.averageMs] as number) * ((cells[one + cell.inFlight] as number) + 1);
    const otherMs = (cells[other + cell.averageMs] as number) * ((cells[other + cell.inFlight] as number) + 1);
    // Both fade alike from when they were last changed, so only the time between these counts; and often not even that.
    const laterMs = (cells[other + cell.atMs] as number) - (cells[one + cell.atMs] as number);
    if (oneMs <= otherMs ? laterMs >= 0 : laterMs <= 0) return oneMs <= otherMs;
    return oneMs <= otherMs * expOf(laterMs / this.#decayMs);
  }

  #costsNoMore(one: number, other: number, nowMs: number): boolean {
    const { cells } = this.#rows.table;
    const decayMs = this.#decayMs;
    return (
      costAt(cells, one, nowMs, decayMs, cells[one + cell.inFlight] as number) <=
      costAt(cells, other, nowMs, decayMs, cells[other + cell.inFlight] as number)
    );
  }

  compare(first: number, second: number, nowMs: number, firstShare: number, secondShare: number): number {
    const { table, places } = this.#rows;
    const { cells } = table;
    const one = places[first] as number;
    const other = places[second] as number;
    const onePending = (cells[one + cell.inFlight] as number) / firstShare;
    const otherPending = (cells[other + cell.inFlight] as number) / secondShare;
    const oneKnown = isMeasured(cells, one);
    const otherKnown = isMeasured(cells, other);
    if (!oneKnown || !otherKnown) {
      // Of one that nobody knows a call finds out: it gets its share until then, but one call at a time.
      return Number(!oneKnown && onePending > 0) - Number(!otherKnown && otherPending > 0);
    }
    const oneMs = Math.max(costAt(cells, one, nowMs, this.#decayMs, 0), LEAST_MS);
    const otherMs = Math.max(costAt(cells, other, nowMs, this.#decayMs, 0), LEAST_MS);
    const oneCost = oneMs * (onePending + 1);
    const otherCost = otherMs * (otherPending + 1);
    if (oneMs > FAR_SLOWER * otherMs && oneCost > otherCost) return 1;
    if (otherMs > FAR_SLOWER * oneMs && otherCost > oneCost) return -1;
    return apart(oneCost, otherCost, Math.min(oneMs, otherMs) / Math.min(firstShare, secondShare));
  }
}

function costAt(cells: Float64Array, at: number, nowMs: number, decayMs: number, inFlight: number): number {
  const averageMs = cells[at + cell.averageMs] as number;
  const elapsedMs = nowMs - (cells[at + cell.atMs] as number);
  if (isMeasured(cells, at)) {
    return averageMs * keptShare(elapsedMs, decayMs) * (inFlight + 1);
  }
  return inFlight > 0 ? UNPROVEN + inFlight : averageMs * keptShare(elapsedMs, SEED_DECAY_MS);
}

function isMeasured(cells: Float64Array, at: number): boolean {
  return (cells[at + cell.answers] as number) >= FIRST_COUNTED_ANSWER;
}

/** What of an average is left after this time. */
function keptShare(elapsedMs: number, decayMs: number): number {
  return elapsedMs > 0 ? expOf(-elapsedMs / decayMs) : 1;
}

/** `e^x`. Most times between calls are short beside τ; for them the first terms of its series are exact to 1e−10, and quicker. */
function expOf(x: number): number {
  return x < 0.001 && x > -0.001 ? 1 + x + (x * x) / 2 : Math.exp(x);
}
