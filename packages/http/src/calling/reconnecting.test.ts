import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { Reconnecting } from './reconnecting.js';

/** An endpoint to which connections are made at certain times; `drawn` is the random number. */
function setUp(drawn = 0.999_999) {
  const clock = fakeClock();
  const trials: number[] = [];
  const reconnecting = new Reconnecting(
    { clock, random: () => drawn },
    () => void trials.push(Math.round(clock.now())),
  );
  /** Lets each trial of the next `ms` milliseconds fail. */
  const fail = async (ms: number) => {
    for (let seen = 0; clock.now() < ms; await clock.advance(100)) {
      if (trials.length > seen) reconnecting.failed();
      seen = trials.length;
    }
  };
  return { clock, trials, reconnecting, fail };
}

describe('after a connection was lost', () => {
  test('another is tried at once, then in growing intervals up to half a minute', async () => {
    const { reconnecting, trials, fail, clock } = setUp();
    reconnecting.begin(true);
    expect(trials).toEqual([0]);
    await fail(150_000);
    const intervals = trials.slice(1).map((at, index) => Math.round((at - (trials[index] as number)) / 1000));
    expect(intervals.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 30, 30]);
    reconnecting.made();
    expect(clock.pending).toBe(0);
  });

  test('the first trial waits where the peer does not answer', async () => {
    const { reconnecting, trials, clock } = setUp(0);
    reconnecting.begin(false);
    await clock.advance(499);
    expect(trials).toEqual([]);
    await clock.advance(1);
    expect(trials).toEqual([500]);
  });

  test('it is lost until another was made, and the next loss begins anew', async () => {
    const { reconnecting, trials, fail, clock } = setUp();
    expect(reconnecting.lost).toBe(false);
    reconnecting.begin(true);
    await fail(5000);
    expect(reconnecting.lost).toBe(true);
    reconnecting.made();
    expect(reconnecting.lost).toBe(false);
    const before = trials.length;
    reconnecting.begin(true);
    reconnecting.failed();
    await clock.advance(1000);
    expect(trials.length).toBe(before + 2);
  });

  test('further losses and failures while it is tried again change nothing', async () => {
    const { reconnecting, trials, clock } = setUp();
    reconnecting.begin(true);
    reconnecting.begin(true);
    reconnecting.failed();
    reconnecting.failed();
    expect(trials).toEqual([0]);
    expect(clock.pending).toBe(1);
  });

  test('nothing is tried once it is closed', async () => {
    const { reconnecting, trials, clock } = setUp();
    reconnecting.begin(true);
    reconnecting.failed();
    reconnecting.close();
    expect(clock.pending).toBe(0);
    reconnecting.failed();
    reconnecting.begin(true);
    await clock.advance(60_000);
    expect(trials).toEqual([0]);
    expect(reconnecting.lost).toBe(false);
  });
});

test('a connection that could not be made, where none was lost, is not tried again', async () => {
  const { reconnecting, trials, clock } = setUp();
  reconnecting.failed();
  await clock.advance(60_000);
  expect(trials).toEqual([]);
  expect(reconnecting.lost).toBe(false);
});
