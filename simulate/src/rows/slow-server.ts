/**
 * One of eleven servers becomes slow, twelve times as slow as the others, and answers too late for anybody's patience.
 * Set up as Buoyant did it ("Beyond Round Robin", 2016), who saw 95 % answered with round robin, 99 % with the least calls
 * under way and 99.9 % with peak EWMA.
 *
 * `answered` is the share of all users answered within the second that they wait, `slowShare` the share of them that was
 * sent to the slow server while it was slow, `extra` how many second attempts were sent for each user. Nothing is tried
 * again; only the last case hedges: it sends a second attempt when the first takes long.
 */
import { type Balancer, leastRequest, p2c, roundRobin } from '@fwk/discovery';
import { background } from '@fwk/kernel';
import { hedge } from '@fwk/resilience';
import { logNormal } from '../engine/random.js';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { fleet } from '../world/fleet.js';
import { openLoop } from '../world/open-loop.js';
import { simulatedServer } from '../world/server.js';
import { Timeline } from '../world/timeline.js';

const SERVERS = 11;
const RATE = 1000;
const MEDIAN_MS = 167;
const SLOW_MS = 2000;
const TIMEOUT_MS = 1000;
const SLOW_FROM_S = 15;
const SLOW_UNTIL_S = 45;
const END_S = 60;

async function slow(seed: number, balancer: Balancer, ejects: boolean, hedges: boolean) {
  const world = simulation(seed);
  const happened = new Timeline<'wanted' | 'answered' | 'sent' | 'slow'>();
  const servers = Array.from({ length: SERVERS }, (_, index) => {
    const serviceMs = logNormal(world.random(`work ${index}`), MEDIAN_MS, 0.3);
    return simulatedServer(world, { workers: Number.POSITIVE_INFINITY, serviceMs, stopsOnCancel: true });
  });
  const [one] = servers;
  const usualMs = one!.serviceMs;
  for (const server of servers) {
    server.onArrival = (nowMs) => {
      happened.count('sent', nowMs);
      if (server === one) happened.count('slow', nowMs);
    };
  }
  world.at(SLOW_FROM_S * 1000, () => {
    one!.serviceMs = () => SLOW_MS;
  });
  world.at(SLOW_UNTIL_S * 1000, () => {
    one!.serviceMs = usualMs;
  });
  const balanced = fleet(world, servers, {
    delayMs: 0.5,
    timeoutMs: TIMEOUT_MS,
    balancer,
    ...(!ejects && { ejection: false }),
  });
  const service = hedges ? hedge().wrap(balanced, world.env('client')) : balanced;
  const load = { name: 'users', ratePerSecond: () => RATE, fromMs: 0, untilMs: END_S * 1000 };
  openLoop(world, load, (wantedMs) => {
    happened.count('wanted', wantedMs);
    service.call('request', background).then(
      () => {
        if (world.clock.now() - wantedMs <= TIMEOUT_MS) happened.count('answered', wantedMs);
      },
      () => {},
    );
  });
  await world.clock.runUntil((END_S + 10) * 1000);
  return {
    answered: happened.ratio('answered', 'wanted', 0, END_S),
    slowShare: happened.ratio('slow', 'wanted', SLOW_FROM_S, SLOW_UNTIL_S),
    extra: happened.ratio('sent', 'wanted', 0, END_S + 1) - 1,
  };
}

interface Setup {
  readonly ejects?: boolean;
  readonly hedges?: boolean;
  /** Share of users that must be answered. */
  readonly atLeast?: number;
}

function slowCase(name: string, balancer: () => Balancer, { ejects = false, hedges = false, atLeast }: Setup = {}) {
  return caseOf({
    name,
    figures: {
      answered: { of: 'lowest', ...(atLeast !== undefined && { atLeast }) },
      slowShare: { of: 'highest' },
      extra: { of: 'highest', ...(hedges && { atMost: 0.02 }) },
    },
    simulate: (seed) => slow(seed, balancer(), ejects, hedges),
  });
}

/** A slow server must be noticed while its first victims still wait. */
export const slowServer: Row = {
  name: 'slow-server',
  about: 'one of 11 servers takes 2 s instead of 167 ms for 30 s, users wait for 1 s, nothing is tried again',
  cases: [
    slowCase('round robin', roundRobin),
    slowCase('two choices by calls under way', leastRequest),
    slowCase('two choices by peak EWMA', p2c, { atLeast: 0.999 }),
    slowCase('two choices by peak EWMA, with ejection', p2c, { ejects: true, atLeast: 0.999 }),
    slowCase('the same with hedging', p2c, { ejects: true, hedges: true, atLeast: 0.9999 }),
  ],
};
