/** What readers of the documentation have of their own: the names that short examples use without saying where they are from. */
import type { App, CallContext } from '@fwk/core';
import { type Client, contract, get, type Handlers, post, Serves } from '@fwk/http';
import { z } from 'zod';

export { Agent, request } from 'undici';

/** What every application says of itself. */
export const shop = { name: 'shop', version: '1.0.0', owner: 'team-shop' };
export declare const app: App;

export const Stock = z.object({ sku: z.string(), left: z.number() });
export const Reservation = z.object({ sku: z.string(), count: z.number() });
export const Receipt = z.object({ id: z.string() });

export const inventory = contract('inventory', {
  version: '1.4.0',
  operations: {
    stock: get('/stock/:sku', { params: z.object({ sku: z.string() }), response: Stock }),
    reserve: post('/reservations', { body: Reservation, response: Receipt, idempotencyKey: true }),
  },
});

@Serves(inventory)
export class InventoryService implements Handlers<typeof inventory> {
  stock() {
    return { sku: 'lamp', left: 7 };
  }
  reserve() {
    return { id: 'r-1' };
  }
}

const offers = contract('shop', {
  version: '1.0.0',
  operations: { offer: get('/offer', { response: z.object({ text: z.string() }) }) },
});

@Serves(offers)
export class ShopService implements Handlers<typeof offers> {
  offer() {
    return { text: 'Hello' };
  }
}

export declare const client: Client<typeof inventory>;
export declare const endpoints: readonly string[];
export declare const params: { readonly sku: string };
export declare const body: z.infer<typeof Reservation>;

export const Settings = z.object({
  checkout: z.object({ maxItems: z.number() }),
  health: z.object({}).optional(),
  policies: z.object({}).optional(),
});

export declare const context: CallContext;
export declare const signal: AbortSignal;
export declare const user: { readonly id: string; readonly country: string };
export declare const userId: string;

export interface Order {
  readonly id: string;
  readonly total: number;
}
export declare const order: Order;
