// A unit test of what a stranger wraps, without decorators. TEST_API is replaced by the import of the runner.
import { createContainer, inject } from '@fwk/core';
import { fakeClock } from '@fwk/kernel/testing';
import { policy } from '@fwk/resilience';

// TEST_API

class Prices {
  apple = 7;
}

test('a failed attempt is repeated', async () => {
  let attempts = 0;
  const quote = policy('quote', { retry: { maxAttempts: 2 } }).wrap(async () => {
    attempts++;
    if (attempts === 1) throw new Error('not yet');
    return 'price';
  });
  expect(await quote()).toBe('price');
  expect(attempts).toBe(2);
});

test('time is given by the test', async () => {
  const clock = fakeClock();
  await clock.advance(5);
  expect(clock.now()).toBeGreaterThanOrEqual(5);
});

test('the container fills classes', () => {
  class Till {
    prices = inject(Prices);
  }
  const container = createContainer();
  container.register(Prices, { useClass: Prices });
  container.register(Till, { useClass: Till });
  expect(container.get(Till).prices.apple).toBe(7);
});
