import { background, currentContext, makeEnv } from '@fwk/kernel';
import { leakGuard } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { bulkhead } from '../bulkhead/bulkhead.js';
import { attemptTimeout } from '../deadline/attempt-timeout.js';
import { deadline } from '../deadline/deadline.js';
import { retry } from '../retry/retry.js';

function build() {
  const guard = leakGuard();
  return { guard, clock: guard.clock, env: makeEnv({ clock: guard.clock, path: 'shop' }) };
}

test('a bulkhead round a wrapped function keeps the place of work that the layer inside has given up', async () => {
  const { clock, env } = build();
  let running = 0;
  const slow = async () => {
    running++;
    await new Promise<void>((resolve) => void clock.setTimer(resolve, 200));
    running--;
  };
  const call = bulkhead({ maxConcurrent: 1 }).wrap(attemptTimeout({ timeoutMs: 10 }).wrap(slow, env), env);
  const codes: unknown[] = [];
  for (let at = 0; at < 3; at++) {
    const outcome = call().catch((error: { code: unknown }) => void codes.push(error.code));
    await clock.advance(10);
    await outcome;
    expect(running).toBe(1);
  }
  expect(codes).toEqual(['FWK_RESILIENCE_TIMEOUT', 'FWK_RESILIENCE_BULKHEAD_FULL', 'FWK_RESILIENCE_BULKHEAD_FULL']);
  await clock.advance(200);
  const next = call().catch(() => {});
  expect(running).toBe(1);
  await clock.advance(200);
  await next;
});

test('a function wrapped twice keeps its `this`, its parameters and the context of the outer layer', async () => {
  const { clock, env } = build();
  const shop = {
    name: 'shop',
    async quote(this: { name: string }, sku: string) {
      return [this.name, sku, currentContext().deadlineMs];
    },
  };
  const quote = deadline({ timeoutMs: 300 }).wrap(retry().wrap(shop.quote, env), env);
  expect(await quote.call(shop, 'lamp')).toEqual(['shop', 'lamp', 300]);
  expect([quote.name, currentContext()]).toEqual(['quote', background]);
  expect(clock.pending).toBe(0);
});
