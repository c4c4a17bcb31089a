/** Channels of `@grpc/grpc-js` between real servers and a real client. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFwkError, type Live, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, type RecordedEvents, recordEvents, seededRandom } from '@fwk/kernel/testing';
import * as grpc from '@grpc/grpc-js';
import { expect, onTestFinished, test, vi } from 'vitest';
import { firstOf, type ShopServer, shopClient, shopServer } from '../fixtures/grpc-shop.js';
import type { Endpoint } from '../membership/endpoint.js';
import { memberships } from '../membership/memberships.js';
import { staticEndpoints } from '../membership/static-endpoints.js';
import { leastRequest } from '../pick/least-request.js';
import { ringHash } from '../pick/ring-hash.js';
import { roundRobin } from '../pick/round-robin.js';
import { memoryRegistry } from '../registries/memory-registry.js';
import type { Registration } from '../registry.js';
import { anInstance } from '../testing/instances.js';
import { type GrpcTargetOptions, grpcTarget } from './grpc-target.js';

const { INTERNAL, INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE } = grpc.status;

/** How long connections may take on a busy machine. */
const patience = { timeout: 15_000 };

async function serverNamed(name: string, at?: number | string): Promise<ShopServer> {
  const server = await shopServer(name, at);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

function eventsOf({ all }: RecordedEvents, name: string) {
  return all.filter((event) => event.name === name).map(({ data }) => data);
}

/** A client of the service `stock`, and a registry to which servers can be added. */
function shop(
  options: GrpcTargetOptions = {},
  channel: grpc.ChannelOptions = {},
  credentials?: grpc.ChannelCredentials,
) {
  const clock = fakeClock();
  const events = recordEvents();
  const env = makeEnv({ clock, events, random: seededRandom(5), path: 'storefront' });
  const registry = memoryRegistry({ clock });
  const known = memberships(registry, env);
  const { target, options: ours } = grpcTarget(grpc, 'stock', known, { env, ...options });
  const { client, ask, watch } = shopClient(target, { ...ours, ...channel }, credentials);
  onTestFinished(async () => {
    client.close();
    known[Symbol.dispose]();
    await registry.close();
  });
  const add = (name: string, port: number, startedAtMs = 1): Promise<Registration> =>
    registry.register(anInstance({ id: name, service: 'stock', port, startedAtMs }));
  const report = () => known.monitor.report('stock');
  const inFlight = () => report().endpoints.map((each) => each.inFlight);
  /** The names of those that answered, and the codes of those that did not. */
  const asks = async (count: number) => {
    const outcomes: (string | number)[] = [];
    for (let call = 0; call < count; call++) {
      outcomes.push(await ask().catch((error: grpc.ServiceError) => error.code));
    }
    return outcomes;
  };
  return { clock, events, known, client, ask, asks, watch, add, report, inFlight };
}

/** A shop with servers of these names. */
async function shopOf(names: readonly string[], ...made: Parameters<typeof shop>) {
  const parts = shop(...made);
  const servers: ShopServer[] = [];
  const registrations: Registration[] = [];
  for (const name of names) {
    const server = await serverNamed(name);
    servers.push(server);
    registrations.push(await parts.add(name, server.port));
  }
  return { ...parts, servers, registrations };
}

/** Asks until all of these have answered: connections are made in the background. */
async function untilAllAnswer(asks: (count: number) => Promise<readonly unknown[]>, names: readonly string[]) {
  await vi.waitFor(async () => expect(new Set(await asks(names.length * 4))).toEqual(new Set(names)), patience);
}

test('calls go to all instances, to those that come, and to none that has left', async () => {
  const { asks, add, registrations } = await shopOf(['a', 'b'], { balancer: roundRobin() });
  await untilAllAnswer(asks, ['a', 'b']);
  const c = await serverNamed('c');
  await add('c', c.port);
  await untilAllAnswer(asks, ['a', 'b', 'c']);
  await registrations[0]?.deregister();
  expect(new Set(await asks(12))).toEqual(new Set(['b', 'c']));
});

test('an instance that drains gets no new calls, and goes on with those that it has', async () => {
  const { asks, watch, registrations, servers, inFlight } = await shopOf(['a']);
  const stream = watch();
  expect(await firstOf(stream)).toBe('a');
  await registrations[0]?.setStatus('DRAINING');
  expect(await asks(1)).toEqual([UNAVAILABLE]);
  await registrations[0]?.setStatus('UP');
  expect(await asks(1)).toEqual(['a']);
  expect(inFlight()).toEqual([1]);
  servers[0]?.watchers[0]?.end();
  stream.resume();
  await once(stream, 'end');
  await vi.waitFor(() => expect(inFlight()).toEqual([0]), patience);
});

test('a stream to an instance that has left is not broken, and its connection ends after it', async () => {
  const { asks, watch, add, registrations, servers, known } = await shopOf(['a']);
  const stream = watch();
  await firstOf(stream);
  const b = await serverNamed('b');
  await add('b', b.port);
  await registrations[0]?.deregister();
  expect(known.of('stock').value).toHaveLength(1);
  expect(new Set(await asks(4))).toEqual(new Set(['b']));
  servers[0]?.watchers[0]?.write('still there');
  expect(await firstOf(stream)).toBe('still there');
  servers[0]?.watchers[0]?.end();
  stream.resume();
  await once(stream, 'end');
  expect(await asks(1)).toEqual(['b']);
});

test('nobody connects again to an instance that has left', async () => {
  const { asks, watch, add, registrations, servers } = await shopOf(['a']);
  const stream = watch();
  await firstOf(stream);
  const b = await serverNamed('b');
  await add('b', b.port);
  await registrations[0]?.deregister();
  expect(new Set(await asks(4))).toEqual(new Set(['b']));
  const broken = once(stream, 'error');
  await servers[0]?.[Symbol.asyncDispose]();
  let connections = 0;
  const successor = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  successor.listen(servers[0]?.port, '127.0.0.1');
  await once(successor, 'listening');
  onTestFinished(() => void successor.close());
  stream.resume();
  await broken;
  expect(new Set(await asks(20))).toEqual(new Set(['b']));
  expect(connections).toBe(0);
});

test('an instance that fails is ejected, and comes back by one call', async () => {
  const { asks, servers, clock, events } = await shopOf(['a', 'b', 'c'], {
    balancer: roundRobin(),
    ejection: { baseMs: 30_000, consecutiveFailures: 5 },
  });
  await untilAllAnswer(asks, ['a', 'b', 'c']);
  const [a] = servers as [ShopServer];
  a.answer = (_call, done) => done({ code: INTERNAL, details: 'disk full' });
  expect((await asks(15)).filter((outcome) => outcome === INTERNAL)).toHaveLength(5);
  expect(eventsOf(events, 'endpoint.ejected')).toMatchObject([
    { endpoint: 'a', rule: 'consecutive-failures', measured: 5 },
  ]);
  expect(new Set(await asks(12))).toEqual(new Set(['b', 'c']));
  await clock.advance(40_000);
  expect((await asks(12)).filter((outcome) => outcome === INTERNAL)).toHaveLength(1);
  a.answer = undefined;
  await clock.advance(80_000);
  await asks(4);
  expect(eventsOf(events, 'endpoint.readmitted')).toMatchObject([{ endpoint: 'a', by: 'call' }]);
});

test.each([NOT_FOUND, INVALID_ARGUMENT])('status %i is an answer and ejects nobody', async (answered) => {
  const { asks, servers, events } = await shopOf(['a', 'b'], { balancer: roundRobin() });
  const [a] = servers as [ShopServer];
  a.answer = (_call, done) => done({ code: answered, details: 'no such thing' });
  await asks(30);
  expect(eventsOf(events, 'endpoint.ejected')).toEqual([]);
});

test('calls go to the instance with fewer calls under way', async () => {
  const { asks, ask, servers, inFlight } = await shopOf(['a', 'b'], { balancer: leastRequest() });
  await untilAllAnswer(asks, ['a', 'b']);
  const held: (() => void)[] = [];
  for (const server of servers) server.answer = (_call, done) => void held.push(() => done(null, 'late'));
  const waiting: Promise<string>[] = [];
  for (let call = 1; call <= 8; call++) {
    waiting.push(ask());
    await vi.waitFor(() => expect(held).toHaveLength(call), patience);
    const [a = 0, b = 0] = inFlight();
    expect(Math.abs(a - b), `after ${call} calls`).toBe(call % 2);
  }
  for (const end of held) end();
  await Promise.all(waiting);
  expect(inFlight()).toEqual([0, 0]);
});

test('keys of calls are found in their metadata', async () => {
  const keyOf = (metadata: unknown) => String((metadata as grpc.Metadata).get('user')[0]);
  const { ask } = await shopOf(['a', 'b', 'c'], { balancer: ringHash({ keyOf, boundedLoad: false }) });
  const users = Array.from({ length: 40 }, (_, user) => `${user}`);
  const answers = () => Promise.all(users.map((user) => ask(user, metadataOf(user))));
  await untilAllAnswer(answers, ['a', 'b', 'c']);
  expect(await answers()).toEqual(await answers());
});

function metadataOf(user: string): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set('user', user);
  return metadata;
}

