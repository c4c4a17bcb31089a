/** The gRPC health protocol between a real server and a real client. */
import { EventEmitter, once } from 'node:events';
import type { HealthReport } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import {
  type ClientReadableStream,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AppOptions } from '../app/app-options.js';
import { createHealth } from '../health/create-health.js';
import { healthToken } from '../health/health.js';
import { testApp } from '../testing/test-app.js';
import { type GrpcHealthOptions, grpcHealth } from './grpc-health.js';
import { type HealthCheckResponse, servingStatus } from './health-messages.js';
import { HealthHandlers, healthServiceDefinition, maxWatches } from './health-service.js';
import { ServingStatuses } from './serving-statuses.js';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = servingStatus;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** An application with a server of gRPC. */
async function serving(options: Partial<AppOptions> = {}, health: Partial<GrpcHealthOptions> = {}) {
  const server = new Server();
  const app = await testApp({ ...options, use: [...(options.use ?? []), grpcHealth(server, health)] });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const HealthClient = makeGenericClientConstructor(healthServiceDefinition, 'Health');
  const client = new HealthClient(`127.0.0.1:${port}`, credentials.createInsecure());
  open.push(client, { close: () => server.forceShutdown() });
  const ask = (method: 'check' | 'list', service = '') =>
    new Promise<unknown>((resolve, reject) =>
      client[method]?.({ service }, (error: Error | null, answer: unknown) =>
        error ? reject(error) : resolve(answer),
      ),
    );
  const watch = (service: string) => {
    const seen: number[] = [];
    const stream: ClientReadableStream<HealthCheckResponse> = client.watch?.({ service });
    stream.on('data', (answer: HealthCheckResponse) => seen.push(answer.status));
    stream.on('error', () => {});
    return { seen, stream };
  };
  return { app, server, client, ask, watch };
}

describe('Check', () => {
  test('answers for the server, for services and for groups, by the health of the application', async () => {
    let db: HealthReport = { status: 'UP' };
    const clock = fakeClock();
    const { app, ask } = await serving(
      {
        env: { clock, random: () => 1 },
        checks: [{ name: 'db', groups: ['readiness', 'deep'], intervalMs: 1000, check: () => db }],
      },
      { services: { 'shop.Orders': 'readiness', 'shop.Ping': 'liveness' } },
    );
    const all = async () => {
      const names = ['', 'shop.Orders', 'shop.Ping', 'deep', 'liveness'];
      return Promise.all(names.map(async (name) => ((await ask('check', name)) as HealthCheckResponse).status));
    };
    expect(await all()).toEqual([SERVING, SERVING, SERVING, SERVING, SERVING]);
    db = { status: 'DEGRADED' };
    await clock.advance(1000);
    expect(await all()).toEqual([SERVING, SERVING, SERVING, SERVING, SERVING]);
    db = { status: 'DOWN' };
    await clock.advance(1000);
    expect(await all()).toEqual([NOT_SERVING, NOT_SERVING, SERVING, NOT_SERVING, SERVING]);
    await app.stop();
  });

  test.each(['shop.Nothing', 'constructor', '__proto__', 'x'.repeat(100_000)])(
    'answers NOT_FOUND for a service that does not exist (%#)',
    async (service) => {
      const { ask, app } = await serving();
      await expect(ask('check', service)).rejects.toMatchObject({ code: status.NOT_FOUND });
      await app.stop();
    },
  );
});

test('List answers for all services at once', async () => {
  const { ask, app } = await serving({}, { services: { 'shop.Orders': 'readiness' } });
  expect(await ask('list')).toEqual({
    statuses: {
      '': { status: SERVING },
      'shop.Orders': { status: SERVING },
      liveness: { status: SERVING },
      readiness: { status: SERVING },
      startup: { status: SERVING },
    },
  });
  await app.stop();
});

