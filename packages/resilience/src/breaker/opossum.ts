/**
 * The opossum library as far as this package uses it; it ships no types. Breakers are built synchronously, so it is
 * imported with this package (2 to 4 ms). `createRequire` would load it later, but a bundler cannot follow that.
 */
/// <reference path="./opossum-module.d.ts" />
import type { EventEmitter } from 'node:events';
import opossum from 'opossum';

/** Counts that opossum keeps of a window. */
export interface OpossumStats {
  readonly fires: number;
  readonly successes: number;
  readonly failures: number;
  readonly rejects: number;
  readonly timeouts: number;
  readonly fallbacks: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly coalesceCacheHits: number;
  readonly coalesceCacheMisses: number;
  readonly semaphoreRejections: number;
  /**
   * In milliseconds, as `percentiles` are; −1 until somebody listens, since latencies are measured from then on. That is
   * opossum's own way to say that they are not.
   */
  readonly latencyMean: number;
  readonly percentiles: Readonly<Record<string, number>>;
  /** Always empty: latencies are counted, not kept. */
  readonly latencyTimes: readonly number[];
  readonly isCircuitBreakerOpen?: boolean;
}

/** What stands behind `engine.status`. */
export declare class OpossumStatus extends EventEmitter {
  constructor(options: object);
  get stats(): OpossumStats;
  get window(): readonly OpossumStats[];
}

/** An opossum breaker. Listen to it, read it, open and close it; calls go through the wrapped service or function. */
export declare class OpossumEngine extends EventEmitter {
  constructor(action: () => unknown, options: Record<string, unknown>);
  get name(): string;
  get group(): string;
  get enabled(): boolean;
  get opened(): boolean;
  get closed(): boolean;
  get halfOpen(): boolean;
  get pendingClose(): boolean;
  get isShutdown(): boolean;
  get warmUp(): boolean;
  /** `minimumCalls`. */
  get volumeThreshold(): number;
  get status(): OpossumStatus;
  get stats(): OpossumStats;
  open(): void;
  close(): void;
  enable(): void;
  disable(): void;
  shutdown(): void;
  toJSON(): { readonly state: Readonly<Record<string, unknown>>; readonly status: OpossumStats };
  /** Opossum's own maker of a status. */
  static newStatus(options: object): OpossumStatus;
}

/** The library's breaker class. */
export const opossumClass = opossum as typeof OpossumEngine;
