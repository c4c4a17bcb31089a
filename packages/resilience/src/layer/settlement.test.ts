import { expect, test } from 'vitest';
import { announceAnswer, announceFailure, observe, willAnnounce } from './settlement.js';

function watched() {
  const seen: unknown[] = [];
  const watch = (promise: Promise<number>, who: string) =>
    observe(
      promise,
      (value) => seen.push([who, value]),
      (error) => seen.push([who, error]),
    );
  return { seen, watch };
}

test('who looks at an announced promise is told once, on the turn in which it settles', async () => {
  const { seen, watch } = watched();
  let resolve: (value: number) => void = () => {};
  const promise = new Promise<number>((settle) => {
    resolve = settle;
  });
  willAnnounce(promise);
  watch(promise, 'first');
  watch(promise, 'second');
  resolve(7);
  announceAnswer(promise, 7);
  expect(seen).toEqual([
    ['second', 7],
    ['first', 7],
  ]);
  await promise;
  expect(seen).toHaveLength(2);
});

test('who looks at any other promise is told as by then', async () => {
  const { seen, watch } = watched();
  const failure = new Error('down');
  const failing = Promise.reject(failure);
  watch(Promise.resolve(1), 'answered');
  watch(failing, 'failed');
  await failing.catch(() => {});
  expect(seen).toEqual([
    ['answered', 1],
    ['failed', failure],
  ]);
});

test('who comes after the announcement is told all the same', async () => {
  const { seen, watch } = watched();
  const failure = new Error('down');
  const promise = Promise.reject<number>(failure);
  willAnnounce(promise);
  announceFailure(promise, failure);
  watch(promise, 'late');
  await promise.catch(() => {});
  expect(seen).toEqual([['late', failure]]);
});
