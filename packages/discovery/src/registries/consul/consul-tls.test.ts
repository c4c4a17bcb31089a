import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { background, eventBus, makeEnv } from '@fwk/kernel';
import type { ConsulTls } from '@fwk/kernel/consul';
import { componentBench } from '@fwk/kernel/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { discovery, registryToken } from '../../component/discovery.js';
import { type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { freePort } from '../../fixtures/free-port.js';
import { anInstance } from '../../testing/instances.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 10_000, interval: 20 };

describe.runIf(consulProgram)('a Consul registry over TLS', () => {
  let folder: string;
  let agent: ConsulAgent;
  let url: string;
  let tls: ConsulTls;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fwk-consul-tls-'));
    // Consul makes the certificates itself, so that the test needs no other program.
    const consul = (...args: string[]) => promisify(execFile)(consulProgram as string, args, { cwd: folder });
    await consul('tls', 'ca', 'create');
    await consul('tls', 'cert', 'create', '-server');
    await consul('tls', 'cert', 'create', '-client');
    const read = (name: string) => readFile(join(folder, name), 'utf8');
    const https = await freePort();
    const [ca_file, cert_file] = ['consul-agent-ca.pem', 'dc1-server-consul-0.pem'].map((name) => join(folder, name));
    const key_file = join(folder, 'dc1-server-consul-0-key.pem');
    agent = await startAgent({
      config: { ca_file, cert_file, key_file, verify_incoming_https: true },
      httpsPort: https,
    });
    url = `https://127.0.0.1:${https}`;
    tls = {
      ca: await read('consul-agent-ca.pem'),
      cert: await read('dc1-client-consul-0.pem'),
      key: await read('dc1-client-consul-0-key.pem'),
      serverName: 'server.dc1.consul',
    };
  });
  afterAll(async () => {
    await agent[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function open(given: ConsulTls) {
    const registry = consulRegistry({ url, tls: given, maxPauseMs: 100 });
    onTestFinished(() => registry.close());
    return registry;
  }

  test('registers and watches with a certificate of its own', async () => {
    const registry = open(tls);
    const { instances } = registry.watch('inventory');
    await registry.register(anInstance());
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
  });

  test('takes the files that Consul’s environment variables name, and takes up renewed ones', async () => {
    const file = (name: string) => join(folder, name);
    const renewed = file('renewed-ca.pem');
    await writeFile(renewed, await readFile(file('dc1-client-consul-0.pem')));
    vi.stubEnv('CONSUL_HTTP_ADDR', url.slice('https://'.length));
    vi.stubEnv('CONSUL_HTTP_SSL', 'true');
    vi.stubEnv('CONSUL_CACERT', renewed);
    vi.stubEnv('CONSUL_CLIENT_CERT', file('dc1-client-consul-0.pem'));
    vi.stubEnv('CONSUL_CLIENT_KEY', file('dc1-client-consul-0-key.pem'));
    vi.stubEnv('CONSUL_TLS_SERVER_NAME', 'server.dc1.consul');
    onTestFinished(() => void vi.unstubAllEnvs());
    const registry = consulRegistry({ maxPauseMs: 100 });
    onTestFinished(() => registry.close());
    const { known } = registry.watch('inventory');
    await vi.waitFor(() => expect(registry.connection.value.reason).toMatch(/certificate/), patience);
    await writeFile(renewed, await readFile(file('consul-agent-ca.pem')));
    await vi.waitFor(() => expect(known.value).toBe(true), patience);
    expect(registry.tlsHealth).toMatchObject({ status: 'UP', details: { subject: expect.stringMatching(/consul/) } });
  });

  test.each<[string, (file: string, whole: string) => Promise<void>, RegExp]>([
    ['half written', (file, whole) => writeFile(file, whole.slice(0, whole.length / 2)), /no end/],
    ['gone', (file) => rm(file), /there is no such file/],
  ])(
    'goes on with what it read before while a file is %s, and its application says so',
    async (_what, spoil, reason) => {
      const file = join(folder, 'spoilt-ca.pem');
      const whole = tls.ca as string;
      await writeFile(file, whole);
      const registry = consulRegistry({ url, tls: { ...tls, ca: undefined, caFile: file }, ttlMs: 1000 });
      const told: unknown[] = [];
      const events = eventBus();
      events.on('tls.refused', ({ data }) => told.push(data.reason));
      const app = { name: 'inventory', version: '1.4.2', owner: 'team-stock', instanceId: `inventory-${randomUUID()}` };
      const announcements = [{ address: '127.0.0.1', port: 4001, contracts: [] }];
      const bench = componentBench(discovery({ registry }), { app, announcements, env: makeEnv({ events }) });
      await bench.steps.start?.(bench.context);
      await bench.steps.ready?.(bench.context);
      onTestFinished(() => bench.steps.stop?.(bench.context));
      const health = () => bench.steps.health?.()[0]?.check(background);
      await vi.waitFor(() => expect(health()).toMatchObject({ status: 'UP', details: { registered: 1 } }), patience);
      await spoil(file, whole);
      await vi.waitFor(
        () =>
          expect(health()).toMatchObject({
            status: 'DEGRADED',
            details: { state: 'connected', tls: { notUsed: expect.stringMatching(reason) } },
          }),
        patience,
      );
      expect(told).toEqual([expect.stringMatching(reason)]);
      // New connections are made with what was read before.
      const later = bench.get(registryToken).watch('pricing');
      await vi.waitFor(() => expect(later.known.value).toBe(true), patience);
      await writeFile(file, whole);
      await vi.waitFor(() => expect(health()).toMatchObject({ status: 'UP' }), patience);
    },
  );

  test('refuses files that cannot be used when they are needed first, with file and reason', () => {
    const registry = open({ caFile: join(folder, 'not-there.pem') });
    const refused = expect.objectContaining({
      code: 'FWK_KERNEL_TLS_INVALID',
      message: expect.stringMatching(/^consul 127.*not-there\.pem.*no such file/),
    });
    expect(() => registry.watch('inventory')).toThrow(refused);
    expect(() => registry.services()).toThrow(refused);
  });

  test('takes any certificate only when told to', async () => {
    const registry = open({ ...tls, ca: undefined, serverName: undefined, verify: false });
    const { known } = registry.watch('inventory');
    await vi.waitFor(() => expect(known.value).toBe(true), patience);
  });

  test.each([
    ['it does not know who signed the agent’s', (): ConsulTls => ({ ...tls, ca: undefined }), /certificate/],
    ['the agent’s is for another name', (): ConsulTls => ({ ...tls, serverName: 'other' }), /altnames/],
    [
      'it has none to show',
      (): ConsulTls => ({ ...tls, cert: undefined, key: undefined }),
      /certificate|ECONNRESET|closed/,
    ],
  ])('trusts nobody when %s', async (_name, given, reason) => {
    const registry = open(given());
    registry.watch('inventory');
    await vi.waitFor(() => expect(registry.connection.value.reason).toMatch(reason), patience);
  });
});
