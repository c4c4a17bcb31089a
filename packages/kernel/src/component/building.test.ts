import { expect, test } from 'vitest';
import { buildWith, currentResolver } from './building.js';
import type { Resolver } from './token.js';

const resolver = (): Resolver => ({
  get: () => {
    throw new Error('nothing is registered');
  },
  find: () => undefined,
});

test('answers the innermost resolver while something is built, and the outer one afterwards', () => {
  const outer = resolver();
  const inner = resolver();
  expect(currentResolver()).toBeUndefined();
  buildWith(outer, () => {
    expect(buildWith(inner, currentResolver)).toBe(inner);
    expect(buildWith(undefined, currentResolver)).toBeUndefined();
    expect(currentResolver()).toBe(outer);
  });
  expect(currentResolver()).toBeUndefined();
});

test('forgets the resolver when building throws', () => {
  const failing = () =>
    buildWith(resolver(), () => {
      throw new Error('no');
    });
  expect(failing).toThrow('no');
  expect(currentResolver()).toBeUndefined();
});
