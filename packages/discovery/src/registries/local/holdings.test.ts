import { expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { Holdings } from './holdings.js';

const limits = { maxInstances: 5, maxInstancesEach: 3, maxBytes: 2500, maxBytesEach: 1500 };

function entry(id: string, owner: string, text = '') {
  return { instance: anInstance({ id, metadata: { text } }), holder: `holder-of-${owner}`, owner };
}

test('lets one process fill no more than its share, and all together no more than there is', () => {
  const held = new Holdings(limits);
  for (const id of ['a1', 'a2', 'a3']) held.take(entry(id, 'a'));
  expect(() => held.take(entry('a4', 'a'))).toThrow('at most 3 instances of one process');
  for (const id of ['b1', 'b2']) held.take(entry(id, 'b'));
  expect(() => held.take(entry('b3', 'b'))).toThrow('at most 5 instances');
  held.drop('a1');
  held.take(entry('b3', 'b'));
  expect([...held.idsOf('a')]).toEqual(['a2', 'a3']);
});

test('counts bytes, and not characters, and takes what becomes smaller', () => {
  const held = new Holdings(limits);
  held.take(entry('a1', 'a', 'x'.repeat(1200)));
  expect(() => held.take(entry('a2', 'a', '€'.repeat(300)))).toThrow('at most 1500 bytes of instances of one process');
  held.take(entry('a1', 'a', 'x'.repeat(100)));
  held.take(entry('a2', 'a', '€'.repeat(100)));
  held.take(entry('b1', 'b', 'x'.repeat(1000)));
  expect(() => held.take(entry('c1', 'c', 'x'.repeat(1000)))).toThrow('at most 2500 bytes of instances;');
});

test('counts an instance for whoever has it now', () => {
  const held = new Holdings(limits);
  for (const id of ['a1', 'a2', 'a3']) held.take(entry(id, 'a'));
  held.take(entry('a3', 'b'));
  held.take(entry('a4', 'a'));
  expect([...held.idsOf('b')]).toEqual(['a3']);
});
