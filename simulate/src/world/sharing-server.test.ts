import { background, cancellable } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { simulation } from '../engine/simulation.js';
import { SharingServer } from './sharing-server.js';

/** A server with two cores; the calls have these amounts of work in turn. */
function setUp(...works: number[]) {
  const world = simulation(1);
  const server = new SharingServer(world, 2, () => works.shift() ?? 0);
  const ended: string[] = [];
  const send = (name: string, context = background) =>
    void server.call(name, context).then(
      () => ended.push(`${name} at ${world.clock.now()}`),
      () => ended.push(`${name} gave up at ${world.clock.now()}`),
    );
  return { world, server, ended, send };
}

test('gives each call a core while there are enough, and an equal share of them otherwise', async () => {
  const { world, server, ended, send } = setUp(10, 10, 20, 20);
  send('a');
  send('b');
  await world.clock.runUntil(10);
  expect(ended).toEqual(['a at 10', 'b at 10']);
  for (const name of ['c', 'd', 'e']) send(name);
  // Of the last there is no work.
  await world.clock.runUntil(100);
  expect(ended.slice(2)).toEqual(['e at 10', 'c at 30', 'd at 30']);
  expect([server.workedMs, server.answered]).toEqual([60, 5]);
});

test('works more slowly from the moment on which it has fewer cores', async () => {
  const { world, server, ended, send } = setUp(20, 20);
  send('a');
  send('b');
  world.at(10, () => {
    server.cores = 1;
  });
  await world.clock.runUntil(100);
  expect(ended).toEqual(['a at 30', 'b at 30']);
});

test('drops a call whose caller has left, and the others have its share', async () => {
  const { world, server, ended, send } = setUp(30, 30, 30);
  const { context, cancel } = cancellable();
  send('a');
  send('b');
  send('c', context);
  world.at(15, () => cancel());
  await world.clock.runUntil(100);
  // Ten of the first fifteen milliseconds for each.
  expect(ended).toEqual(['c gave up at 15', 'a at 35', 'b at 35']);
  expect(server.load.inFlight).toBe(0);
});

test('tells its load without the call that is answered', async () => {
  const { world, server, send } = setUp(10, 20);
  send('a');
  send('b');
  await world.clock.runUntil(10);
  expect(server.load.inFlight).toBe(1);
});
