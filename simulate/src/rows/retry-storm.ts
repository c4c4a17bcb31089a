/**
 * A dependency fails for a minute, all of its instances at once, at the end of a row of services that each try again. By
 * hand, three attempts on each of five links are 243 requests for one of a user. With ours, each link has the policy that
 * a user gets who writes `retry: {}`, and the marks that cross the wire.
 *
 * `amplification` is what reaches the leaf for each user request made during the outage, `busiestLink` the same for the
 * link that carries most, `worstSecond` the leaf's in the worst single second.
 * `recoveryS` is how long after its end 99 % of each second's users were answered again.
 */
import { background, type Layer } from '@fwk/kernel';
import { attemptTimeout, deadline, type PolicyOptions, policy } from '@fwk/resilience';
import { exponential } from '../engine/random.js';
import { simulation } from '../engine/simulation.js';
import { caseOf, type Row } from '../row.js';
import { chainTo } from '../world/chain.js';
import { naiveRetry } from '../world/naive-retry.js';
import { openLoop } from '../world/open-loop.js';
import { simulatedServer } from '../world/server.js';
import { Timeline } from '../world/timeline.js';

const OUTAGE_FROM_S = 20;
const OUTAGE_UNTIL_S = 80;
const END_S = 200;
const MOST = 1.1;

type Layers = () => readonly Layer<unknown, string>[];

const ours =
  (options: PolicyOptions): Layers =>
  () => [policy('client', { deadlineMs: 2000, timeoutMs: 500, retry: {}, ...options })];

const naive: Layers = () => [deadline({ timeoutMs: 10_000 }), naiveRetry(3), attemptTimeout({ timeoutMs: 5000 })];

async function storm(seed: number, depth: number, ratePerSecond: number, layers: Layers) {
  const world = simulation(seed);
  const { clock } = world;
  const happened = new Timeline<'wanted' | 'answered' | 'arrived' | `link ${number}`>();
  const leaf = simulatedServer(world, { workers: 100, serviceMs: exponential(world.random('work'), 5) });
  leaf.onArrival = (nowMs) => happened.count('arrived', nowMs);
  world.at(OUTAGE_FROM_S * 1000, () => {
    leaf.failsAfterMs = 1;
  });
  world.at(OUTAGE_UNTIL_S * 1000, () => {
    leaf.failsAfterMs = undefined;
  });
  const onAttempt = (link: number, nowMs: number) => happened.count(`link ${link}`, nowMs);
  const service = chainTo(world, { depth, delayMs: 0.5, layers, onAttempt }, leaf);
  const load = { name: 'users', ratePerSecond: () => ratePerSecond, fromMs: 0, untilMs: END_S * 1000 };
  openLoop(world, load, (wantedMs) => {
    happened.count('wanted', wantedMs);
    service.call('request', background).then(
      () => happened.count('answered', wantedMs),
      () => {},
    );
  });
  await clock.runUntil((END_S + 10) * 1000);

  const during = (name: 'arrived' | `link ${number}`) => happened.ratio(name, 'wanted', OUTAGE_FROM_S, OUTAGE_UNTIL_S);
  const seconds = Array.from({ length: OUTAGE_UNTIL_S - OUTAGE_FROM_S }, (_, index) => OUTAGE_FROM_S + index);
  const links = Array.from({ length: depth }, (_, index) => during(`link ${index + 1}`));
  return {
    amplification: during('arrived'),
    busiestLink: Math.max(...links),
    worstSecond: Math.max(...seconds.map((second) => happened.sum('arrived', second, second + 1))) / ratePerSecond,
    recoveryS: happened.secondsUntil(0.99, 'answered', 'wanted', OUTAGE_UNTIL_S, END_S),
  };
}

function stormCase(name: string, depth: number, ratePerSecond: number, layers: Layers, demanded: boolean) {
  return caseOf({
    name,
    figures: {
      amplification: { of: 'highest', ...(demanded && { atMost: MOST }) },
      busiestLink: { of: 'highest', ...(demanded && { atMost: MOST }) },
      worstSecond: { of: 'highest' },
      recoveryS: { of: 'highest' },
    },
    simulate: (seed) => storm(seed, depth, ratePerSecond, layers),
  });
}

const depths = [1, 3, 5];

/** Retries must not multiply an outage, however deep the row of services is. */
export const retryStorm: Row = {
  name: 'retry-storm',
  about: 'the leaf of a row of services fails for 60 s; what reaches it for each user request',
  cases: [
    ...depths.map((depth) => stormCase(`${depth} deep, retry and breaker`, depth, 200, ours({ breaker: {} }), true)),
    ...depths.map((depth) => stormCase(`${depth} deep, retry alone`, depth, 200, ours({}), true)),
    // The reserve is a number of retries a second, so it weighs more the fewer users there are.
    stormCase('1 deep, retry alone, 20 users a second', 1, 20, ours({}), false),
    stormCase('5 deep, breaker open for 5 s at most', 5, 200, ours({ breaker: { maxOpenMs: 5000 } }), false),
    ...depths.map((depth) => stormCase(`${depth} deep, 3 attempts by hand`, depth, 4, naive, false)),
  ],
};
