import type { Memberships } from '@fwk/discovery';
import type { ServiceFetch } from '@fwk/http';
import type { CallContext, Layer } from '@fwk/kernel';

export declare class Shelf {
  left(sku: string): number | undefined;
  take(sku: string, count: number): Promise<string>;
}
export declare const memberships: Memberships;
export declare const fetchInventory: ServiceFetch;
export declare const sku: string;
export declare const tokens: { current(operation: string, context: CallContext): Promise<string> };
/** Layers that look at no more than that there is a call fit everywhere. */
export declare const audit: Layer<unknown, never>;
export declare const authorization: Layer<unknown, never>;
export declare const tally: Layer<unknown, never>;
