import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallsByTag } from './calls-by-tag.js';

const tag = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 4090, max: 4100 }), fc.constant(8_388_607));

test('it holds what a map would, for low and high tags', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ tag, adds: fc.boolean() })), (steps) => {
      const calls = new CallsByTag<object>();
      const map = new Map<number, object>();
      for (const { tag, adds } of steps) {
        if (adds && !map.has(tag)) {
          const call = { tag };
          calls.add(tag, call);
          map.set(tag, call);
        } else expect(calls.delete(tag)).toBe(map.delete(tag));
        expect(calls.size).toBe(map.size);
        expect(calls.get(tag)).toBe(map.get(tag));
      }
      expect(new Set(calls.takeAll())).toEqual(new Set(map.values()));
      expect(calls.size).toBe(0);
      expect(calls.delete(1)).toBe(false);
    }),
  );
});
