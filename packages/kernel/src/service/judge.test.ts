import { describe, expect, test } from 'vitest';
import { background } from '../context/call-context.js';
import { recordEvents } from '../testing/record-events.js';
import { type Classifier, defaultClassifier, verdicts } from './classifier.js';
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
