import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bytes, text } from '../contract/content.js';
import { contract, type Operations } from '../contract/contract.js';
import { get, type OperationSpec, patch, post } from '../contract/operation.js';
import { compareContracts } from './compare-contracts.js';
import { describeContract } from './contract-description.js';

const of = (operations: Operations, version = '1.0.0') => contract('stock', { version, operations });
const compare = (before: Operations, after: Operations) => compareContracts(of(before), of(after, '2.0.0'));
/** Compares two versions of one operation. */
type Posted = Omit<OperationSpec, 'params'>;
const posting = (before: Posted, after: Posted) =>
  compare({ reserve: post('/reserve', before) }, { reserve: post('/reserve', after) });
const said = ({ changes }: ReturnType<typeof compareContracts>) =>
  changes.map(({ part, path, breaks, why }) => `${breaks}: ${part}${path}: ${why}`);

test('the same contract has no changes, as itself and as a description that was kept', () => {
  const stock = of({
    stock: get('/stock/:sku', { params: z.object({ sku: z.string() }), response: z.object({ n: z.int() }) }),
  });
  const kept = JSON.parse(JSON.stringify(describeContract(stock)));
  expect(compareContracts(kept, stock)).toEqual({
    name: 'stock',
    from: '1.0.0',
    to: '1.0.0',
    breaking: false,
    unknown: false,
    serversFirst: false,
    needs: 'none',
    versionFits: true,
    changes: [],
  });
});

describe('a change that breaks clients of the old contract', () => {
  const item = z.object({ sku: z.string() });
  test.each<[string, Posted, Posted, string]>([
    [
      'a field that servers now require',
      { body: item },
      { body: item.extend({ n: z.int() }) },
      'body/n: in the new contract it is required',
    ],
    ['a body where there was none', {}, { body: item }, 'body: it is new: a value of old clients is required'],
    [
      'a query that now requires a field',
      {},
      { query: z.object({ page: z.string() }) },
      'query/page: it is new: a value of old clients is required',
    ],
    [
      'a narrower field',
      { body: item },
      { body: z.object({ sku: z.string().max(8) }) },
      'body/sku: the new contract takes texts of at most 8 characters',
    ],
    [
      'a field that is no longer answered',
      { response: item },
      { response: z.object({}) },
      'response/sku: in the old contract it is required',
    ],
    [
      'a field that may now be missing',
      { response: item },
      { response: item.partial() },
      'response/sku: in the old contract it is required',
    ],
    [
      'a value that was never answered',
      { response: z.enum(['a']) },
      { response: z.enum(['a', 'b']) },
      'response: the old contract does not take "b"',
    ],
    ['no answer any more', { response: item }, {}, 'response: there is none any more, and old clients expect one'],
    [
      'a key that servers require',
      {},
      { idempotencyKey: true },
      'idempotency: it requires an Idempotency-Key, which old clients do not send',
    ],
    [
      'keys that are no longer kept',
      { idempotencyKey: true },
      {},
      'idempotency: it no longer keeps the answers of Idempotency-Keys: what old clients try again may be done twice',
    ],
    [
      'repeating that is no longer safe',
      { idempotent: true },
      {},
      'idempotency: it is no longer idempotent, and old clients try again',
    ],
    [
      'an error that was never answered',
      {},
      { errors: { Taken: { status: 409 } } },
      'error Taken: it is new: old clients get it as a RemoteError of status 409, which they do not expect',
    ],
    [
      'an error of another status',
      { errors: { Taken: { status: 409 } } },
      { errors: { Taken: { status: 422 } } },
      'error Taken: its status is 422, 409 before: old clients get it as a RemoteError',
    ],
    [
      'an error of another type',
      { errors: { Taken: { status: 409 } } },
      { errors: { Taken: { status: 409, type: 'urn:a:taken' } } },
      'error Taken: its type is urn:a:taken, urn:fwk:problem:stock:Taken before: old clients get it as a RemoteError',
    ],
    [
      'an error that carries less',
      { errors: { Taken: { status: 409, data: item } } },
      { errors: { Taken: { status: 409, data: item.partial() } } },
      'error Taken/sku: in the old contract it is required',
    ],
    [
      'an error that carries nothing any more',
      { errors: { Taken: { status: 409, data: item } } },
      { errors: { Taken: { status: 409 } } },
      'error Taken: it carries nothing any more, and old clients expect something',
    ],
    [
      'an answer of a status that was never given',
      { response: item },
      { responses: { 200: item, 202: item } },
      'response 202: it is new: old clients expect no answer of this status',
    ],
    [
      'a field that is no longer answered with a status',
      { responses: { 200: item } },
      { responses: { 200: z.object({}) } },
      'response 200/sku: in the old contract it is required',
    ],
    [
      'a body that is no longer answered with a status',
      { responses: { 200: item } },
      { responses: { 200: {} } },
      'response 200: it has no body any more, and old clients expect one',
    ],
    [
      'a header that is no longer answered',
      { responses: { 200: { headers: z.object({ etag: z.string() }) } } },
      { responses: { 200: {} } },
      'response 200/etag: headers: in the old contract it is required',
    ],
    [
      'bytes in the place of JSON',
      { body: item },
      { body: bytes() },
      'body: it is application/octet-stream, no longer application/json',
    ],
    [
      'other bytes',
      { response: bytes('image/png') },
      { response: bytes('image/gif') },
      'response: it is image/gif, no longer image/png',
    ],
    [
      'JSON of anything in the place of bytes',
      { response: bytes() },
      { response: z.unknown() },
      'response: it is application/json, no longer application/octet-stream',
    ],
    [
      'less time',
      { timeoutMs: 500 },
      { timeoutMs: 200 },
      'timeout: servers end an attempt after 200 ms, 500 ms before',
    ],
  ])('%s', (_, before, after, why) => {
    const comparison = posting(before, after);
    expect(said(comparison)).toContain(`old clients: ${why}`);
    expect(comparison).toMatchObject({ breaking: true, needs: 'major', versionFits: true });
  });

  test('an operation that is gone, has moved, or changed its method', () => {
    const comparison = compare({ a: get('/a'), b: get('/b'), c: post('/c') }, { b: get('/bees'), c: patch('/c') });
    expect(said(comparison)).toEqual([
      'old clients: operation: the operation is gone',
      'old clients: operation: it is GET /bees, no longer GET /b',
      'old clients: operation: it is PATCH /c, no longer POST /c',
    ]);
  });

  test('another name', () => {
    const other = contract('stocks', { version: '2.0.0', operations: { a: get('/a') } });
    expect(said(compareContracts(of({ a: get('/a') }), other))).toEqual([
      'old clients: contract: the contract is called "stocks", not "stock": clients look for another service',
    ]);
  });
});

