/** What becomes of a list whose endpoints cannot be reached: from the balancer to the question, on a clock that is moved. */
import { background, makeEnv, type Service, stack } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, expect, test } from 'vitest';
import { balance } from '../../balance/balance.js';
import { endpointKey } from '../../membership/endpoint.js';
import { memberships } from '../../membership/memberships.js';
import { dnsRegistry } from './dns-registry.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function setUp(ttl: number, { hosts = 1, jitter = 0 } = {}) {
  const clock = fakeClock();
  const env = makeEnv({ clock, random: () => 0.5 });
  const state = { addresses: ['10.0.0.1', '10.0.0.2'], reachable: new Set(['10.0.0.1', '10.0.0.2']) };
  const asked: number[] = [];
  const startMs = clock.now();
  const resolver = {
    resolve4: async () => {
      asked.push(clock.now() - startMs);
      return state.addresses.map((address) => ({ address, ttl }));
    },
    resolve6: async () => [],
    resolveSrv: async () =>
      Array.from({ length: hosts }, (_, index) => ({ name: `host-${index}`, port: 80, priority: 0, weight: 0 })),
  };
  const place = hosts === 1 ? 'inventory.test:80' : '_inventory.test';
  const registry = dnsRegistry({ services: { inventory: place }, resolver, jitter, srvRefreshMs: 3_600_000 }, env);
  const known = memberships(registry, env);
  const inner: Service<string, string> = {
    async call(_request, context) {
      const address = context.get(endpointKey)?.address as string;
      if (state.reachable.has(address)) return address;
      throw Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
    },
    status: () => 'ready',
  };
  const service = stack<string, string>(env)
    .use(balance({ service: 'inventory', endpoints: known.of('inventory') }))
    .into(inner);
  closing.push(
    () => known[Symbol.dispose](),
    () => registry.close(),
  );
  /** One call every 50 ms for so long; answers who answered. */
  const callFor = async (durationMs: number) => {
    const answers: string[] = [];
    for (let passedMs = 0; passedMs < durationMs; passedMs += 50) {
      await service.call('', background).then(
        (answer) => answers.push(answer),
        () => answers.push('failed'),
      );
      await clock.advance(50);
    }
    return answers;
  };
  return { clock, state, asked, callFor };
}

test('reaches addresses that replaced all others in a moment, whatever the TTL of those was', async () => {
  const { clock, state, asked, callFor } = setUp(30);
  await clock.advance(3000);
  expect(await callFor(200)).not.toContain('failed');
  state.addresses = ['10.0.0.3'];
  state.reachable = new Set(state.addresses);
  const answers = await callFor(1000);
  expect(answers.slice(0, 2)).toContain('failed');
  expect(answers.slice(3)).not.toContain('failed');
  expect(asked).toHaveLength(2);
});

test('asks at most once in the least TTL, and less and less often when nothing comes of it', async () => {
  const { clock, state, asked, callFor } = setUp(60);
  await clock.advance(5000);
  state.reachable = new Set();
  await callFor(10_000);
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.length).toBeLessThanOrEqual(12);
  const gaps = asked.slice(2).map((at, index) => at - (asked[index + 1] as number));
  for (const gapMs of gaps) expect(gapMs).toBeGreaterThanOrEqual(1000);
  const before = asked.length;
  await callFor(120_000);
  expect(asked.length - before).toBeLessThan(25);
});

test('asks a large service at no more than 50 questions a second', async () => {
  const { clock, state, asked, callFor } = setUp(60, { hosts: 150 });
  await clock.advance(5000);
  state.reachable = new Set();
  const before = asked.length;
  await callFor(12_000);
  expect(asked.length - before).toBeLessThanOrEqual(750);
});

test('spreads what many processes ask when the same server goes', async () => {
  const { clock, state, asked, callFor } = setUp(60, { jitter: 0.2 });
  await clock.advance(5000);
  state.reachable = new Set();
  await callFor(50);
  expect(asked).toHaveLength(1);
  await clock.advance(100);
  expect(asked).toHaveLength(2);
});

test('asks nothing early while endpoints answer', async () => {
  const { clock, asked, callFor } = setUp(60);
  await clock.advance(5000);
  await callFor(10_000);
  expect(asked).toHaveLength(1);
});
