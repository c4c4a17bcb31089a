/** A policy before a client or a server: built by scopes, with operations and endpoints apart. */
import { background, currentOf, type Layer, liveValue, makeEnv, type Service, stack } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { PolicyKind } from './policy-kind.js';
import type { PolicyOptions } from './policy-options.js';
import { policyRegistry } from './policy-registry.js';

interface Request {
  readonly operation: 'stock' | 'reserve';
}

const client: PolicyKind = {
  name: 'client',
  scopes: ['call', 'endpoint'],
  builtIn: { deadlineMs: 10_000, retry: {}, breaker: {}, timeoutMs: 1000 },
  assumed: { breaker: { openMs: 1000 }, hedge: { idempotent: true }, cache: { keyOf: () => 'one' } },
  operations: {
    names: ['stock', 'reserve'],
    nameOf: (request) => (request as Request).operation,
    options: { reserve: { timeoutMs: 3000 } },
  },
};
const server: PolicyKind = { name: 'server', scopes: ['server'], builtIn: { deadlineMs: 30_000 } };

const failure = new Error('no answer');

function build(over: PolicyOptions = {}, kind = client) {
  const clock = fakeClock();
  const source = liveValue<unknown>({});
  const registry = policyRegistry(makeEnv({ clock, random: () => 0.5 }), source);
  const use = registry.use('inventory', kind, over);
  const calls: string[] = [];
  let answer: () => Promise<string> = async () => 'answer';
  const callee = (endpoint: string): Service<Request, string> => ({
    call: ({ operation }) => {
      calls.push(`${endpoint}:${operation}`);
      return answer();
    },
    status: () => 'ready',
  });
  const at = (id: string) =>
    stack<Request, string>(use.env)
      .use(use.endpoint(id, use.places('endpoint')))
      .into(callee(id));
  const endpoints = new Map([
    ['a', at('a')],
    ['b', at('b')],
  ]);
  let chosen = 'a';
  const balancer: Service<Request, string> = {
    call: (request, context) => endpoints.get(chosen)!.call(request, context),
    status: () => 'ready',
  };
  const service = stack<Request, string>(use.env)
    .use(use.calls(use.places('call')))
    .into(balancer);
  return {
    clock,
    registry,
    use,
    service,
    calls,
    endpoints,
    configure: (policies: Readonly<Record<string, unknown>>) => source.set(policies),
    choose: (id: string) => {
      chosen = id;
    },
    fail: () => {
      answer = () => Promise.reject(failure);
    },
    call: (operation: Request['operation']) => service.call({ operation }, background),
  };
}

describe('the levels', () => {
  test('built-in, contract, defaults, named policy and place of use lie over each other', () => {
    const { use, configure } = build({ deadlineMs: 4000 });
    expect(use.options()).toMatchObject({ deadlineMs: 4000, timeoutMs: 1000, breaker: { openMs: 1000 } });
    expect(use.options('reserve')).toMatchObject({ timeoutMs: 3000 });
    configure({
      inventory: { timeoutMs: 700, deadlineMs: 9000, operations: { reserve: { timeoutMs: 800, retry: false } } },
    });
    expect(use.options()).toMatchObject({ deadlineMs: 4000, timeoutMs: 700 });
    expect(use.options('reserve')).toMatchObject({ timeoutMs: 800, retry: false });
  });

  test('what is built in contradicts nothing that people say', () => {
    expect(build({ deadlineMs: 500 }).use.options()).toMatchObject({ deadlineMs: 500, timeoutMs: 1000 });
  });

  test('a layer that a kind completes needs nothing else', () => {
    const { use, configure } = build();
    configure({ inventory: { hedge: {}, cache: { ttlMs: 1000 } } });
    expect(use.describe(use.places('call')).map(({ role }) => role)).toEqual(['deadline', 'cache', 'retry', 'hedge']);
  });
});

describe('scopes', () => {
  test('each has its own layers, in canonical order', () => {
    const { use } = build({ rateLimit: {}, bulkhead: {}, limit: {}, fault: { ratio: 0, latencyMs: 1 } });
    const roles = (scope: 'call' | 'endpoint') => use.describe(use.places(scope)).map(({ role }) => role);
    expect(roles('call')).toEqual(['deadline', 'retry', 'rate-limit']);
    expect(roles('endpoint')).toEqual([
      'circuit-breaker',
      'adaptive-limit',
      'bulkhead',
      'attempt-timeout',
      'fault-injection',
    ]);
  });

  test('layers of others stand where their role says, whether the layer beside them is asked for or not', async () => {
    const { use, calls } = build({ retry: false });
    const seen: string[] = [];
    const seeing = (role: string): Layer<Request, string> => ({
      role,
      wrap: (next) => ({
        call: (request, context) => {
          seen.push(role);
          return next.call(request, context);
        },
        status: (request) => next.status(request),
      }),
    });
    const layers = use
      .places<Request, string>('call')
      .before('retry', seeing('before'))
      .after('retry', seeing('after'));
    expect(use.describe(layers).map(({ role }) => role)).toEqual(['deadline', 'before', 'after']);
    const service = stack<Request, string>(use.env)
      .use(use.calls(layers))
      .into({ call: async () => 'answer', status: () => 'ready' });
    await service.call({ operation: 'stock' }, background);
    expect(seen).toEqual(['before', 'after']);
    expect(calls).toEqual([]);
  });

  test('a server has those of servers', () => {
    const { use } = build({ rateLimit: {}, limit: {} }, server);
    expect(use.describe(use.places('server')).map(({ role }) => role)).toEqual([
      'deadline',
      'rate-limit',
      'adaptive-limit',
    ]);
  });
});

