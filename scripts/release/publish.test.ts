import { expect, test } from 'vitest';
import { packageNames } from '../workspace.mjs';
import { publishArguments, publishOrder, tagProblem } from './publish.mjs';

test('a package is published after all that it needs', () => {
  const arrows = { shop: ['cart', 'base'], cart: ['base'], base: [] };
  expect(publishOrder(['shop', 'cart', 'base'], arrows)).toEqual(['base', 'cart', 'shop']);
  expect(publishOrder().sort()).toEqual(packageNames());
});

test('provenance is asked for only where it can be made', () => {
  expect(publishArguments('/staged/kernel', { provenance: false })).not.toContain('--provenance');
  expect(publishArguments('/staged/kernel', { provenance: true })).toContain('--provenance');
});

test('a tag that names another version is refused', () => {
  expect(tagProblem({ GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.2.0' }, '1.2.0')).toBeUndefined();
  expect(tagProblem({ GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.2.0' }, '1.1.0')).toMatch(
    /tag is v1\.2\.0.* 1\.1\.0/,
  );
  expect(tagProblem({ GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' }, '1.1.0')).toBeUndefined();
  expect(tagProblem({}, '1.1.0')).toBeUndefined();
});
