/** What the orders service promises its callers. Step 5 of each server serves it; it is an ordinary package that callers install. */
import { contract, get, post } from '@fwk/http';
import { z } from 'zod';

const Order = z.object({ id: z.string(), sku: z.string(), price: z.number() });

export const orderContract = contract('orders', {
  version: '1.0.0',
  operations: {
    find: get('/orders/:id', { params: z.object({ id: z.string() }), response: Order }),
    place: post('/orders', { body: z.object({ sku: z.string() }), response: Order, idempotencyKey: true }),
  },
});