describe('operations', () => {
  test('one that sets options of a layer has it for itself; retries draw on one budget', async () => {
    const { call, calls, fail, clock } = build({
      retry: { baseDelayMs: 0, budget: { ratio: 0, reservePerSecond: 0.1 } },
      operations: { reserve: { retry: { maxAttempts: 2 } } },
      breaker: false,
    });
    fail();
    const first = expect(call('stock')).rejects.toBe(failure);
    await clock.advance(100);
    await first;
    // One retry is all that the budget has.
    expect(calls).toHaveLength(2);
    const second = expect(call('reserve')).rejects.toBe(failure);
    await clock.advance(100);
    await second;
    expect(calls).toHaveLength(3);
  });

  test('a live value of one that turns invalid is passed over, and the last valid one stays', () => {
    const timeoutMs = liveValue(200);
    const { use } = build({ operations: { stock: { timeoutMs } } });
    timeoutMs.set(-1);
    expect(currentOf(use.options('stock').timeoutMs)).toBe(200);
    timeoutMs.set(300);
    expect(currentOf(use.options('stock').timeoutMs)).toBe(300);
  });

  test('one of which nothing is said any more begins anew when something is said again', async () => {
    const { call, configure, registry } = build({ retry: false });
    const own = { inventory: { operations: { stock: { rateLimit: { permitsPerSecond: 0.001, burst: 1 } } } } };
    configure(own);
    expect(await call('stock')).toBe('answer');
    await expect(call('stock')).rejects.toMatchObject({ code: 'FWK_RESILIENCE_RATE_LIMITED' });
    configure({});
    expect(await call('stock')).toBe('answer');
    configure(own);
    expect(await call('stock')).toBe('answer');
    expect(registry.refusal).toBeUndefined();
  });

  test('a layer can be taken out for one', async () => {
    const { call, calls, fail, clock } = build({
      retry: { baseDelayMs: 0 },
      operations: { reserve: { retry: false } },
    });
    fail();
    const reserve = expect(call('reserve')).rejects.toBe(failure);
    await clock.advance(100);
    await reserve;
    expect(calls).toHaveLength(1);
    const stock = expect(call('stock')).rejects.toBe(failure);
    await clock.advance(1000);
    await stock;
    expect(calls).toHaveLength(4);
  });
});

describe('what is seen and set under /manage', () => {
  test('calls, operations and endpoints apart', async () => {
    const { registry, call, choose, fail, clock } = build({ retry: { baseDelayMs: 0 } });
    await call('stock');
    choose('b');
    await call('stock');
    fail();
    const failing = expect(call('reserve')).rejects.toBe(failure);
    await clock.advance(1000);
    await failing;
    expect(registry.inspect('inventory')).toMatchObject({
      statistics: { total: { calls: 3, successes: 2, failures: 1, retries: 2 } },
      uses: [
        {
          of: 'client',
          operations: {
            stock: { settings: [], statistics: { total: { calls: 2 } } },
            reserve: {
              settings: [{ setting: 'timeoutMs', value: 3000, from: 'contract' }],
              statistics: { total: { failures: 1 } },
            },
          },
          endpoints: {
            a: { statistics: { total: { calls: 1 } } },
            b: { statistics: { total: { calls: 4, failures: 3 } }, breakers: [{ endpoint: 'b', state: 'closed' }] },
          },
        },
      ],
    });
  });

  test('breakers are set for all endpoints or for one, those made later included', async () => {
    const { registry, call, choose } = build({ retry: false });
    registry.force('inventory', 'forced-open', 'b');
    expect(await call('stock')).toBe('answer');
    choose('b');
    await expect(call('stock')).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
    registry.reset('inventory', 'b');
    expect(await call('stock')).toBe('answer');
    registry.force('inventory', 'forced-open');
    choose('a');
    await expect(call('stock')).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
  });

  test('an endpoint that is not there is named, with those that are', () => {
    const { registry } = build();
    expect(() => registry.force('inventory', 'forced-open', 'c')).toThrow(
      'policy "inventory" has no endpoint "c": there are a, b',
    );
  });

  test('an endpoint that left is no longer listed', async () => {
    const { registry, endpoints } = build();
    await endpoints.get('a')![Symbol.asyncDispose]();
    expect(Object.keys(registry.inspect('inventory').uses[0]!.endpoints!)).toEqual(['b']);
  });
});

describe('what is refused', () => {
  test('options that mean nothing before a kind, at the places that are meant for it', () => {
    expect(() => build({ retry: {} }, server)).toThrow(
      'retry means nothing before a server, which takes deadlineMs, rateLimit',
    );
    const { registry, configure, use } = build({}, server);
    configure({ inventory: { breaker: {} } });
    expect(registry.refusal?.reasons[0]).toContain('breaker means nothing before a server');
    expect(use.options()).toEqual({ deadlineMs: 30_000 });
  });

  test('operations that the contract does not have', () => {
    expect(() => build({ operations: { resrve: { timeoutMs: 5 } } })).toThrow(
      'operations.resrve is no operation; there are stock, reserve',
    );
  });

  test('what contradicts itself, told once and not for each operation', () => {
    expect(() => build({ deadlineMs: 50, timeoutMs: 100 })).toThrow(
      /^policy "inventory": timeoutMs 100 is above deadlineMs 50: no attempt could ever reach its own limit$/,
    );
  });

  test('options of operations that are wrong', () => {
    expect(() => build({ operations: { stock: { timeoutMs: -5 } } })).toThrow('operations.stock.timeoutMs');
  });
});
