import { expect, test } from 'vitest';
import { background, cancellable } from '../context/call-context.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded-error.js';
import { type ErrorTraits, FwkError } from '../errors/fwk-error.js';
import { defaultClassifier, verdicts } from './classifier.js';

const failing = (traits?: ErrorTraits) => new FwkError('FWK_KERNEL_TEST', 'failed', traits ? { traits } : {});
const judge = (error: unknown) => defaultClassifier.ofError(error, background);

function judgeCancelled(reason: unknown, error: unknown = reason) {
  const { context, cancel } = cancellable();
  cancel(reason);
  return defaultClassifier.ofError(error, context);
}

test('takes every result for a success', () => {
  expect(defaultClassifier.ofResult(undefined)).toBe(verdicts.success);
});

test('takes errors that it does not know for failures that may be tried again', () => {
  expect(judge(new Error('unknown'))).toBe(verdicts.retryableFailure);
  expect(judge('a thrown string')).toBe(verdicts.retryableFailure);
  expect(judge(undefined)).toBe(verdicts.retryableFailure);
});

test.each<[ErrorTraits | undefined, keyof typeof verdicts]>([
  [undefined, 'failure'],
  [{ retryable: true }, 'retryableFailure'],
  [{ overloaded: true }, 'overloadedFinal'],
  [{ overloaded: true, retryable: true }, 'overloaded'],
  [{ outcome: 'ignored' }, 'ignored'],
  [{ outcome: 'ignored', retryable: true }, 'retryableIgnored'],
  [{ outcome: 'ignored', retryable: true, overloaded: true }, 'ignored'],
])('judges our own error with traits %j as %s', (traits, verdict) => {
  expect(judge(failing(traits))).toBe(verdicts[verdict]);
});

test('ignores how a call ended whose caller gave up, also when a library wrapped the reason', () => {
  const reason = new Error('gone');
  expect(judgeCancelled(reason)).toBe(verdicts.ignored);
  expect(judgeCancelled(reason, new Error('AbortError', { cause: reason }))).toBe(verdicts.ignored);
  expect(judgeCancelled(undefined, new Error('aborted'))).toBe(verdicts.ignored);
});

test('ignores a call whose caller gave up with an error of the framework that is no limit of time', () => {
  expect(judgeCancelled(failing())).toBe(verdicts.ignored);
  expect(judgeCancelled(failing({ retryable: true }), new Error('AbortError'))).toBe(verdicts.ignored);
});

test('counts a call against the callee when a limit of time cancelled it, but never tries it again', () => {
  expect(judgeCancelled(new DeadlineExceededError('call', 100))).toBe(verdicts.failure);
  const limit = failing({ timedOut: true, retryable: true });
  expect(judgeCancelled(limit, new Error('AbortError'))).toBe(verdicts.failure);
});
