/**
 * A long, seeded mixture of everything at once: successes, failures, hangs, cancellations, late answers, a breaker that
 * opens and closes, a queue. Afterwards every counter must add up and nothing may be left behind.
 */
import { type Meter, makeEnv, noMeter, type Service } from '@fwk/kernel';
import { leakGuard, seededRandom } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { policy } from './policy.js';

const CALLS = 20_000;

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

test('every counter adds up and no timer, listener or place is left after a long mixture of calls', async () => {
  const guard = leakGuard();
  const { clock } = guard;
  const random = seededRandom(2024);
  const { meter, of } = sums();
  let reached = 0;
  let bad = false;
  const late: (() => void)[] = [];
  /** Fails a lot while `bad`, hangs now and then, and never looks at its context. */
  const callee: Service<number, number> = {
    status: () => 'ready',
    call: async (request) => {
      reached++;
      const drawn = random();
      if (drawn < (bad ? 0.7 : 0.02)) throw new Error('down');
      if (drawn > 0.97) await new Promise<void>((resolve) => late.push(resolve));
      return request;
    },
  };
  const all = policy('all', {
    deadlineMs: 500,
    timeoutMs: 100,
    retry: { baseDelayMs: 5 },
    breaker: { openMs: 50, maxOpenMs: 200, windowMs: 1000 },
    bulkhead: { maxConcurrent: 10, maxQueue: 10 },
  });
  const service: Service<number, number> = all.wrap(callee, makeEnv({ clock, random, metrics: meter }));

  const ends: Promise<string>[] = [];
  for (let call = 0; call < CALLS; call++) {
    if (call % 2000 === 0) bad = !bad;
    const { context, cancel } = guard.context();
    ends.push(
      service.call(call, context).then(
        (value) => (value === call ? 'answered' : 'mixed up'),
        (error: Error) => error.name,
      ),
    );
    if (random() < 0.1) cancel(new Error('gave up'));
    if (random() < 0.2) await clock.advance(random() * 20);
    if (random() < 0.05) for (const answer of late.splice(0)) answer();
  }
  await clock.advance(1000);
  for (const answer of late.splice(0)) answer();
  await clock.settle();

  const outcomes = new Set(await Promise.all(ends));
  expect([...outcomes].sort()).toEqual(
    ['BreakerOpenError', 'BulkheadFullError', 'DeadlineExceededError', 'Error', 'TimeoutError', 'answered'].filter(
      (name) => outcomes.has(name),
    ),
  );
  expect(outcomes.size).toBeGreaterThanOrEqual(5);
  const [breaker] = all.breakers;
  const { totals } = breaker!.snapshot();
  const met = (outcome: string) => of(`resilience.breaker.calls all all ${outcome}`);
  const admitted = totals.successes + totals.failures + totals.ignored + totals.stale;
  expect([met('success'), met('failure'), met('ignored'), met('stale'), met('rejected')]).toEqual([
    totals.successes,
    totals.failures,
    totals.ignored,
    totals.stale,
    totals.rejected,
  ]);
  // Whatever the breaker let through reached the callee, was refused a place, or left the queue before it had one.
  expect(admitted).toBeGreaterThanOrEqual(reached + of('resilience.bulkhead.rejected all'));
  expect(of('resilience.bulkhead.in_flight all')).toBe(0);
  expect(of('resilience.bulkhead.queued all')).toBe(0);
  expect(breaker!.snapshot().probesInFlight).toBe(0);
  guard.check();
}, 60_000);
