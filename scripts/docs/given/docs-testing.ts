import type { AppOptions } from '@fwk/core';
import { contract, get, streamOf } from '@fwk/http';
import { z } from 'zod';

export { testApp } from '@fwk/core/testing';
export {
  answers,
  breaksConnection,
  delays,
  expectCompatible,
  failsWith,
  fakeService,
  hangs,
  readContract,
  refusesConnection,
  streams,
} from '@fwk/http/testing';
export { fakeClock } from '@fwk/kernel/testing';
export { watchPolicy } from '@fwk/resilience/testing';
export { expect, test } from 'vitest';

export const lamp = { body: { sku: 'lamp' } };
export declare function checkoutApp(port?: number): AppOptions;

export declare class Checkout {
  order(given: typeof lamp): Promise<{ state: string }>;
}

export const inventory = contract('inventory', {
  version: '1.1.0',
  operations: {
    stock: get('/stock/:sku', { params: z.object({ sku: z.string() }), response: z.object({ left: z.number() }) }),
  },
});

const Price = z.object({ seq: z.number(), cents: z.number() });
export const prices = contract('prices', {
  version: '1.0.0',
  operations: { watch: get('/prices', { stream: streamOf(Price, { id: ({ seq }) => seq }) }) },
});
export const first = { seq: 1, cents: 1999 };
export const second = { seq: 2, cents: 2099 };
export declare function readAll<T>(stream: AsyncIterable<T>): Promise<T[]>;
