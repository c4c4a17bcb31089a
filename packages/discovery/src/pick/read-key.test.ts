import { background } from '@fwk/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { routeKey } from '../membership/call-route.js';
import { type KeyOf, maxKeyLength, readKey } from './read-key.js';

const saying = (key: unknown) => background.with({ values: [routeKey.of({ key } as { key: string })] });

function read(keyOf: KeyOf | undefined, context = background): readonly [string | undefined, readonly string[]] {
  const reasons: string[] = [];
  return [readKey(keyOf, 'request', context, (reason) => reasons.push(reason)), reasons];
}

test('what the call says comes before what the function answers, unless it is no text', () => {
  const keyOf = (request: unknown) => `${request}-1`;
  expect(read(keyOf, saying('user-7'))).toEqual(['user-7', []]);
  for (const said of ['', 7, {}, undefined]) expect(read(keyOf, saying(said))).toEqual(['request-1', []]);
});

test('no more of a key counts than a call can carry without cost', () => {
  const long = 'x'.repeat(1_000_000);
  expect(read(undefined, saying(long))[0]).toBe('x'.repeat(maxKeyLength));
  expect(read(() => long)[0]).toBe('x'.repeat(maxKeyLength));
});

test('a function that answers later gives no key, and how its promise ends troubles nobody', async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  onTestFinished(() => void process.off('unhandledRejection', listen));
  const keyOf = (async () => {
    throw new Error('late');
  }) as unknown;
  expect(read(keyOf as KeyOf)).toEqual([undefined, ['keyOf answered a promise, but the key is needed at once']]);
  // An unhandled rejection is told of after the microtasks of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});
