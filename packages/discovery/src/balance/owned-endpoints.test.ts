import {
  background,
  type CallContext,
  formatStack,
  type Layer,
  type Logger,
  liveValue,
  makeEnv,
  noLogger,
  type Service,
  serviceOf,
  stack,
} from '@fwk/kernel';
import { layerContract, type ScriptedService, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { type Endpoint, endpointKey, InstanceEndpoint } from '../membership/endpoint.js';
import { roundRobin } from '../pick/round-robin.js';
import { anInstance } from '../testing/instances.js';
import { balance } from './balance.js';
import type { BalanceOptions } from './balance-options.js';

type Made = ScriptedService<string, number> & AsyncDisposable;

const endpointAt = (port: number): Endpoint => new InstanceEndpoint(anInstance({ id: `inventory-${port}`, port }));

/** Connections that note what becomes of them, and layers in front of them that do. */
function setUp(ports: readonly number[], options: Partial<BalanceOptions<string, number>> = {}) {
  const log: string[] = [];
  const warnings: unknown[] = [];
  const made = new Map<number, Made>();
  const endpoints = liveValue<readonly Endpoint[]>(ports.map(endpointAt));
  const connect = ({ port }: Endpoint): Made => {
    log.push(`connect ${port}`);
    const connection = Object.assign(scriptedService<string, number>(), {
      [Symbol.asyncDispose]: async () => void log.push(`close ${port}`),
    });
    made.set(port, connection);
    return connection;
  };
  const keeping = (name: string): Layer<string, number> => ({
    role: name,
    wrap: (next) => ({
      call: (request, context) => next.call(request, context),
      status: (request) => next.status(request),
      [Symbol.dispose]: () => void log.push(`dispose ${name}`),
    }),
  });
  const logger: Logger = { ...noLogger, warn: (...told: unknown[]) => void warnings.push(told) };
  const late = serviceOf<string, number>(() => {
    throw new Error('closed');
  });
  const service = balance<string, number>({
    service: 'inventory',
    endpoints,
    connect,
    endpoint: ({ port }) =>
      stack<string, number>()
        .use(keeping(`outer ${port}`))
        .use(keeping(`inner ${port}`)),
    balancer: roundRobin(),
    ...options,
  }).wrap(late, makeEnv({ logger }));
  const call = (context: CallContext = background) => service.call('?', context);
  return { log, warnings, made, endpoints, service, call };
}

const ended = (port: number) => [`dispose outer ${port}`, `dispose inner ${port}`, `close ${port}`];

describe('balance with connections of its own keeps the promises of a layer', () => {
  const layer = (): Layer<string, number> => ({
    role: 'balance',
    wrap: (next, env) =>
      balance<string, number>({
        service: 'inventory',
        endpoints: liveValue<readonly Endpoint[]>([endpointAt(1)]),
        connect: () => next,
      }).wrap(
        serviceOf<string, number>(() => Promise.reject(new Error('closed'))),
        env,
      ),
  });
  for (const { name, run } of layerContract({ layer, request: '?', answer: 1 })) test(name, run);
});

describe('an endpoint', () => {
  test('is connected once, when the first call is made, and named in the context', async () => {
    const { log, made, call } = setUp([1, 2]);
    expect(log).toEqual([]);
    const calls = [call(), call(), call(), call()];
    expect([...log].sort()).toEqual(['connect 1', 'connect 2']);
    for (const port of [1, 2]) {
      const { calls: seen } = made.get(port)!;
      expect(seen.map(({ context }) => context.get(endpointKey)?.port)).toEqual([port, port]);
      for (const each of seen) each.succeed(port);
    }
    expect((await Promise.all(calls)).sort()).toEqual([1, 1, 2, 2]);
  });

  test('that has left is disposed of from the outside in once its last call is over', async () => {
    const { log, made, endpoints, call } = setUp([1]);
    const [first, second] = [call(), call()];
    endpoints.set([endpointAt(2)]);
    const third = call();
    log.length = 0;
    const [one, two] = made.get(1)!.calls;
    one?.succeed(1);
    await first;
    expect(log).toEqual([]);
    two?.fail(new Error('down'));
    await expect(second).rejects.toThrow('down');
    await expect.poll(() => log).toEqual(ended(1));
    made.get(2)?.calls[0]?.succeed(2);
    expect(await third).toBe(2);
    expect(log).toEqual(ended(1));
  });

  test('that has left is disposed of although no other call is made', async () => {
    const { log, made, endpoints, call } = setUp([1, 2]);
    const calls = [call(), call()];
    for (const { calls } of made.values()) calls[0]?.succeed(1);
    await Promise.all(calls);
    log.length = 0;
    endpoints.set(endpoints.value.slice(1));
    await expect.poll(() => log).toEqual(ended(1));
  });

  test('that no call has gone to has no layers and no connection', async () => {
    const { log, made, endpoints, service, call } = setUp([1, 2, 3]);
    const first = call();
    const [port] = [...made.keys()] as [number];
    made.get(port)?.calls[0]?.succeed(port);
    await first;
    expect(log).toEqual([`connect ${port}`]);
    endpoints.set(endpoints.value.filter((endpoint) => endpoint.port === port));
    await service[Symbol.asyncDispose]();
    expect(log).toEqual([`connect ${port}`, ...ended(port)]);
  });

  test('is not kept when making its connection changes the list', async () => {
    const log: number[] = [];
    const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1)]);
    const connect = ({ port }: Endpoint): Service<string, number> & Disposable => {
      if (port === 1) endpoints.set([endpointAt(2)]);
      return { ...serviceOf<string, number>(() => port), [Symbol.dispose]: () => void log.push(port) };
    };
    const { call, service } = setUp([], { endpoints, connect });
    const answers: number[] = [];
    for (let round = 0; round < 4; round++) answers.push(await call());
    expect(answers).toEqual([1, 2, 2, 2]);
    expect(log).toEqual([1]);
    await service[Symbol.asyncDispose]();
    expect(log).toEqual([1, 2]);
  });

  test('that leaves before anything was called is never connected', async () => {
    const { log, endpoints, service } = setUp([1]);
    endpoints.set([]);
    await service[Symbol.asyncDispose]();
    expect(log).toEqual([]);
  });

  test('may have a connection that is not disposable, or disposable at once, and no layers', async () => {
    const disposed: number[] = [];
    const connect = ({ port }: Endpoint): Service<string, number> & Partial<Disposable> => ({
      ...serviceOf<string, number>(() => port),
      ...(port === 2 && { [Symbol.dispose]: () => void disposed.push(port) }),
    });
    const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1), endpointAt(2)]);
    const service = balance({ service: 'inventory', endpoints, connect, balancer: roundRobin() }).wrap(
      serviceOf<string, number>(() => 0),
      makeEnv(),
    );
    const answers = [await service.call('?', background), await service.call('?', background)];
    expect(answers.sort()).toEqual([1, 2]);
    await service[Symbol.asyncDispose]();
    expect(disposed).toEqual([2]);
  });
});

