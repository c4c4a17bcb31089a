import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { freePort } from '../../fixtures/free-port.js';
import { anInstance } from '../../testing/instances.js';
import type { ConsulTls } from './consul-options.js';
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
      servername: 'server.dc1.consul',
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
    await rm(renewed);
    await vi.waitFor(
      () => expect(registry.connection.value.reason).toMatch(/TLS files cannot be read.*renewed-ca/),
      patience,
    );
  });

  test('takes any certificate only when told to', async () => {
    const registry = open({ ...tls, ca: undefined, servername: undefined, verify: false });
    const { known } = registry.watch('inventory');
    await vi.waitFor(() => expect(known.value).toBe(true), patience);
  });

  test.each([
    ['it does not know who signed the agent’s', (): ConsulTls => ({ ...tls, ca: undefined }), /certificate/],
    ['the agent’s is for another name', (): ConsulTls => ({ ...tls, servername: 'other' }), /altnames/],
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
