/**
 * Finding out how much a server takes at once. By Little's law that is throughput times the time of an undisturbed
 * request, which for a server of so many workers is the number of its workers: fewer leave some idle, more only wait. The
 * limit knows neither workers nor times; it sees how long requests take that users send at one and a half times the most
 * the server can ever do, and must find the number again after it has changed.
 *
 * `foundS` says how long after the change the limit, averaged over five seconds, came within a fifth of Little's law.
 * From fifteen seconds on, `off` is how far its mean is from the law as a share of it, `farthest` the same for the worst
 * five seconds, and `goodput` what was answered as a share of what the server can do. `shed` is the share of users refused
 * under 0.7 load after fifteen seconds to find the limit, `shedBefore` the same within them.
 */
import { background, stack } from '@fwk/kernel';
import { type AdaptiveLimitOptions, adaptiveLimit, adaptiveLimitDefaults } from '@fwk/resilience';
import { logNormal } from '../engine/random.js';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { openLoop } from '../world/open-loop.js';
import { simulatedServer } from '../world/server.js';
import { Timeline } from '../world/timeline.js';

const WORKERS = 40;
const MEDIAN_MS = 40;
const SIGMA = 0.4;
/** Mean of the log-normal distribution. */
const MEAN_MS = MEDIAN_MS * Math.exp(SIGMA ** 2 / 2);
/** Users, as a multiple of what the server can do at first: also half as much again as it can do after the change. */
const OVERLOAD = 3;
const LIGHT = 0.7;
const CHANGE_S = 60;
const SETTLE_S = 15;
const END_S = 120;
const TOLERANCE = 0.2;
/** Stretch over which the limit is averaged: strategies try out a smaller one now and then. */
const AVERAGED_S = 5;

/** What changes in the server. */
interface Change {
  readonly workers: number;
  /** How many times as long a request takes. */
  readonly slower: number;
}

type Algorithm = AdaptiveLimitOptions['algorithm'];

/** A server behind the real layer, with users who wait for nobody. */
function limitedServer(seed: number, algorithm: Algorithm, ratePerSecond: number) {
  const world = simulation(seed);
  const happened = new Timeline<'wanted' | 'answered' | 'refused'>();
  const drawMs = logNormal(world.random('work'), MEDIAN_MS, SIGMA);
  const server = simulatedServer(world, { workers: WORKERS, serviceMs: drawMs });
  const layer = adaptiveLimit({ algorithm });
  const service = stack<unknown, string>(world.env('server')).use(layer).into(server);
  const load = { name: 'users', ratePerSecond: () => ratePerSecond, fromMs: 0, untilMs: END_S * 1000 };
  openLoop(world, load, (wantedMs) => {
    happened.count('wanted', wantedMs);
    service.call('request', background).then(
      () => happened.count('answered', world.clock.now()),
      () => happened.count('refused', wantedMs),
    );
  });
  return { world, happened, drawMs, server, limit: () => layer.latest!.snapshot().limit };
}

/** What a server of so many workers can do, in requests a second. */
const capacity = (workers: number, slower = 1) => (workers * 1000) / (MEAN_MS * slower);

async function step(seed: number, algorithm: Algorithm, { workers, slower }: Change) {
  const { world, happened, drawMs, server, limit } = limitedServer(seed, algorithm, OVERLOAD * capacity(WORKERS));
  world.at(CHANGE_S * 1000, () => {
    server.workers = workers;
    server.serviceMs = () => slower * drawMs();
  });
  const multiples: number[] = [];
  for (let second = 1; second <= END_S; second++) {
    await world.clock.runUntil(second * 1000);
    multiples.push(limit() / workers);
  }
  const off = (fromS: number, untilS: number) => Math.abs(mean(multiples.slice(fromS, untilS)) - 1);
  const lately = multiples.map((_, second) => off(second + 1 - AVERAGED_S, second + 1));
  const found = lately.findIndex((each, second) => second + 1 >= CHANGE_S + AVERAGED_S && each <= TOLERANCE);
  const from = CHANGE_S + SETTLE_S;
  return {
    foundS: found === -1 ? Number.POSITIVE_INFINITY : found + 1 - CHANGE_S,
    off: off(from, END_S),
    farthest: Math.max(...lately.slice(from)),
    goodput: happened.sum('answered', from, END_S) / ((END_S - from) * capacity(workers, slower)),
  };
}

async function light(seed: number, algorithm: Algorithm) {
  const { world, happened } = limitedServer(seed, algorithm, LIGHT * capacity(WORKERS));
  await world.clock.runUntil((END_S + 10) * 1000);
  return {
    shedBefore: happened.ratio('refused', 'wanted', 0, SETTLE_S),
    shed: happened.ratio('refused', 'wanted', SETTLE_S, END_S),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function stepCase(name: string, algorithm: Algorithm, change: Change, demanded: boolean) {
  return caseOf({
    name: `${name}, ${algorithm}`,
    figures: {
      foundS: { of: 'highest', ...(demanded && { atMost: SETTLE_S }) },
      off: { of: 'highest', ...(demanded && { atMost: TOLERANCE }) },
      farthest: { of: 'highest' },
      goodput: { of: 'lowest' },
    },
    simulate: (seed) => step(seed, algorithm, change),
  });
}

function lightCase(algorithm: Algorithm, demanded: boolean) {
  return caseOf({
    name: `0.7 load, ${algorithm}`,
    figures: { shed: { of: 'highest', ...(demanded && { atMost: 0 }) }, shedBefore: { of: 'highest' } },
    simulate: (seed) => light(seed, algorithm),
  });
}

const usual = adaptiveLimitDefaults.algorithm;
const algorithms: readonly Algorithm[] = [usual, ...(['gradient2', 'vegas'] as const).filter((each) => each !== usual)];

/** The adaptive limit must find what a server bears, find it again after a change, and let light load through. */
export const limits: Row = {
  name: 'limits',
  about: "a server of 40 workers changes under overload; the adaptive limit beside Little's law",
  cases: algorithms.flatMap((algorithm) => {
    const demanded = algorithm === usual;
    return [
      stepCase('half the capacity', algorithm, { workers: WORKERS / 2, slower: 1 }, demanded),
      stepCase('twice the capacity', algorithm, { workers: 2 * WORKERS, slower: 1 }, demanded),
      stepCase('work takes twice as long', algorithm, { workers: WORKERS, slower: 2 }, demanded),
      lightCase(algorithm, demanded),
    ];
  }),
};