describe('an endpoint without a usable connection', () => {
  const broken: [string, (endpoint: Endpoint) => unknown, unknown][] = [
    [
      'because connect throws',
      () => {
        throw new Error('no socket');
      },
      { message: 'no socket' },
    ],
    ['because connect answers nothing', () => undefined, { code: 'FWK_KERNEL_SERVICE_INVALID' }],
    [
      'because connect answers a promise',
      async () => serviceOf<string, number>(() => 1),
      { code: 'FWK_KERNEL_SERVICE_INVALID' },
    ],
  ];

  test.each(broken)('%s is gone round, and told in the log', async (_why, fail) => {
    const connect = (endpoint: Endpoint) =>
      endpoint.port === 1
        ? (fail(endpoint) as Service<string, number>)
        : serviceOf<string, number>(() => endpoint.port);
    const { warnings, call, service } = setUp([1, 2], { connect });
    for (let round = 0; round < 6; round++) expect(await call()).toBe(2);
    expect(warnings).toEqual([
      [expect.objectContaining({ endpoint: 'inventory-1' }), 'no service could be made for an endpoint'],
    ]);
    expect(service.status()).toBe('ready');
    await service[Symbol.asyncDispose]();
  });

  test.each(broken)('%s tells the caller why when there is no other', async (_why, fail, reason) => {
    const { call, service } = setUp([1], { connect: fail as (endpoint: Endpoint) => Service<string, number> });
    expect(service.status()).toBe('busy');
    await expect(call()).rejects.toMatchObject(reason as object);
    await service[Symbol.asyncDispose]();
  });

  test('because its layers cannot be built gives back the connection when it leaves', async () => {
    const { log, call, endpoints } = setUp([1], {
      endpoint: () => {
        throw new Error('no layers');
      },
    });
    await expect(call()).rejects.toThrow('no layers');
    expect(log).toEqual(['connect 1']);
    endpoints.set([]);
    await expect.poll(() => log).toEqual(['connect 1', 'close 1']);
  });
});

