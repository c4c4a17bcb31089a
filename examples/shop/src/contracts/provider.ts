import { contract, post, put } from '@fwk/http';
import { z } from 'zod';
import { Charge, Charged } from './payments.js';

/** How a simulated provider behaves: `out` cuts every connection, as a provider that is down does. */
export const Mode = z.object({ mode: z.enum(['fine', 'slow', 'failing', 'out']) });
export type Mode = z.infer<typeof Mode>;

/** A payment provider outside the shop: found at an address of its own, not through the registry. */
export const provider = contract('payment-provider', {
  version: '2.1.0',
  operations: {
    pay: post('/v2/payments', { body: Charge, response: Charged, idempotencyKey: true }),
    /** Only the simulation has it: the story switches the provider with it. */
    behave: put('/simulation/mode', { body: Mode, response: Mode }),
  },
});
