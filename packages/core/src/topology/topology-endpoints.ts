import type { Clock, FoundInstance, ManagementEndpoint } from '@fwk/kernel';
import { gatherTopology } from './gather-topology.js';
import { joinTopology } from './join-topology.js';
import type { Topology } from './topology.js';

/** What the endpoints work with. */
export interface TopologySources {
  readonly clock: Clock;
  /** Finds the instances to ask; undefined where nothing knows any. */
  readonly finder: () => (() => Promise<readonly FoundInstance[]>) | undefined;
}

/** So many that all are asked within the time of a management request, even if none answers. */
const gathering = { limitMs: 1000, maxParallel: 64, maxInstances: 300 };

/**
 * `GET /manage/topology`: the edges of this instance; with `?digests=true` as others need them to join.
 * `GET /manage/topology/services`: the map of all services. No token of ours is sent along: whoever can register an instance would
 * get it.
 */
export function topologyEndpoints(topology: Topology, sources: TopologySources): readonly ManagementEndpoint[] {
  return [
    {
      path: 'topology',
      purpose: 'Which operation of this instance calls which: how often, with which errors and times.',
      handle: ({ query }) => topology.report(query.digests === 'true'),
    },
    {
      path: 'topology/services',
      purpose: 'The map of all services: who calls whom, cycles of calls, datastores that are shared.',
      async handle() {
        const find = sources.finder();
        if (!find) return { ...joinTopology([topology.report(true)]), missing: [] };
        return gatherTopology(await find(), { ...gathering, clock: sources.clock });
      },
    },
  ];
}
