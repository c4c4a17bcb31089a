import { contract, get } from '@fwk/http';
import { z } from 'zod';

export const Product = z.object({ sku: z.string(), name: z.string(), description: z.string() });
export type Product = z.infer<typeof Product>;

/** What the shop sells. */
export const catalog = contract('catalog', {
  version: '1.0.0',
  operations: {
    product: get('/products/:sku', { params: z.object({ sku: z.string().max(40) }), response: Product }),
    products: get('/products', { response: z.array(Product) }),
  },
});
