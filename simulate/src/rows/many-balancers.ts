/**
 * Many clients, each with a balancer of its own, in front of many servers. No client sees more than its own calls, which are a
 * two-hundredth of what its servers do; by those alone the better of two is hardly better than any one. What would be best is one queue
 * for all servers: nobody waits while a server is free.
 *
 * Work is memoryless with a mean of 10 ms, the load 0.9, one way over the network takes 0.1 ms, for questions too. All cases of a
 * seed have the same calls at the same moments with the same work. Measured is what begins after a second and a half.
 *
 * `p50`, `p99` and `p999` are times of calls in milliseconds, `vsCentral` is the 99th percentile beside that of the central queue,
 * `vsUnaware` beside that of the default balancer without reports, `probes` the questions for each call.
 */
import { type Balancer, p2c, prequal } from '@fwk/discovery';
import { background, type Service } from '@fwk/kernel';
import { onceASeed } from '../engine/once-a-seed.js';
import { exponential } from '../engine/random.js';
import { type Simulation, simulation } from '../engine/simulation.js';
import { caseOf, type Figure, type Row } from '../row.js';
import { fleet, fleetEndpoints } from '../world/fleet.js';
import { hop } from '../world/hop.js';
import { openLoop } from '../world/open-loop.js';
import { percentile } from '../world/percentile.js';
import { type SimulatedServer, simulatedServer } from '../world/server.js';

const CLIENTS = 200;
const SERVERS = 200;
const SERVICE_MS = 10;
const LOAD = 0.9;
const STEADY_MS = 1500;
const END_MS = 3000;

/** What a call asks a server to do. */
interface Work {
  readonly workMs: number;
}

const workOf = (request: unknown) => (request as Work).workMs;

/** How the calls of all clients get to the servers. */
type Clients = (world: Simulation, delayMs: number, onProbe: () => void) => readonly Service<unknown, string>[];

const oneQueue: Clients = (world, delayMs) => {
  const queue = simulatedServer(world, { workers: SERVERS, serviceMs: workOf });
  return [hop(world, { operation: 'queue.work', delayMs: () => delayMs }, queue)];
};

const balanced =
  (balancer: () => Balancer, reports = true): Clients =>
  (world, delayMs, onProbe) => {
    const servers: SimulatedServer[] = Array.from({ length: SERVERS }, () =>
      simulatedServer(world, { workers: 1, serviceMs: workOf }),
    );
    const endpoints = fleetEndpoints(SERVERS);
    return Array.from({ length: CLIENTS }, (_, index) => {
      const env = world.env(`client ${index}`);
      return fleet(world, servers, {
        delayMs,
        balancer: balancer(),
        ejection: false,
        env,
        endpoints,
        reports,
        onProbe,
      });
    });
  };

interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly probes: number;
}

async function times(seed: number, clients: Clients, delayMs: number): Promise<Times> {
  const world = simulation(seed);
  let probes = 0;
  const services = clients(world, delayMs, () => {
    if (world.clock.now() >= STEADY_MS) probes++;
  });
  const drawMs = exponential(world.random('work'), SERVICE_MS);
  const chance = world.random('whose call');
  const took: number[] = [];
  const rate = (LOAD * SERVERS * 1000) / SERVICE_MS;
  let calls = 0;
  openLoop(world, { name: 'users', ratePerSecond: () => rate, fromMs: 0, untilMs: END_MS }, (wantedMs) => {
    const service = services[Math.floor(chance() * services.length)] as Service<unknown, string>;
    const measured = wantedMs >= STEADY_MS;
    if (measured) calls++;
    void service.call({ workMs: drawMs() }, background).then(() => {
      if (measured) took.push(world.clock.now() - wantedMs);
    });
  });
  await world.clock.runUntil(END_MS + 1000);
  const sorted = took.toSorted((left, right) => left - right);
  const at = (share: number) => percentile(sorted, share);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), probes: probes / calls };
}

const DELAY_MS = 0.1;

const central = onceASeed((seed) => times(seed, oneQueue, DELAY_MS));
const unaware = onceASeed((seed) => times(seed, balanced(p2c, false), DELAY_MS));

interface Demands {
  readonly vsCentral?: number;
  readonly vsUnaware?: number;
}

function manyCase(name: string, measure: (seed: number) => Promise<Times>, demands: Demands = {}) {
  const figure = (atMost: number | undefined): Figure => ({ of: 'highest', ...(atMost !== undefined && { atMost }) });
  return caseOf({
    name,
    figures: {
      p50: { of: 'median' },
      p99: { of: 'highest' },
      p999: { of: 'highest' },
      vsCentral: figure(demands.vsCentral),
      vsUnaware: figure(demands.vsUnaware),
      probes: { of: 'median' },
    },
    async simulate(seed) {
      const own = await measure(seed);
      return { ...own, vsCentral: own.p99 / (await central(seed)).p99, vsUnaware: own.p99 / (await unaware(seed)).p99 };
    },
  });
}

const by = (balancer: () => Balancer) => (seed: number) => times(seed, balanced(balancer), DELAY_MS);

/** A balancer must know what other clients' calls do to its servers. */
export const manyBalancers: Row = {
  name: 'many-balancers',
  about: '200 clients in front of 200 servers at 0.9 load; the 99th percentile beside that of one central queue',
  cases: [
    manyCase('one central queue', central),
    manyCase('two choices by peak EWMA, without reports', unaware),
    manyCase('two choices by peak EWMA, with reports on answers', by(p2c), { vsUnaware: 0.65 }),
    manyCase('prequal', by(prequal), { vsCentral: 1.5, vsUnaware: 0.3 }),
    manyCase(
      'prequal, 8 probes',
      by(() => prequal({ probes: 8 })),
    ),
  ],
};
