import type { Priority } from '@fwk/kernel';
import type { LimitAlgorithm } from './limit-strategy.js';

/** An adaptive limit at one moment; plain data. Calls = admitted + rejected + gave up + queued. */
export interface LimitSnapshot {
  readonly path: string;
  readonly algorithm: LimitAlgorithm;
  /** Calls that may be in flight at once. */
  readonly limit: number;
  readonly inFlight: number;
  /** Calls that wait for a place. */
  readonly queued: number;
  /** Calls that came, were let in, and left the line because they were cancelled or out of time; since the start. */
  readonly calls: number;
  readonly admitted: number;
  readonly gaveUp: number;
  /** Calls refused since the start. */
  readonly rejected: Readonly<Record<Priority, number>>;
  /** Share of the calls that is being shed by priority, 0 to 1. */
  readonly shedRatio: number;
  /** Windows in which nothing was learnt because the event loop lagged. */
  readonly frozenWindows: number;
}

/** The limit of one stack, to look at. */
export interface LimitHandle {
  /** Where the stack stands. */
  readonly path: string;
  snapshot(): LimitSnapshot;
}
