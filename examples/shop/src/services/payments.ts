import { config } from '@fwk/config';
import { createApp, inject } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Call, clientOf, type Handlers, http, Serves } from '@fwk/http';
import { CircuitBreaker, type FailedCall, Fallback, Retry, resilience, Timeout } from '@fwk/resilience';
import { type Charge, type Charged, payments } from '../contracts/payments.js';
import { provider } from '../contracts/provider.js';
import { ShopSettings, shopConfigFile, shopPolicies } from '../settings.js';

const firstProvider = clientOf(provider, { endpoints: [address('SHOP_FIRST_PROVIDER')] });
const secondProvider = clientOf(provider, { endpoints: [address('SHOP_SECOND_PROVIDER')] });

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

const app = createApp({
  name: 'payments',
  version: '1.0.0',
  owner: 'team-payments',
  use: [
    config({ schema: ShopSettings, files: [shopConfigFile()] }),
    resilience({ policies: shopPolicies }),
    discovery(),
    http({ serve: [PaymentService] }),
  ],
});
await app.start();

function address(variable: string): string {
  const url = process.env[variable];
  if (!url) throw new Error(`${variable} must hold the address of a payment provider, such as http://127.0.0.1:9001`);
  return url;
}
