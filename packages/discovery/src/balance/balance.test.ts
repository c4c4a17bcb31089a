import {
  background,
  cancellable,
  FwkError,
  idempotentKey,
  type Layer,
  lastResortKey,
  liveValue,
  makeEnv,
  operationKey,
  stack,
} from '@fwk/kernel';
import { fakeClock, layerContract, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { NoEndpointError } from '../errors.js';
import { endpointAt, balancedService as setUp } from '../fixtures/balanced-service.js';
import { type Endpoint, endpointKey, type InstanceEndpoint } from '../membership/endpoint.js';
import { roundRobin } from '../pick/round-robin.js';
import { anInstance } from '../testing/instances.js';
import { balance } from './balance.js';

function refused(port: number): Error {
  return Object.assign(new Error(`connect ECONNREFUSED 127.0.0.1:${port}`), { code: 'ECONNREFUSED' });
}

describe('balance keeps the promises of a layer', () => {
  const layer = (): Layer<string, number> =>
    balance<string, number>({ service: 'inventory', endpoints: liveValue<readonly Endpoint[]>([endpointAt(4001)]) });
  for (const { name, run } of layerContract({ layer, request: '?', answer: 1 })) test(name, run);
});

describe('balance', () => {
  test('gives the answer and the error as they are when the classifier has no verdict on them', async () => {
    const classifier = { ofResult: () => undefined as never, ofError: () => undefined as never };
    const endpoints = liveValue<readonly Endpoint[]>([endpointAt(4001)]);
    const error = new Error('down');
    const inner = scriptedService<string, number>();
    inner.script(1, error);
    const service = balance<string, number>({ service: 'inventory', endpoints }).wrap(inner, makeEnv({ classifier }));
    expect(await service.call('?', background)).toBe(1);
    await expect(service.call('?', background)).rejects.toBe(error);
  });

  test('spreads calls over all endpoints and tells the inner service which one was chosen', async () => {
    const { service } = setUp([1, 2, 3]);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => service.call('?', background)));
    expect(new Set(outcomes)).toEqual(new Set([1, 2, 3]));
  });

  test('builds the layers of an endpoint once, and disposes them when it has left and its last call has ended', async () => {
    const built: number[] = [];
    const disposed: number[] = [];
    const inner = scriptedService<string, number>();
    const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1)]);
    const endpoint = ({ port }: Endpoint) => {
      built.push(port);
      return stack<string, number>().use({
        role: 'connection',
        wrap: (next) => ({
          call: (request, context) => next.call(request, context),
          status: (request) => next.status(request),
          [Symbol.asyncDispose]: async () => void disposed.push(port),
        }),
      });
    };
    const service = balance({ service: 'inventory', endpoints, endpoint }).wrap(inner, makeEnv());
    const first = service.call('a', background);
    service.call('b', background);
    endpoints.set([endpointAt(2)]);
    const after = service.call('c', background);
    expect(inner.calls[2]?.context.get(endpointKey)?.port).toBe(2);
    inner.calls[0]?.succeed(1);
    expect(await first).toBe(1);
    expect(disposed).toEqual([]);
    inner.calls[1]?.succeed(1);
    inner.calls[2]?.succeed(2);
    await after;
    expect(built).toEqual([1, 2]);
    expect(disposed).toEqual([1]);
    await service[Symbol.asyncDispose]();
    expect(disposed).toEqual([1, 2]);
  });

  test('stops picking an endpoint that is draining while its calls go on, and sees its return', async () => {
    const { endpoints, calls } = setUp([1, 2], { balancer: roundRobin() });
    const [first, second] = endpoints.value as [InstanceEndpoint, InstanceEndpoint];
    await calls(4);
    second.instance = anInstance({ id: second.id, port: 2, status: 'DRAINING' });
    endpoints.set([first, second]);
    expect(new Set(await calls(20))).toEqual(new Set([1]));
    second.instance = anInstance({ id: second.id, port: 2, status: 'UP' });
    endpoints.set([first, second]);
    expect(new Set(await calls(50))).toEqual(new Set([1, 2]));
  });

  test('says what it knew and left out when there is nobody', async () => {
    const { endpoints, service } = setUp([]);
    endpoints.set([
      endpointAt(1, { status: 'DRAINING' }),
      endpointAt(2, { status: 'OUT_OF_SERVICE' }),
      endpointAt(3, { status: 'DRAINING' }),
    ]);
    endpoints.markStale('the registry does not answer', 0);
    const error = await service.call('?', background).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NoEndpointError);
    expect((error as NoEndpointError).message).toContain(
      'inventory: 3 known, all left out (2 draining, 1 out of service); the list is out of date',
    );
    expect((error as NoEndpointError).traits).toMatchObject({ retryable: true, notProcessed: true });
  });

  test('waits for the first list before it gives up, and ends the wait with its caller', async () => {
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const { endpoints, service } = setUp([], { settled: () => arrived });
    const call = service.call('?', background);
    endpoints.set([endpointAt(7)]);
    arrive();
    expect(await call).toBe(7);
  });

  test('goes round an endpoint whose own layers are busy', async () => {
    const busy = (port: number) => port === 2;
    const { calls } = setUp([1, 2, 3], {
      endpoint: ({ port }) =>
        stack<string, number>().use({
          role: 'breaker',
          wrap: (next) => ({
            call: (request, context) => next.call(request, context),
            status: () => (busy(port) ? 'busy' : 'ready'),
          }),
        }),
    });
    expect(new Set(await calls(200))).toEqual(new Set([1, 3]));
  });

  test('lets one call find out about a new endpoint, and sends the others elsewhere meanwhile', () => {
    const inner = scriptedService<string, number>();
    const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1), endpointAt(2)]);
    const service = balance({ service: 'inventory', endpoints }).wrap(inner, makeEnv({ random: seededRandom(1) }));
    service.call('a', background);
    service.call('b', background);
    expect(new Set(inner.calls.map(({ context }) => context.get(endpointKey)?.port))).toEqual(new Set([1, 2]));
  });
});

