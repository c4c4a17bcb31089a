import type { FwkError } from '@fwk/kernel';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { contract } from './contract.js';
import type { AnyContract, ErrorOf, Handlers } from './contract-types.js';
import { isErrorOf } from './is-error-of.js';
import { get, post } from './operation.js';
import type { OperationError } from './operation-error.js';

const unknownSku = { status: 404, data: z.object({ sku: z.string() }) } as const;
const inventory = contract('inventory', {
  version: '1.0.0',
  operations: {
    stock: get('/stock', { response: z.number(), errors: { UnknownSku: unknownSku } }),
    reserve: post('/reservations', {
      errors: {
        UnknownSku: unknownSku,
        OutOfStock: { status: 409, data: z.object({ left: z.coerce.number<string>(), note: z.string().default('') }) },
        Closed: { status: 503, retryable: false },
      },
    }),
    list: get('/list', { response: z.array(z.string()) }),
  },
});
type Inventory = typeof inventory;

test('a handler gives what the schema takes, and nothing where there is none', () => {
  const { OutOfStock, Closed, UnknownSku } = inventory.errors;
  const made = () => {
    new OutOfStock({ data: { left: '3' }, detail: 'only three are left' });
    new Closed();
    new Closed({ detail: 'until Monday', retryAfterMs: 1000, cause: new Error('why') });
    // @ts-expect-error the data are missing
    new OutOfStock({ detail: 'none is left' });
    // @ts-expect-error so they are here
    new UnknownSku();
    // @ts-expect-error the number is given as text
    new OutOfStock({ data: { left: 3 } });
    // @ts-expect-error it carries nothing
    new Closed({ data: { left: 3 } });
    // @ts-expect-error no operation declares it
    new inventory.errors.OutOfMind();
  };
  expect(made).toBeTypeOf('function');
});

test('a caller sees what the schema gives out, once instanceof has told which error it is', () => {
  const look = (error: unknown) => {
    if (error instanceof inventory.errors.OutOfStock) {
      expectTypeOf(error).toEqualTypeOf<OperationError<'OutOfStock', { left: number; note: string }>>();
      expectTypeOf(error.data.left).toEqualTypeOf<number>();
      expectTypeOf(error).toExtend<FwkError>();
      return error.data.note;
    }
    expectTypeOf(error).toEqualTypeOf<unknown>();
    if (error instanceof inventory.errors.Closed) expectTypeOf(error.data).toEqualTypeOf<undefined>();
    return '';
  };
  expect(look(undefined)).toBe('');
});

test('the errors of one operation are a union that its names tell apart', () => {
  expectTypeOf<ErrorOf<Inventory, 'stock'>>().toEqualTypeOf<OperationError<'UnknownSku', { sku: string }>>();
  expectTypeOf<ErrorOf<Inventory, 'reserve'>['name']>().toEqualTypeOf<'UnknownSku' | 'OutOfStock' | 'Closed'>();
  expectTypeOf<ErrorOf<Inventory, 'list'>>().toEqualTypeOf<never>();
  const complete = (error: unknown): string => {
    if (!isErrorOf(inventory, 'reserve', error)) return 'another';
    switch (error.name) {
      case 'OutOfStock':
        return String(error.data.left);
      case 'UnknownSku':
        return error.data.sku;
      case 'Closed':
        return 'closed';
    }
  };
  expect(complete(new inventory.errors.UnknownSku({ data: { sku: 'lamp' } }))).toBe('lamp');
});

test('a contract with errors is a contract as any other', () => {
  expectTypeOf<Inventory>().toExtend<AnyContract>();
  expectTypeOf<Handlers<Inventory>['reserve']>().returns.toEqualTypeOf<Promise<void> | void>();
  const plain = contract('plain', { version: '1.0.0', operations: { ping: get('/ping') } });
  expectTypeOf<keyof typeof plain.errors>().toEqualTypeOf<never>();
  expect(plain.errors).toEqual({});
});
