import { expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { StreamIntake } from './stream-intake.js';
import type { Hello, StreamEvent } from './wire.js';

const [one, two, three] = ['i1', 'i2', 'i3'].map((id) => ({ instance: anInstance({ id }), holder: 'holder-one' }));
const list = (...entries: unknown[]) => ({ kind: 'list', entries, overrides: new Map() }) as StreamEvent;
const put = (version: number, entry: unknown) => ({ kind: 'put', version, entry }) as StreamEvent;
const current: StreamEvent = { kind: 'current' };

function hello(resumed: boolean): StreamEvent {
  const greeting: Hello = { epoch: 'epoch-one', version: 1, holder: 'holder-one', ttlMs: 3000, resumed };
  return { kind: 'hello', hello: greeting };
}

test('hands over a list in parts as one, with what changed while it came, once it is current', () => {
  const intake = new StreamIntake();
  expect(intake.take(hello(false))).toEqual([hello(false)]);
  for (const event of [list(one), list(two), put(2, three)]) expect(intake.take(event)).toEqual([]);
  expect(intake.take(current)).toEqual([
    { kind: 'snapshot', entries: [one, two], overrides: new Map() },
    put(2, three),
  ]);
  expect(intake.take(put(3, one))).toEqual([put(3, one)]);
});

test('hands over what was missed at once, without a list', () => {
  const intake = new StreamIntake();
  intake.take(hello(true));
  expect(intake.take(put(2, one))).toEqual([]);
  expect(intake.take(put(3, two))).toEqual([]);
  expect(intake.take(current)).toEqual([put(2, one), put(3, two)]);
});

test('forgets a list that is begun anew', () => {
  const intake = new StreamIntake();
  for (const event of [hello(false), list(one), put(2, two), hello(false), list(three)]) intake.take(event);
  expect(intake.take(current)).toEqual([{ kind: 'snapshot', entries: [three], overrides: new Map() }]);
});

test('hears that the registry closes in the middle of a list', () => {
  const intake = new StreamIntake();
  intake.take(hello(false));
  expect(intake.take({ kind: 'closing' })).toEqual([{ kind: 'closing' }]);
});

test('refuses a list that nobody announced', () => {
  expect(() => new StreamIntake().take(list(one))).toThrow('nothing was to follow');
});
