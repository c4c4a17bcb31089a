import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { anInstance } from '../../testing/instances.js';
import { consulRegistry } from './consul-registry.js';

const patience = { timeout: 10_000, interval: 20 };

describe.runIf(consulProgram)('an agent', () => {
  test('is reached by the socket that CONSUL_HTTP_ADDR names', async () => {
    const agent = await startAgent();
    onTestFinished(() => agent[Symbol.asyncDispose]());
    const folder = await mkdtemp(join(tmpdir(), 'fwk-consul-socket-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'consul.sock');
    const sockets = createSocketServer((socket) => {
      const upstream = connect(agent.port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      const end = () => {
        socket.destroy();
        upstream.destroy();
      };
      socket.on('error', end);
      upstream.on('error', end);
    });
    await new Promise<void>((resolve) => sockets.listen(path, resolve));
    onTestFinished(() => void sockets.close());
    vi.stubEnv('CONSUL_HTTP_ADDR', `unix://${path}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const registry = consulRegistry();
    onTestFinished(() => registry.close());
    expect(registry.name).toBe(`consul unix:${path}`);
    const { instances } = registry.watch('inventory');
    await registry.register(anInstance());
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
  });
});

test('a request carries password, namespace and partition, below the path of the URL', async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    response.end('[]');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const { port } = proxy.address() as { port: number };
  const registry = consulRegistry({
    url: `http://127.0.0.1:${port}/consul`,
    auth: 'user:pass:word',
    namespace: 'team',
    partition: 'west',
  });
  onTestFinished(() => registry.close());
  registry.watch('inventory');
  const basic = `Basic ${Buffer.from('user:pass:word').toString('base64')}`;
  const question = expect.stringMatching(/\/consul\/v1\/health\/service\/inventory\?ns=team&partition=west&stale=1$/);
  await vi.waitFor(() => expect(asked).toContainEqual(question), patience);
  expect(asked.every((line) => line.startsWith(basic))).toBe(true);
});
