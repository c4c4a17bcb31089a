import { background, liveValue, OptionsError } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { balancedService, endpointAt } from '../fixtures/balanced-service.js';
import { routeKey } from '../membership/call-route.js';
import type { EjectionOptions } from '../outlier/ejection-options.js';
import type { Balancer, Candidate, Picker } from '../pick/balancer.js';
import { p2c } from '../pick/p2c.js';
import { roundRobin } from '../pick/round-robin.js';
import type { Router } from '../pick/router.js';

const failed = () => new Error('broken');

/** Sends every call to the candidate at this port. */
function always(port: number): Balancer {
  return { ...roundRobin(), role: `always-${port}`, picker: (candidates) => only(candidates, port) };
}

function only(candidates: readonly Candidate[], port: number): Picker {
  return { pick: () => candidates.find(({ endpoint }) => endpoint.port === port) };
}

describe('a live balancer', () => {
  test('is taken over at once, and what is known of endpoints stays', async () => {
    const balancer = liveValue<Balancer>(always(1));
    const { service, calls, down } = balancedService([1, 2, 3], { balancer });
    down.set(1, failed);
    await calls(2);
    balancer.set(always(2));
    expect(await calls(2)).toEqual([2, 2]);
    expect(service.report().find(({ endpoint }) => endpoint === 'inventory-1')?.load).toBe(0);
  });

  test('keeps what was measured where both measure alike', async () => {
    const balancer = liveValue<Balancer>(p2c());
    const { service, calls, down } = balancedService([1], { balancer });
    down.set(1, failed);
    await calls(1);
    balancer.set(p2c({ failureMs: 1 }));
    expect(service.report().map(({ load }) => load)).toEqual([5000]);
    balancer.set(roundRobin());
    balancer.set(p2c());
    expect(service.report().map(({ load }) => load)).toEqual([30]);
  });

  test('is described as it is now, and let go of when the service is disposed of', async () => {
    const balancer = liveValue<Balancer>(always(1));
    const { service, calls } = balancedService([1, 2], { balancer });
    await calls(1);
    await service[Symbol.asyncDispose]();
    let made = 0;
    balancer.set({
      ...roundRobin(),
      picker: () => {
        made++;
        return { pick: () => undefined };
      },
    });
    expect(made).toBe(0);
  });
});

describe('live ejection', () => {
  test('lets everybody back when it is switched off, and ejects by new figures when it is switched on', async () => {
    const ejection = liveValue<Partial<EjectionOptions> | false>({ consecutiveFailures: 2 });
    const { calls, clock, down, events, served } = balancedService([1, 2], { ejection, balancer: roundRobin() });
    down.set(1, failed);
    await calls(6);
    served.length = 0;
    await calls(10);
    expect(served).not.toContain(1);
    ejection.set(false);
    expect(events.names).toEqual(['endpoint.ejected', 'endpoint.readmitted']);
    await calls(10);
    expect(served.filter((port) => port === 1)).toHaveLength(5);
    ejection.set({ consecutiveFailures: 20 });
    // Slow start is over.
    await clock.advance(60_000);
    await calls(20);
    expect(events.names).toHaveLength(2);
    await calls(20);
    expect(events.names).toHaveLength(3);
  });
});

describe('a router', () => {
  /** Only endpoints at these ports may be picked. */
  const among = (...ports: readonly number[]): Router => {
    const takes = ({ endpoint }: Candidate) => ports.includes(endpoint.port);
    return {
      picker(candidates, make) {
        const picker = make('those', candidates.filter(takes));
        return {
          pick: (nowMs, request, context) => picker.pick(nowMs, request, context),
          leftOut: (candidate) =>
            takes(candidate)
              ? undefined
              : { rule: 'port', measured: `${candidate.endpoint.port}`, wanted: ports.join(' or ') },
          admits: takes,
        };
      },
    };
  };

  test('divides those that the balancer chooses from, and can be changed and taken away', async () => {
    const routing = liveValue<Router | undefined>(among(1, 2));
    const { calls } = balancedService([1, 2, 3], { routing, balancer: roundRobin() });
    expect(new Set(await calls(20))).toEqual(new Set([1, 2]));
    routing.set(among(3));
    expect(new Set(await calls(20))).toEqual(new Set([3]));
    routing.set(undefined);
    expect(new Set(await calls(20))).toEqual(new Set([1, 2, 3]));
  });

  test('says of each endpoint in the error why it gets no calls, when none is left', async () => {
    const { service } = balancedService([1, 2], { routing: among(3) });
    const error = await service.call('?', background).catch((thrown: Error) => thrown);
    expect((error as Error).message).toContain('2 known, all left out (1 port 1 instead of 3, 1 port 2 instead of 3)');
  });

  test('lets no call try an ejected endpoint again that it may not go to', async () => {
    const routing = liveValue<Router | undefined>(among(1, 2));
    const { down, clock, calls, served } = balancedService([1, 2], { routing });
    down.set(2, () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    await calls(20);
    routing.set(among(1));
    await clock.advance(60_000);
    served.length = 0;
    await calls(20);
    expect(new Set(served)).toEqual(new Set([1]));
  });

  test('finds the picker again that its group had before a change', async () => {
    const previous: (Picker | undefined)[] = [];
    const balancer: Balancer = {
      ...roundRobin(),
      picker(candidates, _env, before) {
        previous.push(before);
        return { pick: () => candidates[0] };
      },
    };
    const { endpoints, calls } = balancedService([1, 2], { routing: among(1, 2, 3), balancer });
    await calls(1);
    endpoints.set([...endpoints.value, endpointAt(3)]);
    await calls(1);
    expect(previous).toHaveLength(2);
    expect(previous[0]).toBeUndefined();
    expect(previous[1]).toBeDefined();
  });
});

describe('what a call itself says', () => {
  test('a pinned endpoint gets it whatever its state, as long as it is a member', async () => {
    const { service, calls, down, endpoints } = balancedService([1, 2, 3], { ejection: { consecutiveFailures: 1 } });
    down.set(2, failed);
    await calls(30);
    down.delete(2);
    const pinned = background.with({ values: [routeKey.of({ pin: 'inventory-2', avoid: ['inventory-2'] })] });
    expect(await service.call('?', pinned)).toBe(2);
    endpoints.set(endpoints.value.filter(({ port }) => port !== 2));
    expect([1, 3]).toContain(await service.call('?', pinned));
  });

  test('an endpoint to be avoided is not picked while another is available, and is when none is', async () => {
    for (const balancer of [p2c(), roundRobin()]) {
      const { service, endpoints } = balancedService([1, 2, 3, 4], { balancer });
      const avoiding = background.with({ values: [routeKey.of({ avoid: ['inventory-1', 'inventory-2', 'unknown'] })] });
      const seen = new Set<number>();
      for (let call = 0; call < 100; call++) seen.add(await service.call('?', avoiding));
      expect(seen).toEqual(new Set([3, 4]));
      endpoints.set(endpoints.value.slice(0, 2));
      expect([1, 2]).toContain(await service.call('?', avoiding));
      expect(await service.call('?', background)).toBeLessThan(3);
    }
  });
});

describe('options', () => {
  test('what is no balancer and no router is refused when the layer is made', () => {
    expect(() => balancedService([1], { balancer: {} as Balancer })).toThrow(OptionsError);
    expect(() => balancedService([1], { routing: {} as Router })).toThrow('routing must be a router');
  });
});
