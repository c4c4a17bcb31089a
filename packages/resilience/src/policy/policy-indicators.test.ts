/** What health says of policies and of the services that are called. */
import { background, type HealthIndicator, type HealthReport, liveValue, makeEnv, type Service } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { downstreamIndicator, policiesIndicator } from './policy-indicators.js';
import { functionKind, type PolicyKind } from './policy-kind.js';
import type { PolicyOptions } from './policy-options.js';
import { policyRegistry } from './policy-registry.js';

const ask = async (indicator: HealthIndicator) => (await indicator.check(background)) as HealthReport;

function build(policies: Record<string, PolicyOptions>) {
  const clock = fakeClock();
  const live = liveValue<unknown>(policies);
  const registry = policyRegistry(makeEnv({ clock, random: () => 0.5 }), live);
  return { clock, live, registry, policies: () => ask(policiesIndicator(() => registry)) };
}

const breaker = { breaker: { consecutiveFailures: 1, openMs: 5000 } };
const down = async (): Promise<never> => {
  throw new Error('down');
};

test('an open breaker makes policies DEGRADED, with which one, why and until when', async () => {
  const { clock, registry, policies } = build({ quote: breaker, other: breaker });
  const call = registry.named('quote').wrap(down);
  registry.named('other').wrap(down);
  expect(await policies()).toEqual({ status: 'UP' });
  const openedAtMs = clock.wallTime();
  await call().catch(() => {});
  expect(await policies()).toEqual({
    status: 'DEGRADED',
    details: {
      reason: 'the breaker of "quote" is open',
      open: [
        {
          policy: 'quote',
          state: 'open',
          rule: 'consecutive-failures',
          sinceMs: openedAtMs,
          nextProbeAtMs: expect.any(Number),
        },
      ],
    },
  });
});

test('a breaker that is open because nobody calls any more counts no longer, one that is forced open does', async () => {
  const { clock, registry, policies } = build({ quote: breaker });
  await registry
    .named('quote')
    .wrap(down)()
    .catch(() => {});
  await clock.advance(50_000);
  expect((await policies()).status).toBe('DEGRADED');
  await clock.advance(600_000);
  expect((await policies()).status).toBe('UP');
  registry.force('quote', 'forced-open');
  expect((await policies()).details?.reason).toBe('the breaker of "quote" is forced-open');
});

test('definitions that were refused are told of', async () => {
  const { live, policies } = build({ quote: breaker });
  live.set({ quote: { timeoutMs: -1 } });
  expect(await policies()).toMatchObject({
    status: 'DEGRADED',
    details: { reason: expect.stringContaining('timeoutMs'), refusedAtMs: expect.any(Number) },
  });
  live.set({ quote: breaker });
  expect((await policies()).status).toBe('UP');
});

test('many open breakers are counted, and some of them are listed', async () => {
  const { registry, policies } = build({ quote: breaker });
  for (let place = 0; place < 50; place++) {
    const call = registry.named('quote').wrap(down);
    await call().catch(() => {});
  }
  const { details } = await policies();
  expect(details?.reason).toBe('the breaker of "quote" is open, and 49 more');
  expect(details?.open).toHaveLength(20);
});

/** A kind that stands before a client, as that of HTTP does. */
const clientKind = (label: string): PolicyKind => ({ ...functionKind, name: 'client', label, scopes: ['call'] });

function client(failing: number, succeeding: number) {
  const clock = fakeClock();
  const env = makeEnv({ clock });
  const registry = policyRegistry(env);
  const use = registry.use('inventory client', clientKind('inventory'));
  const calls = async () => {
    const callee: Service<boolean, string> = {
      call: (fails) => (fails ? down() : Promise.resolve('answer')),
      status: () => 'ready',
    };
    const service = use.calls<boolean, string>(use.places('call')).wrap(callee, env);
    for (let call = 0; call < failing + succeeding; call++)
      await service.call(call < failing, background).catch(() => {});
  };
  return { clock, calls, downstream: () => ask(downstreamIndicator(() => registry)) };
}

test.each([
  [0, 20, 'UP'],
  [1, 20, 'UP'],
  [3, 17, 'DEGRADED'],
  [10, 10, 'DOWN'],
  [20, 0, 'DOWN'],
  [5, 0, 'UP'],
])('a service of whose calls %i failed and %i succeeded is %s', async (failing, succeeding, status) => {
  const { calls, downstream } = client(failing, succeeding);
  expect(await downstream()).toEqual({ status: 'UP', details: expect.any(Object) });
  await calls();
  const report = await downstream();
  expect(report).toMatchObject({
    status,
    details: { services: { inventory: { calls: failing + succeeding, failed: failing } } },
  });
  expect(report.details?.reason).toBe(
    status === 'UP' ? undefined : `${failing} of the last ${failing + succeeding} calls to "inventory" failed`,
  );
});

test('what calls saw is forgotten with the window', async () => {
  const { clock, calls, downstream } = client(20, 0);
  await calls();
  await clock.advance(120_000);
  expect((await downstream()).status).toBe('UP');
});

test('where there is no registry yet, and where nobody calls anybody, all is well', async () => {
  expect((await ask(policiesIndicator(() => undefined))).status).toBe('UP');
  expect((await ask(downstreamIndicator(() => undefined))).status).toBe('UP');
});
