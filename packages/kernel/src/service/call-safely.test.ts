import { expect, test } from 'vitest';
import { background } from '../context/call-context.js';
import { callSafely } from './call-safely.js';
import type { Service } from './service.js';

const service = (call: Service<string, string>['call']): Service<string, string> => ({ call, status: () => 'ready' });

test('a service that throws synchronously rejects like one that rejects', async () => {
  const reason = new Error('thrown at once');
  const throwing = service(() => {
    throw reason;
  });
  await expect(callSafely(throwing, '', background)).rejects.toBe(reason);
  await expect(
    callSafely(
      service(() => Promise.reject(reason)),
      '',
      background,
    ),
  ).rejects.toBe(reason);
});

test('an answer is the promise of the service itself, and nothing round it', () => {
  const answer = Promise.resolve('answer');
  expect(
    callSafely(
      service(() => answer),
      '',
      background,
    ),
  ).toBe(answer);
});