test('while one instance is down its share goes to the others, and it is connected to again', async () => {
  const quickly = { 'grpc.initial_reconnect_backoff_ms': 100 };
  const { asks, servers } = await shopOf(['a', 'b'], { balancer: roundRobin() }, quickly);
  await untilAllAnswer(asks, ['a', 'b']);
  const [a] = servers as [ShopServer];
  await a[Symbol.asyncDispose]();
  await vi.waitFor(async () => expect(await asks(4)).toEqual(['b', 'b', 'b', 'b']), patience);
  await serverNamed('a', a.port);
  await untilAllAnswer(asks, ['a', 'b']);
});

test('says so when no instance can be connected to', async () => {
  const gone = await serverNamed('gone');
  await gone[Symbol.asyncDispose]();
  const { ask, add } = shop();
  await add('gone', gone.port);
  await expect(ask()).rejects.toMatchObject({ code: UNAVAILABLE, details: expect.stringContaining('ECONNREFUSED') });
});

test('says so when no instance is known, and calls those that come later', async () => {
  const { ask, asks, add } = shop();
  await expect(ask()).rejects.toMatchObject({ code: UNAVAILABLE, details: expect.stringMatching(/stock/) });
  const a = await serverNamed('a');
  await add('a', a.port);
  expect(await asks(1)).toEqual(['a']);
});

