import { isFwkError } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from './contract.js';
import type { Operation } from './operation.js';
import { del, get, patch, post, put } from './operation.js';

const text = z.string();
const build = (operations: Readonly<Record<string, Operation>>, name = 'shop', version = '1.0.0') =>
  contract(name, { version, operations });

test('is idempotent by method, by its key, or by its own word', () => {
  const { plans } = build({
    read: get('/a'),
    replace: put('/a'),
    remove: del('/a'),
    create: post('/a'),
    change: patch('/a'),
    keyed: post('/b', { idempotencyKey: true }),
    said: post('/c', { idempotent: true }),
    unsafe: get('/d', { idempotent: false }),
  });
  expect(Object.fromEntries(plans.map(({ name, idempotent }) => [name, idempotent]))).toEqual({
    read: true,
    replace: true,
    remove: true,
    create: false,
    change: false,
    keyed: true,
    said: true,
    unsafe: false,
  });
});

test('names every operation, its parameters and its route', () => {
  const { plans } = build({
    bin: get('/stock/:sku/bins/:bin', { params: z.object({ sku: text, bin: text }) }),
    root: get('/'),
  });
  expect(plans).toMatchObject([
    {
      id: 'shop.bin',
      template: { parameters: ['sku', 'bin'], route: '/stock/{sku}/bins/{bin}', shape: '/stock/:/bins/:' },
    },
    { id: 'shop.root', template: { parameters: [], route: '/' } },
  ]);
});

test('cannot be changed once built', () => {
  const built = build({ read: get('/a') });
  expect([built, built.operations, built.plans, built.plans[0]].every(Object.isFrozen)).toBe(true);
});

const untyped = (path: string, spec: object): Operation => ({ method: 'GET', path, spec });

describe('is refused when it', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['has a bad name', () => build({ a: get('/a') }, 'My Shop'), /its name must be lowercase/],
    [
      'has no semantic version',
      () => build({ a: get('/a') }, 'shop', '1'),
      /semantic version such as "1.4.0" or "2.0.0-rc.1", not "1"/,
    ],
    ['has no operation', () => build({}), /at least one operation/],
    ['has an operation called then', () => build(Object.fromEntries([['then', get('/a')]])), /then is no name/],
    ['has a path without its slash', () => build({ a: get('a') }), /a has a bad path "a": it must begin with "\/"/],
    ['has an empty segment', () => build({ a: get('/a//b') }), /no empty segment/],
    ['climbs out of its path', () => build({ a: get('/a/../b') }), /"\.\." segment/],
    ['has a wildcard', () => build({ a: get('/a/*') }), /has the segment "\*"/],
    ['has a query in its path', () => build({ a: get('/a?b=c') }), /has the segment "a\?b=c"/],
    ['names a parameter twice', () => build({ a: untyped('/:x/:x', { params: z.object({ x: text }) }) }), /":x" twice/],
    ['has a parameter without a schema', () => build({ a: untyped('/:x', {}) }), /path parameter :x but no params/],
    [
      'has other parameters in the schema than in the path',
      () => build({ a: untyped('/:x', { params: z.object({ y: text }) }) }),
      /:x in its path but not in its params schema; a has :y in its params schema but not in its path/,
    ],
    [
      'names a header in upper case',
      () => build({ a: get('/a', { headers: z.object({ 'X-Tenant': text }) }) }),
      /a has the header "X-Tenant": names must be in lower case/,
    ],
    [
      'has headers that clients cannot send',
      () => build({ a: get('/a', { headers: z.object({ host: text, 'fwk-caller': text }) }) }),
      /the header "host", which belongs to the connection; a has the header "fwk-caller", which is written by the fr/,
    ],
    [
      'has params without a parameter',
      () => build({ a: untyped('/x', { params: z.object({}) }) }),
      /no parameter in its path/,
    ],
    [
      'has two operations on one route',
      () => build({ a: get('/a'), b: get('/a') }),
      /b has the same method and path as a/,
    ],
    [
      'has two routes that differ only in a name',
      () =>
        build({
          a: get('/:x', { params: z.object({ x: text }) }),
          b: get('/:y', { params: z.object({ y: text }) }),
        }),
      /b has the same method and path as a/,
    ],
    [
      'has a schema that is none',
      () => build({ a: untyped('/a', { response: String }) }),
      /bad response: it must be a Standard/,
    ],
    [
      'has an option that nobody knows',
      () => build({ a: untyped('/a', { idempotant: true }) }),
      /unknown option "idempotant", did you mean "idempotent"\?/,
    ],
    [
      'has no name before what it is',
      () => contract({ name: 'shop', version: '1.0.0', operations: {} } as never, undefined as never),
      /contract without a name: its name must be .*, not an object; write contract\(name, \{ version, operations \}\)/,
    ],
    [
      'has a misspelt option of its own',
      () => contract('shop', { version: '1.0.0', operation: {} } as never),
      /it has an unknown option "operation", did you mean "operations"\? .*at least one operation/,
    ],
    ['has a body in a GET', () => build({ a: untyped('/a', { body: text }) }), /no body, being a GET/],
    [
      'contradicts its idempotency key',
      () => build({ a: post('/a', { idempotencyKey: true, idempotent: false }) }),
      /idempotent by its idempotencyKey/,
    ],
    ['allows no time', () => build({ a: get('/a', { timeoutMs: 0 }) }), /bad timeoutMs: it must be a number from 1/],
    ['was not made by get or post', () => build({ a: {} as Operation }), /must be made by get, post/],
  ])('%s', (_case, make, message) => {
    expect(make).toThrow(message);
    let thrown: unknown;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    expect(isFwkError(thrown, 'FWK_HTTP_CONTRACT_INVALID')).toBe(true);
  });

  test('has several faults: all are told at once', () => {
    expect(() => build({ a: get('a'), b: untyped('/b', { body: text }) }, 'S', 'x')).toThrow(
      /its name .*; version .*; a has a bad path .*; b may have no body/,
    );
  });
});
