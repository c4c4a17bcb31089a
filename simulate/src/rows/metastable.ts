/**
 * A server loses most of its capacity for ten seconds under nearly all the load that it can bear, and gets it back. What
 * tipped it over is gone, yet with clients that give up and try again by hand it never recovers: it works through requests
 * whose callers have left, and each of those has become four (a metastable failure; Bronson et al., HotOS 2021). Ours
 * must get out of it while users keep asking as before.
 *
 * The server is the worst there is: an endless queue, first in, first out, which does not notice that callers leave.
 * `before`, `during`, `after` are shares of users answered: before the loss, during it, and from ten seconds after its
 * end to the end of the run. `recoveryS` is how long after its end 99 % of the users of every single second were answered
 * again: stricter than what is demanded, since a limit that tries out a smaller value now and then refuses some in a second.
 */
import { background, type Layer, type Service, stack } from '@fwk/kernel';
import { adaptiveLimit, attemptTimeout, bulkhead, policy } from '@fwk/resilience';
import { exponential } from '../engine/random.js';
import { type Simulation, simulation } from '../engine/simulation.js';
import { caseOf, type Figure, type Row } from '../row.js';
import { hop } from '../world/hop.js';
import { naiveRetry } from '../world/naive-retry.js';
import { openLoop } from '../world/open-loop.js';
import { simulatedServer } from '../world/server.js';
import { Timeline } from '../world/timeline.js';

const LOSS_FROM_S = 20;
const LOSS_UNTIL_S = 30;
const GRACE_S = 10;
const END_S = 60;
const WORKERS = 10;
const WORKERS_LEFT = 2;
const SERVICE_MS = 20;
const CLIENTS = 10;
/** 0.9 of what the server can do. */
const CLIENT_RATE = (0.9 * WORKERS * (1000 / SERVICE_MS)) / CLIENTS;

type Layers = () => readonly Layer<unknown, string>[];
type Guard = (server: Service<unknown, string>, world: Simulation) => Service<unknown, string>;

const byHand: Layers = () => [naiveRetry(4), attemptTimeout({ timeoutMs: 500 })];
const ours: Layers = () => [policy('client', { deadlineMs: 2000, timeoutMs: 500, retry: {}, breaker: {} })];

const bare: Guard = (server) => server;
const guardedBy =
  (layer: () => Layer<unknown, string>): Guard =>
  (server, world) =>
    stack<unknown, string>(world.env('server')).use(layer()).into(server);
const bulkheadOf: Guard = guardedBy(() => bulkhead({ maxConcurrent: WORKERS, maxQueue: 100 }));
const adaptive: Guard = guardedBy(() => adaptiveLimit());

async function lose(seed: number, layers: Layers, guard: Guard) {
  const world = simulation(seed);
  const happened = new Timeline<'wanted' | 'answered' | 'sent'>();
  const server = simulatedServer(world, {
    workers: WORKERS,
    serviceMs: exponential(world.random('work'), SERVICE_MS),
  });
  world.at(LOSS_FROM_S * 1000, () => {
    server.workers = WORKERS_LEFT;
  });
  world.at(LOSS_UNTIL_S * 1000, () => {
    server.workers = WORKERS;
  });
  const there = hop(world, { operation: 'server.work', delayMs: () => 0.5 }, guard(server, world));
  for (let client = 1; client <= CLIENTS; client++) {
    let stacked = stack<unknown, string>(world.env(`client ${client}`));
    for (const layer of layers()) stacked = stacked.use(layer);
    const service = stacked.into((request, context) => {
      happened.count('sent', world.clock.now());
      return there.call(request, context);
    });
    const load = { name: `client ${client}`, ratePerSecond: () => CLIENT_RATE, fromMs: 0, untilMs: END_S * 1000 };
    openLoop(world, load, (wantedMs) => {
      happened.count('wanted', wantedMs);
      service.call('request', background).then(
        () => happened.count('answered', wantedMs),
        () => {},
      );
    });
  }
  await world.clock.runUntil((END_S + 10) * 1000);
  const answered = (fromS: number, untilS: number) => happened.ratio('answered', 'wanted', fromS, untilS);
  return {
    before: answered(0, LOSS_FROM_S),
    during: answered(LOSS_FROM_S, LOSS_UNTIL_S),
    after: answered(LOSS_UNTIL_S + GRACE_S, END_S),
    recoveryS: happened.secondsUntil(0.99, 'answered', 'wanted', LOSS_UNTIL_S, END_S),
    attempts: happened.ratio('sent', 'wanted', LOSS_UNTIL_S + GRACE_S, END_S),
  };
}

function loseCase(name: string, layers: Layers, guard: Guard, after: Omit<Figure, 'of'>) {
  const stays = after.atMost !== undefined;
  return caseOf({
    name,
    figures: {
      before: { of: 'lowest', atLeast: 0.99 },
      during: { of: 'lowest' },
      after: { of: stays ? 'highest' : 'lowest', ...after },
      recoveryS: { of: stays ? 'lowest' : 'highest' },
      attempts: { of: 'highest' },
    },
    simulate: (seed) => lose(seed, layers, guard),
  });
}

/** A server must come back by itself, without anybody taking load away. */
export const metastable: Row = {
  name: 'metastable',
  about: 'a server at 0.9 load loses 80 % of its capacity for 10 s; whether it comes back without less load',
  cases: [
    loseCase('timeout and 3 retries by hand', byHand, bare, { atMost: 0.5 }),
    loseCase('our client', ours, bare, { atLeast: 0.99 }),
    loseCase('our client, bulkhead at the server', ours, bulkheadOf, { atLeast: 0.99 }),
    loseCase('our client, adaptive limit at the server', ours, adaptive, { atLeast: 0.99 }),
  ],
};
