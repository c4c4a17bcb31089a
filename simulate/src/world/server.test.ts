import { background, cancellable } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { simulation } from '../engine/simulation.js';
import { type ServerOptions, simulatedServer } from './server.js';

/** A server whose every request takes 10 ms, and a note of each answer. */
function setUp(options: Partial<ServerOptions> = {}) {
  const world = simulation(1);
  const server = simulatedServer(world, { workers: 2, serviceMs: () => 10, ...options });
  const ended: string[] = [];
  const send = (name: string, context = background) =>
    server.call(name, context).then(
      () => void ended.push(`${name} answered at ${world.clock.now()}`),
      (error: Error) => void ended.push(`${name} failed at ${world.clock.now()}: ${error.message}`),
    );
  return { world, server, ended, send };
}

test('works on as many as it has workers and lets the others wait in order', async () => {
  const { world, server, ended, send } = setUp();
  for (const name of ['a', 'b', 'c', 'd', 'e']) void send(name);
  expect([server.working, server.waiting]).toEqual([2, 3]);
  await world.clock.runUntil(25);
  expect(ended).toEqual(['a answered at 10', 'b answered at 10', 'c answered at 20', 'd answered at 20']);
  expect([server.working, server.waiting]).toEqual([1, 0]);
});

test('takes fewer from the queue once workers are gone, and ends what it has begun', async () => {
  const { world, server, ended, send } = setUp();
  world.at(5, () => {
    server.workers = 1;
  });
  for (const name of ['a', 'b', 'c', 'd']) void send(name);
  await world.clock.runUntil(100);
  expect(ended.map((line) => line.split(' at ')[1])).toEqual(['10', '10', '20', '30']);
});

test('refuses what its queue cannot hold as overload that was not processed', async () => {
  const { world, server, ended, send } = setUp({ maxQueue: 1 });
  for (const name of ['a', 'b', 'c']) void send(name);
  await expect(server.call('d', background)).rejects.toMatchObject({
    traits: { overloaded: true, notProcessed: true },
  });
  await world.clock.runUntil(100);
  expect(ended).toHaveLength(3);
});

test('fails every request after the time given, for as long as it is broken', async () => {
  const { world, server, ended, send } = setUp();
  server.failsAfterMs = 1;
  void send('a');
  world.at(5, () => {
    server.failsAfterMs = undefined;
    void send('b');
  });
  await world.clock.runUntil(100);
  expect(ended).toEqual(['a failed at 1: broken', 'b answered at 15']);
});

test.each([
  [false, 'works for callers who have left', 30],
  [true, 'stops working for callers who have left, and skips them in the queue', 13],
])('told to stop on cancellation: %s; %s', async (stopsOnCancel, _what, answeredMs) => {
  const { world, ended, send } = setUp({ workers: 1, stopsOnCancel });
  const { context, cancel } = cancellable();
  void send('a', context);
  void send('b', context);
  void send('c');
  world.at(3, () => cancel(new Error('gone')));
  await world.clock.runUntil(100);
  expect(ended.toSorted()).toEqual(['a failed at 3: gone', 'b failed at 3: gone', `c answered at ${answeredMs}`]);
});

test('keeps its order over many thousand requests', async () => {
  const { world, ended, send } = setUp({ workers: 1 });
  for (let index = 0; index < 5000; index++) void send(String(index));
  await world.clock.runUntil(60_000);
  expect(ended.map((line) => Number(line.split(' ')[0]))).toEqual([...Array(5000).keys()]);
});
