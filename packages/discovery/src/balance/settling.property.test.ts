import { background, cancellable, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endpointAt } from '../fixtures/balanced-service.js';
import { type Endpoint, endpointKey } from '../membership/endpoint.js';
import type { Balancer } from '../pick/balancer.js';
import { type BalancerKind, balancerKinds, balancerOf } from '../pick/balancer-of.js';
import { balance } from './balance.js';

/** What may happen next. */
const step = fc.record({
  what: fc.constantFrom('call', 'answer', 'fail', 'refuse', 'cancel', 'add', 'remove', 'pass'),
  which: fc.nat(1000),
});

/** A balancer that counts how often each call is settled by its meters. */
function counting(kind: BalancerKind) {
  let settled = 0;
  const inner = balancerOf(kind);
  const balancer: Balancer = {
    ...inner,
    meter(env, previous, row) {
      const meter = inner.meter(env, previous, row);
      return {
        load: (nowMs, inFlight) => meter.load(nowMs, inFlight),
        succeeded(nowMs, elapsedMs) {
          settled++;
          meter.succeeded(nowMs, elapsedMs);
        },
        failed(nowMs, retryAfterMs) {
          settled++;
          meter.failed(nowMs, retryAfterMs);
        },
        abandoned(nowMs, elapsedMs) {
          settled++;
          meter.abandoned(nowMs, elapsedMs);
        },
      };
    },
  };
  return { balancer, settled: () => settled };
}

test.each(balancerKinds)(
  '%s: calls are settled once however they end, and none goes to one that has left',
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer(), async (steps, seed) => {
        const clock = fakeClock();
        const { balancer, settled } = counting(kind);
        const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1), endpointAt(2)]);
        const open: { end: (error?: Error) => void; cancel: () => void }[] = [];
        const cancels = new Map<string, () => void>();
        let [begun, next] = [0, 3];
        const service = balance<string, number>({ service: 'inventory', endpoints, balancer }).wrap(
          {
            call: (request, context) => {
              begun++;
              expect(endpoints.value).toContain(context.get(endpointKey));
              return new Promise<number>((resolve, reject) => {
                context.onCancel(reject);
                const end = (error?: Error) => (error ? reject(error) : resolve(1));
                open.push({ end, cancel: cancels.get(request) as () => void });
              });
            },
            status: () => 'ready',
          },
          makeEnv({ clock, random: seededRandom(seed) }),
        );
        const settle = async () => {
          await new Promise((resolve) => setImmediate(resolve));
          const inFlight = service.report().map((report) => report.inFlight);
          expect(Math.min(0, ...inFlight)).toBe(0);
          expect(inFlight.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(open.length);
        };
        for (const { what, which } of steps) {
          if (what === 'call') {
            const { context, cancel } = cancellable(background);
            const name = `call ${cancels.size}`;
            cancels.set(name, () => cancel());
            service.call(name, context).catch(() => {});
          } else if (what === 'add') endpoints.set([...endpoints.value, endpointAt(next++)]);
          else if (what === 'remove') endpoints.set(endpoints.value.filter((_, at) => at !== which % 3));
          else if (what === 'pass') await clock.advance(which);
          else if (open.length > 0) {
            const [one] = open.splice(which % open.length, 1) as [(typeof open)[number]];
            if (what === 'cancel') one.cancel();
            else if (what === 'fail') one.end(new Error('broken'));
            else if (what === 'refuse') one.end(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
            // A second end of the same call changes nothing.
            one.end();
          }
          await settle();
        }
        // Calls that still waited for an answer to a question begin meanwhile.
        await clock.advance(10_000);
        do {
          for (const { end } of open.splice(0)) end();
          await settle();
        } while (open.length > 0);
        expect(service.report().map((report) => report.inFlight)).toEqual(endpoints.value.map(() => 0));
        expect(settled()).toBe(begun);
        await service[Symbol.asyncDispose]();
      }),
      { numRuns: 30 },
    );
  },
);

test('what was measured of an endpoint survives changes of the list', async () => {
  const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1), endpointAt(2)]);
  const clock = fakeClock();
  const service = balance<string, number>({ service: 'inventory', endpoints }).wrap(
    {
      async call() {
        await clock.advance(40);
        return 1;
      },
      status: () => 'ready',
    },
    makeEnv({ clock, random: seededRandom(3) }),
  );
  for (let call = 0; call < 40; call++) await service.call('?', background);
  const loads = () => new Map(service.report().map(({ endpoint, load }) => [endpoint, load]));
  const before = loads();
  expect(before.get('inventory-1')).toBeGreaterThan(30);
  endpoints.set([endpointAt(3), ...endpoints.value, endpointAt(4)]);
  endpoints.set(endpoints.value.filter(({ port }) => port !== 4));
  const after = loads();
  expect(after.get('inventory-1')).toBe(before.get('inventory-1'));
  expect(after.get('inventory-2')).toBe(before.get('inventory-2'));
  expect(after.get('inventory-3')).toBe(30);
});

test('two endpoints with the same address, or even the same id, are two', async () => {
  for (const kind of balancerKinds) {
    const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1), endpointAt(1), endpointAt(1, { id: 'other' })]);
    const seen = new Set<Endpoint | undefined>();
    const service = balance<string, number>({ service: 'inventory', endpoints, balancer: balancerOf(kind) }).wrap(
      {
        async call(_request, context) {
          seen.add(context.get(endpointKey));
          return 1;
        },
        status: () => 'ready',
      },
      makeEnv({ clock: fakeClock(), random: seededRandom(3) }),
    );
    for (let call = 0; call < 200; call++) await service.call('?', background);
    expect(service.report(), kind).toHaveLength(3);
    expect(seen.size, kind).toBe(3);
  }
});
