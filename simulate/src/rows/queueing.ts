/**
 * Balancing against theory. With n servers, random arrivals and memoryless work, choosing the shorter of two queues drawn
 * at random gives for large n a mean time of Σ ρ^(2^i − 2) service times (the supermarket model; Mitzenmacher 1996), where
 * choosing blindly gives 1 / (1 − ρ). Our two choices, counting the calls under way, must give what the formula says: a
 * draw that is not uniform, a load that is read wrongly or a count that leaks would show here.
 *
 * `load` is the load that the draws came to, `time` the mean time in service times, `deviation` how far that is from what
 * the formula gives for that load, of the seed that is farthest.
 */
import { type Balancer, leastRequest, p2c, roundRobin } from '@fwk/discovery';
import { background } from '@fwk/kernel';
import { exponential } from '../engine/random.js';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { fleet } from '../world/fleet.js';
import { openLoop } from '../world/open-loop.js';
import { simulatedServer } from '../world/server.js';

const SERVERS = 200;
const SERVICE_MS = 10;
const MEASURED_MS = 5000;

/** Mean time in service times that two choices give with infinitely many servers. */
export function supermarketTime(rho: number): number {
  let time = 0;
  for (let choices = 2; ; choices *= 2) {
    const term = rho ** (choices - 2);
    if (term < 1e-12) return time;
    time += term;
  }
}

async function queue(seed: number, rho: number, balancer: Balancer) {
  const world = simulation(seed);
  // Queues forget slowly when there is little to spare, by 1/(1 − ρ)².
  const steadyMs = (2 * SERVICE_MS) / (1 - rho) ** 2;
  const endMs = steadyMs + MEASURED_MS;
  const drawMs = exponential(world.random('work'), SERVICE_MS);
  let workMs = 0;
  const serviceMs = () => {
    const ms = drawMs();
    if (world.clock.now() >= steadyMs) workMs += ms;
    return ms;
  };
  const servers = Array.from({ length: SERVERS }, () => simulatedServer(world, { workers: 1, serviceMs }));
  const service = fleet(world, servers, { delayMs: 0, balancer, ejection: false });
  let count = 0;
  let sumMs = 0;
  const rate = (rho * SERVERS * 1000) / SERVICE_MS;
  openLoop(world, { name: 'users', ratePerSecond: () => rate, fromMs: 0, untilMs: endMs }, (wantedMs) => {
    void service.call('request', background).then(() => {
      if (wantedMs < steadyMs) return;
      count++;
      sumMs += world.clock.now() - wantedMs;
    });
  });
  await world.clock.runUntil(endMs);
  const time = sumMs / count / SERVICE_MS;
  // The formula is asked about the load that chance made: at 0.95, a load of 0.951 is 1 % more time already.
  const load = workMs / (SERVERS * MEASURED_MS);
  return { load, time, deviation: Math.abs(time / supermarketTime(load) - 1) };
}

const figures = { load: { of: 'median' }, time: { of: 'median' }, deviation: { of: 'highest' } } as const;
const MOST = 0.03;

/** The balancer must be as good as theory says that two choices are. */
export const queueing: Row = {
  name: 'queueing',
  about: '200 servers with memoryless work; mean time in service times beside the supermarket model',
  cases: [
    ...[0.5, 0.7, 0.9, 0.95].map((rho) =>
      caseOf({
        name: `two choices by calls under way, load ${rho}`,
        figures: { ...figures, deviation: { of: 'highest', atMost: MOST } },
        simulate: (seed) => queue(seed, rho, leastRequest()),
      }),
    ),
    caseOf({
      name: 'two choices by peak EWMA, load 0.9',
      figures,
      simulate: (seed) => queue(seed, 0.9, p2c()),
    }),
    caseOf({
      name: 'round robin, load 0.9',
      figures,
      simulate: (seed) => queue(seed, 0.9, roundRobin()),
    }),
  ],
};
