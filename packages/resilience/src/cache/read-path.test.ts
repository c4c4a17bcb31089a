/** The layers that make reading cheap and quick, stacked as the README shows. */
import { makeEnv, stack } from '@fwk/kernel';
import { leakGuard, scriptedService } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { cache, coalesce, hedge, retry, retryBudget } from '../index.js';

function build() {
  const guard = leakGuard();
  const inner = scriptedService<string, object>();
  const keyOf = (sku: string) => sku;
  const budget = retryBudget({}, guard.clock);
  const service = stack<string, object>(makeEnv({ clock: guard.clock, random: () => 0 }))
    .use(cache({ keyOf, ttlMs: 100, staleIfErrorMs: 1000 }))
    .use(coalesce({ keyOf }))
    .use(retry({ maxAttempts: 2, budget }))
    .use(hedge({ delayMs: 50, maxExtraRatio: 1, budget }))
    .into(inner);
  const callers = Array.from({ length: 5 }, () => guard.context());
  const crowd = () => callers.map(({ context }) => service.call('apples', context).catch((error: unknown) => error));
  return { guard, clock: guard.clock, inner, budget, callers, crowd };
}

const price = { cents: 90 };
const down = new Error('down');

test('a crowd is one slow call, hedged once for all, and then the cache answers', async () => {
  const { guard, clock, inner, budget, crowd } = build();
  const before = budget.balance;
  const outcomes = crowd();
  await clock.advance(50);
  expect(inner.calls).toHaveLength(2);
  inner.calls[1]?.succeed(price);
  expect((await Promise.all(outcomes)).every((outcome) => outcome === price)).toBe(true);
  expect(await Promise.all(crowd())).toEqual(Array(5).fill(price));
  expect(inner.calls).toHaveLength(2);
  // One extra attempt was taken, and one success paid in.
  expect(budget.balance - before).toBeCloseTo(0.2 - 1);
  guard.check();
});

test('both attempts end when the last of the crowd has left, each with its own reason', async () => {
  const { guard, clock, inner, callers, crowd } = build();
  const outcomes = crowd();
  await clock.advance(50);
  callers.slice(1).forEach(({ cancel }, index) => {
    cancel(index);
  });
  expect(inner.waiting).toHaveLength(2);
  callers[0]?.cancel('last');
  expect(inner.waiting).toHaveLength(0);
  expect(await Promise.all(outcomes)).toEqual(['last', 0, 1, 2, 3]);
  guard.check();
});

test('an outage shows old answers, after one retry for the whole crowd', async () => {
  const { guard, clock, inner, crowd } = build();
  inner.script(price, down, down);
  await Promise.all(crowd());
  await clock.advance(100);
  const outcomes = crowd();
  await clock.advance(0);
  expect(await Promise.all(outcomes)).toEqual(Array(5).fill(price));
  expect(inner.calls).toHaveLength(3);
  guard.check();
});
