import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntryStore } from './entry-store.js';

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('get' as const, 'put' as const, 'put' as const, 'delete' as const),
    key: fc.constantFrom('a', 'b', 'c', 'd', '__proto__'),
    max: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 100 },
);

test('keeps exactly what a list in order of use keeps', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const store = new EntryStore<number>();
      /** Oldest use first. */
      let list: [key: string, value: number][] = [];
      all.forEach(({ kind, key, max }, at) => {
        const known = list.find(([each]) => each === key);
        if (kind === 'get') {
          expect(store.get(key)?.value).toBe(known?.[1]);
          if (known) list = [...list.filter((each) => each !== known), known];
        } else if (kind === 'delete') {
          expect(store.delete(key)).toBe(known !== undefined);
          list = list.filter((each) => each !== known);
        } else {
          const all: typeof list = [...list.filter((each) => each !== known), [key, at]];
          list = all.slice(-max);
          expect(store.put(key, { value: at, askedAtMs: at }, max)).toBe(all.length - list.length);
        }
        expect(store.size).toBe(list.length);
      });
    }),
  );
});

test('forgets which calls are under way once all of them have ended', () => {
  const store = new EntryStore<number>();
  const [first, second] = [store.begin('a'), store.begin('a')];
  expect([store.end('a', first), store.filling('a')]).toEqual([true, true]);
  expect([store.end('a', second), store.filling('a')]).toEqual([true, false]);
});

test('tells a call that its key was deleted, also when another for the key is under way by then', () => {
  const store = new EntryStore<number>();
  const before = store.begin('a');
  store.delete('a');
  const after = store.begin('a');
  expect([store.end('a', before), store.filling('a'), store.end('a', after)]).toEqual([false, true, true]);
});
