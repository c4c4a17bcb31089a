// Injection by the types of constructor parameters, which needs a compiler that emits them.
import { createContainer, Injectable } from '@fwk/core';

@Injectable()
class Prices {
  readonly apple = 7;
}

@Injectable()
class Till {
  readonly prices: Prices;
  constructor(prices: Prices) {
    this.prices = prices;
  }
}

console.log(`the till says: ${createContainer().get(Till).prices.apple}`);