describe('Watch', () => {
  test('sends the status at once and each change, and nothing else', async () => {
    let up = true;
    const clock = fakeClock();
    const { app, watch } = await serving({
      env: { clock, random: () => 1 },
      checks: [{ name: 'db', intervalMs: 1000, check: () => up }],
    });
    const { seen } = watch('');
    await vi.waitFor(() => expect(seen).toEqual([SERVING]));
    await clock.advance(5000);
    up = false;
    await clock.advance(3000);
    await vi.waitFor(() => expect(seen).toEqual([SERVING, NOT_SERVING]));
    up = true;
    await clock.advance(3000);
    await vi.waitFor(() => expect(seen).toEqual([SERVING, NOT_SERVING, SERVING]));
    await app.stop();
  });

  test('sends SERVICE_UNKNOWN for a service that does not exist, and its status once it does', async () => {
    const { app, watch } = await serving();
    const { seen } = watch('deep');
    const long = watch('x'.repeat(10_000));
    await vi.waitFor(() => expect([seen, long.seen]).toEqual([[SERVICE_UNKNOWN], [SERVICE_UNKNOWN]]));
    const added = app.get(healthToken).add({ name: 'deep', groups: ['deep'], check: () => false });
    await vi.waitFor(() => expect(seen.at(-1)).toBe(NOT_SERVING));
    added[Symbol.dispose]();
    await vi.waitFor(() => expect(seen.at(-1)).toBe(SERVICE_UNKNOWN));
    await app.stop();
  });

  test('says NOT_SERVING before anything ends when the application stops, then the streams end and the server can', async () => {
    const clock = fakeClock();
    const { app, server, watch, ask } = await serving({ env: { clock }, shutdown: { propagationDelayMs: 1000 } });
    const watched = [watch(''), watch('liveness')];
    await vi.waitFor(() => expect(watched.map(({ seen }) => seen)).toEqual([[SERVING], [SERVING]]));
    const ended = watched.map(({ stream }) => once(stream, 'end'));
    const stopping = app.stop();
    await vi.waitFor(() => expect(watched.map(({ seen }) => seen.at(-1))).toEqual([NOT_SERVING, NOT_SERVING]));
    expect(await ask('check', '')).toEqual({ status: NOT_SERVING });
    await clock.advance(1000);
    await stopping;
    await Promise.all(ended);
    await new Promise<void>((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve())));
  });

  test('forgets streams that are gone', async () => {
    const { app, watch } = await serving();
    const watched = Array.from({ length: 20 }, () => watch(''));
    await vi.waitFor(() => expect(watched.every(({ seen }) => seen.length === 1)).toBe(true));
    for (const { stream } of watched) stream.cancel();
    const { seen } = watch('');
    await vi.waitFor(() => expect(seen).toEqual([SERVING]));
    await app.stop();
    expect(watched.map(({ seen: { length } }) => length)).toEqual(watched.map(() => 1));
  });
});

test('nothing serves before the application is ready', () => {
  using statuses = new ServingStatuses({ shop: 'readiness' });
  const health = createHealth({}, () => 'OUT_OF_SERVICE');
  expect([statuses.of(''), statuses.of('shop')]).toEqual([NOT_SERVING, NOT_SERVING]);
  statuses.follow(health);
  expect([statuses.of(''), statuses.of('shop')]).toEqual([NOT_SERVING, NOT_SERVING]);
  health[Symbol.dispose]();
});

test('a reader that is slow is sent the last status, not all of them, and one stream too many is refused', () => {
  using statuses = new ServingStatuses({});
  const handlers = new HealthHandlers(statuses);
  const health = createHealth();
  statuses.follow(health);
  const sent: number[] = [];
  const emitter = new EventEmitter();
  const stream = Object.assign(emitter, {
    request: { service: '' },
    write: ({ status }: HealthCheckResponse) => sent.push(status) < 0,
    end: () => {},
  });
  handlers.watch(stream);
  statuses.stopServing();
  expect(sent).toEqual([SERVING]);
  emitter.emit('drain');
  emitter.emit('drain');
  expect(sent).toEqual([SERVING, NOT_SERVING]);
  const refused: unknown[] = [];
  const another = () => {
    const next = Object.assign(new EventEmitter(), { request: { service: '' }, write: () => true, end: () => {} });
    next.on('error', (fault) => refused.push(fault.code));
    handlers.watch(next);
  };
  for (let count = 1; count < maxWatches; count++) another();
  expect(refused).toEqual([]);
  another();
  expect(refused).toEqual([status.RESOURCE_EXHAUSTED]);
  health[Symbol.dispose]();
});

test.each([{ services: 'shop' }, { services: { shop: 5 } }, { service: {} }])('%j is refused', (options) => {
  expect(() => grpcHealth(new Server(), options as never)).toThrow(
    expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }),
  );
});
