/** Consul's own HTTP check of an instance that speaks TLS. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testAuthority } from '@fwk/kernel/testing';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { anInstance } from '../../testing/instances.js';
import type { ConsulCheckTls } from './consul-options.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 15_000, interval: 20 };
const authority = testAuthority();

describe.runIf(consulProgram)('an instance that speaks TLS and is asked by Consul', () => {
  let port: number;

  beforeAll(async () => {
    const server = createServer(authority.issue({ names: ['inventory'] }), (_request, response) => void response.end());
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    return () => void server.close();
  });

  /** Registers the instance, and waits until Consul has asked it. */
  async function checked(config: Readonly<Record<string, unknown>>, checkTls?: ConsulCheckTls) {
    const agent = await startAgent({ config });
    onTestFinished(() => agent[Symbol.asyncDispose]());
    const registry = consulRegistry({ url: agent.url, check: 'http', checkIntervalMs: 1000, checkTls });
    onTestFinished(() => registry.close());
    const { instances } = registry.watch('inventory');
    await registry.register(anInstance({ port, metadata: { scheme: 'https' } }));
    // The servers hear of an output only with a change of status.
    const output = async () => {
      const checks = (await (await agent.ask('/agent/checks')).json()) as Record<string, { readonly Output: string }>;
      return Object.values(checks)[0]?.Output ?? '';
    };
    await vi.waitFor(async () => expect(await output()).not.toBe(''), patience);
    return { instances, output: await output() };
  }

  test('is DOWN with the reason when Consul does not know who signed its certificate', async () => {
    const { instances } = await checked({});
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('DOWN'), patience);
    expect(instances.value[0]?.lastChange?.cause).toMatch(/x509/);
  });

  test('is UP when Consul was told to take any certificate', async () => {
    const { instances, output } = await checked({}, { verify: false });
    expect(output).toMatch(/200 OK/);
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
  });

  test('is UP when the agent trusts who signed its certificate, which bears the name of the service', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-consul-checks-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { cert, key } = authority.issue();
    const put = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const files = {
      ca_file: await put('ca.pem', authority.ca),
      cert_file: await put('agent.pem', cert),
      key_file: await put('agent-key.pem', key),
    };
    // A Consul that cannot be told a name, being older than 1.9, asks for the agent's own.
    const { instances, output } = await checked({
      ...files,
      enable_agent_tls_for_checks: true,
      server_name: 'inventory',
    });
    expect(output).toMatch(/200 OK/);
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'), patience);
  });
});
