import { expect, test } from 'vitest';
import { type Follower, follow, leadFollower, tellAnswer, tellFailure, thenTold, toldBy } from './settlement.js';

const failure = new Error('down');

/** Followers that write down what they are told; some take the call over. */
function followers() {
  const seen: [name: string, ending: unknown][] = [];
  const make = (name: string, takeOver?: () => Promise<number>): Follower<number> => ({
    next: undefined,
    answered: (value) => {
      seen.push([name, value]);
      return takeOver?.();
    },
    failed: (error) => {
      seen.push([name, error]);
      return takeOver?.();
    },
  });
  return { seen, make };
}

/** A promise that tells by itself, as that of a layer which settles one. */
function telling() {
  const lead = leadFollower<number>();
  let settle: { resolve: (value: number | Promise<number>) => void; reject: (error: unknown) => void } | undefined;
  const promise = new Promise<number>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const answer = (value: number) => settle?.resolve(tellAnswer(lead, value));
  const fail = (error: unknown) => {
    const taken = tellFailure(lead, error);
    if (taken) settle?.resolve(taken);
    else settle?.reject(error);
  };
  return { promise: toldBy(promise, lead), answer, fail };
}

test('followers of a promise that tells by itself are told at once, the innermost first, and it stays the same promise', async () => {
  const { seen, make } = followers();
  const { promise, answer } = telling();
  expect(follow(promise, make('inner'))).toBe(promise);
  expect(follow(promise, make('outer'))).toBe(promise);
  answer(7);
  expect(seen).toEqual([
    ['inner', 7],
    ['outer', 7],
  ]);
  expect(await promise).toBe(7);
});

test('followers of any other promise share one, which ends as it does once all have been told', async () => {
  const { seen, make } = followers();
  const answered = follow(Promise.resolve(1), make('inner'));
  expect(follow(answered, make('outer'))).toBe(answered);
  const failing = follow(Promise.reject<number>(failure), make('failed'));
  expect(await answered).toBe(1);
  await expect(failing).rejects.toBe(failure);
  expect(seen.filter(([name]) => name !== 'failed')).toEqual([
    ['inner', 1],
    ['outer', 1],
  ]);
  expect(seen.filter(([name]) => name === 'failed')).toEqual([['failed', failure]]);
});

test.each(['answers', 'fails'])('who takes over a call that %s decides how it ends for all outside', async (how) => {
  const { seen, make } = followers();
  const { promise, answer, fail } = telling();
  follow(promise, make('inner'));
  follow(
    promise,
    make('taker', () => Promise.resolve(42)),
  );
  follow(promise, make('outer'));
  if (how === 'answers') answer(1);
  else fail(failure);
  const first = how === 'answers' ? 1 : failure;
  expect(seen).toEqual([
    ['inner', first],
    ['taker', first],
  ]);
  expect(await promise).toBe(42);
  expect(seen.slice(2)).toEqual([['outer', 42]]);
});

test('a call that was taken over can be taken over once more further outside', async () => {
  const { seen, make } = followers();
  const { promise, fail } = telling();
  follow(
    promise,
    make('first', () => Promise.reject(failure)),
  );
  follow(
    promise,
    make('second', () => Promise.resolve(2)),
  );
  follow(promise, make('outer'));
  fail(new Error('other'));
  expect(await promise).toBe(2);
  expect(seen.slice(1)).toEqual([
    ['second', failure],
    ['outer', 2],
  ]);
});

test('who follows after the others were told is told all the same', async () => {
  const { seen, make } = followers();
  const { promise, answer } = telling();
  answer(3);
  expect(await follow(promise, make('late'))).toBe(3);
  const broken = telling();
  follow(broken.promise, make('early'));
  broken.fail(failure);
  await expect(follow(broken.promise, make('late'))).rejects.toBe(failure);
  expect(seen).toEqual([
    ['late', 3],
    ['early', failure],
    ['late', failure],
  ]);
});

test('who follows after a call was taken over is told how that ended', async () => {
  const { seen, make } = followers();
  const { promise, fail } = telling();
  follow(
    promise,
    make('taker', () => new Promise((resolve) => setImmediate(() => resolve(5)))),
  );
  fail(failure);
  expect(await follow(promise, make('late'))).toBe(5);
  expect(seen.at(-1)).toEqual(['late', 5]);
});

test('the failure of a followed promise is reported as unhandled only when nobody handles the one that was handed on', async () => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listen);
  const { make } = followers();
  await follow(follow(Promise.reject<number>(failure), make('a')), make('b')).catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', listen);
  expect(unhandled).toEqual([]);
});

test.each<[string, (value: number) => number | Promise<number>]>([
  ['at once', (value) => value + 1],
  ['later', async (value) => value + 1],
])('what is read of an answer %s is told, and ends the promise', async (_, read) => {
  const { seen, make } = followers();
  const answer = thenTold(Promise.resolve(1), read);
  expect(follow(answer, make('outer'))).toBe(answer);
  expect(await answer).toBe(2);
  expect(seen).toEqual([['outer', 2]]);
});

test.each<[string, () => Promise<number>, () => number | Promise<number>]>([
  ['there was none', () => Promise.reject(failure), () => 1],
  [
    'reading throws',
    () => Promise.resolve(1),
    () => {
      throw failure;
    },
  ],
  ['reading rejects', () => Promise.resolve(1), () => Promise.reject(failure)],
])('an answer that cannot be read fails the promise for all who follow: %s', async (_, answered, read) => {
  const { seen, make } = followers();
  const answer = thenTold(answered(), read);
  follow(answer, make('inner'));
  follow(
    answer,
    make('taker', () => Promise.resolve(9)),
  );
  expect(await answer).toBe(9);
  expect(seen).toEqual([
    ['inner', failure],
    ['taker', failure],
  ]);
});
