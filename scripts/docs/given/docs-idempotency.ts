import { type Client, contract, type Handlers, post, Serves } from '@fwk/http';
import { z } from 'zod';
import { Receipt } from './reader.js';

export const Payment = z.object({ cents: z.number() });
export declare const body: z.infer<typeof Payment>;

const bank = contract('bank', {
  version: '1.0.0',
  operations: { pay: post('/payments', { body: Payment, response: Receipt, idempotencyKey: true }) },
});
export declare const client: Client<typeof bank>;

@Serves(bank)
export class Bank implements Handlers<typeof bank> {
  pay() {
    return { id: 'p-1' };
  }
}
