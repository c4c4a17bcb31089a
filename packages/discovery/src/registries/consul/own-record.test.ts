import { describe, expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { OwnRecord, type OwnState, type ownTransitions } from './own-record.js';

const instance = anInstance();
const other = anInstance({ status: 'DRAINING' });

/** A record that came to a state as it does in life. */
function recordIn(state: OwnState): OwnRecord {
  const record = new OwnRecord(instance.id);
  const steps: readonly (() => void)[] = [
    () => record.claim(),
    () => record.write(instance),
    () => record.hold('first'),
    () => record.write(instance),
  ];
  const length = { unclaimed: 0, claiming: 1, refused: 1, proving: 2, held: 3, changing: 4 }[state];
  for (const step of steps.slice(0, length)) step();
  if (state === 'refused') record.refuse('taken');
  return record;
}

const make: Readonly<Record<keyof typeof ownTransitions, (record: OwnRecord) => void>> = {
  claim: (record) => record.claim(),
  write: (record) => record.write(other),
  hold: (record) => record.hold('first'),
  fail: (record) => record.fail('no answer'),
  doubt: (record) => record.doubt(),
  refuse: (record) => record.refuse('taken'),
};

const states: readonly OwnState[] = ['unclaimed', 'claiming', 'proving', 'held', 'changing', 'refused'];

describe('each step leads to one state from each state', () => {
  // Written out, so that a change of the table is a change of two places.
  test.each<[keyof typeof ownTransitions, readonly OwnState[]]>([
    ['claim', ['claiming', 'claiming', 'proving', 'held', 'changing', 'claiming']],
    ['write', ['unclaimed', 'proving', 'proving', 'changing', 'changing', 'refused']],
    ['hold', ['unclaimed', 'claiming', 'held', 'held', 'held', 'refused']],
    ['fail', ['unclaimed', 'unclaimed', 'unclaimed', 'held', 'held', 'refused']],
    ['doubt', ['unclaimed', 'claiming', 'proving', 'unclaimed', 'unclaimed', 'refused']],
    ['refuse', ['unclaimed', 'refused', 'refused', 'held', 'changing', 'refused']],
  ])('%s', (step, expected) => {
    const found = states.map((state) => {
      const record = recordIn(state);
      expect(record.state).toBe(state);
      make[step](record);
      return record.state;
    });
    expect(found).toEqual(expected);
  });
});

test('is busy while something is under way, and at no other time', () => {
  expect(states.filter((state) => recordIn(state).isBusy)).toEqual(['claiming', 'proving', 'changing']);
});

test('does not wait for somebody who was found to have the id before', () => {
  expect(states.filter((state) => !recordIn(state).claim())).toEqual(['refused']);
});

test('holds what may stand at the agent, and nothing once somebody else has the id', () => {
  const record = recordIn('claiming');
  expect(record.written).toBeUndefined();
  record.write(instance);
  expect(record.written).toBe(instance);
  record.fail('no answer');
  expect(record.written).toBe(instance);
  record.claim();
  record.failing = true;
  record.outOfService = true;
  record.refuse('taken');
  expect(record).toMatchObject({ written: undefined, failing: false, outOfService: false, trouble: 'taken' });
});

test('holds what stood there before when Consul did not take the new facts', () => {
  const record = recordIn('held');
  const takeBack = record.write(other);
  takeBack();
  record.fail('Consul says: no');
  expect(record).toMatchObject({ state: 'held', written: instance, trouble: 'Consul says: no' });
  record.write(other);
  record.hold();
  expect(record).toMatchObject({ state: 'held', written: other, trouble: undefined });
});

test('was held once it was ours, whatever became of it', () => {
  const record = recordIn('proving');
  expect(record.wasHeld).toBe(false);
  record.hold('unknown');
  record.doubt();
  record.claim();
  record.refuse('taken');
  expect(record.wasHeld).toBe(true);
});

test('asks the servers with every tenth renewal, and with each one while they could not say', () => {
  const record = recordIn('held');
  const dues = (count: number) => Array.from({ length: count }, () => record.isLookDue());
  expect(dues(20).flatMap((due, at) => (due ? at + 1 : []))).toEqual([10, 20]);
  record.lookSoon();
  expect(dues(2)).toEqual([true, false]);
  const unknown = recordIn('proving');
  unknown.hold('unknown');
  expect(unknown.isLookDue()).toBe(true);
});
