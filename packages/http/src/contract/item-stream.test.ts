import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from './contract.js';
import { isEventId, streamOf } from './item-stream.js';
import { get, type Operation, post } from './operation.js';

const item = z.object({ seq: z.number() });
const built = (operation: Operation) => () => contract('feed', { version: '1.0.0', operations: { it: operation } });

describe('a contract refuses', () => {
  test.each<[string, Operation, string]>([
    ['an answer that is a stream and none', get('/it', { stream: item, response: item }), 'one or the other'],
    ['a body that is a stream and none', post('/it', { bodyStream: item, body: item }), 'one or the other'],
    ['a stream that is kept', post('/it', { stream: item, idempotencyKey: true }), 'no idempotencyKey'],
    ['a body that may be sent twice', post('/it', { bodyStream: item, idempotent: true }), 'cannot be idempotent'],
    ['a body that is resumed', post('/it', { bodyStream: streamOf(item, { id: () => 1 }) }), 'cannot be resumed'],
    ['what is no schema', get('/it', { stream: 7 as never }), 'what streamOf() made'],
  ])('%s', (_what, operation, message) => {
    expect(built(operation)).toThrow(message);
  });
});

test.each([
  { as: 'xml' },
  { id: 'seq' },
  { idleMs: 0 },
  { totalMs: -1 },
  { heartbeatMs: 999 },
  { maxItemBytes: 63 },
  { other: 1 },
])('options of a stream are checked: %j', (options) => {
  expect(() => streamOf(item, options as never)).toThrow(
    expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }),
  );
});

test.each<[string, boolean]>([
  ['7', true],
  ['a b', true],
  ['', false],
  [' a', false],
  ['a\nb', false],
  ['é', false],
  ['x'.repeat(255), true],
  ['x'.repeat(256), false],
])('%j is an id: %s', (text, expected) => {
  expect(isEventId(text)).toBe(expected);
});
