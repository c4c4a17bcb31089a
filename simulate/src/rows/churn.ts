/**
 * One of 100 endpoints comes or goes, and calls go by the hash of a key. The fewer keys move to another endpoint, the fewer caches
 * turn cold: the endpoint's own 1 % must, and nothing else needs to.
 *
 * `moved` is the number of keys that moved, in units of one endpoint's share of them; `others` that of the keys which moved from one
 * endpoint that stayed to another; `imbalance` the most keys that an endpoint has beside the mean.
 */
import { type Balancer, maglev, type Picker, rendezvous, ringHash, routeKey } from '@fwk/discovery';
import { background, type CallContext } from '@fwk/kernel';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { endpointOf } from '../world/callers.js';
import { SimulatedCandidate } from '../world/candidates.js';

const ENDPOINTS = 100;
const KEYS = 100_000;

async function change(seed: number, make: () => Balancer, before: number, after: number) {
  const world = simulation(seed);
  const candidates = Array.from({ length: Math.max(before, after) }, (_, index) => {
    return new SimulatedCandidate(endpointOf(`cache-${seed}-${index}`));
  });
  const pickerOver = (count: number) => make().picker(candidates.slice(0, count), world.env('client'));
  const [first, second] = [pickerOver(before), pickerOver(after)];
  const counts = new Map<string, number>();
  let [moved, others] = [0, 0];
  for (let key = 0; key < KEYS; key++) {
    const context = background.with({ values: [routeKey.of({ key: `${seed} user ${key}` })] });
    const [from, to] = [placeOf(first, context), placeOf(second, context)];
    counts.set(from, (counts.get(from) ?? 0) + 1);
    if (from === to) continue;
    moved++;
    const changed = candidates[ENDPOINTS - 1]?.endpoint.id;
    const joined = candidates[ENDPOINTS]?.endpoint.id;
    if (from !== changed && from !== joined && to !== joined) others++;
  }
  const share = KEYS / ENDPOINTS;
  return { moved: moved / share, others: others / share, imbalance: Math.max(...counts.values()) / (KEYS / before) };
}

function placeOf(picker: Picker, context: CallContext): string {
  return picker.pick(0, undefined, context)?.endpoint.id ?? 'nobody';
}

function churnCase(name: string, make: () => Balancer, comes: boolean, atMost: number) {
  return caseOf({
    name: `${name}, one ${comes ? 'comes' : 'goes'}`,
    figures: { moved: { of: 'highest', atMost }, others: { of: 'highest' }, imbalance: { of: 'highest' } },
    simulate: (seed) => change(seed, make, ENDPOINTS, comes ? ENDPOINTS + 1 : ENDPOINTS - 1),
  });
}

/** Keys stay where they are. */
export const churn: Row = {
  name: 'churn',
  about: 'one of 100 endpoints comes or goes; how many keys then hash to another endpoint',
  cases: [true, false].flatMap((comes) => [
    churnCase('ring hash', ringHash, comes, 1.2),
    churnCase('Maglev', maglev, comes, 2.5),
    churnCase('rendezvous', rendezvous, comes, 1.2),
  ]),
};
