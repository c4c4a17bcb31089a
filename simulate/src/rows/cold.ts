/**
 * A cold instance joins ten warm ones: its caches are empty, so for ten seconds it takes ten times as long. Whoever hands it
 * its share at once makes a tenth of the users wait.
 *
 * `p99Rise` is the 99th percentile of the ten seconds after it has joined, divided by that of the ten before. `inFlight` is
 * the most requests that were on it before it had answered its first, `share` what it got of its fair share in these ten seconds.
 */
import { type Balancer, type Endpoint, leastRequest, p2c, roundRobin } from '@fwk/discovery';
import { background, liveValue } from '@fwk/kernel';
import { exponential } from '../engine/random.js';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { fleet, fleetEndpoints } from '../world/fleet.js';
import { openLoop } from '../world/open-loop.js';
import { simulatedServer } from '../world/server.js';

const WARM = 10;
const SERVICE_MS = 20;
const RATE = 1000;
const JOINS_S = 20;
const COLD_S = 10;
const FACTOR = 10;

async function cold(seed: number, balancer: Balancer, starts: boolean) {
  const world = simulation(seed);
  const servers = Array.from({ length: WARM + 1 }, (_, index) =>
    simulatedServer(world, { workers: 10, serviceMs: exponential(world.random(`work ${index}`), SERVICE_MS) }),
  );
  const joining = servers[WARM]!;
  const warmMs = joining.serviceMs;
  joining.serviceMs = (request) => warmMs(request) * FACTOR;
  world.at((JOINS_S + COLD_S) * 1000, () => {
    joining.serviceMs = warmMs;
  });
  let [arrived, inFlight] = [0, 0];
  let answered = false;
  joining.fails = () => {
    answered = true;
    return false;
  };
  joining.onArrival = () => {
    arrived++;
    if (!answered) inFlight = arrived;
  };
  const all = fleetEndpoints(servers.length).value;
  const endpoints = liveValue<readonly Endpoint[]>(all.slice(0, WARM));
  world.at(JOINS_S * 1000, () => endpoints.set(all));
  const service = fleet(world, servers, {
    delayMs: 0.5,
    balancer,
    ...(!starts && { ejection: { slowStartMs: 0 } }),
    endpoints,
  });
  const [before, after]: [number[], number[]] = [[], []];
  const untilMs = (JOINS_S + COLD_S) * 1000;
  openLoop(world, { name: 'users', ratePerSecond: () => RATE, fromMs: 0, untilMs }, (wantedMs) => {
    service.call('request', background).then(
      () => {
        const tookMs = world.clock.now() - wantedMs;
        if (wantedMs >= JOINS_S * 1000) after.push(tookMs);
        else if (wantedMs >= (JOINS_S - COLD_S) * 1000) before.push(tookMs);
      },
      () => {},
    );
  });
  await world.clock.runUntil(untilMs + 10_000);
  return {
    p99Rise: p99(after) / p99(before),
    inFlight,
    share: arrived / (after.length / (WARM + 1)),
  };
}

function p99(latencies: readonly number[]): number {
  return latencies.toSorted((a, b) => a - b)[Math.ceil(0.99 * latencies.length) - 1] ?? Number.NaN;
}

function coldCase(name: string, balancer: () => Balancer, starts: boolean, demanded = false) {
  return caseOf({
    name,
    figures: {
      p99Rise: { of: 'highest', ...(demanded && { atMost: 1.1 }) },
      inFlight: { of: 'highest', ...(demanded && { atMost: 2 }) },
      share: { of: 'highest' },
    },
    simulate: (seed) => cold(seed, balancer(), starts),
  });
}

/** A new instance must be found out about without making users pay for it. */
export const coldStart: Row = {
  name: 'cold',
  about: 'an instance joins 10 others and takes 10 times as long for 10 s; the 99th percentile hardly rises',
  cases: [
    coldCase('round robin, no slow start', roundRobin, false),
    coldCase('round robin', roundRobin, true),
    coldCase('two choices by calls under way', leastRequest, true),
    coldCase('two choices by peak EWMA, no slow start', p2c, false),
    coldCase('two choices by peak EWMA', p2c, true, true),
  ],
};
