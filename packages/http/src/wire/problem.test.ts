import { formatRetryAfter } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { answerOfError } from '../serving/answer.js';
import { problem, readProblem } from './problem.js';
import { RemoteError } from './remote-error.js';

const yearMs = 86_400_000 * 365;
const huge = 'x'.repeat(9_000_000);
const failed = { instance: '/x', traceId: undefined, marks: 0 };

test.each([
  ['a huge detail', { detail: huge }],
  ['a huge title', { title: huge, type: huge, instance: huge, code: huge, traceId: huge }],
  ['huge issues', { issues: [{ message: huge }] }],
  ['many members', Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`m${index}`, index]))],
  ['a huge name', { [huge]: 1 }],
  ['deep nesting', { nested: JSON.parse('['.repeat(5000) + ']'.repeat(5000)), deep: huge }],
])('what a callee says is bounded, in the error, its message and our own answer: %s', (_name, document) => {
  const read = readProblem(document, 404);
  expect(JSON.stringify(read).length).toBeLessThan(32_000);
  const error = new RemoteError('shop.item', 404, read, undefined);
  expect(error.message.length).toBeLessThan(8000);
  expect(JSON.stringify(error.details).length).toBeLessThan(8000);
  expect(answerOfError(error, failed).body?.length).toBeLessThan(8000);
});

test('what is within bounds arrives as it is, and the text that was cut says so', () => {
  const document = { type: 'urn:x', title: 'T', detail: 'd', sku: 'lamp', issues: [{ path: 'a' }], retryAfterMs: 5 };
  expect(readProblem(document, 409)).toEqual({ ...document, status: 409 });
  expect(readProblem({ detail: huge }, 500)?.detail).toMatch(/^x{4000}… \(9000000 characters\)$/);
});

test.each([1e308, Number.MAX_SAFE_INTEGER, yearMs + 1])('a wait of %d ms becomes a year', (retryAfterMs) => {
  const read = readProblem({ retryAfterMs }, 503);
  expect(read?.retryAfterMs).toBe(yearMs);
  const error = new RemoteError('shop.item', 503, read, undefined);
  expect(error.traits.retryAfterMs).toBe(yearMs);
  const answer = answerOfError(error, failed);
  expect(answer.headers?.['retry-after']).toBe(formatRetryAfter(yearMs));
  expect(JSON.parse(answer.body ?? '').retryAfterMs).toBe(yearMs);
  const own = answerOfError(problem(503, 'Busy', undefined, { retryAfterMs }), failed);
  expect(own.headers?.['retry-after']).toBe(formatRetryAfter(yearMs));
});

test.each([-1, Number.NaN, '5', null, {}])('a wait that is none is left out: %j', (retryAfterMs) => {
  expect(readProblem({ retryAfterMs }, 503)).not.toHaveProperty('retryAfterMs');
});
