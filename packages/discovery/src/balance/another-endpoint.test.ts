import { background, type CallContext, liveValue, makeEnv, type TriedCallees, triedKey, triedUntil } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { routeKey } from '../membership/call-route.js';
import { type Endpoint, InstanceEndpoint } from '../membership/endpoint.js';
import type { Balancer } from '../pick/balancer.js';
import { leastRequest } from '../pick/least-request.js';
import { p2c } from '../pick/p2c.js';
import { roundRobin } from '../pick/round-robin.js';
import { anInstance } from '../testing/instances.js';
import { balance } from './balance.js';

/** A balanced service whose calls fail at the ports in `down`, and that notes where they went. */
function setUp(ports: readonly number[], balancer: Balancer = p2c(), seed = 5) {
  const endpoints = liveValue<readonly Endpoint[]>(
    ports.map((port) => new InstanceEndpoint(anInstance({ id: `inventory-${port}`, port }))),
  );
  const down = new Set<number>();
  const busy = new Set<number>();
  const service = balance<string, number>({
    service: 'inventory',
    endpoints,
    balancer,
    connect: ({ port }) => ({
      async call() {
        if (down.has(port)) throw new Error(`${port} is broken`);
        return port;
      },
      status: () => (busy.has(port) ? 'busy' : 'ready'),
    }),
  }).wrap(
    { call: () => Promise.reject(new Error('closed')), status: () => 'ready' },
    makeEnv({ clock: fakeClock(), random: seededRandom(seed) }),
  );
  const at = (port: number) => endpoints.value.find((each) => each.port === port) as Endpoint;
  const call = (tried?: TriedCallees, context: CallContext = background) =>
    service.call('?', tried ? context.with({ values: [triedKey.of(tried)] }) : context);
  return { endpoints, down, busy, at, call };
}

describe('another attempt of a call', () => {
  test.each([
    ['p2c', p2c],
    ['least-request', leastRequest],
    ['round-robin', roundRobin],
  ])('never goes where the one before failed while another is available, by %s', async (_name, balancer) => {
    const { down, at, call } = setUp([1, 2, 3, 4], balancer());
    down.add(1);
    for (let round = 0; round < 200; round++) expect(await call([at(1)])).not.toBe(1);
  });

  test('goes where no other attempt is or was, then anywhere but to the latest, then anywhere', async () => {
    const { at, busy, call } = setUp([1, 2, 3]);
    for (let round = 0; round < 50; round++) {
      expect(await call([at(1), at(2)])).toBe(3);
      expect(await call([at(3), at(1), at(2)])).not.toBe(2);
    }
    for (const port of [2, 3]) busy.add(port);
    for (let round = 0; round < 50; round++) expect(await call([at(1)])).toBe(1);
  });

  test('is told by the error of the first where that went, and the list grows with each', async () => {
    const { down, call } = setUp([1, 2, 3]);
    for (const port of [1, 2, 3]) down.add(port);
    const first = await call().catch((error: unknown) => error);
    const tried = triedUntil(first) as Endpoint[];
    expect(tried).toHaveLength(1);
    const second = await call(tried).catch((error: unknown) => error);
    const both = triedUntil(second) as Endpoint[];
    expect(both).toHaveLength(2);
    const third = await call(both).catch((error: unknown) => error);
    expect(new Set((triedUntil(third) as Endpoint[]).map(({ port }) => port))).toEqual(new Set([1, 2, 3]));
  });

  test('goes where the caller pinned it all the same, and not where the caller did not want it', async () => {
    const { at, call } = setUp([1, 2, 3]);
    const pinned = background.with({ values: [routeKey.of({ pin: 'inventory-1' })] });
    const avoiding = background.with({ values: [routeKey.of({ avoid: ['inventory-2'] })] });
    for (let round = 0; round < 50; round++) {
      expect(await call([at(1)], pinned)).toBe(1);
      expect(await call([at(1)], avoiding)).toBe(3);
    }
  });

  test('does not mind callees of other services, or endpoints that have left', async () => {
    const { at, call, endpoints } = setUp([1, 2]);
    const left = at(1);
    endpoints.set([at(2)]);
    expect(await call([{ name: 'somebody else' }, left])).toBe(2);
    expect(await call([at(2)])).toBe(2);
  });

  test('takes an available endpoint that was not tried whenever there is one, whatever is tried, busy or down', async () => {
    const some = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(some, some, fc.integer(), fc.constantFrom(p2c, leastRequest, roundRobin), async (...drawn) => {
        const [triedPorts, busyPorts, seed, balancer] = drawn;
        const { at, busy, call } = setUp([1, 2, 3, 4, 5, 6], balancer(), seed);
        for (const port of busyPorts) busy.add(port);
        const free = [1, 2, 3, 4, 5, 6].filter((port) => !busy.has(port));
        const untried = free.filter((port) => !triedPorts.includes(port));
        const port = await call(triedPorts.map(at));
        if (untried.length > 0) expect(untried).toContain(port);
        else if (free.length > 1) expect(port).not.toBe(triedPorts.at(-1));
        else if (free.length === 1) expect(port).toBe(free[0]);
      }),
    );
  });
});
