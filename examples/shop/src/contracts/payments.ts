import { contract, post } from '@fwk/http';
import { z } from 'zod';

export const Charge = z.object({ order: z.string().max(80), cents: z.int().min(0) });
export type Charge = z.infer<typeof Charge>;
export const Charged = z.object({ payment: z.string(), provider: z.string() });
export type Charged = z.infer<typeof Charged>;

/** The shop's own payment service: it hides which provider took the money. */
export const payments = contract('payments', {
  version: '1.0.0',
  operations: {
    charge: post('/charges', { body: Charge, response: Charged, idempotencyKey: true, timeoutMs: 2000 }),
  },
});
