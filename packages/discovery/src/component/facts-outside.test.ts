/** Facts of an instance, such as the hash of its settings, are seen by others through real registries, and again when they change. */
import { instanceFactsToken } from '@fwk/kernel';
import { componentBench } from '@fwk/kernel/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { consulProgram } from '../fixtures/consul/consul-agent.js';
import { anAgent, open } from '../fixtures/consul/consul-bench.js';
import { freePort } from '../fixtures/free-port.js';
import { localRegistry } from '../registries/local/local-registry.js';
import type { Registry } from '../registry.js';
import { discovery } from './discovery.js';

const patience = { timeout: 15_000, interval: 20 };

async function followsFacts(ofApp: Registry, ofOther: Registry): Promise<void> {
  const app = { name: 'inventory', version: '1.0.0', owner: 'team', instanceId: 'inventory-1' };
  const announcements = [{ address: '127.0.0.1', port: 4001, contracts: [] }];
  const bench = componentBench(discovery({ registry: ofApp, metadata: { colour: 'blue' } }), { app, announcements });
  onTestFinished(() => bench.stop());
  const facts = bench.get(instanceFactsToken);
  facts.set({ 'config-version': '1', 'config-hash': 'aaaaaaaaaaaa' });
  await bench.start();
  const { instances } = ofOther.watch('inventory');
  const seen = (version: string, hash: string) =>
    vi.waitFor(
      () =>
        expect(instances.value).toMatchObject([
          { status: 'UP', metadata: { colour: 'blue', 'config-version': version, 'config-hash': hash } },
        ]),
      patience,
    );
  await seen('1', 'aaaaaaaaaaaa');
  facts.set({ 'config-version': '2', 'config-hash': 'bbbbbbbbbbbb' });
  await seen('2', 'bbbbbbbbbbbb');
}

test('of the embedded registry', async () => {
  const port = await freePort();
  const other = localRegistry({ port });
  onTestFinished(() => other.close());
  await followsFacts(localRegistry({ port, serve: false }), other);
});

test.runIf(consulProgram)('of Consul', async () => {
  const agent = await anAgent();
  await followsFacts(open({ url: agent.url }), open({ url: agent.url }));
});
