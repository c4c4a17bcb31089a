import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, makeEnv } from '@fwk/kernel';
import { seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { balancedService, endpointAt } from '../fixtures/balanced-service.js';
import type { Instance } from '../instance.js';
import { routeKey } from '../membership/call-route.js';
import { type Endpoint, InstanceEndpoint } from '../membership/endpoint.js';
import { fileRegistry } from '../registries/file/file-registry.js';
import { memoryRegistry } from '../registries/memory-registry.js';
import { anInstance } from '../testing/instances.js';
import { type BalancerKind, balancerKinds, balancerOf } from './balancer-of.js';
import { Draws } from './draws.js';
import { AliasTable } from './weights.js';

const weighed: readonly (readonly number[])[] = [
  [1, 3],
  [1, 2, 5],
  [1000, 1, 1000, 1],
  [0.001, 1, 10],
  Array.from({ length: 20 }, (_, at) => 1 + (at % 4)),
];

/** Sends calls in groups that are under way together, each with a key of its own; answers the share of each endpoint. */
async function sharesOf(kind: BalancerKind, members: readonly Endpoint[], calls: number, atOnce: number) {
  // Of few calls at once, a bound on load decides more than weights; it has tests of its own.
  const hashes = kind === 'ring-hash' || kind === 'maglev' || kind === 'rendezvous';
  const balancer = balancerOf(hashes ? { kind, boundedLoad: false } : kind);
  const { service } = balancedService(members, { balancer, ejection: false });
  const counts = new Map<number, number>();
  for (let call = 0; call < calls; call += atOnce) {
    const group = Array.from({ length: atOnce }, (_, at) =>
      service.call('?', background.with({ values: [routeKey.of({ key: `user-${call + at}` })] })),
    );
    for (const port of await Promise.all(group)) counts.set(port, (counts.get(port) ?? 0) + 1);
  }
  return members.map(({ port }) => (counts.get(port) ?? 0) / calls);
}

function weightsToMembers(weights: readonly number[]): readonly Endpoint[] {
  return weights.map((weight, at) => endpointAt(at + 1, { weight }));
}

describe.each(balancerKinds)('%s', (kind) => {
  test.each(weighed.map((weights) => ({ weights })))(
    'gives endpoints of weights $weights their shares, within 1 %',
    async ({ weights }) => {
      const sum = weights.reduce((total, weight) => total + weight, 0);
      for (const atOnce of [1, 2, 25]) {
        const shares = await sharesOf(kind, weightsToMembers(weights), 10_000, atOnce);
        for (const [at, share] of shares.entries()) {
          expect(Math.abs(share - (weights[at] as number) / sum), `${atOnce} at once`).toBeLessThan(0.01);
        }
      }
    },
  );
});

test('a weight that no registry takes counts as 1', async () => {
  const made = (port: number, weight: number): Endpoint => {
    const endpoint = endpointAt(port);
    const instance: Instance = { ...endpoint.instance, weight };
    return Object.assign(endpoint, { instance });
  };
  const members = [made(1, Number.NaN), made(2, 0), made(3, -5), made(4, Number.POSITIVE_INFINITY), made(5, 1)];
  members.push(made(6, 1e308), made(7, 65_536), made(8, Number.MAX_VALUE));
  for (const share of await sharesOf('round-robin', members, 800, 1)) expect(share).toBe(0.125);
});

test.each([0, Number.NaN, -1, 65_536, Number.POSITIVE_INFINITY])('an instance of weight %s is refused', (weight) => {
  expect(() => anInstance({ weight })).toThrow('weight must be above 0 up to 65535');
});

test('a changed weight counts from the next call on', async () => {
  const { service, endpoints } = balancedService([endpointAt(1), endpointAt(2)], { balancer: balancerOf('p2c') });
  await service.call('?', background);
  const [first, second] = endpoints.value as [InstanceEndpoint, InstanceEndpoint];
  second.instance = anInstance({ id: second.id, port: 2, weight: 9 });
  endpoints.set([first, second]);
  let answered = 0;
  for (let call = 0; call < 4000; call++) answered += (await service.call('?', background)) === 2 ? 1 : 0;
  expect(answered / 4000).toBeCloseTo(0.9, 1);
});

test('weights of a file and of a registration are those of the instances', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-weights-'));
  const path = join(folder, 'instances.json');
  const entry = (port: number, weight: number) => ({ id: `inventory-${port}`, address: '10.0.0.1', port, weight });
  await writeFile(path, JSON.stringify({ inventory: [entry(1, 30_000), entry(2, 10_000)] }));
  const file = fileRegistry({ path }, makeEnv());
  const memory = memoryRegistry();
  for (const [port, weight] of [
    [1, 30_000],
    [2, 10_000],
  ] as const) {
    await memory.register(anInstance({ id: `inventory-${port}`, port, weight }));
  }
  for (const registry of [file, memory]) {
    const watch = registry.watch('inventory');
    await expect.poll(() => watch.instances.value.length).toBe(2);
    const members = watch.instances.value.map((instance) => new InstanceEndpoint(instance));
    const shares = await sharesOf('p2c', members, 10_000, 5);
    expect(Math.abs((shares[0] as number) - 0.75)).toBeLessThan(0.01);
    await registry.close();
  }
  await rm(folder, { recursive: true });
});

test('an alias table draws each index by its weight', () => {
  const shares = Float64Array.from([0.1, 3.2, 0.5, 0.2]);
  const table = new AliasTable(shares);
  const draws = new Draws(seededRandom(5));
  const counts = [0, 0, 0, 0];
  for (let draw = 0; draw < 100_000; draw++) {
    const at = table.draw(draws);
    counts[at] = (counts[at] as number) + 1;
  }
  for (const [at, count] of counts.entries())
    expect(Math.abs(count / 25_000 - (shares[at] as number))).toBeLessThan(0.03);
});

test('smooth weighted round robin never picks one many times in a row while others wait', async () => {
  const { service } = balancedService(weightsToMembers([5, 5, 1, 1]), { balancer: balancerOf('round-robin') });
  let [row, longest, before] = [0, 0, 0];
  for (let call = 0; call < 240; call++) {
    const port = await service.call('?', background);
    row = port === before ? row + 1 : 1;
    longest = Math.max(longest, row);
    before = port;
  }
  expect(longest).toBeLessThanOrEqual(2);
});

test('smooth weighted round robin goes by a heavy one that is out, and owes it nothing afterwards', async () => {
  const { calls, service, down, clock } = balancedService(weightsToMembers([1000, 1, 1]), {
    balancer: balancerOf('round-robin'),
    ejection: { consecutiveFailures: 1, slowStartMs: 0 },
  });
  down.set(1, () => new Error('broken'));
  await calls(10);
  expect(new Set(await calls(100))).toEqual(new Set([2, 3]));
  down.clear();
  await clock.advance(60_000);
  const answered = await calls(2000);
  expect(answered.filter((port) => port === 1).length).toBeGreaterThan(1950);
  expect(service.status()).toBe('ready');
});
