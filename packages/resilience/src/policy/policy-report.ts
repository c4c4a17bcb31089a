import type { LayerDescription } from '@fwk/kernel';
import type { BreakerHandle, BreakerSnapshot, ManualState } from '../breaker/breaker-state.js';
import type { BulkheadSnapshot } from '../bulkhead/bulkhead-handle.js';
import type { PolicyCounts } from '../statistics/policy-counts.js';
import type { PolicyStatistics } from '../statistics/policy-statistics.js';
import type { EffectiveSetting } from './merge-options.js';
import type { PolicyCore } from './policy-core.js';
import type { PolicyLayer } from './policy-layer.js';
import type { PolicyOptions } from './policy-options.js';

/** One policy in a list; plain data. */
export interface PolicySummary {
  readonly name: string;
  /** What it stands before; left out for one that was made apart from the registry. */
  readonly of?: 'function' | 'client' | 'server';
  /** Roles, outermost first. */
  readonly layers: readonly string[];
  /** State of each of its breakers. */
  readonly breakers: readonly string[];
}

/** One policy in full; plain data. */
export interface PolicyReport {
  readonly name: string;
  /** One for each place that uses it: places may set options of their own. */
  readonly uses: readonly PolicyPlace[];
  /** The state in which all its breakers were set by hand; undefined when nobody has. */
  readonly forced: ManualState | undefined;
  /** What an operator put over its options; empty when nobody has. */
  readonly overrides: PolicyOptions;
  readonly breakers: readonly BreakerSnapshot[];
  readonly bulkheads: readonly BulkheadSnapshot[];
  /** Of all places together. */
  readonly statistics: PolicyStatistics;
}

/** How one policy fares; less than a {@link PolicyReport}, and cheaper. */
export interface PolicyVitals {
  readonly name: string;
  /** What it stands before; left out for one that was made apart from the registry. */
  readonly of?: 'function' | 'client' | 'server';
  /** The service behind a client. */
  readonly callee?: string;
  readonly breakers: readonly BreakerHandle[];
  /** Counts of the window. */
  readonly recent: PolicyCounts;
}

/** A policy as one place uses it; plain data. */
export interface PolicyPlace {
  /** What uses it; left out for a policy that was made apart from the registry. */
  readonly of?: 'function' | 'client' | 'server';
  /** The variant of a feature flag whose calls it is for; left out for all others. */
  readonly variant?: { readonly flag: string; readonly variant: string };
  readonly layers: readonly LayerDescription[];
  /** All settings in force, each with where it was set. */
  readonly settings: readonly EffectiveSetting[];
  /** By operation: the settings that differ, and the numbers of its calls. Of clients and servers. */
  readonly operations?: Readonly<Record<string, PolicyOperationReport>>;
  /** By endpoint id: the numbers of the attempts there, and the state in which its breakers were set by hand. Of clients. */
  readonly endpoints?: Readonly<Record<string, PolicyEndpointReport>>;
}

/** One operation of a client or a server; plain data. */
export interface PolicyOperationReport {
  readonly settings: readonly EffectiveSetting[];
  /** Left out while it was not called. */
  readonly statistics?: PolicyStatistics;
}

/** One endpoint of a client; plain data. */
export interface PolicyEndpointReport {
  readonly forced?: ManualState;
  readonly breakers: readonly BreakerSnapshot[];
  readonly statistics: PolicyStatistics;
}

/** A change of definitions that was not taken over; plain data. */
export interface PolicyRefusal {
  readonly reasons: readonly string[];
  /** Wall-clock milliseconds since the epoch. */
  readonly atMs: number;
}

/** What is reported of one policy of a name. */
type ReportOfOne = Omit<PolicyReport, 'overrides'>;

/** Reports of a policy that follows the definitions. */
export function reportOfCore(core: PolicyCore): ReportOfOne {
  const breakers = core.aliveBreakers.map((breaker) => breaker.snapshot());
  const place: PolicyPlace = {
    of: core.kind.name,
    ...(core.kind.variant && { variant: { flag: core.kind.variant.flag, variant: core.kind.variant.variant } }),
    layers: core.layers,
    settings: core.settings,
    ...(core.kind.operations && { operations: operationsOf(core) }),
    ...(core.kind.name === 'client' && { endpoints: endpointsOf(core, breakers) }),
  };
  return {
    name: core.name,
    forced: core.forced,
    uses: [place],
    breakers,
    bulkheads: core.aliveBulkheads.map((bulkhead) => bulkhead.snapshot()),
    statistics: core.statistics(),
  };
}

/** Reports of a policy that somebody made and listed. */
export function reportOfLayer(policy: PolicyLayer): ReportOfOne {
  const { name, forced, layers, settings, breakers, bulkheads } = policy;
  return {
    name,
    forced,
    uses: [{ layers, settings }],
    breakers: breakers.map((breaker) => breaker.snapshot()),
    bulkheads: bulkheads.map((bulkhead) => bulkhead.snapshot()),
    statistics: policy.statistics(),
  };
}

function operationsOf(core: PolicyCore): Readonly<Record<string, PolicyOperationReport>> {
  const settings = core.settingsOfOperations;
  const statistics = core.statisticsOfOperations();
  const names = core.kind.operations?.names ?? [];
  return Object.fromEntries(
    names.map((name) => [
      name,
      { settings: settings[name] ?? [], ...(statistics[name] && { statistics: statistics[name] }) },
    ]),
  );
}

function endpointsOf(
  core: PolicyCore,
  breakers: readonly BreakerSnapshot[],
): Readonly<Record<string, PolicyEndpointReport>> {
  const { forcedEndpoints } = core.breakers;
  return Object.fromEntries(
    Object.entries(core.statisticsOfEndpoints()).map(([id, statistics]) => {
      const forced = forcedEndpoints.get(id);
      const own = breakers.filter(({ endpoint }) => endpoint === id);
      return [id, { ...(forced && { forced }), breakers: own, statistics }];
    }),
  );
}
