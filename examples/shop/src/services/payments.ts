import { config } from '@fwk/config';
import { createApp, inject } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Call, clientOf, type Handlers, http, inProcess, Serves } from '@fwk/http';
import { CircuitBreaker, type FailedCall, Fallback, Retry, resilience, Timeout } from '@fwk/resilience';
import { type Charge, type Charged, payments } from '../contracts/payments.js';
import { provider } from '../contracts/provider.js';
import type { Place } from '../place.js';
import { providerUrl, ShopSettings, shopConfigFile, shopPolicies } from '../settings.js';

const firstProvider = clientOf(provider, { endpoints: [providerUrl('SHOP_FIRST_PROVIDER')] });
const secondProvider = clientOf(provider, { endpoints: [providerUrl('SHOP_SECOND_PROVIDER')] });

@Serves(payments)
class PaymentService implements Handlers<typeof payments> {
  private readonly first = inject(firstProvider);
  private readonly second = inject(secondProvider);

  async charge({ body }: Call<typeof payments, 'charge'>) {
    return this.pay(body);
  }

  /** The first provider is cheaper; the second takes over while the breaker keeps us off the first. */
  @Fallback('payWithSecond')
  @CircuitBreaker({ minimumCalls: 5, openMs: 1500 })
  @Timeout(400)
  async pay(charge: Charge): Promise<Charged> {
    return this.first.pay({ body: charge });
  }

  @Retry({ maxAttempts: 3 })
  async payWithSecond(_error: unknown, { args: [charge] }: FailedCall<[Charge]>): Promise<Charged> {
    return this.second.pay({ body: charge });
  }
}

export const paymentsApp = ({ group, signals }: Place) =>
  createApp({
    name: 'payments',
    version: '1.0.0',
    owner: 'team-payments',
    signals,
    use: [
      inProcess(group),
      config({ schema: ShopSettings, files: [shopConfigFile()] }),
      resilience({ policies: shopPolicies }),
      discovery(),
      http({ serve: [PaymentService] }),
    ],
  });
