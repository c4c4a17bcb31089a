import type { AppOptions } from '@fwk/core';
import { contract, get } from '@fwk/http';
import { z } from 'zod';

export { testApp } from '@fwk/core/testing';
export {
  answers,
  delays,
  expectCompatible,
  failsWith,
  fakeService,
  hangs,
  readContract,
  refusesConnection,
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
