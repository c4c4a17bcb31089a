import { expect, test } from 'vitest';
import { BoundedKeys } from './bounded-keys.js';

function build(maxKeys: number, idle: (value: string) => boolean = () => false) {
  const made: string[] = [];
  const keys = new BoundedKeys<string>(maxKeys, idle);
  const get = (key: string) =>
    keys.get(key, 0, () => {
      made.push(key);
      return key;
    });
  return { made, get };
}

test('makes a value once a key', () => {
  const { made, get } = build(10);
  expect([get('a'), get('b'), get('a')]).toEqual(['a', 'b', 'a']);
  expect(made).toEqual(['a', 'b']);
});

test('forgets the one used least recently when there are too many', () => {
  const { made, get } = build(2);
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) get(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
});

test('forgets what is idle when a new key comes, up to the first that is in use', () => {
  const { made, get } = build(10, (key) => key !== 'used');
  for (const key of ['idle', 'used', 'behind', 'new']) get(key);
  for (const key of ['used', 'behind', 'idle']) get(key);
  expect(made).toEqual(['idle', 'used', 'behind', 'new', 'idle']);
});
