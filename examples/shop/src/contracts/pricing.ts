import { contract, get } from '@fwk/http';
import { z } from 'zod';

export const Price = z.object({ sku: z.string(), cents: z.int(), discountPercent: z.number() });
export type Price = z.infer<typeof Price>;

/** What a product costs today. */
export const pricing = contract('pricing', {
  version: '1.0.0',
  operations: {
    price: get('/prices/:sku', { params: z.object({ sku: z.string().max(40) }), response: Price }),
  },
});
