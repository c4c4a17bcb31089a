import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { exitAfter } from './exit-after.js';

test('the process ends when the last of several has ended, with the worst code', async () => {
  const exits: number[] = [];
  const host = { exit: (code: number) => void exits.push(code) };
  const clock = fakeClock();
  let finish = (_: number) => {};
  exitAfter(host, Promise.resolve(0));
  exitAfter(host, Promise.reject(new Error('no')));
  exitAfter(host, new Promise((resolve) => (finish = resolve)));
  await clock.settle();
  expect(exits).toEqual([]);
  finish(0);
  await clock.settle();
  expect(exits).toEqual([1]);
});
