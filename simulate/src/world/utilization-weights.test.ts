import { background } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { simulation } from '../engine/simulation.js';
import { fleet } from './fleet.js';
import { SharingServer } from './sharing-server.js';
import { utilizationWeights } from './utilization-weights.js';

test('takes turns at first, and then by what each server answers for its work', async () => {
  const world = simulation(1);
  const servers = [20, 10].map((workMs) => new SharingServer(world, 4, () => workMs));
  const balancer = utilizationWeights(world, servers)();
  const service = fleet(world, servers, { delayMs: 0, balancer, ejection: false });
  const sent = async (untilMs: number) => {
    const before = servers.map(({ answered }) => answered);
    for (; world.clock.now() < untilMs; ) {
      void service.call('request', background);
      await world.clock.runUntil(world.clock.now() + 50);
    }
    return servers.map(({ answered }, index) => answered - (before[index] as number));
  };
  expect(await sent(1000)).toEqual([10, 10]);
  // A call of the second server is half the work.
  expect(await sent(4000)).toEqual([20, 40]);
});