test('a call waits for the first list, and learns why there is none', async () => {
  const endpoints = liveValue<readonly Endpoint[]>([]);
  const lost = deferred<void>();
  const known = { of: () => endpoints, settled: () => lost.promise };
  const { target, options } = grpcTarget(grpc, 'stock', known);
  const { client, ask } = shopClient(target, options);
  onTestFinished(() => client.close());
  const early = ask().catch((error: grpc.ServiceError) => error.details);
  lost.reject(new Error('the registry is away since noon'));
  expect(await early).toContain('the registry is away since noon');
  const a = await serverNamed('a');
  endpoints.set(staticEndpoints('stock', [`http://127.0.0.1:${a.port}`]).value);
  expect(await ask()).toBe('a');
});

test('a channel connects before the first call when it is asked to', async () => {
  const { client, report } = await shopOf(['a']);
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 15_000, (error) => (error ? reject(error) : resolve()));
  });
  expect(report().endpoints).toMatchObject([{ status: 'ready', picks: 0 }]);
});

test('a call that never begins is not counted', async () => {
  const secrets = deferred<grpc.Metadata>();
  const late = grpc.credentials.createFromMetadataGenerator((_params, done) => {
    secrets.promise.then((metadata) => done(null, metadata), done);
  });
  const { client, asks, inFlight, report } = await shopOf(['a']);
  expect(await asks(1)).toEqual(['a']);
  const failed = deferred<grpc.ServiceError | null>();
  const call = client.ask?.('lamp', new grpc.Metadata(), { credentials: late }, failed.resolve);
  await new Promise((resolve) => setImmediate(resolve));
  call?.cancel();
  expect(await failed.promise).toMatchObject({ code: grpc.status.CANCELLED });
  secrets.resolve(new grpc.Metadata());
  expect(await asks(1)).toEqual(['a']);
  expect(inFlight()).toEqual([0]);
  expect(report().endpoints[0]?.picks).toBe(2);
});

test('calls that are cancelled or run out of time are counted out', async () => {
  const { client, ask, asks, servers, inFlight } = await shopOf(['a']);
  expect(await asks(1)).toEqual(['a']);
  const [a] = servers as [ShopServer];
  a.answer = () => {};
  const failed = deferred<unknown>();
  const call = client.ask?.('lamp', failed.resolve);
  await vi.waitFor(() => expect(inFlight()).toEqual([1]), patience);
  call?.cancel();
  await failed.promise;
  expect(inFlight()).toEqual([0]);
  const late = ask('lamp', new grpc.Metadata(), { deadline: Date.now() + 50 });
  await expect(late).rejects.toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
  expect(inFlight()).toEqual([0]);
});

