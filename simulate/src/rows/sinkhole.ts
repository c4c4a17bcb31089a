/**
 * One of ten servers fails every request at once. To a balancer that counts calls under way, or times answers of any kind,
 * it looks like the fastest and idlest of all, and draws the traffic of the others into the hole.
 *
 * `share` is the share of requests sent there, from one second after it broke to the end.
 */
import { type Balancer, leastRequest, p2c, roundRobin } from '@fwk/discovery';
import { background } from '@fwk/kernel';
import { exponential } from '../engine/random.js';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { fleet } from '../world/fleet.js';
import { openLoop } from '../world/open-loop.js';
import { simulatedServer } from '../world/server.js';
import { Timeline } from '../world/timeline.js';

const SERVERS = 10;
const RATE = 500;
const BROKEN_FROM_S = 10;
const END_S = 70;

async function sink(seed: number, balancer: Balancer, ejects: boolean) {
  const world = simulation(seed);
  const sent = new Timeline<'all' | 'sinkhole'>();
  const servers = Array.from({ length: SERVERS }, (_, index) =>
    simulatedServer(world, { workers: 20, serviceMs: exponential(world.random(`work ${index}`), 20) }),
  );
  for (const server of servers) server.onArrival = (nowMs) => sent.count('all', nowMs);
  const [broken] = servers;
  world.at(BROKEN_FROM_S * 1000, () => {
    broken!.failsAfterMs = 1;
    broken!.onArrival = (nowMs) => {
      sent.count('all', nowMs);
      sent.count('sinkhole', nowMs);
    };
  });
  const service = fleet(world, servers, {
    delayMs: 0.5,
    timeoutMs: 1000,
    balancer,
    ...(!ejects && { ejection: false }),
  });
  openLoop(world, { name: 'users', ratePerSecond: () => RATE, fromMs: 0, untilMs: END_S * 1000 }, () => {
    service.call('request', background).catch(() => {});
  });
  await world.clock.runUntil((END_S + 10) * 1000);
  return { share: sent.ratio('sinkhole', 'all', BROKEN_FROM_S + 1, END_S) };
}

function sinkCase(name: string, balancer: () => Balancer, ejects: boolean, atMost?: number) {
  return caseOf({
    name,
    figures: { share: { of: 'highest', ...(atMost !== undefined && { atMost }) } },
    simulate: (seed) => sink(seed, balancer(), ejects),
  });
}

/** A server that fails fast must not look fast. */
export const sinkhole: Row = {
  name: 'sinkhole',
  about: 'one of 10 servers fails every request in 1 ms; its share of the traffic after the first second',
  cases: [
    sinkCase('round robin', roundRobin, false),
    sinkCase('two choices by calls under way', leastRequest, false),
    sinkCase('two choices by peak EWMA', p2c, false, 0.005),
    sinkCase('two choices by peak EWMA, with ejection', p2c, true, 0.005),
  ],
};
