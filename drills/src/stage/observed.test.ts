import { expect, test } from 'vitest';
import type { CallRecord } from './messages.js';
import { Observed } from './observed.js';

const callAt = (dueMs: number, tookMs: number, error?: string): CallRecord => ({
  ...{ kind: dueMs % 2 === 0 ? 'read' : 'write', dueMs, tookMs },
  ...(error !== undefined && { error }),
});
const attemptAt = (startMs: number) => ({ port: 1, startMs, endMs: startMs + 1 });

test('divides attempts by calls, counts attempts without an HTTP request as Mux, and takes the nearest rank for quantiles', () => {
  const calls = Array.from({ length: 100 }, (_, index) => callAt(index, index + 1, index > 97 ? 'gone' : undefined));
  const attempts = Array.from({ length: 110 }, (_, index) => attemptAt(index));
  const seen = new Observed({
    calls,
    attempts,
    httpAtMs: [1, 2, 3, 104, 105].concat(Array(17).fill(9)),
    retriesAtMs: [5, 105],
  });
  expect(seen.figures()).toEqual({
    ...{ requests: 100, failed: 2, retried: 2, p50Ms: 50, p99Ms: 99 },
    ...{ amplification: 1.1, muxShare: 0.8 },
  });
  expect([seen.failed('read'), seen.failed('write')]).toEqual([1, 1]);
  expect([...seen.errors()]).toEqual([['gone', 2]]);
});

test('looks at a stretch of time by when calls were due, the beginning included and the end not', () => {
  const seen = new Observed({
    calls: [callAt(1, 50), callAt(2, 5), callAt(3, 5)],
    attempts: [attemptAt(1), attemptAt(2)],
    httpAtMs: [1],
    retriesAtMs: [1, 3],
  });
  expect(seen.between(2, 3).figures()).toMatchObject({ requests: 1, retried: 0, p99Ms: 5, muxShare: 1 });
});