test('the channel retries as its service config says', async () => {
  const retryPolicy = {
    maxAttempts: 3,
    initialBackoff: '0.01s',
    maxBackoff: '0.01s',
    backoffMultiplier: 1,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  const { ask, servers } = await shopOf(['a'], { serviceConfig: { methodConfig: [{ name: [{}], retryPolicy }] } });
  const [a] = servers as [ShopServer];
  a.answer = (_call, done) => {
    a.answer = undefined;
    done({ code: UNAVAILABLE, details: 'not now' });
  };
  expect(await ask()).toBe('a');
  expect(a.asked).toHaveLength(2);
});

test('a proxy in the environment does not take the place of the list', async () => {
  vi.stubEnv('grpc_proxy', 'http://127.0.0.1:9');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { asks } = await shopOf(['a']);
  expect(await asks(1)).toEqual(['a']);
});

test('a channel that was idle begins anew', async () => {
  const { asks, client } = await shopOf(['a'], {}, { 'grpc.client_idle_timeout_ms': 1000 });
  expect(await asks(1)).toEqual(['a']);
  const idle = () => client.getChannel().getConnectivityState(false);
  await vi.waitFor(() => expect(idle()).toBe(grpc.connectivityState.IDLE), patience);
  expect(await asks(1)).toEqual(['a']);
});

test('Unix sockets can be called', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-grpc-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'stock.sock');
  await serverNamed('a', path);
  const endpoints: Live<readonly Endpoint[]> = staticEndpoints('stock', [`unix:${path}`]);
  const { target, options } = grpcTarget(grpc, 'stock', { of: () => endpoints, settled: () => Promise.resolve() });
  const { client, ask } = shopClient(target, options);
  onTestFinished(() => client.close());
  expect(await ask()).toBe('a');
});

test('shows what it does as other clients do', async () => {
  const { asks, report } = await shopOf(['a'], { balancer: leastRequest() });
  await asks(3);
  expect(report()).toMatchObject({
    clients: [{ client: 'storefront/stock', service: 'stock', balancer: { kind: 'least-request' }, known: 1 }],
    endpoints: [{ endpoint: 'a', picks: 3, status: 'ready' }],
  });
});

test('a closed channel leaves nothing behind', async () => {
  const { client, known, watch } = await shopOf(['a']);
  const stream = watch();
  await firstOf(stream);
  client.close();
  expect(known.monitor.report('stock').clients).toEqual([]);
  stream.cancel();
  await expect(once(stream, 'end')).rejects.toMatchObject({ code: grpc.status.CANCELLED });
});

test('the target alone is refused, and so are options that mean nothing', () => {
  const known = { of: () => staticEndpoints('stock', []), settled: () => Promise.resolve() };
  expect(() => shopClient('fwk:///stock', {})).toThrow(/grpcTarget/);
  const wrong = (options: object) => {
    try {
      return grpcTarget(grpc, 'stock', known, options);
    } catch (error) {
      return isFwkError(error, 'FWK_KERNEL_OPTIONS_INVALID') ? error.message : error;
    }
  };
  expect(wrong({ balancer: 'p2c' })).toMatch(/balancer must be a balancer, such as p2c\(\)/);
  expect(wrong({ ejection: { baseMs: -1 } })).toMatch(/ejection/);
  expect(wrong({ serviceConfig: [] })).toMatch(/serviceConfig must be an object/);
  expect(wrong({ retries: 3 })).toMatch(/retries/);
});

test.each([
  ['no module', [undefined, 'stock', memberships(memoryRegistry())], /module must be the module @grpc\/grpc-js/],
  ['another module', [{ experimental: {} }, 'stock', memberships(memoryRegistry())], /1\.14 or newer/],
  ['no service', [grpc, '', memberships(memoryRegistry())], /service must be a non-empty string/],
  ['no lists', [grpc, 'stock'], /known must be memberships: memberships\(registry\)/],
  ['a registry for the lists', [grpc, 'stock', memoryRegistry()], /app\.get\(membershipsToken\)/],
  ['addresses for the lists', [grpc, 'stock', ['http://127.0.0.1:50051']], /known must be memberships/],
])('%s: the refusal says what belongs there', (_, given, said) => {
  const refused: unknown[] = [];
  try {
    Reflect.apply(grpcTarget, undefined, given);
  } catch (error) {
    refused.push(error);
  }
  expect(refused).toEqual([
    expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID', message: expect.stringMatching(said) }),
  ]);
});
