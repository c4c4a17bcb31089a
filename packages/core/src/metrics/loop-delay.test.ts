import { expect, test } from 'vitest';
import { resolutionIncludedMs } from './loop-delay.js';

test.each([
  ['Node', { node: '22.0.0' }, 20],
  ['Bun', { node: '22.0.0', bun: '1.4.5' }, 0],
  ['Deno', { node: '22.0.0', deno: '2.9.6' }, undefined],
])('of what %s samples the right part is taken off', (_, versions, included) => {
  expect(resolutionIncludedMs(versions)).toBe(included);
});
