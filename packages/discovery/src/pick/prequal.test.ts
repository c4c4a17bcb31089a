import { background, type CallContext, cancellable, liveValue, makeEnv, OptionsError } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { balance } from '../balance/balance.js';
import { endpointAt } from '../fixtures/balanced-service.js';
import { candidates } from '../fixtures/stub-candidate.js';
import type { Endpoint } from '../membership/endpoint.js';
import { HeardLoad, type TakeReport } from './load-report.js';
import { type PrequalOptions, prequal } from './prequal.js';

/** How a server answers questions for its load. */
interface Server {
  inFlight: number;
  latencyMs: number;
  /** Time until the answer; `Infinity` for none. */
  afterMs: number;
  /** False for a server that does not know the question. */
  knows: boolean;
  asked: number;
  /** Questions that were given up. */
  givenUp: number;
  calls: number;
  /** What its answers to calls say; undefined for nothing. */
  says: { readonly inFlight: number; readonly latencyMs: number } | undefined;
}

/** Servers behind a client that asks; all have two calls in flight, which take 10 ms each. */
function bench(count: number, options?: Partial<PrequalOptions>, weights: readonly number[] = []) {
  const clock = fakeClock();
  const servers = Array.from(
    { length: count },
    (): Server => ({
      ...{ inFlight: 2, latencyMs: 30, afterMs: 1, knows: true },
      ...{ asked: 0, givenUp: 0, calls: 0, says: undefined },
    }),
  );
  const endpoints = liveValue<readonly Endpoint[]>(
    servers.map((_, index) => endpointAt(1000 + index, { weight: weights[index] ?? 1 })),
  );
  const connect = ({ port }: Endpoint, reported: TakeReport) => {
    const server = servers[port - 1000] as Server;
    return {
      status: () => 'ready' as const,
      async call() {
        server.calls++;
        if (server.says) reported(server.says.inFlight, server.says.latencyMs, false);
        return port;
      },
      probe: (context: CallContext) => (server.knows ? ask(server, reported, context) : undefined),
    };
  };
  const ask = (server: Server, reported: TakeReport, context: CallContext) => {
    server.asked++;
    return new Promise<void>((resolve, reject) => {
      const given = context.onCancel((reason) => {
        server.givenUp++;
        reject(reason);
      });
      if (server.afterMs === Number.POSITIVE_INFINITY) return;
      clock.setTimer(() => {
        given[Symbol.dispose]();
        reported(server.inFlight, server.latencyMs, true);
        resolve();
      }, server.afterMs);
    });
  };
  const service = balance<string, number>({
    service: 'inventory',
    endpoints,
    connect,
    balancer: prequal(options),
  }).wrap(
    { call: () => Promise.reject(new Error('closed')), status: () => 'closed' },
    makeEnv({ clock, random: seededRandom(3) }),
  );
  /** Makes a call and lets time pass until it is answered. @returns the number of the server */
  const call = async (context: CallContext = background) => {
    let answer: number | undefined;
    const over = service.call('?', context).then((port) => {
      answer = port - 1000;
    });
    for (let ms = 0; answer === undefined && ms < 100; ms++) {
      await clock.settle();
      if (answer === undefined) await clock.advance(1);
    }
    await over;
    return answer as number;
  };
  return { clock, servers, service, endpoints, call };
}

const sum = (servers: readonly Server[], of: (server: Server) => number) =>
  servers.reduce((total, server) => total + of(server), 0);