describe('a change that breaks nobody but new clients at old servers', () => {
  const item = z.object({ sku: z.string() });
  test.each<[string, Posted, Posted, string]>([
    [
      'a further value that servers take',
      { body: z.enum(['a']) },
      { body: z.enum(['a', 'b']) },
      'body: the old contract does not take "b"',
    ],
    [
      'a field that is answered from now on',
      { response: item },
      { response: item.extend({ n: z.int() }) },
      'response/n: in the new contract it is required',
    ],
    [
      'an answer where there was none',
      {},
      { response: item },
      'response: it is new: old servers answer without a body',
    ],
    [
      'an optional query',
      {},
      { query: z.object({ page: z.string().optional() }) },
      'query: it is new, and old servers do not look at it',
    ],
    [
      'an error that is no longer answered',
      { errors: { Taken: { status: 409 } } },
      {},
      'error Taken: it is gone: new clients get it from old servers as a RemoteError of status 409',
    ],
    [
      'an error that carries more',
      { errors: { Taken: { status: 409, data: item } } },
      { errors: { Taken: { status: 409, data: item.extend({ n: z.int() }) } } },
      'error Taken/n: in the new contract it is required',
    ],
    [
      'an error that carries something now',
      { errors: { Taken: { status: 409 } } },
      { errors: { Taken: { status: 409, data: item } } },
      'error Taken: it carries something now: old servers send nothing',
    ],
    [
      'an answer of a status that is no longer given',
      { responses: { 200: item, 202: item } },
      { response: item },
      'response 202: it is gone: new clients expect no answer of this status, and old servers give it',
    ],
    [
      'a header that is answered from now on',
      { responses: { 200: {} } },
      { responses: { 200: { headers: z.object({ etag: z.string() }) } } },
      'response 200/etag: headers: in the new contract it is required',
    ],
    [
      'a body that is answered with a status from now on',
      { responses: { 200: {} } },
      { responses: { 200: item } },
      'response 200: it has a body now: old servers answer without one',
    ],
    [
      'repeating that is safe now',
      {},
      { idempotent: true },
      'idempotency: it is idempotent now: new clients try again, also at servers where it is not',
    ],
  ])('%s', (_, before, after, why) => {
    const comparison = posting(before, after);
    expect(said(comparison)).toEqual([`new clients: ${why}`]);
    expect(comparison).toMatchObject({ breaking: false, serversFirst: true, needs: 'minor' });
  });

  test('a new operation', () => {
    expect(said(compare({ a: get('/a') }, { a: get('/a'), b: get('/b') }))).toEqual([
      'new clients: operation: the operation is new',
    ]);
  });
});

