import { background, makeEnv } from '@fwk/kernel';
import { leakGuard } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { Expiry } from '../deadline/expiry.js';
import { WaitQueue } from './wait-queue.js';
import { waitTurn } from './wait-turn.js';

function build() {
  const guard = leakGuard();
  const queue = new WaitQueue();
  const left: number[] = [];
  const owner = {
    clock: guard.clock,
    expiry: new Expiry(makeEnv({ clock: guard.clock, path: 'shop' })),
    left: () => void left.push(queue.length),
  };
  const wait = (context = background) =>
    waitTurn(queue, context, owner).then(
      () => 'in',
      (error: Error) => error,
    );
  return { guard, queue, left, wait };
}

const reason = new Error('gave up');

test('lets in first who came first, and refuses last who came last', async () => {
  const { guard, queue, wait } = build();
  const [first, second, third] = [wait(), wait(), wait()];
  queue.shift()?.enter();
  queue.pop()?.refuse(reason);
  expect(await first).toBe('in');
  expect(await third).toBe(reason);
  expect(queue.length).toBe(1);
  queue.shift()?.enter();
  expect(await second).toBe('in');
  expect(queue.shift()).toBeUndefined();
  expect(queue.pop()).toBeUndefined();
  guard.check();
});

test.each([0, 1, 2])('lets whoever stands at place %i leave without the others losing theirs', async (place) => {
  const { guard, queue, left, wait } = build();
  const contexts = [0, 1, 2].map(() => guard.context());
  const waits = contexts.map(({ context }) => wait(context));
  contexts[place]?.cancel(reason);
  expect(await waits[place]).toBe(reason);
  expect(left).toEqual([2]);
  queue.shift()?.enter();
  queue.shift()?.enter();
  const others = waits.filter((_, at) => at !== place);
  expect(await Promise.all(others)).toEqual(['in', 'in']);
  expect(queue.length).toBe(0);
  guard.check();
});

test('ends at the deadline, named after the stack, and says how long it had', async () => {
  const { guard, wait } = build();
  const waiting = wait(background.with({ deadlineMs: 30 }));
  await guard.clock.advance(30);
  expect(await waiting).toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED', details: { what: 'shop', limitMs: 30 } });
  guard.check();
});
