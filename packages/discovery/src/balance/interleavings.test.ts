/** Whatever happens in whatever order, calls go somewhere sensible. */
import { background, type CallContext, cancellable, FwkError, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgedEndpoint, refused } from '../fixtures/judged-fleet.js';
import { type Endpoint, endpointKey, type InstanceEndpoint } from '../membership/endpoint.js';
import type { EjectionOptions } from '../outlier/ejection-options.js';
import { leastRequest } from '../pick/least-request.js';
import { p2c } from '../pick/p2c.js';
import { roundRobin } from '../pick/round-robin.js';
import { balance } from './balance.js';
import type { Connection } from './endpoint-service.js';

const HOSTS = 12;

const endings = ['answer', 'broken', 'refused', 'overloaded', 'timeout', 'cancel'] as const;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('call' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(50), how: fc.constantFrom(...endings) }),
  },
  // Many at once, so that the rules of sweeps have enough to look at.
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      calls: fc.integer({ min: 20, max: 200 }),
      sick: fc.uniqueArray(fc.integer({ min: 1, max: HOSTS }), { maxLength: 5 }),
      how: fc.constantFrom(...endings.filter((how) => how !== 'cancel')),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 0, max: 40_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('list' as const),
      ports: fc.uniqueArray(fc.integer({ min: 1, max: HOSTS }), { minLength: 1 }),
      draining: fc.integer({ min: 0, max: HOSTS }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('options' as const),
      options: fc.constantFrom<Partial<EjectionOptions> | false>(
        {},
        false,
        { maxEjectedRatio: 0.5 },
        { sweepMs: 1000, windowMs: 3000, successRateHosts: 2, successRateRequests: 5, failureRatioRequests: 3 },
        { latencySamples: 2, latencyFactor: 1.5, latencyExcessMs: 0 },
      ),
    }),
  },
);

/** A call that has arrived at an endpoint. */
interface Arrived {
  readonly port: number;
  readonly context: CallContext;
  resolve(answer: number): void;
  reject(error: unknown): void;
}

function errorFor(how: (typeof endings)[number]): Error {
  if (how === 'refused') return refused();
  if (how === 'overloaded') return new FwkError('FWK_TEST_BUSY', 'busy', { traits: { overloaded: true } });
  if (how === 'timeout') return new FwkError('FWK_TEST_TIMEOUT', 'too slow', { traits: { timedOut: true } });
  return new Error('broken');
}

