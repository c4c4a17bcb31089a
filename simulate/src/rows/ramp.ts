/**
 * Servers on machines that they share with others. Each is promised two cores and gets more while its neighbours leave some: on
 * three machines of five four more, and it changes every few seconds which. The load climbs from 0.75 of what was promised to
 * 1.74; that is more than a server has whose neighbours are busy, and less than all have together. Set up as in the paper on Prequal
 * (Wydrowski et al., NSDI 2024), who saw errors and a tail at the deadline with weighted round robin above what was promised, and
 * neither with Prequal up to 1.74 of it.
 *
 * Work is 80 ms of one core in the mean, normal with a deviation as large and cut off at 0; users wait for 5 s. There are as many
 * clients as servers.
 *
 * `errors` is the share of all calls that were not answered in time, `p99` and `p999` are times of calls at 1.74 in milliseconds, those
 * that were not answered at the deadline. `vsWeighted` is `p999` beside that of weighted round robin. `goodput` is the share of
 * calls answered in time at 1.74, `imbalance` how many calls the fullest server has for each of an average one.
 */
import { type Balancer, p2c, prequal } from '@fwk/discovery';
import { background } from '@fwk/kernel';
import { onceASeed } from '../engine/once-a-seed.js';
import { exponential, truncatedNormal } from '../engine/random.js';
import { type Simulation, simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { fleet, fleetEndpoints } from '../world/fleet.js';
import { openLoop } from '../world/open-loop.js';
import { percentile } from '../world/percentile.js';
import { SharingServer } from '../world/sharing-server.js';
import { utilizationWeights } from '../world/utilization-weights.js';

const PROMISED_CORES = 2;
const SPARE_CORES = 4;
/** Part of the machines whose neighbours are busy. */
const BUSY = 0.4;
/** How long neighbours stay as they are, on average. */
const STAYS_MS = 5000;
const WORK_MS = 80;
const DEADLINE_MS = 5000;
const LOADS = [0.75, 1.03, 1.41, 1.74] as const;
const TOP = 1.74;
/** Length of each step of the ramp, times the number of servers: so that all have as many calls. */
const STEP_MS = 400_000;
const SAMPLE_MS = 100;
/** Weighted round robin may have no more than five times this tail. */
const MOST = 0.2;

interface Measured {
  readonly errors: number;
  readonly p99: number;
  readonly p999: number;
  readonly goodput: number;
  readonly imbalance: number;
}

type Balancing = (world: Simulation, servers: readonly SharingServer[]) => () => Balancer;

/** Lets neighbours come and go: as soon as those of one machine leave, those of another come. */
function neighbours(world: Simulation, servers: readonly SharingServer[]): void {
  const chance = world.random('neighbours');
  const busyCount = Math.round(servers.length * BUSY);
  const any = <T>(list: readonly T[]) => Math.floor(chance() * list.length);
  const free = [...servers];
  const busy = Array.from({ length: busyCount }, () => free.splice(any(free), 1)[0] as SharingServer);
  for (const server of free) server.cores = PROMISED_CORES + SPARE_CORES;
  const stayMs = exponential(world.random('stay'), STAYS_MS / busyCount);
  const change = () => {
    const left = any(busy);
    const came = any(free);
    const relieved = busy[left] as SharingServer;
    const burdened = free[came] as SharingServer;
    relieved.cores = PROMISED_CORES + SPARE_CORES;
    burdened.cores = PROMISED_CORES;
    busy[left] = burdened;
    free[came] = relieved;
    world.clock.setTimer(change, stayMs());
  };
  world.clock.setTimer(change, stayMs());
}

async function climb(seed: number, count: number, balancing: Balancing): Promise<Measured> {
  const world = simulation(seed);
  const { clock } = world;
  const servers = Array.from({ length: count }, (_, index) => {
    const workMs = truncatedNormal(world.random(`work ${index}`), WORK_MS);
    return new SharingServer(world, PROMISED_CORES, workMs);
  });
  neighbours(world, servers);
  const balancer = balancing(world, servers);
  const endpoints = fleetEndpoints(count);
  const clients = servers.map((_, index) => {
    const env = world.env(`client ${index}`);
    return fleet(world, servers, {
      ...{ delayMs: 0.1, timeoutMs: DEADLINE_MS, ejection: false, endpoints, env },
      balancer: balancer(),
    });
  });
  const stepMs = STEP_MS / count;
  const chance = world.random('whose call');
  const atTop: number[] = [];
  let calls = 0;
  let errors = 0;
  let answeredAtTop = 0;
  for (const [step, load] of LOADS.entries()) {
    const ratePerSecond = () => (load * count * PROMISED_CORES * 1000) / WORK_MS;
    const fromMs = step * stepMs;
    const users = { name: `users at ${load}`, ratePerSecond, fromMs, untilMs: fromMs + stepMs };
    openLoop(world, users, (wantedMs) => {
      calls++;
      const over = (answered: boolean) => {
        if (!answered) errors++;
        if (load !== TOP) return;
        if (answered) answeredAtTop++;
        atTop.push(answered ? clock.now() - wantedMs : DEADLINE_MS);
      };
      const client = clients[Math.floor(chance() * count)] as (typeof clients)[number];
      client.call('request', background).then(
        () => over(true),
        () => over(false),
      );
    });
  }
  const endMs = LOADS.length * stepMs;
  const full: number[] = [];
  const sample = () => {
    const inFlight = servers.map((server) => server.load.inFlight);
    const mean = inFlight.reduce((sum, one) => sum + one, 0) / count;
    if (clock.now() >= endMs - stepMs && mean > 0) full.push(Math.max(...inFlight) / mean);
    if (clock.now() < endMs) clock.setTimer(sample, SAMPLE_MS);
  };
  sample();
  await clock.runUntil(endMs + DEADLINE_MS + 1000);
  const sorted = atTop.toSorted((left, right) => left - right);
  return {
    errors: errors / calls,
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    goodput: answeredAtTop / sorted.length,
    imbalance: full.reduce((sum, one) => sum + one, 0) / full.length,
  };
}

const counts = [10, 20, 100];

/** A tail must not grow because some servers have less than others. */
export const ramp: Row = {
  name: 'ramp',
  about: 'load from 0.75 to 1.74 of what servers were promised, with neighbours that come and go; users wait for 5 s',
  cases: counts.flatMap((count) => {
    const weighted = onceASeed((seed) => climb(seed, count, utilizationWeights));
    const rampCase = (
      name: string,
      measure: (seed: number) => Promise<Measured>,
      demands: { errors?: number; vsWeighted?: number } = {},
    ) =>
      caseOf({
        name: `${count} servers, ${name}`,
        figures: {
          errors: { of: 'highest', ...(demands.errors !== undefined && { atMost: demands.errors }) },
          p99: { of: 'highest' },
          p999: { of: 'highest' },
          vsWeighted: { of: 'highest', ...(demands.vsWeighted !== undefined && { atMost: demands.vsWeighted }) },
          goodput: { of: 'lowest' },
          imbalance: { of: 'median' },
        },
        async simulate(seed) {
          const own = await measure(seed);
          return { ...own, vsWeighted: own.p999 / (await weighted(seed)).p999 };
        },
      });
    return [
      rampCase('weighted round robin', weighted),
      rampCase('two choices by peak EWMA', (seed) => climb(seed, count, () => p2c), { errors: 0 }),
      rampCase('prequal', (seed) => climb(seed, count, () => prequal), { errors: 0, vsWeighted: MOST }),
    ];
  }),
};
