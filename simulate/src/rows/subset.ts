/**
 * Many clients of many servers, each of which calls only some, so that there are not as many connections as pairs. With a known
 * place among the clients all servers get the same load; with subsets drawn blindly some get much more than others (Beyer et al.,
 * Site Reliability Engineering: 63 to 121 % of the mean with subsets of 30 %).
 *
 * `loadRatio` is the most called server's calls over the least called one's; `connections` the most servers that any client called.
 * `givenUp` is how many servers that are still there a client no longer calls when one is gone, or one has come: of the client that
 * gives up most.
 */
import { weightedRoundRobin } from '@fwk/discovery';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Figure, type Row } from '../row.js';
import { callTimes, endpointOf, subsetOfCaller } from '../world/callers.js';

const CALLS = 3000;
const CLIENTS = 100;
const SERVERS = 100;

async function callSubsets(seed: number, clients: number, servers: number, subset: number, places: boolean) {
  const world = simulation(seed);
  // Names that differ from seed to seed lie otherwise on the ring.
  const called = Array.from({ length: servers }, (_, index) => endpointOf(`stock-${seed}-${index}`));
  const peers = Array.from({ length: clients }, (_, index) =>
    endpointOf(`shop-${seed}-${index}`, { startedAtMs: index }),
  );
  const loads = new Map(called.map(({ id }) => [id, 0]));
  let connections = 0;
  for (const { id } of peers) {
    const caller = places ? { id, peers } : { id };
    const { calls } = await callTimes(world, CALLS, called, { subset }, caller, weightedRoundRobin());
    connections = Math.max(connections, calls.size);
    for (const [server, count] of calls) loads.set(server, (loads.get(server) ?? 0) + count);
  }
  const counts = [...loads.values()];
  return { loadRatio: Math.max(...counts) / Math.min(...counts), connections };
}

function subsetCase(clients: number, servers: number, subset: number, places: boolean) {
  const loadRatio: Figure = places ? { of: 'highest', atMost: 1.005 } : { of: 'highest' };
  return caseOf({
    name: `${clients} clients, ${servers} servers, ${subset} each${places ? '' : ', by id alone'}`,
    figures: { loadRatio, connections: { of: 'highest', atMost: subset + 2 } },
    simulate: (seed) => callSubsets(seed, clients, servers, subset, places),
  });
}

async function changeServers(seed: number, size: number, places: boolean, change: 'goes' | 'comes') {
  const world = simulation(seed);
  const many = Array.from({ length: SERVERS + (change === 'comes' ? 1 : 0) }, (_, index) =>
    endpointOf(`stock-${seed}-${index}`),
  );
  const few = many.toSpliced(seed, 1);
  const [before, after] = change === 'goes' ? [many, few] : [few, many];
  const left = new Set(after.map(({ id }) => id));
  const peers = Array.from({ length: CLIENTS }, (_, index) =>
    endpointOf(`shop-${seed}-${index}`, { startedAtMs: index }),
  );
  let givenUp = 0;
  for (const { id } of peers) {
    const caller = places ? { id, peers } : { id };
    const called = await subsetOfCaller(world, before, size, caller);
    const later = await subsetOfCaller(world, after, size, caller);
    givenUp = Math.max(givenUp, [...called].filter((server) => left.has(server) && !later.has(server)).length);
  }
  return { givenUp };
}

function changeCase(places: boolean, change: 'goes' | 'comes') {
  return caseOf({
    name: `a server ${change}, ${CLIENTS} clients, ${SERVERS} servers, 12 each${places ? '' : ', by id alone'}`,
    figures: { givenUp: { of: 'highest', atMost: 1 } },
    simulate: (seed) => changeServers(seed, 12, places, change),
  });
}

/** Few connections, and the same load everywhere. */
export const subset: Row = {
  name: 'subset',
  about: 'many clients, each of which calls a subset of the servers; how alike the servers are loaded',
  cases: [
    subsetCase(300, 300, 10, true),
    subsetCase(100, 100, 12, true),
    subsetCase(97, 41, 12, true),
    subsetCase(100, 100, 12, false),
    changeCase(true, 'goes'),
    changeCase(true, 'comes'),
    changeCase(false, 'goes'),
    changeCase(false, 'comes'),
  ],
};
