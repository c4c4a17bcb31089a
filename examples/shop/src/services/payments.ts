import { config } from '@fwk/config';
import { createApp, inject } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Call, clientOf, type Handlers, http, inProcess, Serves } from '@fwk/http';
import { apiKey } from '@fwk/http/credentials';
import { resilience } from '@fwk/resilience';
import { payments } from '../contracts/payments.js';
import { provider } from '../contracts/provider.js';
import type { Place } from '../place.js';
import { providerKey, providerUrl, ShopSettings, shopConfigFile, shopPolicies } from '../settings.js';

/**
 * Two payment companies behind one client. The first is cheaper; the second takes over while the first cannot answer. When that is, says
 * the policy `payment-provider` in shop.yaml.
 */
const providers = clientOf(provider, {
  endpoints: [providerUrl('SHOP_FIRST_PROVIDER')],
  credentials: apiKey(providerKey),
  costs: { pay: 0.2 },
  alternatives: [
    {
      service: 'second-provider',
      endpoints: [providerUrl('SHOP_SECOND_PROVIDER')],
      credentials: apiKey(providerKey),
      costs: { pay: 0.35 },
    },
  ],
});

@Serves(payments)
class PaymentService implements Handlers<typeof payments> {
  private readonly providers = inject(providers);

  async charge({ body, idempotencyKey }: Call<typeof payments, 'charge'>) {
    return this.providers.pay({ body }, { idempotencyKey });
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
