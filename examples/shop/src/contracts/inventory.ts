import { contract, get, post } from '@fwk/http';
import { z } from 'zod';

export const Stock = z.object({ sku: z.string(), left: z.int(), servedBy: z.string(), version: z.string() });
export const Reservation = z.object({ sku: z.string().max(40), quantity: z.int().min(1).max(100) });
export const Receipt = z.object({ reservation: z.string(), servedBy: z.string() });

/** What is on the shelf, and what is set aside. */
export const inventory = contract('inventory', {
  version: '1.4.0',
  operations: {
    stock: get('/stock/:sku', { params: z.object({ sku: z.string().max(40) }), response: Stock }),
    reserve: post('/reservations', { body: Reservation, response: Receipt, idempotencyKey: true }),
  },
});
