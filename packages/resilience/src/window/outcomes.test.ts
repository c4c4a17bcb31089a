import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CountOutcomes } from './count-outcomes.js';
import type { OutcomeWindow } from './outcome-window.js';
import { TimeOutcomes } from './time-outcomes.js';

interface Call {
  readonly failed: boolean;
  readonly slow: boolean;
}

const call = fc.record({ failed: fc.boolean(), slow: fc.boolean() });

function countsOf(calls: readonly Call[]) {
  return {
    calls: calls.length,
    failures: calls.filter(({ failed }) => failed).length,
    slow: calls.filter(({ slow }) => slow).length,
  };
}

function shown({ calls, failures, slow }: OutcomeWindow) {
  return { calls, failures, slow };
}

describe('a window over a number of calls', () => {
  test('shows exactly the last calls', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(call, { maxLength: 100 }), (size, calls) => {
        const window = new CountOutcomes(size);
        calls.forEach(({ failed, slow }, index) => {
          window.record(0, failed, slow);
          expect(shown(window)).toEqual(countsOf(calls.slice(0, index + 1).slice(-size)));
        });
      }),
    );
  });

  test('starts again after it was cleared', () => {
    const window = new CountOutcomes(3);
    for (let index = 0; index < 5; index++) window.record(0, true, true);
    window.clear();
    window.record(0, false, false);
    expect(shown(window)).toEqual({ calls: 1, failures: 0, slow: 0 });
  });
});

describe('a window over a stretch of time', () => {
  test('shows the calls of the last slices', () => {
    const window = new TimeOutcomes(1000, 10);
    window.record(0, true, false);
    window.record(500, false, true);
    expect(shown(window)).toEqual({ calls: 2, failures: 1, slow: 1 });
    window.advance(1000);
    expect(shown(window)).toEqual({ calls: 1, failures: 0, slow: 1 });
    window.clear();
    expect(shown(window)).toEqual({ calls: 0, failures: 0, slow: 0 });
  });
});
