/** Weights that stand in a real Consul reach the balancer, by its API and by the SRV records of its DNS. */
import { makeEnv } from '@fwk/kernel';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { balancedService } from '../fixtures/balanced-service.js';
import { consulProgram } from '../fixtures/consul/consul-agent.js';
import { anAgent, open } from '../fixtures/consul/consul-bench.js';
import { freePort } from '../fixtures/free-port.js';
import { memberships } from '../membership/memberships.js';
import type { Registry } from '../registry.js';
import { dnsRegistry } from './dns/dns-registry.js';

const patience = { timeout: 15_000, interval: 50 };
const calls = 4000;

describe.runIf(consulProgram)('a weight that somebody else set', () => {
  test('in Consul gives each instance its share of the calls, found by Consul’s API or by SRV records, also when it changes', async () => {
    const dnsPort = await freePort();
    const agent = await anAgent({ dnsPort });
    const register = async (port: number, passing: number) => {
      const body = {
        ID: `inventory-${port}`,
        Name: 'inventory',
        Address: `127.0.0.${port - 4000}`,
        Port: port,
        Weights: { Passing: passing, Warning: 1 },
      };
      const { status } = await agent.ask('/agent/service/register', { method: 'PUT', body: JSON.stringify(body) });
      expect(status).toBe(200);
    };
    await register(4001, 1);
    await register(4002, 3);
    const dns = dnsRegistry({
      services: { inventory: '_inventory._tcp.service.consul' },
      servers: [`127.0.0.1:${dnsPort}`],
      srvRefreshMs: 100,
      minTtlMs: 100,
    });
    onTestFinished(() => dns.close());
    for (const [found, weights] of [
      ['as registered', [1, 3]],
      ['changed', [4, 1]],
    ] as const) {
      if (found === 'changed') await register(4001, 4).then(() => register(4002, 1));
      for (const registry of [open({ url: agent.url }), dns]) {
        expect(await sharesBy(registry, weights), `${registry.name}, ${found}`).toEqual(
          weights.map((weight) => expect.closeTo(weight / (weights[0] + weights[1]), 1)),
        );
      }
    }
  });
});

/** The share of calls of each port, once the registry says these weights. */
async function sharesBy(registry: Registry, weights: readonly number[]): Promise<readonly number[]> {
  const known = memberships(registry, makeEnv());
  onTestFinished(() => known[Symbol.dispose]());
  const list = known.of('inventory');
  const said = () =>
    list.value.map(({ port, instance: { weight = 1 } }) => [port, weight]).sort(([a = 0], [b = 0]) => a - b);
  await vi.waitFor(() => expect(said()).toEqual(weights.map((weight, at) => [4001 + at, weight])), patience);
  const { served, calls: call, service } = balancedService(list.value, { ejection: false });
  await call(calls);
  await service[Symbol.asyncDispose]();
  return [4001, 4002].map((port) => served.filter((each) => each === port).length / calls);
}
