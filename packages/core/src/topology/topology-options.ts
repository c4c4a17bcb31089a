import { anything, type Clock, checkOptions, integerIn, millisecondsIn, systemClock } from '@fwk/kernel';

/** Options of {@link createTopology}. */
export interface TopologyOptions {
  /** Edges that are told apart, 1 to 10,000. Calls on further ones are counted in `fwk_topology_folded_total`. @defaultValue 500 */
  readonly maxEdges: number;
  /** Rates, errors and latencies are those of the last one to two windows; in milliseconds, 1000 to 3,600,000. @defaultValue 60000 */
  readonly windowMs: number;
  /** @defaultValue the system clock */
  readonly clock: Clock;
}

/** Defaults of {@link TopologyOptions}. */
export const topologyDefaults: Readonly<TopologyOptions> = Object.freeze({
  maxEdges: 500,
  windowMs: 60_000,
  clock: systemClock,
});

/** @throws OptionsError */
export function checkTopologyOptions(options: Partial<TopologyOptions>): TopologyOptions {
  return checkOptions('topology', options, topologyDefaults, {
    maxEdges: integerIn(1, 10_000),
    windowMs: millisecondsIn(1000, 3_600_000),
    clock: anything,
  });
}
