import { expect, test } from 'vitest';
import { prefersHealthJson } from './negotiate-health.js';

test.each([
  [undefined, false],
  ['', false],
  ['*/*', false],
  ['application/*', false],
  ['text/html', false],
  ['application/json', false],
  ['application/health+json', true],
  ['Application/Health+JSON; charset=utf-8', true],
  ['application/json, application/health+json', true],
  ['application/health+json;q=0.5, application/json', false],
  ['application/health+json;q=0.9, application/json;q=0.2', true],
  ['application/health+json;q=0, */*', false],
  ['application/health+json;q=0.5, */*;q=0.1', true],

  [`application/health+json${' '.repeat(50_000)}`, true],
  [','.repeat(100_000), false],
])('of the header %j it is %s', (accept, expected) => {
  expect(prefersHealthJson(accept)).toBe(expected);
});
