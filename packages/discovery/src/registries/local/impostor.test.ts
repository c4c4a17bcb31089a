/** Whatever holds the place of the registry learns nothing, and is not believed. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { noLogger } from '@fwk/kernel';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { fakeRegistry } from '../../fixtures/fake-registry.js';
import { freePort } from '../../fixtures/free-port.js';
import { rawClient } from '../../fixtures/raw-client.js';
import type { Registry } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import { checkLocalOptions, type LocalRegistryOptions } from './local-options.js';
import { localRegistry } from './local-registry.js';
import { serveRegistry } from './serve-registry.js';
import { Registrant } from './session.js';
import { formatEvent, headers, ping } from './wire.js';

const token = 'a-token-of-some-length';
const quiet = { logger: noLogger };
const evil = {
  version: 1,
  entry: { instance: anInstance({ id: 'evil' }), holder: 'holder-one', owner: 'o'.repeat(43) },
};
const opened: { close(): unknown }[] = [];
let port = 0;

beforeEach(async () => {
  port = await freePort();
});

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

function join(options: Partial<LocalRegistryOptions> = {}): Registry {
  const registry = localRegistry({ port, maxPauseMs: 20, ...options }, quiet);
  opened.push(registry);
  return registry;
}

/** Listens at the port, writes down what comes, and answers as it likes, with the name of a registry. */
async function impostor(answer: (url: string) => object): Promise<{ heard: string[]; server: Server }> {
  const heard: string[] = [];
  const server = createServer(async (asked: IncomingMessage, response) => {
    let body = '';
    for await (const part of asked) body += String(part);
    heard.push(`${asked.method} ${asked.url} ${JSON.stringify(asked.headers)} ${body}`);
    response.setHeader(headers.registry, '1');
    response.end(JSON.stringify(answer(asked.url ?? '')));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  opened.push({ close: () => server.close().closeAllConnections() });
  return { heard, server };
}

describe('a program of another user that has the port', () => {
  test('hears nothing of a process without a token, which says what is there', async () => {
    const { heard } = await impostor(() => ({ services: [] }));
    const registering = join().register(anInstance());
    await expect(registering).rejects.toMatchObject({ code: 'FWK_DISCOVERY_REGISTRY_DENIED' });
    await expect(registering).rejects.toThrow(/is not this user's: it does not listen at .*FWK_REGISTRY_TOKEN/);
    expect(heard.length).toBeGreaterThan(0);
    for (const each of heard) {
      expect(each).toMatch(/^GET \/v1\/services /);
      expect(each).not.toMatch(/fwk-registry-|authorization|inventory/);
    }
  });

  test('that is no registry is said to be something else', async () => {
    const server = createServer((_request, response) => response.end('hello')).listen(port, '127.0.0.1');
    await once(server, 'listening');
    opened.push(server);
    const registry = join();
    const { known } = registry.watch('inventory');
    await expect.poll(() => registry.connection.value.reason).toContain('something else answers there');
    expect(known.value).toBe(false);
  });

  test('hears neither the token nor a key of a process with one, and is not believed', async () => {
    const { heard } = await impostor((url) =>
      url === '/v1/sessions' ? { session: 'x'.repeat(32), nonce: 'y'.repeat(32), proof: 'z'.repeat(43) } : {},
    );
    const registering = join({ token }).register(anInstance());
    await expect(registering).rejects.toThrow('does not prove that it knows the token of this process');
    expect(heard.length).toBeGreaterThan(0);
    for (const each of heard) {
      expect(each).toMatch(/^POST \/v1\/sessions [^ ]+ \{"nonce":"[\w-]{32}"\}$/);
      expect(each).not.toContain(token);
    }
  });

  test('gains nothing by passing on what it hears: neither a session, nor anything to send again', async () => {
    const served = await serveRegistry({ port, token });
    opened.push(served);
    const sent = await rawClient(checkLocalOptions({ port, token }, {}));
    const body = JSON.stringify({ instance: anInstance() });
    const signed = { ...sent.sign('PUT', '/v1/instances/inventory-1', body), 'content-type': 'application/json' };
    const put = async (path: string, more: object = {}, text = body) => {
      const sending = request({ port, path, method: 'PUT', agent: false, headers: { ...signed, ...more } }).end(text);
      const [response] = (await once(sending, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    expect(await put('/v1/instances/inventory-1', {}, body.replace('UP', 'DOWN'))).toBe(401);
    expect(await put('/v1/overrides/inventory-1')).toBe(401);
    expect(await put('/v1/instances/inventory-1', { [headers.count]: '2' })).toBe(401);
    expect(await put('/v1/instances/inventory-1')).toBe(200);
    expect(await put('/v1/instances/inventory-1')).toBe(401);
    await served.close();
    const next = await serveRegistry({ port, token });
    opened.push(next);
    expect(await put('/v1/instances/inventory-1')).toBe(401);
    sent.close();
  });
});

describe('a registry that was joined', () => {
  test('is not believed any more when its answers are not proven', async () => {
    let proven = true;
    const options = checkLocalOptions({ port, token }, {});
    const server = await fakeRegistry(options, (asked, answer, seal) => {
      if (asked.method !== 'GET') return answer('{"unknown":[],"version":1,"ttlMs":3000}', proven);
      const hello = { epoch: 'epoch-one', version: 0, holder: 'holder-one', ttlMs: 3000, resumed: false };
      const response = answer();
      const all = formatEvent('hello', hello) + formatEvent('list', { entries: [] }) + formatEvent('current', {});
      return response.write(seal(all));
    });
    opened.push({ close: () => server.close().closeAllConnections() });
    const registry = join({ token, serve: false });
    registry.services();
    await expect.poll(() => registry.connection.value.state).toBe('connected');
    proven = false;
    const setting = registry.overrides?.set('inventory-1', { status: 'DOWN', cause: 'x', actor: 'y' });
    await expect(setting).rejects.toThrow('its answer does not prove that it comes from the registry that was joined');
  });

  test('that is followed by something that cannot prove anything leaves the lists as they were', async () => {
    const served = await serveRegistry({ port, token });
    const member = join({ token, serve: false });
    await member.register(anInstance());
    const watch = member.watch('inventory');
    await expect.poll(() => watch.instances.value.length).toBe(1);
    await served.close();
    const tcp: TcpServer = createTcpServer((socket) => socket.on('error', () => {}).end()).listen(port, '127.0.0.1');
    await once(tcp, 'listening');
    await expect.poll(() => member.connection.value.state).toBe('lost');
    tcp.close();
    await impostor(() => ({ epoch: 'x', instances: [] }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(watch.instances.value).toHaveLength(1);
    expect(watch.instances.stale).toBeDefined();
  });
});

test('the key of a process never leaves it: what it sends to prove itself is of no use in another session', async () => {
  const served = await serveRegistry({ port, token });
  opened.push(served);
  const options = checkLocalOptions({ port, token }, {});
  const [first, second] = [await rawClient(options), await rawClient(options, new Registrant('holder-two'))];
  expect((await first.ask('PUT', '/instances/inventory-1', { instance: anInstance() })).status).toBe(200);
  const claimed = await second.ask('PUT', '/instances/inventory-1', {
    instance: anInstance(),
    owner: first.identity.owner,
  });
  expect(claimed.status).toBe(409);
  first.close();
  second.close();
});

test.each([
  ['an event', (text: string) => `${formatEvent('put', evil)}${text}`],
  ['a comment', (text: string) => `${ping}${text}`],
  ['an event that calls itself a proof', (text: string) => `event: proof\n${formatEvent('put', evil)}${text}`],
  ['another address', (text: string) => text.replaceAll('"127.0.0.1"', '"127.0.0.6"')],
  ['a piece twice', (text: string) => text + text.slice(text.indexOf('event: '))],
  ['a hole', (text: string) => (text.includes('"port":4001') ? '' : text)],
])('who stands between and puts %s into the stream of a registry is not believed', async (_what, change) => {
  const served = await serveRegistry({ port: 0, token });
  opened.push(served);
  const between = createTcpServer((near) => {
    const far = connect(served.port, '127.0.0.1');
    near.on('error', () => {}).pipe(far);
    far.setEncoding('latin1').on('error', () => {});
    far.on('data', (text: string) => near.write(text.includes('event: put') ? change(text) : text, 'latin1'));
    far.once('close', () => near.destroy());
    near.once('close', () => far.destroy());
  }).listen(port, '127.0.0.1');
  await once(between, 'listening');
  onTestFinished(() => void between.close());
  const member = join({ token, serve: false });
  const watch = member.watch('inventory');
  const reasons: string[] = [];
  member.connection.subscribe(({ reason }) => void reasons.push(String(reason)));
  const seen: string[] = [];
  watch.instances.subscribe((list) => void seen.push(...list.map(({ id, address }) => `${id} at ${address}`)));
  await expect.poll(() => member.connection.value.state).toBe('connected');
  const direct = await rawClient(checkLocalOptions({ port: served.port, token }, {}));
  for (const instancePort of [4001, 4002]) {
    await direct.ask('PUT', '/instances/inventory-1', { instance: anInstance({ port: instancePort }) });
  }
  await expect.poll(() => reasons.join()).toContain('it sent what no registry sends');
  expect(seen.filter((each) => each !== 'inventory-1 at 127.0.0.1')).toEqual([]);
  direct.close();
});
