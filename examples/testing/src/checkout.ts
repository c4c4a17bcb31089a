/** The service under test: it takes orders, and asks another service what is left. */
import { type AppOptions, inject } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Call, clientOf, contract, get, type Handlers, http, post, Serves } from '@fwk/http';
import { resilience } from '@fwk/resilience';
import { z } from 'zod';

export const inventory = contract('inventory', {
  version: '1.1.0',
  operations: {
    stock: get('/stock/:sku', { params: z.object({ sku: z.string() }), response: z.object({ left: z.int() }) }),
    restock: post('/stock', { body: z.object({ sku: z.string(), count: z.int() }) }),
  },
});

export const checkout = contract('checkout', {
  version: '1.0.0',
  operations: {
    order: post('/orders', {
      body: z.object({ sku: z.string() }),
      response: z.object({ state: z.enum(['accepted', 'sold out']) }),
    }),
  },
});

@Serves(checkout)
export class Checkout implements Handlers<typeof checkout> {
  private readonly inventory = inject(clientOf(inventory));

  async order({ body }: Pick<Call<typeof checkout, 'order'>, 'body'>) {
    const { left } = await this.inventory.stock({ params: { sku: body.sku } });
    return { state: left > 0 ? ('accepted' as const) : ('sold out' as const) };
  }
}

// #region options
/** What `main.ts` gives to `createApp`, and the tests to `testApp`. */
export function checkoutApp(port = 8080): AppOptions {
  const policies = { inventory: { retry: { maxAttempts: 3 }, breaker: { consecutiveFailures: 3 } } };
  return {
    name: 'checkout',
    version: '1.0.0',
    owner: 'team-checkout',
    use: [resilience({ policies }), discovery(), http({ serve: [Checkout], port })],
  };
}
// #endregion
