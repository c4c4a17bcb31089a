// A unit test of a decorated class that fills its constructor by type. TEST_API is replaced by the import of the runner.
import { createContainer, Injectable } from '@fwk/core';
import { CircuitBreaker, Retry } from '@fwk/resilience';

// TEST_API

@Injectable()
class Prices {
  attempts = 0;

  @Retry({ maxAttempts: 2 })
  @CircuitBreaker()
  async apple(): Promise<number> {
    this.attempts++;
    if (this.attempts === 1) throw new Error('not yet');
    return 7;
  }
}

@Injectable()
class Till {
  readonly prices: Prices;
  constructor(prices: Prices) {
    this.prices = prices;
  }
}

test('the till asks for prices again', async () => {
  const { prices } = createContainer().get(Till);
  expect(await prices.apple()).toBe(7);
  expect(prices.attempts).toBe(2);
});
