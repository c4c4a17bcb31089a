/**
 * Hosts that are neither dead nor well: they fail half of their calls or all of them, or answer ten times as slowly as the
 * others. Requests go to all in turn, more than 100 a second each, so that nothing but ejection can find them.
 *
 * `foundS` is how many seconds it took until the last of them was found: put out, or named where the cap left no room, which is
 * a tenth of the hosts unless the case says otherwise. `outS` is the same for being put out. `falsely` counts the well ones
 * that were found. `answered` is the share of requests answered in the last three seconds.
 */
import { type Balancer, type EjectionOptions, p2c, roundRobin } from '@fwk/discovery';
import { background } from '@fwk/kernel';
import { exponential } from '../engine/random.js';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Figure, type Row } from '../row.js';
import { fleet, fleetEndpoints } from '../world/fleet.js';
import { openLoop } from '../world/open-loop.js';
import { type SimulatedServer, simulatedServer } from '../world/server.js';
import { Timeline } from '../world/timeline.js';

const HOSTS = 10;
const SERVICE_MS = 20;
/** Breaks in the middle of a sweep. */
const BROKEN_FROM_S = 13;

interface Setup {
  readonly balancer?: () => Balancer;
  readonly ejection?: Partial<EjectionOptions>;
  /** How many hosts break, and how. */
  readonly broken: number;
  readonly breaks: (server: SimulatedServer, random: () => number) => void;
  /** Requests a second to each host. */
  readonly rate?: number;
  readonly endS: number;
  /** Share of all requests that fail wherever they go. */
  readonly noise?: number;
}

async function grey(seed: number, setup: Setup) {
  const { balancer = roundRobin, ejection = {}, broken, breaks, rate = 110, endS, noise = 0 } = setup;
  const world = simulation(seed);
  const happened = new Timeline<'wanted' | 'answered'>();
  const servers = Array.from({ length: HOSTS }, (_, index) => {
    const serviceMs = exponential(world.random(`work ${index}`), SERVICE_MS);
    const server = simulatedServer(world, { workers: Number.POSITIVE_INFINITY, serviceMs });
    const failures = world.random(`noise ${index}`);
    if (noise > 0) server.fails = () => failures() < noise;
    return server;
  });
  world.at(BROKEN_FROM_S * 1000, () => {
    for (const [at, server] of servers.slice(0, broken).entries()) breaks(server, world.random(`failures ${at}`));
  });
  const found = new Map<string, number>();
  const out = new Map<string, number>();
  const note = (seen: Map<string, number>, endpoint: string) => {
    if (!seen.has(endpoint)) seen.set(endpoint, world.clock.now() / 1000 - BROKEN_FROM_S);
  };
  const events = {
    emit(name: string, data: Readonly<Record<string, unknown>>) {
      if (name === 'endpoint.ejected') note(out, String(data.endpoint));
      if (name === 'endpoint.ejected' || name === 'endpoint.ejection-withheld') note(found, String(data.endpoint));
    },
  };
  const endpoints = fleetEndpoints(HOSTS);
  const service = fleet(world, servers, {
    delayMs: 0.5,
    timeoutMs: 5000,
    balancer: balancer(),
    ejection,
    env: world.env('client', { events }),
    endpoints,
  });
  openLoop(world, { name: 'users', ratePerSecond: () => rate * HOSTS, fromMs: 0, untilMs: endS * 1000 }, (wantedMs) => {
    happened.count('wanted', wantedMs);
    service.call('request', background).then(
      () => happened.count('answered', wantedMs),
      () => {},
    );
  });
  await world.clock.runUntil((endS + 10) * 1000);
  const sick = endpoints.value.slice(0, broken).map(({ id }) => id);
  const last = (seen: ReadonlyMap<string, number>) =>
    Math.max(0, ...sick.map((name) => seen.get(name) ?? Number.POSITIVE_INFINITY));
  return {
    foundS: last(found),
    outS: last(out),
    falsely: [...found.keys()].filter((name) => !sick.includes(name)).length,
    answered: happened.ratio('answered', 'wanted', endS - 3, endS),
  };
}

function greyCase(name: string, setup: Setup, demands: Readonly<Record<string, Partial<Figure>>>) {
  const figure = (of: Figure['of'], figureName: string): Figure => ({ of, ...demands[figureName] });
  return caseOf({
    name,
    figures: {
      foundS: figure('highest', 'foundS'),
      outS: figure('highest', 'outS'),
      falsely: figure('highest', 'falsely'),
      answered: figure('lowest', 'answered'),
    },
    simulate: (seed) => grey(seed, setup),
  });
}

const soon = { foundS: { atMost: 10 }, falsely: { atMost: 0 } };

function failing(share: number, broken: number) {
  const breaks: Setup['breaks'] = (server, random) => {
    server.fails = () => random() < share;
  };
  const name = `${broken} of 10 fail ${share * 100} %`;
  const setup = { broken, breaks, endS: BROKEN_FROM_S + 14 };
  return [
    greyCase(name, setup, soon),
    greyCase(
      `${name}, a third may be out`,
      { ...setup, ejection: { maxEjectedRatio: 0.34 } },
      { ...soon, outS: { atMost: 10 }, answered: { atLeast: 0.99 } },
    ),
  ];
}

const slower: Setup = {
  broken: 1,
  breaks: (server) => {
    const { serviceMs } = server;
    server.serviceMs = (request) => serviceMs(request) * 10;
  },
  endS: BROKEN_FROM_S + 22,
};

/** Grey failures must be found, and nothing else. */
export const greyFailure: Row = {
  name: 'grey',
  about: 'some of 10 hosts fail half or all of their calls, or become ten times as slow; nobody is found for noise',
  cases: [
    ...[1, 2, 3].flatMap((broken) => [0.5, 1].flatMap((share) => failing(share, broken))),
    greyCase('1 of 10 becomes 10 times as slow', slower, { outS: { atMost: 20 }, falsely: { atMost: 0 } }),
    greyCase('the same with two choices by peak EWMA', { ...slower, balancer: p2c }, { falsely: { atMost: 0 } }),
    greyCase(
      'an hour in which 1 % of all requests fail',
      { broken: 0, breaks: () => {}, rate: 15, endS: 3600, noise: 0.01 },
      { falsely: { atMost: 0 } },
    ),
  ],
};
