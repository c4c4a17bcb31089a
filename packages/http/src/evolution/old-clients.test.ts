import { expect, test } from 'vitest';
import { z } from 'zod';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import { type OperationSpec, post } from '../contract/operation.js';
import { serveContract } from '../testing/serve-contract.js';
import { compareContracts } from './compare-contracts.js';

const params = z.object({ sku: z.string().max(20) });
const query = z.object({ currency: z.enum(['EUR', 'USD']).optional() });
const body = z.object({ quantity: z.int().min(1).max(9), note: z.string().optional() });
const response = z.object({ total: z.number().min(0), currency: z.enum(['EUR', 'USD']) });
type Quoted = Omit<OperationSpec, 'params'> & { readonly params?: typeof params };
const quoting = (spec: Quoted, version = '1.0.0') =>
  contract('quotes', {
    version,
    operations: { quote: post('/quotes/:sku', { params, query, body, response, ...spec }) },
  });

/** What a client of the first version may send: the smallest, the largest, with and without what is optional. */
const calls = [
  { params: { sku: 'a' }, query: {}, body: { quantity: 1 } },
  { params: { sku: 'a'.repeat(20) }, query: { currency: 'USD' }, body: { quantity: 9, note: '' } },
] as const;
/** What servers answer, as far as their contract lets it through. */
const answers = [
  { total: 0, currency: 'EUR', tax: 1, lines: [] },
  { total: 12.5, currency: 'USD', tax: 0, lines: [{ sku: 'a' }] },
];

test.each<[string, boolean, Quoted]>([
  ['nothing', true, {}],
  ['longer keys', true, { params: z.object({ sku: z.string().max(40) }) }],
  ['shorter keys', false, { params: z.object({ sku: z.string().max(10) }) }],
  [
    'a further currency that may be asked for',
    true,
    { query: z.object({ currency: z.enum(['EUR', 'USD', 'CHF']).optional() }) },
  ],
  ['a currency that may no longer be asked for', false, { query: z.object({ currency: z.enum(['EUR']).optional() }) }],
  ['larger quantities', true, { body: body.extend({ quantity: z.int().min(1).max(99) }) }],
  ['parts of a quantity', true, { body: body.extend({ quantity: z.number().min(1).max(9) }) }],
  ['smaller quantities', false, { body: body.extend({ quantity: z.int().min(1).max(8) }) }],
  ['an optional coupon', true, { body: body.extend({ coupon: z.string().optional() }) }],
  ['a required coupon', false, { body: body.extend({ coupon: z.string() }) }],
  ['a note that is needed', false, { body: body.required() }],
  ['no field but these', true, { body: z.strictObject(body.shape) }],
  ['fewer fields', false, { body: z.strictObject({ quantity: body.shape.quantity }) }],
  ['a tax in the answer', true, { response: response.extend({ tax: z.number() }) }],
  [
    'lines in the answer',
    true,
    { response: response.extend({ lines: z.array(z.object({ sku: z.string() })).optional() }) },
  ],
  ['no currency in the answer', false, { response: response.omit({ currency: true }) }],
  ['any currency in the answer', false, { response: response.extend({ currency: z.string() }) }],
  ['a total that may be missing', false, { response: response.partial({ total: true }) }],
])('a client of the first version meets a server with %s, compatible: %s', async (_, compatible, spec) => {
  const [older, newer] = [quoting({}), quoting(spec, '2.0.0')];
  expect(compareContracts(older, newer)).toMatchObject({ breaking: !compatible, unknown: false });
  // Of a change that is told to break clients there is nothing to show here.
  if (!compatible) return;
  let turn = 0;
  const quote = () => answers[turn++ % answers.length] as never;
  await using served = await serveContract(newer, { quote });
  await using client = createClient(older, {
    endpoints: [served.url],
    retry: false,
    timeoutMs: 60_000,
    deadlineMs: 60_000,
  });
  const outcomes = await Promise.all(
    calls.map((call) =>
      client.quote(call).then(
        () => 'answered',
        (error: { code: string }) => error.code,
      ),
    ),
  );
  expect(outcomes).toEqual(['answered', 'answered']);
});
