import { expect, test } from 'vitest';
import { combine } from './derived.js';
import { followersOf, isObserved, noteFollower } from './followers.js';
import { liveValue } from './live-source.js';

test('who follows a derived live value follows what it is derived from', () => {
  const [one, other] = [liveValue(1), liveValue(2)];
  const sum = combine([one, other.map((value) => value)], (a, b) => a + b);
  const noted = noteFollower(sum, { kind: 'policy', name: 'prices', touches: () => [] });
  expect(followersOf(sum)).toMatchObject([{ kind: 'policy', name: 'prices', touches: expect.any(Function) }]);
  expect([...followersOf(one), ...followersOf(other)]).toEqual([
    { kind: 'policy', name: 'prices' },
    { kind: 'policy', name: 'prices' },
  ]);
  noted[Symbol.dispose]();
  expect([sum, one, other].flatMap(followersOf)).toEqual([]);
});

test('one name counts once, and stays as long as the last who brought it', () => {
  const live = liveValue(1);
  const first = noteFollower(live, { kind: 'component', name: 'shop' });
  noteFollower(live, { kind: 'component', name: 'shop' });
  noteFollower(live, { kind: 'listener', name: 'shop' });
  first[Symbol.dispose]();
  expect(followersOf(live).map(({ kind }) => kind)).toEqual(['component', 'listener']);
});

test('a derived live value says whether anybody listens', () => {
  const mapped = liveValue(1).map((value) => value + 1);
  expect(isObserved(mapped)).toBe(false);
  const listening = mapped.subscribe(() => {});
  expect(isObserved(mapped)).toBe(true);
  listening[Symbol.dispose]();
  expect(isObserved(mapped)).toBe(false);
});
