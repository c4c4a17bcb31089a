/** The same service without TypeScript and decorators. */
const { inject } = require('@fwk/core');
const { discovery } = require('@fwk/discovery');
const { clientOf, contract, get, http, post, Serves } = require('@fwk/http');
const { resilience } = require('@fwk/resilience');
const { z } = require('zod');

const inventory = contract('inventory', {
  version: '1.1.0',
  operations: {
    stock: get('/stock/:sku', { params: z.object({ sku: z.string() }), response: z.object({ left: z.int() }) }),
  },
});

const checkout = contract('checkout', {
  version: '1.0.0',
  operations: {
    order: post('/orders', { body: z.object({ sku: z.string() }), response: z.object({ state: z.string() }) }),
  },
});

class Checkout {
  inventory = inject(clientOf(inventory));

  async order({ body }) {
    const { left } = await this.inventory.stock({ params: { sku: body.sku } });
    return { state: left > 0 ? 'accepted' : 'sold out' };
  }
}
Serves(checkout)(Checkout);

function checkoutApp(port = 8080) {
  const policies = { inventory: { retry: { maxAttempts: 3 }, breaker: { consecutiveFailures: 3 } } };
  return {
    name: 'checkout',
    version: '1.0.0',
    owner: 'team-checkout',
    use: [resilience({ policies }), discovery(), http({ serve: [Checkout], port })],
  };
}

module.exports = { Checkout, checkoutApp, inventory };