describe('ejection', () => {
  test('takes an endpoint out at its first refused connection and gives it one call when its time has come', async () => {
    const { calls, clock, down, events, served, service } = setUp([1, 2, 3]);
    down.set(2, () => refused(2));
    const outcomes = await calls(60);
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toHaveLength(1);
    expect(events.all.find(({ name }) => name === 'endpoint.ejected')?.data).toMatchObject({
      rule: 'connection-failed',
      endpoint: 'inventory-2',
      threshold: 1,
      times: 1,
    });
    expect(service.report()[1]?.ejection).toMatchObject({ rule: 'connection-failed' });
    await clock.advance(2001);
    served.length = 0;
    await calls(30);
    expect(served.filter((port) => port === 2)).toHaveLength(1);
    down.clear();
    await clock.advance(60_000);
    await calls(30);
    expect(events.names).toContain('endpoint.readmitted');
    expect(service.report()[1]?.ejection).toBeUndefined();
  });

  test('keeps pauses between 1 s and 32 s, longer with each refusal', async () => {
    const { calls, clock, down, events } = setUp([1, 2, 3]);
    down.set(2, () => refused(2));
    const pauses: number[] = [];
    await calls(30);
    for (let round = 0; round < 12; round++) {
      const last = events.all.filter(({ name }) => name === 'endpoint.ejected').at(-1);
      pauses.push((last?.data.untilMs as number) - clock.wallTime());
      await clock.advance(32_001);
      await calls(5);
    }
    for (const pause of pauses) expect(pause).toSatisfy((ms: number) => ms >= 1000 && ms <= 32_000);
    expect(Math.max(...pauses)).toBeGreaterThan(8000);
  });

  test('takes an endpoint out after five failures in a row, but never more than one of few for that', async () => {
    const { calls, clock, down, events, service } = setUp([1, 2, 3], { balancer: roundRobin() });
    down.set(1, () => new Error('broken'));
    down.set(2, () => new Error('broken too'));
    await calls(60);
    const ejected = events.all.filter(({ name }) => name === 'endpoint.ejected');
    expect(ejected).toHaveLength(1);
    expect(ejected[0]?.data).toMatchObject({ rule: 'consecutive-failures', measured: 5, threshold: 5 });
    const untilMs = ejected[0]?.data.untilMs as number;
    expect(untilMs - clock.wallTime()).toBeGreaterThanOrEqual(30_000);
    expect(untilMs - clock.wallTime()).toBeLessThanOrEqual(33_000);
    expect(service.report().filter(({ ejection }) => ejection)).toHaveLength(1);
  });

  describe('of which one operation fails', () => {
    const [stock, report] = ['stock', 'report'].map((name) => background.with({ values: [operationKey.of(name)] }));
    const broken = () =>
      new FwkError('FWK_TEST_BROKEN', 'socket closed', {
        details: { connection: true },
        traits: { notProcessed: false },
      });

    test.each([
      ['fails', () => new Error('broken')],
      ['breaks its connection', broken],
    ])('is not taken out when that %s while another is answered', async (_how, error) => {
      const { down, service, events } = setUp([1, 2, 3], { balancer: roundRobin() });
      for (let round = 0; round < 20; round++) {
        for (const port of [1, 2, 3]) down.set(port, error);
        for (let call = 0; call < 30; call++) await service.call('?', report!).catch(() => {});
        down.clear();
        for (let call = 0; call < 3; call++) await service.call('?', stock!);
      }
      // Before the first answer nobody could know.
      expect(events.names.slice(5)).not.toContain('endpoint.ejected');
    });

    test('is taken out when several fail, or when that one is all that is asked', async () => {
      const { clock, down, service, events } = setUp([1, 2], { balancer: roundRobin() });
      for (let call = 0; call < 4; call++) await service.call('?', stock!);
      down.set(1, () => new Error('broken'));
      for (let call = 0; call < 16; call++) await service.call('?', call % 4 < 2 ? stock! : report!).catch(() => {});
      expect(events.names).toContain('endpoint.ejected');
      const other = setUp([1, 2], { balancer: roundRobin() });
      for (let call = 0; call < 4; call++) await other.service.call('?', stock!);
      await other.clock.advance(10_001);
      other.down.set(1, () => new Error('broken'));
      for (let call = 0; call < 12; call++) await other.service.call('?', report!).catch(() => {});
      expect(other.events.names).toContain('endpoint.ejected');
      await clock.advance(1);
    });

    test('is taken out at once when no connection can be made, whatever was answered before', async () => {
      const { down, service, events } = setUp([1, 2], { balancer: roundRobin() });
      for (let call = 0; call < 4; call++) await service.call('?', stock!);
      down.set(1, () => refused(1));
      for (let call = 0; call < 2; call++) await service.call('?', report!).catch(() => {});
      expect(events.names).toContain('endpoint.ejected');
    });
  });

  test('tells the layers of an endpoint whether another would take the request', async () => {
    const busy = new Set<string>();
    const told: (boolean | undefined)[] = [];
    const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1), endpointAt(2)]);
    const service = balance<string, number>({ service: 'inventory', endpoints }).wrap(
      {
        async call(request, context) {
          told.push(context.get(lastResortKey)?.(request));
          return 1;
        },
        status: (request) => (busy.has(request ?? '') ? 'busy' : 'ready'),
      },
      makeEnv(),
    );
    busy.add('report');
    await service.call('stock', background);
    await service.call('report', background);
    endpoints.set(endpoints.value.slice(1));
    await service.call('report', background);
    expect(told).toEqual([false, true, false]);
    expect([service.status('stock'), service.status('report'), service.status()]).toEqual(['ready', 'busy', 'ready']);
  });

  test('learns nothing about an endpoint from what a layer of ours refused, or what we noticed late', async () => {
    const { down, service, events } = setUp([1, 2]);
    const refusal = new FwkError('FWK_TEST_OPEN', 'open', { traits: { notProcessed: true, refusedBy: 'caller' } });
    const late = new FwkError('FWK_TEST_LATE', 'late', { traits: { timedOut: true, noticedLate: true } });
    for (const error of [refusal, late]) {
      down.set(1, () => error);
      for (let call = 0; call < 40; call++) await service.call('?', background).catch(() => {});
    }
    expect(events.names).not.toContain('endpoint.ejected');
    // A failure would count as five seconds.
    for (const { load } of service.report()) expect(load).toBeLessThan(1000);
  });

  test('keeps half of the endpoints in the set and still answers when all are refused', async () => {
    const { calls, down, served } = setUp([1, 2, 3, 4]);
    for (const port of [1, 2, 3, 4]) down.set(port, () => refused(port));
    const outcomes = await calls(50);
    expect(outcomes.every((outcome) => outcome instanceof Error && !(outcome instanceof NoEndpointError))).toBe(true);
    served.length = 0;
    down.clear();
    await calls(50);
    expect(served.length).toBe(50);
  });

  test('prefers the living when more than half are refused', async () => {
    const { calls, down } = setUp([1, 2, 3]);
    down.set(1, () => refused(1));
    down.set(2, () => refused(2));
    await calls(30);
    expect(new Set(await calls(100))).toEqual(new Set([3]));
  });

  test('never takes out the only endpoint', async () => {
    const { calls, down } = setUp([1]);
    down.set(1, () => refused(1));
    await calls(5);
    down.clear();
    expect(await calls(1)).toEqual([1]);
  });

  test('ignores answers to calls that began before the ejection', async () => {
    const inner = scriptedService<string, number>();
    const clock = fakeClock();
    const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1), endpointAt(2)]);
    const service = balance({ service: 'inventory', endpoints, balancer: roundRobin() }).wrap(
      inner,
      makeEnv({ clock }),
    );
    const [old, , failing] = [1, 2, 3].map(() => service.call('?', background).catch(() => 0));
    await clock.advance(5);
    inner.calls[2]?.fail(refused(1));
    await failing;
    inner.calls[0]?.succeed(1);
    await old;
    const port = inner.calls[0]?.context.get(endpointKey)?.port;
    expect(service.report().find(({ url }) => url.endsWith(`:${port}`))?.ejection).toBeDefined();
    inner.calls[1]?.succeed(1);
  });

  test('does not count overload, what callers gave up, or what another of our layers refused', async () => {
    const { down, service, events } = setUp([1, 2], { balancer: roundRobin() });
    const overloaded = new FwkError('FWK_TEST_BUSY', 'busy', { traits: { overloaded: true } });
    const local = new FwkError('FWK_TEST_OPEN', 'open', { traits: { notProcessed: true } });
    const ignored = new FwkError('FWK_TEST_404', 'not found', { traits: { outcome: 'ignored' } });
    for (const error of [overloaded, local, ignored]) {
      down.set(1, () => error);
      for (let call = 0; call < 20; call++) await service.call('?', background).catch(() => {});
    }
    const { context, cancel } = cancellable(background, { values: [idempotentKey.of(true)] });
    cancel();
    await service.call('?', context).catch(() => {});
    expect(events.names).not.toContain('endpoint.ejected');
  });
});
