import { isFwkError } from '@fwk/kernel';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { contract } from './contract.js';
import type { ErrorSpecs } from './error-spec.js';
import { isErrorOf } from './is-error-of.js';
import { get, post } from './operation.js';

const sku = z.object({ sku: z.string() });
const declaring = <E extends ErrorSpecs, O extends ErrorSpecs>(errors: E, others: O) =>
  contract('shop', {
    version: '1.0.0',
    operations: { buy: post('/a', { errors }), sell: post('/b', { errors: others }) },
  });
const made = () => declaring({ OutOfStock: { status: 409, data: sku }, Closed: { status: 503, retryable: false } }, {});

describe('an error of a contract', () => {
  test('is an error with a name, a status, its data and a message', () => {
    const { errors } = made();
    const cause = new Error('why');
    const error = new errors.OutOfStock({ data: { sku: 'lamp' }, detail: 'no lamp is left', cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'OutOfStock',
      code: 'FWK_HTTP_OPERATION_ERROR',
      status: 409,
      message: 'Out of stock: no lamp is left',
      detail: 'no lamp is left',
      data: { sku: 'lamp' },
      cause,
    });
    expect(error.stack).toMatch(/^OutOfStock: Out of stock: no lamp is left\n/);
    expect(new errors.Closed().message).toBe('Closed');
  });

  test('is known by instanceof and by the operation that declares it, and so is no other', () => {
    const shop = made();
    const error = new shop.errors.Closed();
    expect(error).toBeInstanceOf(shop.errors.Closed);
    expect(error).not.toBeInstanceOf(shop.errors.OutOfStock);
    expect([isErrorOf(shop, 'buy', error), isErrorOf(shop, 'sell', error)]).toEqual([true, false]);
    for (const other of [new Error('Closed'), { name: 'Closed' }, null, undefined, 'Closed']) {
      expect(other instanceof shop.errors.Closed).toBe(false);
      expect(isErrorOf(shop, 'buy', other)).toBe(false);
    }
    const elsewhere = contract('other', {
      version: '1.0.0',
      operations: { a: get('/a', { errors: { Closed: { status: 503 } } }) },
    });
    expect(error).not.toBeInstanceOf(elsewhere.errors.Closed);
  });

  test('is known in another copy of the contract and of this package', async () => {
    const error = new (made().errors.OutOfStock)({ data: { sku: 'lamp' } });
    vi.resetModules();
    const copy = await import('./contract.js');
    expect(copy.contract).not.toBe(contract);
    const operations = { buy: post('/a', { errors: { OutOfStock: { status: 409, data: sku } } }) };
    const { errors } = copy.contract('shop', { version: '1.0.0', operations });
    expect(error).toBeInstanceOf(errors.OutOfStock);
    expect(new errors.OutOfStock({ data: { sku: 'a' } })).toBeInstanceOf(made().errors.OutOfStock);
  });

  test('counts as its status does, unless the contract says otherwise', () => {
    const { errors } = declaring(
      {
        Taken: { status: 409 },
        Conflict: { status: 409, retryable: true },
        Broken: { status: 409, failure: true },
        Down: { status: 500 },
        Expected: { status: 500, failure: false, retryable: false },
        Full: { status: 503 },
        Shut: { status: 503, retryable: false },
        Calm: { status: 503, failure: false },
      },
      {},
    );
    const traits = Object.fromEntries(
      Object.entries(errors).map(([name, type]) => [name, new type({ retryAfterMs: 50 }).traits]),
    );
    expect(traits).toEqual({
      Taken: { outcome: 'ignored', retryable: false, retryAfterMs: 50 },
      Conflict: { outcome: 'ignored', retryable: true, retryAfterMs: 50 },
      Broken: { retryable: false, retryAfterMs: 50 },
      Down: { retryable: true, retryAfterMs: 50 },
      Expected: { outcome: 'ignored', retryable: false, retryAfterMs: 50 },
      Full: { overloaded: true, retryable: true, retryAfterMs: 50 },
      Shut: { overloaded: true, retryable: false, retryAfterMs: 50 },
      Calm: { outcome: 'ignored', retryable: true, retryAfterMs: 50 },
    });
  });

  test('may be declared by several operations, where it is the same', () => {
    const gone = { status: 410, data: sku } as const;
    const { errors, plans } = declaring({ Gone: gone }, { Gone: { ...gone } });
    expect(Object.keys(errors)).toEqual(['Gone']);
    expect(plans[0]?.errors?.[0]).toBe(plans[1]?.errors?.[0]);
    expect(plans[0]?.errors?.[0]).toMatchObject({ id: 'shop.Gone', type: 'urn:fwk:problem:shop:Gone', title: 'Gone' });
  });
});

test.each<[string, unknown, RegExp]>([
  ['no object', 7, /buy has bad errors: they must be an object/],
  [
    'a name that is no class',
    { outOfStock: { status: 409 } },
    /buy has the error "outOfStock": a name is a capital letter/,
  ],
  ['a name with a line break', { 'Out\r\nX: 1': { status: 409 } }, /buy has the error "Out\\r\\nX: 1"/],
  ['no status', { Gone: {} }, /bad status of the error Gone: it must be a whole number from 400 to 599/],
  ['nothing', { Gone: null }, /bad error Gone: it must be an object with a status/],
  ['a status of success', { Gone: { status: 200 } }, /bad status of the error Gone/],
  ['a status that is none', { Gone: { status: 600 } }, /bad status of the error Gone/],
  ['a status in text', { Gone: { status: '404' } }, /bad status of the error Gone/],
  ['no schema', { Gone: { status: 410, data: String } }, /bad data of the error Gone: it must be a Standard Schema/],
  ['a title of two lines', { Gone: { status: 410, title: 'a\nb' } }, /bad title of the error Gone/],
  [
    'a type that is no URI',
    { Gone: { status: 410, type: 'gone' } },
    /bad type of the error Gone: it must be an absolute URI/,
  ],
  ['a type of the framework', { Gone: { status: 410, type: 'urn:fwk:error:X' } }, /bad type of the error Gone/],
  ['a type that means nothing', { Gone: { status: 410, type: 'about:blank' } }, /bad type of the error Gone/],
  [
    'two errors of one type',
    { Gone: { status: 410, type: 'urn:a:b' }, Lost: { status: 404, type: 'urn:a:b' } },
    /the same type for the errors Gone and Lost/,
  ],
  [
    'an unknown option',
    { Gone: { status: 410, retry: true } },
    /has in its error Gone an unknown option "retry", did you mean "retryable"\? \(known: status, data/,
  ],
  ['a retryable that is no flag', { Gone: { status: 410, retryable: 'yes' } }, /bad retryable of the error Gone/],
])('a contract is refused whose errors have %s', (_, errors, message) => {
  try {
    declaring(errors as ErrorSpecs, {});
    expect.unreachable();
  } catch (error) {
    expect(isFwkError(error, 'FWK_HTTP_CONTRACT_INVALID')).toBe(true);
    expect((error as Error).message).toMatch(message);
  }
});

test('a contract is refused that means two errors by one name', () => {
  expect(() => declaring({ Gone: { status: 410 } }, { Gone: { status: 404 } })).toThrow(
    /sell has another status of the error Gone than buy: of one name there is one error, so define it once and use it in both/,
  );
  expect(() => declaring({ Gone: { status: 410, data: sku } }, { Gone: { status: 410, data: z.object({}) } })).toThrow(
    /sell has another data of the error Gone than buy/,
  );
});
