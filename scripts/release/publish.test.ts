import { expect, test } from 'vitest';
import { packageNames } from '../workspace.mjs';
import { publishArguments, publishOrder } from './publish.mjs';

test('a package is published after all that it needs', () => {
  const arrows = { shop: ['cart', 'base'], cart: ['base'], base: [] };
  expect(publishOrder(['shop', 'cart', 'base'], arrows)).toEqual(['base', 'cart', 'shop']);
  expect(publishOrder().sort()).toEqual(packageNames());
});

test('provenance is asked for only where it can be made', () => {
  expect(publishArguments('kernel', { provenance: false })).not.toContain('--provenance');
  expect(publishArguments('kernel', { provenance: true })).toContain('--provenance');
});