describe('a change that breaks nobody', () => {
  const item = z.object({ sku: z.string() });
  test.each<[string, Posted, Posted]>([
    ['an optional field that servers take', { body: item }, { body: item.extend({ note: z.string().optional() }) }],
    ['an answer that is said by its status', { response: item }, { responses: { 200: item } }],
    ['no answer that is said by its status', {}, { responses: { 204: {} } }],
    [
      'a header that may be answered',
      { responses: { 200: {} } },
      { responses: { 200: { headers: z.object({ etag: z.string().optional() }) } } },
    ],
    ['the same bytes', { body: bytes(), response: text() }, { body: bytes(), response: text() }],
    ['more time', { timeoutMs: 200 }, { timeoutMs: 500 }],
    ['another priority', { priority: 'background' }, { priority: 'critical' }],
    [
      'an error that counts otherwise',
      { errors: { Taken: { status: 409 } } },
      { errors: { Taken: { status: 409, failure: true, retryable: true } } },
    ],
    [
      'another title of an error',
      { errors: { Taken: { status: 409 } } },
      { errors: { Taken: { status: 409, title: 'x' } } },
    ],
    ['a query that servers no longer look at', { query: z.object({ page: z.string() }) }, {}],
  ])('%s', (_, before, after) =>
    expect(posting(before, after)).toMatchObject({ breaking: false, serversFirst: false }),
  );

  test('another name of a path’s parameter, whose place is all that is on the wire', () => {
    const named = (name: string) => get(`/stock/:${name}`, { params: z.object({ [name]: z.string() }) as never });
    expect(compare({ a: named('sku') }, { a: named('id') }).changes).toEqual([]);
  });
});

test('a schema that does not say what it takes is told, and is no reason to call the change compatible', () => {
  const dated = z.object({ at: z.date() });
  const comparison = posting({ response: dated }, { response: dated });
  expect(said(comparison)).toEqual([
    'unknown: response: it cannot be compared: Date cannot be represented in JSON Schema',
  ]);
  expect(comparison).toMatchObject({ breaking: false, unknown: true });
});

test.each([
  ['1.4.0', '2.0.0', 'major', true],
  ['1.4.0', '1.5.0', 'major', false],
  ['1.4.0', '1.5.0', 'minor', true],
  ['1.4.0', '1.4.1', 'minor', false],
  ['1.4.0', '1.4.1', 'patch', true],
  ['1.4.0', '1.4.0', 'patch', false],
  ['0.4.0', '0.5.0', 'major', true],
  ['0.4.0', '0.4.1', 'major', false],
  ['0.4.0', '0.4.1', 'minor', true],
  ['0.4.0', '1.0.0', 'major', true],
  ['2.0.0', '1.9.9', 'minor', false],
])('from %s to %s is enough for a %s change: %s', (from, to, needs, fits) => {
  const before = { a: get('/a'), b: get('/b', { timeoutMs: 5 }) };
  const after = {
    major: { b: before.b },
    minor: { ...before, c: get('/c') },
    patch: { a: before.a, b: get('/b', { timeoutMs: 10 }) },
  }[needs as 'major'];
  expect(compareContracts(of(before, from), of(after, to))).toMatchObject({ needs, versionFits: fits });
});
