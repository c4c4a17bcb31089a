import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { outside } from './outside.js';

test('what runs outside has nothing of the call that runs it, and neither has what it begins', async () => {
  const storage = new AsyncLocalStorage<string>();
  const later = storage.run('of the call', () =>
    outside(
      async (a: number, b: number) => {
        const first = storage.getStore();
        await new Promise((resolve) => setImmediate(resolve));
        return [first, storage.getStore(), a + b];
      },
      undefined,
      1,
      2,
    ),
  );
  expect(await later).toEqual([undefined, undefined, 3]);
});

test('what runs outside has the given self, and its errors reach who runs it', () => {
  const self = { name: 'session' };
  expect(
    outside(function (this: typeof self) {
      return this.name;
    }, self),
  ).toBe('session');
  expect(() =>
    outside(() => {
      throw new Error('broken');
    }),
  ).toThrow('broken');
});