describe('disposing of the balancer', () => {
  test('waits for the calls under way, and takes no more', async () => {
    const { log, made, service, call } = setUp([1]);
    const first = call();
    log.length = 0;
    let over = false;
    const disposed = service[Symbol.asyncDispose]().then(() => {
      over = true;
    });
    expect(service.status()).toBe('closed');
    await expect(call()).rejects.toThrow('closed');
    expect([over, log]).toEqual([false, []]);
    made.get(1)?.calls[0]?.succeed(1);
    expect(await first).toBe(1);
    await disposed;
    expect(log).toEqual(ended(1));
    await expect(call()).rejects.toThrow('closed');
    expect(made.get(1)?.calls).toHaveLength(1);
  });

  test('waits for endpoints that left before it', async () => {
    const { log, made, endpoints, service, call } = setUp([1]);
    const first = call();
    endpoints.set([]);
    log.length = 0;
    const disposed = service[Symbol.asyncDispose]();
    made.get(1)?.calls[0]?.succeed(1);
    await first;
    await disposed;
    expect(log).toEqual(ended(1));
  });

  test('ends calls that wait for the first list, and connects nothing any more', async () => {
    let known = () => {};
    const settled = () =>
      new Promise<void>((resolve) => {
        known = resolve;
      });
    const { log, endpoints, service, call } = setUp([], { settled });
    const waiting = call();
    await service[Symbol.asyncDispose]();
    endpoints.set([endpointAt(1)]);
    known();
    await expect(waiting).rejects.toThrow('closed');
    expect(log).toEqual([]);
  });

  test('disposes of everything although some of it cannot let go', async () => {
    const closed: number[] = [];
    const connect = ({ port }: Endpoint) => ({
      ...serviceOf<string, number>(() => port),
      [Symbol.asyncDispose]: () =>
        port === 1 ? Promise.reject(new Error('stuck')) : Promise.resolve(void closed.push(port)),
    });
    const { warnings, call, log, service } = setUp([1, 2], { connect });
    await Promise.all([call(), call()]);
    await service[Symbol.asyncDispose]();
    expect(closed).toEqual([2]);
    expect(log.sort()).toEqual([1, 2].flatMap((port) => ended(port).slice(0, 2)).sort());
    expect(warnings).toEqual([[expect.objectContaining({ endpoint: 'inventory-1' }), 'endpoint not disposed']]);
  });
});

describe('a stack describes the layers of endpoints inside the balancer', () => {
  const endpoint = ({ id }: Pick<Endpoint, 'id'>) =>
    stack<string, number>().use({ role: 'circuit-breaker', describe: () => ({ of: id }), wrap: (next) => next });
  const printed = (ports: readonly number[], options: Partial<BalanceOptions<string, number>>) => {
    const endpoints = liveValue<readonly Endpoint[]>(ports.map(endpointAt));
    const layer = balance<string, number>({ service: 'inventory', endpoints, balancer: roundRobin(), ...options });
    return formatStack(stack<string, number>().use(layer).describe()).split('\n');
  };
  const head = 'balance(service=inventory, balancer=round-robin)';

  test('as they are said to be', () => {
    const inner = () => endpoint({ id: '*' }).describe();
    expect(printed([], { endpoint, inner })).toEqual([head, '  circuit-breaker(of=*)']);
  });

  test('else as those of the first endpoint', () => {
    expect(printed([1, 2], { endpoint })).toEqual([head, '  circuit-breaker(of=inventory-1)']);
    expect(printed([], { endpoint })).toEqual([head]);
    expect(printed([1], {})).toEqual([head]);
  });
});