/** Asked of each of many thousand calls, for which `expect` is too slow. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

describe('ejection in any order of events', () => {
  test('never picks who has left, never leaves the set empty, keeps its caps, and ends what it began', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 40 }),
        fc.constantFrom(p2c, leastRequest, roundRobin),
        fc.integer(),
        async (steps, balancer, seed) => {
          const clock = fakeClock(500_000);
          const events = recordEvents();
          const known = Array.from({ length: HOSTS }, (_, at) => judgedEndpoint(at + 1));
          const up = { ...known[0]!.instance };
          const endpoints = liveValue<readonly Endpoint[]>(known);
          const ejection = liveValue<Partial<EjectionOptions> | false>({});
          let latest: Arrived | undefined;
          const gone = new Set<number>();
          const service = balance<string, number>({
            service: 'inventory',
            endpoints,
            ejection,
            balancer: balancer(),
            connect: ({ port }) => {
              gone.delete(port);
              return {
                call: (_request, context) =>
                  new Promise((resolve, reject) => {
                    latest = { port, context, resolve, reject };
                  }),
                status: () => 'ready',
                [Symbol.asyncDispose]: async () => void gone.add(port),
              } as Connection<string, number>;
            },
          }).wrap(scriptedService<string, number>(), makeEnv({ clock, events, random: seededRandom(seed) }));
          let options: Partial<EjectionOptions> | false = {};
          const running: { port: number; end(how: (typeof endings)[number]): void; settled: Promise<unknown> }[] = [];
          const listed = () => endpoints.value.filter(({ instance }) => instance.status === 'UP');

          const begin = () => {
            latest = undefined;
            const { context, cancel } = cancellable(background);
            const settled = service.call('?', context).catch(() => {});
            const ports = listed().map((each) => each.port);
            must((latest !== undefined) === ports.length > 0, 'a call arrives exactly while somebody is UP');
            const arrived = latest as Arrived | undefined;
            if (!arrived) return;
            const { port, resolve, reject } = arrived;
            must(ports.includes(port), `${port} is UP`);
            must(!gone.has(port), `${port} has its connection`);
            must(arrived.context.get(endpointKey)?.port === port, `the call knows that it is at ${port}`);
            running.push({
              port,
              settled,
              end(how) {
                if (how === 'answer') resolve(1);
                else if (how === 'cancel') {
                  cancel();
                  reject(context.reason);
                } else reject(errorFor(how));
              },
            });
          };
          const finish = async (at: number, how: (typeof endings)[number]) => {
            const [ended] = running.splice(at, 1);
            ended?.end(how);
            await ended?.settled;
          };

          for (const each of steps) {
            if (each.kind === 'call') begin();
            else if (each.kind === 'end' && running.length > 0) await finish(each.which % running.length, each.how);
            else if (each.kind === 'burst') {
              for (let call = 0; call < each.calls; call++) {
                begin();
                const last = running.length - 1;
                if (last >= 0) await finish(last, each.sick.includes(running[last]!.port) ? each.how : 'answer');
              }
            } else if (each.kind === 'time') await clock.advance(each.ms);
            else if (each.kind === 'list') {
              for (const { port, instance } of known) {
                const draining = port === each.draining;
                (known[port - 1] as InstanceEndpoint).instance = {
                  ...instance,
                  status: draining ? 'DRAINING' : up.status,
                };
              }
              endpoints.set(known.filter(({ port }) => each.ports.includes(port)));
            } else if (each.kind === 'options') {
              options = each.options;
              ejection.set(each.options);
            }
            const reports = service.report();
            expect(reports).toHaveLength(endpoints.value.length);
            for (const { inFlight } of reports) expect(inFlight).toBeGreaterThanOrEqual(0);
            if (options === false) expect(reports.filter((report) => report.ejection)).toEqual([]);
          }
          while (running.length > 0) await finish(0, 'answer');
          for (const { inFlight } of service.report()) expect(inFlight).toBe(0);
          await service[Symbol.asyncDispose]();
          expect(clock.pending).toBe(0);
          for (const { name, data } of events.all) {
            if (name !== 'endpoint.ejected') continue;
            expect(data.untilMs as number).toBeGreaterThan(data.sinceMs as number);
            expect(data.failures as number).toBeLessThanOrEqual(data.requests as number);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  test('never has more than a tenth out for what calls show, however many are sick', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.uniqueArray(fc.integer({ min: 1, max: 40 })),
        async (count, maxEjectedRatio, panicRatio, sick) => {
          const clock = fakeClock(500_000);
          const service = balance<string, number>({
            service: 'inventory',
            endpoints: liveValue<readonly Endpoint[]>(Array.from({ length: count }, (_, at) => judgedEndpoint(at + 1))),
            balancer: roundRobin(),
            ejection: { maxEjectedRatio, panicRatio, consecutiveFailures: 3 },
            connect: ({ port }) => ({
              call: async () => {
                if (sick.includes(port)) throw new Error('broken');
                return port;
              },
              status: () => 'ready',
            }),
          }).wrap(scriptedService<string, number>(), makeEnv({ clock, random: seededRandom(2) }));
          for (let call = 0; call < count * 10; call++) await service.call('?', background).catch(() => {});
          const out = service.report().filter(({ ejection }) => ejection).length;
          expect(out).toBeLessThanOrEqual(Math.max(1, Math.floor(count * maxEjectedRatio + 1e-6)));
          expect(out).toBeLessThanOrEqual(Math.max(0, Math.floor(count * (1 - panicRatio) + 1e-6)));
          expect(out).toBeLessThan(count);
        },
      ),
      { numRuns: 30 },
    );
  });
});
