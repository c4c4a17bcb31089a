/** Named policies as a NestJS module: a module that imports it can inject them by `policiesToken`, and get one by its name. */
import {
  currentContext,
  httpClassifier,
  liveValue,
  makeEnv,
  type PolicyRegistry,
  policyRegistry,
} from '@fwk/resilience';
import { Inject, Injectable, Module } from '@nestjs/common';
import { Prices } from './orders.js';

export const policiesToken = Symbol('policies');
export const policies = { prices: { timeoutMs: 2000, retry: {}, breaker: { consecutiveFailures: 5 } } };

@Module({
  providers: [{ provide: policiesToken, useFactory: () => policyRegistry(makeEnv(), liveValue(policies)) }],
  exports: [policiesToken],
})
export class PoliciesModule {}

@Injectable()
export class ReliablePrices extends Prices {
  readonly ask;

  constructor(@Inject(policiesToken) registry: PolicyRegistry) {
    super();
    this.ask = registry
      .named('prices', { classifier: httpClassifier })
      .wrap((path: string) => fetch(`${process.env.PRICES_URL}${path}`, { signal: currentContext().signal }));
  }
}
