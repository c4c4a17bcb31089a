import { expect, test } from 'vitest';
import { standInFor } from './stand-in.js';

const mark = Symbol('mark');

test('takes along name, length and own properties, whatever their attributes', () => {
  const original = Object.assign(
    function original(a: number, b: number) {
      return a + b;
    },
    { route: '/a', [mark]: [1] },
  );
  Object.defineProperty(original, 'hidden', { value: 'x', enumerable: false });
  Object.defineProperty(original, 'computed', { get: () => 'live', configurable: true });
  const replacement = standInFor(original, (...all: number[]) => all.length);
  const { name, length, route, computed } = replacement as typeof original & { computed: unknown };
  expect([name, length, route, Reflect.get(replacement, mark), computed]).toEqual(['original', 2, '/a', [1], 'live']);
  expect(Object.getOwnPropertyDescriptor(replacement, 'hidden')).toMatchObject({ value: 'x', enumerable: false });
  expect(replacement(1, 2, 3)).toBe(3);
});

test('leaves what belongs to each function, and takes a frozen one as it is', () => {
  const original = Object.freeze(Object.assign(function original() {}, { route: '/a' }));
  function replacement() {}
  const { prototype } = replacement;
  expect(standInFor(original, replacement)).toBe(replacement);
  expect(replacement.prototype).toBe(prototype);
  expect([replacement.name, Reflect.get(replacement, 'route')]).toEqual(['original', '/a']);
});

test('takes along the metadata of Reflect, all keys, once somebody has loaded it', async () => {
  const plain = standInFor(
    () => {},
    () => {},
  );
  await import('reflect-metadata/lite');
  const metadata = Reflect as unknown as Record<
    'defineMetadata' | 'getMetadata',
    (...parameters: unknown[]) => unknown
  >;
  const original = () => {};
  const value = { deep: true };
  metadata.defineMetadata('path', '/cats', original);
  metadata.defineMetadata(mark, value, original);
  const replacement = standInFor(original, () => {});
  expect([metadata.getMetadata('path', replacement), metadata.getMetadata(mark, replacement)]).toEqual([
    '/cats',
    value,
  ]);
  expect(metadata.getMetadata('path', plain)).toBeUndefined();
});
