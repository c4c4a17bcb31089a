import type { LatencyDigest } from '@fwk/kernel';
import type { BreakerState, ManualState } from '../breaker/breaker-state.js';
import type { BulkheadSnapshot } from '../bulkhead/bulkhead-handle.js';
import type { PolicyStatistics } from '../statistics/policy-statistics.js';

/** The numbers of one policy as monitors show them: over all places that use it. */
export interface PolicyReading {
  readonly name: string;
  /** What it stands before. */
  readonly of: 'function' | 'client' | 'server';
  /** The state in which all its breakers were set by hand. */
  readonly forced: ManualState | undefined;
  readonly breakers: readonly BreakerState[];
  readonly bulkheads: readonly BulkheadSnapshot[];
  readonly calls: ReadingPart;
  /** Attempts at endpoints; undefined where calls are not told from attempts. */
  readonly attempts: ReadingPart | undefined;
  /** The value in force of a setting such as `breaker.minimumCalls`; undefined where no layer has it. */
  setting(path: string): unknown;
}

/** Counts and latencies of the last ten seconds. */
export interface ReadingPart {
  readonly statistics: PolicyStatistics;
  readonly latencies: LatencyDigest;
}
