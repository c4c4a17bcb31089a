/**
 * Where calls go when zones are not alike, and when a priority cannot carry its calls. Zones: calls stay in the caller's zone as
 * far as that loads nobody more than others; the wanted shares are those of Envoy's formula, some of them out of its tests.
 * Priorities: the wanted shares are those of its tables, before it cuts them off to whole percents.
 *
 * `offPoints` is how far the share of any zone or priority is from the wanted one, in points of a hundred; `imbalance` the most
 * loaded zone's calls an endpoint over the least loaded one's, when the callers of all zones call alike.
 */
import { type Endpoint, random } from '@fwk/discovery';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { callTimes, endpointOf } from '../world/callers.js';

const CALLS = 100_000;
const MOST_POINTS = 0.5;

/** How many there are in each zone. */
type Zones = Readonly<Record<string, number>>;

function endpointsIn(name: string, zones: Zones): readonly Endpoint[] {
  return Object.entries(zones).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, index) => endpointOf(`${name}-${zone}-${index}`, { zone, startedAtMs: index })),
  );
}

/** Shares of the calls in percent, by what an endpoint belongs to. */
function percentsBy(calls: ReadonlyMap<string, number>, of: (id: string) => string, total: number) {
  const percents: Record<string, number> = {};
  for (const [id, count] of calls) percents[of(id)] = (percents[of(id)] ?? 0) + (count / total) * 100;
  return percents;
}

function offBy(got: Zones, wanted: Zones): number {
  const names = [...new Set([...Object.keys(got), ...Object.keys(wanted)])];
  return Math.max(...names.map((name) => Math.abs((got[name] ?? 0) - (wanted[name] ?? 0))));
}

const zoneOf = (id: string): string => id.split('-')[1] as string;

/** The callers of zone a are looked at; for the imbalance one of each zone stands for all of it. */
async function callZones(seed: number, upstream: Zones, local: Zones, wanted: Zones, zones = true) {
  const world = simulation(seed);
  const [called, peers] = [endpointsIn('stock', upstream), endpointsIn('shop', local)];
  const perEndpoint: Record<string, number> = {};
  let offPoints = 0;
  for (const [zone, callers] of Object.entries(local)) {
    const caller = { zone, id: `shop-${zone}-0`, peers };
    const { calls } = await callTimes(world, CALLS, called, { zones, minZoneHosts: 1 }, caller, random());
    const percents = percentsBy(calls, zoneOf, CALLS);
    if (zone === 'a') offPoints = offBy(percents, wanted);
    for (const [other, percent] of Object.entries(percents)) {
      perEndpoint[other] = (perEndpoint[other] ?? 0) + (percent * callers) / (upstream[other] ?? 1);
    }
  }
  const loads = Object.values(perEndpoint);
  return { offPoints, imbalance: Math.max(...loads) / Math.min(...loads) };
}

function zonesCase(name: string, upstream: Zones, local: Zones, wanted: Zones) {
  return caseOf({
    name,
    figures: { offPoints: { of: 'highest', atMost: MOST_POINTS }, imbalance: { of: 'highest', atMost: 1.05 } },
    simulate: (seed) => callZones(seed, upstream, local, wanted),
  });
}

const regardless = caseOf({
  name: 'a fifth of the called, zones not regarded',
  figures: { offPoints: { of: 'highest' }, imbalance: { of: 'highest' } },
  simulate: (seed) => callZones(seed, { a: 1, b: 2, c: 2 }, { a: 1, b: 1, c: 1 }, { a: 60, b: 20, c: 20 }, false),
});

const HOSTS = 100;

async function callLevels(seed: number, healthy: readonly number[], wanted: Zones) {
  const world = simulation(seed);
  const called = healthy.flatMap((percent, priority) =>
    Array.from({ length: HOSTS }, (_, index) =>
      endpointOf(`stock-${priority}-${index}`, {
        metadata: { priority: `${priority}` },
        status: index < percent ? 'UP' : 'DOWN',
      }),
    ),
  );
  const { calls } = await callTimes(world, CALLS, called, {}, { id: 'shop-1' }, random());
  return { offPoints: offBy(percentsBy(calls, zoneOf, CALLS), wanted) };
}

function levelsCase(healthy: readonly number[], wanted: readonly number[]) {
  return caseOf({
    name: `priorities ${healthy.join(', ')} % healthy`,
    figures: { offPoints: { of: 'highest', atMost: MOST_POINTS } },
    simulate: (seed) =>
      callLevels(seed, healthy, Object.fromEntries(wanted.map((percent, priority) => [priority, percent]))),
  });
}

/** Calls must go where the formulas say. */
export const zones: Row = {
  name: 'zones',
  about: 'callers and called in zones and priorities that are not alike; shares beside those of Envoy’s formulas',
  cases: [
    zonesCase(
      'a fifth of the called, a third of the callers',
      { a: 1, b: 2, c: 2 },
      { a: 1, b: 1, c: 1 },
      { a: 60, b: 20, c: 20 },
    ),
    zonesCase('half of the called, a third of the callers', { a: 3, b: 2, c: 1 }, { a: 1, b: 1, c: 1 }, { a: 100 }),
    zonesCase(
      'a tenth of the called, half of the callers',
      { a: 1, b: 4, c: 5 },
      { a: 5, b: 4, c: 1 },
      { a: 20, c: 80 },
    ),
    zonesCase('nobody in the own zone', { b: 3, c: 3 }, { a: 2, b: 1, c: 1 }, { b: 50, c: 50 }),
    regardless,
    levelsCase([100, 100], [100]),
    levelsCase([71, 71], [99.4, 0.6]),
    levelsCase([50, 60], [70, 30]),
    levelsCase([25, 100], [35, 65]),
    levelsCase([5, 65], [100 / 14, 1300 / 14]),
    levelsCase([25, 25, 100], [35, 35, 30]),
    levelsCase([25, 25, 20], [2500 / 70, 2500 / 70, 2000 / 70]),
    levelsCase([0, 100], [0, 100]),
  ],
};
