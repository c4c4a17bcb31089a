import { background, liveValue } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import type { NoEndpointError } from '../errors.js';
import { balancedService, endpointAt } from '../fixtures/balanced-service.js';
import { routeKey } from '../membership/call-route.js';
import { roundRobin } from '../pick/round-robin.js';
import type { Router } from '../pick/router.js';
import { routing } from './routing.js';

const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('a balanced service with a router', () => {
  const members = () => [
    endpointAt(1, { version: '2.3.0' }),
    endpointAt(2, { version: '2.3.0' }),
    endpointAt(3, { version: '2.4.0-rc' }),
  ];

  test('follows a split that is widened while it is called, and every key of the widened group stays', async () => {
    const split = (canary: number) => routing({ split: { '2.3.0': 100 - canary, '2.4.0-rc': canary } });
    const live = liveValue<Router | undefined>(split(20));
    const { service } = balancedService(members(), { routing: live });
    const canaries = async () => {
      const found = new Set<number>();
      for (let user = 0; user < 200; user++) {
        const context = background.with({ values: [routeKey.of({ key: `user-${user}` })] });
        if ((await service.call('?', context)) === 3) found.add(user);
      }
      return found;
    };
    const before = await canaries();
    live.set(split(60));
    const after = await canaries();
    expect(before.size).toBeGreaterThan(20);
    expect(after.size).toBeGreaterThan(before.size + 50);
    expect([...before].filter((user) => !after.has(user))).toEqual([]);
  });

  test('says which versions run when nobody runs the wanted one', async () => {
    const { service } = balancedService([...members(), endpointAt(4, { status: 'DRAINING' })], {
      routing: routing({ version: '^3' }),
    });
    const error = (await service.call('?', background).catch((thrown: Error) => thrown)) as NoEndpointError;
    expect(error.code).toBe('FWK_DISCOVERY_NO_ENDPOINT');
    expect(error.message).toContain(
      '4 known, all left out (2 version 2.3.0 instead of ^3, 1 version 2.4.0-rc instead of ^3, 1 draining)',
    );
  });

  test('says what to start, or where to look, when nobody is there', async () => {
    const { service } = balancedService([]);
    await expect(service.call('?', background)).rejects.toThrow(
      'inventory: no instance is known; start an application of the name "inventory", or name in the client\'s `service` the one that has it',
    );
    const { service: draining } = balancedService([endpointAt(4, { status: 'DRAINING' })]);
    await expect(draining.call('?', background)).rejects.toThrow('; look at /manage/endpoints for the reasons');
  });

  test('tells other programs by which rules endpoints were left out, and names few of many reasons', async () => {
    const many = Array.from({ length: 30 }, (_, index) => endpointAt(index + 1, { version: `2.${index}.0` }));
    const { service } = balancedService(many, { routing: routing({ version: '^3' }) });
    const error = (await service.call('?', background).catch((thrown: Error) => thrown)) as NoEndpointError;
    expect(error.details.filtered).toEqual({ version: 30 });
    expect(error.message).toContain('1 version 2.7.0 instead of ^3, 22 for other reasons)');
  });

  test('sends the calls of a group whose only endpoint is dead to the others, and back when it is well', async () => {
    const { service, down, calls, clock, served } = balancedService(members(), {
      routing: routing({ split: { '2.3.0': 50, '2.4.0-rc': 50 } }),
    });
    down.set(3, refused);
    await calls(20);
    served.length = 0;
    expect((await calls(50)).filter((outcome) => outcome instanceof Error)).toEqual([]);
    down.delete(3);
    await clock.advance(120_000);
    await service.call('?', background);
    served.length = 0;
    await calls(100);
    expect(served.filter((port) => port === 3).length).toBeGreaterThan(20);
  });

  test('fails over to the next priority when the first is dead, and comes back', async () => {
    const { down, calls, clock, served, events } = balancedService(
      [1, 2, 3, 4].map((port) => endpointAt(port, { metadata: { priority: port <= 2 ? '0' : '1' } })),
      { routing: routing(), balancer: roundRobin() },
    );
    expect(new Set(await calls(20))).toEqual(new Set([1, 2]));
    down.set(1, refused);
    down.set(2, refused);
    await calls(20);
    served.length = 0;
    const outcomes = await calls(40);
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
    expect(new Set(served)).toEqual(new Set([3, 4]));
    expect(events.names).toContain('routing.failed-over');
    down.clear();
    await clock.advance(120_000);
    await calls(50);
    served.length = 0;
    await calls(40);
    expect(new Set(served)).toEqual(new Set([1, 2]));
  });

  test('leaves a retry the other endpoints of its route', async () => {
    const { service } = balancedService(members(), { routing: routing({ version: '2.3.0' }) });
    const context = background.with({ values: [routeKey.of({ avoid: ['inventory-1'] })] });
    for (let call = 0; call < 20; call++) expect(await service.call('?', context)).toBe(2);
  });
});
