/** Contracts below a path of their server: by the path of a base URL, and by what instances say in a registry. */
import { memberships, memoryRegistry, prequal, staticRegistry } from '@fwk/discovery';
import { defaultEnv } from '@fwk/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { serviceFetch } from '../adapters/service-fetch.js';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { rawServer } from '../fixtures/raw-server.js';
import type { ClientOptions, ClientParts } from './client-options.js';
import { createClient } from './create-client.js';

const greeter = (version: string) =>
  contract('greeter', {
    version,
    operations: {
      greet: get('/greet/:name', { params: z.object({ name: z.string() }), response: z.object({ path: z.string() }) }),
      all: get('/', { query: z.object({ page: z.coerce.number<number>() }), response: z.object({ path: z.string() }) }),
    },
  });
const patient = { timeoutMs: 20_000, deadlineMs: 60_000 };

/** A server that answers what it was asked for. */
async function echo() {
  const server = await rawServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ path: url }));
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

function clientOf(version: string, options: Partial<ClientOptions<ReturnType<typeof greeter>>> & ClientParts) {
  const client = createClient(greeter(version), { ...patient, ...options });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

async function found(url: string, metadata: Readonly<Record<string, string>>) {
  const { hostname: address, port } = new URL(url);
  const registry = memoryRegistry();
  const facts = { id: 'greeter-1', service: 'greeter', version: '1.0.0', startedAtMs: 0, status: 'UP' } as const;
  await registry.register({ ...facts, address, port: Number(port), metadata });
  const known = memberships(registry, defaultEnv);
  onTestFinished(() => known[Symbol.dispose]());
  return known;
}

test.each(['/api', '/v2/greeter/'])('a client calls below the path of its endpoint: %s', async (path) => {
  const { url } = await echo();
  const client = clientOf('1.0.0', { endpoints: [`${url}${path}`] });
  const base = path.replace(/\/$/, '');
  expect(await client.greet({ params: { name: 'a b' } })).toEqual({ path: `${base}/greet/a%20b` });
  expect(await client.all({ query: { page: 2 } })).toEqual({ path: `${base}/?page=2` });
});

test('a registry of fixed addresses takes paths as well', async () => {
  const { url } = await echo();
  const known = memberships(staticRegistry({ greeter: [`${url}/api`] }), defaultEnv);
  onTestFinished(() => known[Symbol.dispose]());
  const client = clientOf('1.0.0', { memberships: known });
  expect(await client.greet({ params: { name: 'you' } })).toEqual({ path: '/api/greet/you' });
});

test('a client that is found by discovery calls the version of its contract, or the next that suits it', async () => {
  const { url } = await echo();
  const known = await found(url, { mounts: 'greeter@1.1.0 /v1, greeter@2.0.0 /v2, stock@1.0.0 /stock' });
  const pathOf = async (version: string) =>
    (await clientOf(version, { memberships: known }).greet({ params: { name: 'you' } })).path;
  expect(await pathOf('1.1.0')).toBe('/v1/greet/you');
  expect(await pathOf('1.0.0')).toBe('/v1/greet/you');
  expect(await pathOf('2.0.0')).toBe('/v2/greet/you');
});

test('a server that says nothing of the contract is called at its root', async () => {
  const { url } = await echo();
  const known = await found(url, { mounts: 'stock@1.0.0 /stock', routes: 'GET /orders/:id' });
  const client = clientOf('1.0.0', { memberships: known });
  expect(await client.greet({ params: { name: 'you' } })).toEqual({ path: '/greet/you' });
});

test('requests without a contract begin at the root', async () => {
  const server = await echo();
  const known = await found(server.url, { mounts: '* /api' });
  const call = serviceFetch('greeter', { memberships: known, ...patient });
  onTestFinished(() => call[Symbol.asyncDispose]());
  expect(await (await call('/api/greet/you')).json()).toEqual({ path: '/api/greet/you' });
});

test('probes of load begin at the root', async () => {
  const servers = [await echo(), await echo()];
  const endpoints = servers.map(({ url }) => `${url}/api`);
  const client = clientOf('1.0.0', { endpoints, balancer: prequal({ probeTimeoutMs: 1000 }) });
  for (let call = 0; call < 10; call++) await client.greet({ params: { name: 'you' } });
  const paths = () => new Set(servers.flatMap(({ seen }) => seen.map(({ url }) => url)));
  await expect.poll(paths).toEqual(new Set(['/loadz', '/api/greet/you']));
});

test('a fetch for a service refuses endpoints with a path', () => {
  expect(() => serviceFetch('greeter', { endpoints: ['http://127.0.0.1:4001/api'] })).toThrow(
    expect.objectContaining({
      code: 'FWK_KERNEL_OPTIONS_INVALID',
      message: expect.stringMatching(/endpoints must have no path: only contracts are below one/),
    }),
  );
});