describe('prequal', () => {
  test('asks as many endpoints as it is told and takes the one with the least to do', async () => {
    const { servers, call } = bench(5);
    servers[3]!.inFlight = 1;
    servers[3]!.latencyMs = 20;
    expect(await call()).toBe(3);
    expect(servers.map(({ asked }) => asked)).toEqual([1, 1, 1, 1, 1]);
    const { servers: many, call: callMany } = bench(50, { probes: 3 });
    await callMany();
    expect(sum(many, ({ asked }) => asked)).toBe(3);
  });

  test('goes round a hot endpoint, and takes of the others the quickest', async () => {
    const { servers, call } = bench(10, { probes: 10 });
    // Much to do, but quick.
    servers[0]!.inFlight = 40;
    servers[0]!.latencyMs = 5;
    servers[2]!.latencyMs = 15;
    // The first call finds out.
    await call();
    for (let turn = 0; turn < 20; turn++) expect(await call()).toBe(2);
  });

  test('takes the one with the least to do when all are hot', async () => {
    const { servers, call } = bench(3, { hotQuantile: 0 });
    for (const [index, server] of servers.entries()) {
      server.inFlight = 10 - index;
      server.latencyMs = 1 + index;
    }
    for (let turn = 0; turn < 20; turn++) expect(await call()).toBe(2);
  });

  test('does not wait for the others once one has said that it is idle', async () => {
    const { clock, servers, call } = bench(5);
    for (const server of servers) server.afterMs = 4;
    await call();
    servers[1]!.inFlight = 0;
    servers[1]!.latencyMs = 10;
    servers[1]!.afterMs = 1;
    const fromMs = clock.now();
    expect(await call()).toBe(1);
    expect(clock.now() - fromMs).toBeLessThanOrEqual(1);
  });

  test('waits for an answer no longer than it is told, and gives it up a second later', async () => {
    const { clock, servers, call } = bench(5, { probeTimeoutMs: 3 });
    servers[4]!.afterMs = Number.POSITIVE_INFINITY;
    const fromMs = clock.now();
    await call();
    expect(clock.now() - fromMs).toBe(3);
    expect(servers[4]!.givenUp).toBe(0);
    await clock.advance(1000);
    expect(servers[4]!.givenUp).toBe(1);
  });

  test('has no more than eight questions under way at an endpoint that does not answer', async () => {
    const { clock, servers, service } = bench(2);
    for (const server of servers) server.afterMs = Number.POSITIVE_INFINITY;
    const calls = Array.from({ length: 100 }, () => service.call('?', background));
    await clock.advance(5);
    expect((await Promise.all(calls)).length).toBe(100);
    for (const { asked } of servers) expect(asked).toBe(8);
  });

  test('ends its questions with the call, which was not sent', async () => {
    const { clock, servers, service } = bench(5);
    for (const server of servers) server.afterMs = Number.POSITIVE_INFINITY;
    const { context, cancel, cancellation } = cancellable();
    const over = service.call('?', context);
    const refused = expect(over).rejects.toThrow('enough');
    await clock.settle();
    cancel(new Error('enough'));
    await refused;
    expect(servers.map(({ givenUp }) => givenUp)).toEqual([1, 1, 1, 1, 1]);
    expect(cancellation.notSent).toBe(true);
    expect(sum(servers, ({ calls }) => calls)).toBe(0);
  });

  test('does not ask while its own calls are all that its servers have', async () => {
    const { servers, call } = bench(5);
    for (const server of servers) {
      server.inFlight = 0;
      server.latencyMs = 10;
      server.says = { inFlight: 0, latencyMs: 10 };
    }
    // First it has to find out.
    for (let turn = 0; turn < 20; turn++) await call();
    const before = sum(servers, ({ asked }) => asked);
    for (let turn = 0; turn < 200; turn++) await call();
    expect(sum(servers, ({ asked }) => asked)).toBe(before);
  });

  test('goes on at once to a server that has just answered that it is idle', async () => {
    const { servers, call } = bench(20);
    for (let turn = 0; turn < 20; turn++) await call();
    servers[7]!.says = { inFlight: 0, latencyMs: 10 };
    servers[7]!.inFlight = 0;
    servers[7]!.latencyMs = 10;
    while ((await call()) !== 7);
    const asked = sum(servers, (server) => server.asked);
    expect(await call()).toBe(7);
    expect(sum(servers, (server) => server.asked)).toBe(asked);
  });

  test('does not go to an idle server of another group, of which it hears too', () => {
    const saying = candidates(4).map((candidate) => {
      const heard = new HeardLoad();
      heard.hear(0, 0, 10, 0);
      return Object.assign(candidate, { heard });
    });
    const group = saying.slice(0, 3);
    const env = makeEnv({ clock: fakeClock(), random: seededRandom(3) });
    const picker = prequal().picker(group, env);
    const nowMs = env.clock.now();
    for (const candidate of saying) {
      picker.reported?.(nowMs, candidate);
      expect(group).toContain(picker.pick(nowMs));
    }
  });

  test('gives servers that cannot be asked the share for which they are drawn', async () => {
    const { servers, call } = bench(10);
    for (const server of servers.slice(0, 5)) server.knows = false;
    const calls = 2000;
    for (let turn = 0; turn < calls; turn++) await call();
    const share = sum(servers.slice(0, 5), (server) => server.calls) / calls;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
  });

  test('sends to one that falsely claims to be idle no more than while it is quick', async () => {
    const { clock, servers, service } = bench(10, { probes: 3 });
    servers[0]!.inFlight = 0;
    servers[0]!.latencyMs = 0;
    const liar = servers[0]!;
    // Each of its calls takes a second, those of the others 10 ms.
    let sent = 0;
    for (let turn = 0; turn < 300; turn++) {
      void service.call('?', background);
      sent++;
      await clock.advance(10);
    }
    expect(liar.calls / sent).toBeLessThan(0.5);
  });

  test('chooses another when the one that it asked has left meanwhile', async () => {
    const { clock, servers, service, endpoints } = bench(3);
    servers[0]!.inFlight = 1;
    servers[0]!.latencyMs = 10;
    servers[0]!.afterMs = 1;
    for (const server of servers.slice(1)) server.afterMs = 4;
    const over = service.call('?', background);
    await clock.advance(2);
    endpoints.set(endpoints.value.slice(1));
    await clock.advance(20);
    expect(await over).not.toBe(1000);
    expect(servers[0]!.calls).toBe(0);
  });

  test('asks nobody where weights differ, and keeps to them', async () => {
    const { servers, call } = bench(3, {}, [1, 3, 4]);
    const calls = 4000;
    for (let turn = 0; turn < calls; turn++) await call();
    expect(sum(servers, (server) => server.asked)).toBe(0);
    for (const [at, weight] of [1, 3, 4].entries()) {
      expect(Math.abs(servers[at]!.calls / calls - weight / 8)).toBeLessThan(0.02);
    }
  });

  test('refuses options out of their ranges and shows those in force', () => {
    for (const wrong of [{ probes: 1 }, { probeTimeoutMs: 0 }, { maxAgeMs: 5 }, { hotQuantile: 1.1 }, { pool: 16 }]) {
      expect(() => prequal(wrong as Partial<PrequalOptions>)).toThrow(OptionsError);
    }
    expect(prequal({ probes: 3 }).describe?.()).toEqual({
      probes: 3,
      probeTimeoutMs: 5,
      maxAgeMs: 1000,
      hotQuantile: 0.84,
    });
  });
});
