import { describe, expect, test } from 'vitest';
import { background, type CallContext, cancellable } from '../context/call-context.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded-error.js';
import { type ErrorTraits, FwkError } from '../errors/fwk-error.js';
import { recordEvents } from '../testing/record-events.js';
import { type Classifier, concernsCallee, defaultClassifier, verdicts } from './classifier.js';
import { makeEnv } from './env.js';
import { judgeError, judgeResult } from './judge.js';

function envWith(classifier: Partial<Record<keyof Classifier, () => unknown>>) {
  const events = recordEvents();
  const env = makeEnv({
    events,
    path: 'shop/stock',
    classifier: { ...defaultClassifier, ...classifier } as Classifier,
  });
  return { env, events };
}

describe('a classifier', () => {
  test('is believed when it answers a verdict', () => {
    const { env, events } = envWith({ ofError: () => verdicts.ignored, ofResult: () => verdicts.overloaded });
    expect(judgeError(env, new Error('down'), background, ['asked'])).toBe(verdicts.ignored);
    expect(judgeResult(env, 'busy', background, ['asked'])).toBe(verdicts.overloaded);
    expect(events.names).toEqual([]);
  });

  test('is shown the context and what was asked, also of a result', () => {
    const seen: unknown[] = [];
    const look = (...args: unknown[]) => {
      seen.push(args);
      return verdicts.success;
    };
    const { env } = envWith({ ofError: look, ofResult: look } as never);
    const [error, request] = [new Error('down'), ['sku']];
    judgeError(env, error, background, request);
    judgeResult(env, 'answer', background, request);
    expect(seen).toEqual([
      [error, background, request],
      ['answer', background, request],
    ]);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('a bug');
      },
    ],
    ['answers nothing', () => undefined],
    ['answers no outcome', () => ({ retryable: true })],
    ['answers an outcome that is none', () => ({ outcome: 'maybe' })],
  ])('that %s counts the call as a failure, and is told of', (_, broken) => {
    const { env, events } = envWith({ ofError: broken, ofResult: broken });
    expect(judgeError(env, new Error('down'), background, ['asked'])).toBe(verdicts.failure);
    expect(judgeResult(env, 'answer', background, ['asked'])).toBe(verdicts.failure);
    expect(events.names).toEqual(['classifier.failed', 'classifier.failed']);
  });
});

describe('facts', () => {
  const { env } = envWith({ ofError: () => verdicts.retryableFailure });
  const judged = (traits: ErrorTraits, context: CallContext = background) =>
    judgeError(env, new FwkError('FWK_TEST_FACTS', 'of a test', { traits }), context, undefined);

  test('are added to whatever a classifier says: whether it was sent, who refused it, whether time was noticed late', () => {
    expect(judged({})).toBe(verdicts.retryableFailure);
    expect(judged({ notProcessed: true })).toEqual({ ...verdicts.retryableFailure, sent: false });
    expect(judged({ notProcessed: true, refusedBy: 'caller' })).toMatchObject({ sent: false, refusedBy: 'caller' });
    expect(judged({ refusedBy: 'callee' })).toMatchObject({ outcome: 'failure', refusedBy: 'callee' });
    expect(judged({ timedOut: true, noticedLate: true })).toMatchObject({ timedOut: true, noticedLate: true });
  });

  test('say that it was sent, that it was not, or nothing', () => {
    expect(judged({ notProcessed: false }).sent).toBe(true);
    expect(judged({ overloaded: true }).sent).toBeUndefined();
    // A layer that refuses has sent nothing, also where its error forgets to say so.
    expect(judged({ refusedBy: 'caller' }).sent).toBe(false);
    expect(judged({ refusedBy: 'caller', notProcessed: false }).sent).toBe(false);
  });

  test('hold how long the callee asked to wait, unless the classifier knows better', () => {
    expect(judged({ retryAfterMs: 50 }).retryAfterMs).toBe(50);
    const knowing = envWith({ ofError: () => ({ ...verdicts.overloaded, retryAfterMs: 7 }) }).env;
    const error = new FwkError('FWK_TEST_FACTS', 'of a test', { traits: { retryAfterMs: 50 } });
    expect(judgeError(knowing, error, background, undefined).retryAfterMs).toBe(7);
  });

  test('are not taken from the reason of a cancelled call, which may tell of an outer one', () => {
    const reason = new FwkError('FWK_TEST_OUTER', 'outer', { traits: { notProcessed: true, refusedBy: 'caller' } });
    const { context, cancel } = cancellable();
    cancel(reason);
    expect(judgeError(env, reason, context, undefined)).toBe(verdicts.retryableFailure);
    expect(judged({ notProcessed: true }, context)).toMatchObject({ sent: false });
  });

  test('tell of a limit that was noticed late also when it ended the call from outside', () => {
    const { context, cancel } = cancellable();
    cancel(new DeadlineExceededError('stock', 100, undefined, undefined, { noticedLate: true }));
    expect(judgeError(env, context.reason, context, undefined)).toMatchObject({ noticedLate: true });
    expect(judgeError(env, new Error('socket closed'), context, undefined)).toMatchObject({ noticedLate: true });
  });

  test('decide whether an ending says anything about the callee', () => {
    expect([verdicts.success, verdicts.failure, verdicts.ignored].map(concernsCallee)).toEqual([true, true, false]);
    expect(concernsCallee(judged({ notProcessed: true }))).toBe(true);
    expect(concernsCallee(judged({ refusedBy: 'callee', overloaded: true }))).toBe(true);
    expect(concernsCallee(judged({ refusedBy: 'caller' }))).toBe(false);
    expect(concernsCallee(judged({ noticedLate: true }))).toBe(false);
  });
});
