import { contract, get, post } from '@fwk/http';
import { z } from 'zod';

export const Page = z.object({
  greeting: z.string(),
  sku: z.string(),
  name: z.string(),
  cents: z.int(),
  left: z.int(),
  servedBy: z.string(),
});
export const Cart = z.object({ sku: z.string().max(40), quantity: z.int().min(1) });
export const Order = z.object({ order: z.string(), cents: z.int(), provider: z.string(), reservation: z.string() });

/** What the public sees. */
export const storefront = contract('storefront', {
  version: '1.0.0',
  operations: {
    page: get('/products/:sku', { params: z.object({ sku: z.string().max(40) }), response: Page }),
    checkout: post('/checkout', { body: Cart, response: Order, idempotencyKey: true, timeoutMs: 4000 }),
  },
});
