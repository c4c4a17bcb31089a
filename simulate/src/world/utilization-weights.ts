/**
 * Weighted round robin as large services have it: each second the weight of a server becomes what it answered for the work that it
 * did, so that all are driven to the same utilization. It is what Prequal was compared with ("Load is not what you should
 * balance", NSDI 2024, section 2).
 */
import { type Balancer, type Candidate, roundRobin } from '@fwk/discovery';
import type { Simulation } from '../engine/simulation.js';
import type { SharingServer } from './sharing-server.js';

const EVERY_MS = 1000;

/** Makes the balancer for all clients. */
export function utilizationWeights(simulation: Simulation, servers: readonly SharingServer[]): () => Balancer {
  const weights = servers.map(() => 1);
  const before = servers.map(() => ({ answered: 0, workedMs: 0 }));
  const measure = () => {
    for (const [index, { answered, workedMs }] of servers.entries()) {
      const last = before[index] as { answered: number; workedMs: number };
      const worked = workedMs - last.workedMs;
      if (worked > 0) weights[index] = (answered - last.answered) / worked;
      before[index] = { answered, workedMs };
    }
    simulation.clock.setTimer(measure, EVERY_MS);
  };
  simulation.clock.setTimer(measure, EVERY_MS);
  return () => ({
    ...roundRobin(),
    role: 'utilization',
    picker: (candidates) => smooth(candidates, weights),
  });
}

/** Smooth weighted round robin: nginx 2012. */
function smooth(candidates: readonly Candidate[], weights: readonly number[]) {
  const current = candidates.map(() => 0);
  return {
    pick() {
      let total = 0;
      let chosen = 0;
      for (let at = 0; at < current.length; at++) {
        const weight = weights[at] as number;
        total += weight;
        current[at] = (current[at] as number) + weight;
        if ((current[at] as number) > (current[chosen] as number)) chosen = at;
      }
      current[chosen] = (current[chosen] as number) - total;
      return candidates[chosen];
    },
  };
}
