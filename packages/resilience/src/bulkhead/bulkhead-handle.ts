/** The places of a bulkhead at one moment; plain data. */
export interface BulkheadSnapshot {
  readonly path: string;
  /** Id of the endpoint before which it stands; left out for one that stands before no particular one. */
  readonly endpoint?: string;
  readonly maxConcurrent: number;
  readonly maxQueue: number;
  /** Places taken: calls that run, and work that was given up but runs on. */
  readonly inUse: number;
  /** Places that are free; 0 also while more are taken than a lowered limit allows. */
  readonly free: number;
  /** Calls that wait for a place. */
  readonly queued: number;
}

/** A bulkhead to look at. */
export interface BulkheadHandle {
  readonly path: string;
  snapshot(): BulkheadSnapshot;
}
