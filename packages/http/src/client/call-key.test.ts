import { background, callerKey } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import type { OperationRequest } from '../calling/operation-request.js';
import { callKeyRule, readCallKey } from './call-key.js';

const request = {
  path: '/seats/7?user=ann&user=bob&empty=',
  headers: ['accept', '*/*', 'X-User', 'ann', 'x-user', 'bob'],
  given: { params: { seat: 7 }, body: { user: 'eve', list: [1], own: undefined } },
} as Partial<OperationRequest> as OperationRequest;
const keyBy = (text: string, of = request, context = background) => readCallKey(text)?.(of, context);

describe('the key of a call', () => {
  test.each([
    ['header:x-user', 'ann'],
    ['header:X-USER', 'ann'],
    ['param:seat', '7'],
    ['query:user', 'ann'],
    ['query:empty', ''],
    ['body:user', 'eve'],
    ['path', '/seats/7'],
  ])('by %s', (text, key) => expect(keyBy(text)).toBe(key));

  test.each(['header:accep', 'param:user', 'param:toString', 'query:u', 'body:list', 'body:own', 'caller'])(
    'is none where %s says nothing',
    (text) => expect(keyBy(text)).toBeUndefined(),
  );

  test('is who called the operation that makes the call', () => {
    expect(keyBy('caller', request, background.with({ values: [callerKey.of('storefront')] }))).toBe('storefront');
  });

  test('is none where the request has no such part', () => {
    const bare = { path: '/', headers: [], given: undefined } as Partial<OperationRequest> as OperationRequest;
    for (const text of ['header:a', 'param:a', 'query:a', 'body:a']) expect(keyBy(text, bare)).toBeUndefined();
  });

  test.each([
    '',
    'header',
    'header:',
    'cookie:a',
    ':a',
    'toString',
    'constructor:x',
    'Path',
    `query:${'a'.repeat(201)}`,
    7,
  ])('cannot be asked for by %j', (text) =>
    expect(callKeyRule(text)).toBe('header:NAME, param:NAME, query:NAME, body:NAME, path or caller'),
  );
});
