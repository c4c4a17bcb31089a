import type { LayerDescription } from '@fwk/kernel';
import type { BreakerSnapshot, ManualState } from '../breaker/breaker-state.js';
import type { BulkheadSnapshot } from '../bulkhead/bulkhead-handle.js';
import type { PolicyStatistics } from '../statistics/policy-statistics.js';
import type { EffectiveSetting } from './merge-options.js';

/** One policy in a list; plain data. */
export interface PolicySummary {
  readonly name: string;
  /** Roles, outermost first. */
  readonly layers: readonly string[];
  /** State of each of its breakers. */
  readonly breakers: readonly string[];
}

/** One policy in full; plain data. */
export interface PolicyReport {
  readonly name: string;
  /** One for each place that uses it: places may set options of their own. */
  readonly uses: readonly PolicyUse[];
  /** The state in which all its breakers were set by hand; undefined when nobody has. */
  readonly forced: ManualState | undefined;
  readonly breakers: readonly BreakerSnapshot[];
  readonly bulkheads: readonly BulkheadSnapshot[];
  /** Of all places together. */
  readonly statistics: PolicyStatistics;
}

/** A policy as one place uses it; plain data. */
export interface PolicyUse {
  readonly layers: readonly LayerDescription[];
  /** All settings in force, each with where it was set. */
  readonly settings: readonly EffectiveSetting[];
}

/** A change of definitions that was not taken over; plain data. */
export interface PolicyRefusal {
  readonly reasons: readonly string[];
  /** Wall-clock milliseconds since the epoch. */
  readonly atMs: number;
}
