/**
 * A million seeded calls: successes, failures, hangs, cancellations, late answers, a breaker that opens and closes, a
 * queue; and fewer through all layers at once. Afterwards every counter must add up and nothing may be left.
 */
import {
  CancelledError,
  cancellable,
  FwkError,
  isFwkError,
  type Meter,
  makeEnv,
  noMeter,
  type Service,
} from '@fwk/kernel';
import { leakGuard, seededRandom } from '@fwk/kernel/testing';
import { afterAll, expect, test } from 'vitest';
import { outcomeNames } from '../statistics/policy-counts.js';
import { policy } from './policy.js';
import type { PolicyOptions } from './policy-options.js';

const BATCH = 500;

class WrongRequest extends FwkError {
  constructor() {
    super('FWK_TEST_WRONG_REQUEST', 'asked for something impossible', { traits: { outcome: 'ignored' } });
  }
}

/** Sums what is counted under each name and label values. */
function sums() {
  const totals = new Map<string, number>();
  const at = (name: string, labels: object = {}) => {
    const key = [name, ...Object.values(labels)].join(' ');
    return { set: () => {}, add: (amount = 1) => void totals.set(key, (totals.get(key) ?? 0) + amount) };
  };
  const meter: Meter = {
    ...noMeter,
    counter: ({ name }, labels) => at(name, labels),
    gauge: ({ name }, labels) => at(name, labels),
  };
  return { meter, of: (key: string) => totals.get(key) ?? 0 };
}

/** Fails a lot in bad times, hangs now and then, and never looks at its context. */
function unreliable(random: () => number) {
  const late: (() => void)[] = [];
  const callee: Service<number, number> = {
    status: () => 'ready',
    call: async (request) => {
      callees.reached++;
      const drawn = random();
      if (drawn < (callees.bad ? 0.7 : 0.02)) throw new Error('down');
      if (drawn > 0.99) throw new WrongRequest();
      if (drawn > 0.98) await new Promise<void>((resolve) => late.push(resolve));
      return request;
    },
  };
  const callees = {
    callee,
    reached: 0,
    bad: false,
    answerLate: () => {
      for (const answer of late.splice(0)) answer();
    },
  };
  return callees;
}

const keyOf = (request: number) => String(request);

// Nobody reads where a million errors were made.
const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

/** What most policies are made of. */
const usual: PolicyOptions = {
  deadlineMs: 120,
  timeoutMs: 100,
  retry: { baseDelayMs: 5 },
  breaker: { openMs: 20, maxOpenMs: 50, windowMs: 1000 },
  bulkhead: { maxConcurrent: 400, maxQueue: 40 },
};

const everything: PolicyOptions = {
  ...usual,
  cache: { keyOf, ttlMs: 2, maxEntries: 100 },
  coalesce: { keyOf },
  hedge: { idempotent: true, delayMs: 20 },
  rateLimit: { permitsPerSecond: 50_000, burst: 450 },
  throttle: { multiplier: 1 },
  limit: { initialLimit: 300, minLimit: 250, maxQueue: 100, lag: () => 0 },
  bulkhead: { maxConcurrent: 240, maxQueue: 40 },
  fault: { enabled: true, ratio: 0.01, error: true },
};

test.each<[string, number, PolicyOptions]>([
  ['a million mixed calls through the usual layers', 1_000_000, usual],
  ['mixed calls through all layers', 20_000, everything],
])(
  'every counter adds up and no timer, listener or place is left after %s',
  async (_, calls, options) => {
    const { clock, check } = leakGuard();
    const random = seededRandom(2024);
    const { meter, of } = sums();
    const callees = unreliable(random);
    const all = policy('all', options);
    const service: Service<number, number> = all.wrap(callees.callee, makeEnv({ clock, random, metrics: meter }));

    const seen = { successes: 0, failures: 0, ignored: 0, rejected: 0, cancelled: 0 };
    let mixedUp = 0;
    let listening = 0;
    async function ask(request: number, givesUp: boolean): Promise<void> {
      const { context, cancel, cancellation } = cancellable();
      const answer = service.call(request, context);
      if (givesUp) cancel();
      try {
        if ((await answer) !== request) mixedUp++;
        seen.successes++;
      } catch (error) {
        if (isFwkError(error) && error.traits.notProcessed && !(error instanceof CancelledError)) seen.rejected++;
        else if (context.cancelled) seen.cancelled++;
        else if (error instanceof WrongRequest) seen.ignored++;
        else seen.failures++;
      }
      listening += cancellation.listenerCount;
    }

    for (let batch = 0; batch < calls / BATCH; batch++) {
      if (batch % 10 === 0) callees.bad = random() < 0.2;
      for (let call = 0; call < BATCH; call++) void ask(Math.floor(random() * 2000), random() < 0.1);
      await clock.advance(random() * 40);
      if (random() < 0.3) callees.answerLate();
      if (batch % 10 === 9) await clock.advance(600);
    }
    await clock.advance(1000);
    callees.answerLate();
    await clock.settle();

    const { inFlight, total } = all.statistics();
    expect([mixedUp, listening, inFlight]).toEqual([0, 0, 0]);
    expect(total).toMatchObject({ calls, ...seen });
    for (const outcome of outcomeNames) expect([outcome, total[outcome]]).not.toEqual([outcome, 0]);
    const [breaker] = all.breakers;
    const { totals, probesInFlight } = breaker!.snapshot();
    expect(
      ['success', 'failure', 'ignored', 'rejected', 'stale'].map((outcome) =>
        of(`resilience.breaker.calls all all ${outcome}`),
      ),
    ).toEqual([totals.successes, totals.failures, totals.ignored, totals.rejected, totals.stale]);
    expect(totals.rejected).toBe(total.breakerRejections);
    // Whatever the breaker let through reached the callee, met a fault, was refused a place, or left a queue before.
    const admitted = totals.successes + totals.failures + totals.ignored + totals.stale;
    expect(admitted).toBeGreaterThanOrEqual(
      callees.reached + total.faults + total.bulkheadRejections + total.limitRejections,
    );
    for (const gauge of ['bulkhead.in_flight', 'bulkhead.queued', 'limit.in_flight', 'limit.queued']) {
      expect([gauge, of(`resilience.${gauge} all`)]).toEqual([gauge, 0]);
    }
    expect(probesInFlight).toBe(0);
    check();
  },
  120_000,
);
