/** What stands before the handlers of a server: by policy, live, each refusal told so that callers can act on it. */
import { roundRobin } from '@fwk/discovery';
import { DeadlineExceededError, formatStack, type Layer, liveValue, makeEnv, OptionsError } from '@fwk/kernel';
import { type PolicyOptions, policyRegistry } from '@fwk/resilience';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createClient } from '../client/create-client.js';
import { bytes, text } from '../contract/content.js';
import { contract } from '../contract/contract.js';
import type { Handlers } from '../contract/contract-types.js';
import { get, post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { reachable } from '../fixtures/local-servers.js';
import { exchangeRaw, rawConnection } from '../fixtures/raw-connection.js';
import { send } from '../fixtures/raw-request.js';
import { type Send, sendOver, wires } from '../fixtures/send-over.js';
import type { ServedAnswer } from '../serving/answer.js';
import { served } from '../serving/served.js';
import type { ServedRequest } from '../serving/served-request.js';
import type { HttpServer } from './http-server.js';
import { createServer, describeServer } from './server.js';
import type { ServerOptions } from './server-options.js';

const store = contract('store', {
  version: '1.0.0',
  operations: {
    look: get('/look', { response: z.string() }),
    wait: get('/wait', { response: z.string() }),
    put: post('/put', { body: z.unknown(), response: z.string() }),
    keyed: post('/keyed', { body: z.unknown(), response: z.string(), idempotencyKey: true }),
  },
});

/** Sends over the wire that is tested. */
let overWire: Send = send;

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A server whose `wait`, `put` and `keyed` are answered when the test says so. */
function build(options: Partial<ServerOptions> = {}, own?: Parameters<typeof served>[2]) {
  const source = liveValue<unknown>({});
  const env = makeEnv();
  const policies = policyRegistry(env, source);
  const gates: ReturnType<typeof deferred<string>>[] = [];
  const asked: string[] = [];
  const later = (name: string) => () => {
    asked.push(name);
    const gate = deferred<string>();
    gates.push(gate);
    return gate.promise;
  };
  const handlers = { look: () => 'seen', wait: later('wait'), put: later('put'), keyed: later('keyed') };
  const server = createServer({ serve: [served(store, handlers, own)], env, policies, ...options });
  servers.push(server);
  return {
    server,
    policies,
    asked,
    answerAll() {
      for (const { resolve } of gates.splice(0)) resolve('done');
    },
    configure: (options: PolicyOptions) => source.set({ 'store-server': options }),
    ask: (path: string, headers: Record<string, string> = {}) => overWire(`${server.url}${path}`, { headers }),
    async until(condition: () => boolean) {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
    },
  };
}

async function start(options: Partial<ServerOptions> = {}) {
  const built = build(options);
  await built.server.start();
  reachable(built.server);
  return built;
}

describe.each(wires)('over %s', (wire) => {
  beforeAll(() => {
    overWire = sendOver(wire, store);
  });
  afterAll(() => {
    overWire = send;
  });

  describe('the layers of a server', () => {
    test('stand in this order by themselves, and with all that options can ask for', () => {
      const bare = describeServer(build().server)!;
      expect(bare.map(({ settings }) => settings)).toEqual([{ name: 'store@1.0.0', policy: 'store-server' }]);
      const roles = (server: HttpServer) => describeServer(server)?.[0]?.inner?.map(({ role }) => role);
      expect(roles(build().server)).toEqual([
        'server-telemetry',
        'deadline',
        'validation',
        'idempotency-key',
        'handler',
      ]);
      const { server } = build({
        rateLimit: {},
        limit: {},
        bulkhead: {},
        fault: { ratio: 0, latencyMs: 1 },
      });
      expect(roles(server)).toEqual([
        'server-telemetry',
        'deadline',
        'rate-limit',
        'adaptive-limit',
        'bulkhead',
        'fault-injection',
        'validation',
        'idempotency-key',
        'handler',
      ]);
      expect(formatStack(describeServer(server)!)).toContain('  adaptive-limit(algorithm=gradient2');
      expect(describeServer({} as HttpServer)).toBeUndefined();
    });

    test.each<[string, Partial<ServerOptions>, RegExp]>([
      ['an option of clients', { retry: {} } as never, /retry/],
      ['an unknown operation', { operations: { lok: {} } }, /operations\.lok is no operation; there are look, wait/],
      [
        'an option of clients for an operation',
        { operations: { look: { hedge: {} } as never } },
        /operations\.look\.hedge/,
      ],
      ['a list of operations', { operations: [] as never }, /operations must be a plain object/],
      ['an option out of range', { bulkhead: { maxConcurrent: 0 } }, /maxConcurrent/],
      ['layers that answer nothing', { layers: (() => undefined) as never }, /layers must answer the layers/],
    ])('refuse %s when the server is made, and leave nothing on the list', (_, options, message) => {
      const policies = policyRegistry();
      expect(() => build({ ...options, policies })).toThrow(OptionsError);
      expect(() => build({ ...options, policies })).toThrow(message);
      expect(policies.list()).toEqual([]);
    });

    test('refuse an unknown operation that is given with a contract', () => {
      expect(() => build({}, { operations: { lok: {} } })).toThrow(
        /operations\.lok is no operation; there are look, wait/,
      );
    });

    test('of the named policy must mean something before a server; of the defaults the rest is passed over', () => {
      const named = policyRegistry(makeEnv(), { 'store-server': { retry: {}, cache: { keyOf: () => '', ttlMs: 1 } } });
      expect(() => build({ policies: named })).toThrow(/retry means nothing before a server, which takes deadlineMs/);
      const policies = policyRegistry(makeEnv(), {}, { retry: {}, breaker: {}, bulkhead: { maxConcurrent: 3 } });
      expect(describeServer(build({ policies }).server)?.[0]?.inner?.map(({ role }) => role)).toContain('bulkhead');
    });

    test('of a user stand by the role of others, see requests and answers, and may answer instead', async () => {
      const seen: string[] = [];
      const spy = (name: string): Layer<ServedRequest, ServedAnswer> => ({
        role: name,
        wrap: (next) => ({
          async call(request, context) {
            seen.push(`${name} ${request.operation} ${request.headers['x-who']}`);
            if (request.headers['x-who'] === 'nobody') throw new DeadlineExceededError(name);
            const answer = await next.call(request, context);
            return { ...answer, headers: { 'x-spy': name } };
          },
          status: () => 'ready',
        }),
      });
      const { server } = build({ layers: (layers) => layers.after('deadline', spy('outer')).use(spy('inner')) });
      await server.start();
      reachable(server);
      const answer = await overWire(`${server.url}/look`, { headers: { 'x-who': 'me' } });
      expect([answer.status, answer.json, answer.headers['x-spy']]).toEqual([200, 'seen', 'outer']);
      expect(seen).toEqual(['outer look me', 'inner look me']);
      expect((await overWire(`${server.url}/look`, { headers: { 'x-who': 'nobody' } })).status).toBe(504);
    });

    test('follow configuration, and a change with a mistake is refused whole', async () => {
      const { ask, configure, policies } = await start();
      expect((await ask('/look')).status).toBe(200);
      configure({ rateLimit: { burst: 1, permitsPerSecond: 0.01 } });
      expect([(await ask('/look')).status, (await ask('/look')).status]).toEqual([200, 429]);
      configure({ rateLimit: false, retry: {} });
      expect(policies.refusal?.reasons.join()).toMatch(/retry means nothing before a server/);
      expect((await ask('/look')).status).toBe(429);
      configure({});
      expect((await ask('/look')).status).toBe(200);
    });

    test('are listed with numbers by operation', async () => {
      const { ask, policies, configure } = await start();
      configure({ operations: { look: { rateLimit: { burst: 1, permitsPerSecond: 0.01 } } } });
      await ask('/look');
      await ask('/look');
      expect(policies.list()).toMatchObject([
        { name: 'store-server', of: 'server', layers: ['deadline', 'rate-limit'] },
      ]);
      const [use] = policies.inspect('store-server').uses;
      const { look } = use!.operations!;
      expect(look?.statistics?.total).toMatchObject({ successes: 1, rejected: 1, rateRejections: 0 });
      expect(policies.inspect('store-server').statistics.total).toMatchObject({ rateRejections: 1 });
    });
  });

  describe('a deadline', () => {
    test('is counted once for each request that it ended, whether it worked, waited or came too late', async () => {
      const { ask, asked, policies, until } = await start({
        timeoutMs: 60,
        bulkhead: { maxConcurrent: 1, maxQueue: 5 },
      });
      const working = ask('/wait');
      await until(() => asked.length === 1);
      const waiting = ask('/wait', { 'fwk-deadline-ms': '30' });
      const late = ask('/wait', { 'fwk-deadline-ms': '0' });
      const ended = await Promise.all([working, waiting, late]);
      expect(ended.map(({ status }) => status)).toEqual([504, 504, 504]);
      const { statistics } = policies.inspect('store-server');
      expect(statistics.total).toMatchObject({ calls: 3, failures: 3, deadlinesExceeded: 3 });
    });

    test('is what policy, contract and server say, weakest last, and one limit ends the request', async () => {
      const { ask, configure, asked, until } = await start({ timeoutMs: 60 });
      expect((await ask('/wait')).status).toBe(504);
      configure({ deadlineMs: 60_000, operations: { put: { deadlineMs: 30 } } });
      const waiting = ask('/wait', { 'fwk-deadline-ms': '40' });
      await until(() => asked.length === 2);
      expect((await waiting).json).toMatchObject({ status: 504, code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
    });

    test('taken out leaves the caller’s own', async () => {
      const { ask } = await start({ timeoutMs: 20, deadlineMs: false });
      expect((await ask('/wait', { 'fwk-deadline-ms': '60' })).status).toBe(504);
      const { server } = build({ timeoutMs: 20, layers: (layers) => layers.without('deadline') });
      expect(describeServer(server)?.[0]?.inner?.map(({ role }) => role)).not.toContain('deadline');
    });
  });

  describe('a rate limit', () => {
    test('keeps callers apart by their address, and by name only where the network is trusted', async () => {
      const rateLimit = { burst: 1, permitsPerSecond: 0.01 };
      const strange = await start({ rateLimit });
      const names = (caller: string) => ({ 'fwk-caller': caller });
      expect((await strange.ask('/look', names('a'))).status).toBe(200);
      expect((await strange.ask('/look', names('b'))).status).toBe(429);
      const trusted = await start({ rateLimit, trustedNetworks: ['127.0.0.0/8', 'local'] });
      expect((await trusted.ask('/look', names('a'))).status).toBe(200);
      expect((await trusted.ask('/look', names('a'))).status).toBe(429);
      expect((await trusted.ask('/look', names('b'))).status).toBe(200);
      // What is no name does not count as one.
      expect((await trusted.ask('/look', names('x'.repeat(5000)))).status).toBe(200);
      expect((await trusted.ask('/look', names('y y'))).status).toBe(429);
    });

    test('remembers no more callers than it is told to', async () => {
      const { ask } = await start({
        rateLimit: { burst: 1, permitsPerSecond: 0.01, maxKeys: 2 },
        trustedNetworks: ['127.0.0.1', 'local'],
      });
      const statuses: number[] = [];
      for (const name of ['a', 'b', 'c', 'a']) statuses.push((await ask('/look', { 'fwk-caller': name })).status);
      expect(statuses).toEqual([200, 200, 200, 200]);
    });

    test('says when to come back, and from the second attempt on that there is no use', async () => {
      const { ask } = await start({ rateLimit: { burst: 1, permitsPerSecond: 0.5 } });
      await ask('/look');
      const first = await ask('/look');
      expect([first.status, first.headers['retry-after'], first.headers['fwk-retry']]).toEqual([429, '2', undefined]);
      expect(first.headers['content-type']).toBe('application/problem+json');
      expect(first.json).toMatchObject({
        code: 'FWK_RESILIENCE_RATE_LIMITED',
        notProcessed: true,
        traceId: expect.any(String),
      });
      expect((await ask('/look', { 'fwk-attempt': '2' })).headers['fwk-retry']).toBe('no');
    });
  });

  describe('a bulkhead', () => {
    test('isolates each operation from the others', async () => {
      const { ask, asked, answerAll, until, policies } = await start({ bulkhead: { maxConcurrent: 1 } });
      const waiting = ask('/wait');
      await until(() => asked.length === 1);
      const refused = await ask('/wait');
      expect([refused.status, refused.json.code]).toEqual([503, 'FWK_RESILIENCE_BULKHEAD_FULL']);
      expect((await ask('/look')).status).toBe(200);
      answerAll();
      expect((await waiting).status).toBe(200);
      const paths = policies.inspect('store-server').bulkheads.map(({ path }) => path);
      expect(paths).toEqual(['look', 'wait', 'put', 'keyed'].map((name) => `store-server/${name}`));
    });

    test.each(['wait', 'keyed'])('frees the place in the line of a caller that leaves: %s', async (operation) => {
      const { server, asked, answerAll, until, policies } = await start({
        bulkhead: { maxConcurrent: 1, maxQueue: 5 },
      });
      const queued = () => policies.inspect('store-server').bulkheads.reduce((sum, each) => sum + each.queued, 0);
      const method = operation === 'wait' ? 'GET' : 'POST';
      const request =
        `${method} /${operation} HTTP/1.1\r\nhost: x\r\nidempotency-key: "KEY"\r\n` +
        (method === 'GET' ? '\r\n' : 'content-type: application/json\r\ncontent-length: 1\r\n\r\n1');
      const first = await rawConnection(server.port, request.replace('KEY', 'first'));
      await until(() => asked.length === 1);
      const leaving = await rawConnection(server.port, request.replace('KEY', 'second'));
      await until(() => queued() === 1);
      leaving.socket.destroy();
      await until(() => queued() === 0);
      answerAll();
      await until(() => first.received().includes('200 OK'));
      expect(asked).toEqual([operation]);
      first.socket.destroy();
    });

    test('lets those in line be answered before a server that stops is done', async () => {
      const { server, ask, asked, answerAll, until, policies } = await start({
        bulkhead: { maxConcurrent: 1, maxQueue: 5 },
      });
      const answers = [ask('/wait'), ask('/wait')];
      await until(
        () => asked.length === 1 && policies.inspect('store-server').bulkheads.some(({ queued }) => queued === 1),
      );
      const stopped = server.stopAccepting();
      answerAll();
      await until(() => asked.length === 2);
      answerAll();
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
      await stopped;
      await server.close();
      expect(policies.list()).toEqual([]);
    });
  });
});

describe('a request that is refused', () => {
  const head = 'POST /put HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

  async function full() {
    const built = await start({ bulkhead: { maxConcurrent: 1 } });
    const first = await rawConnection(built.server.port, `${head}content-length: 1\r\n\r\n1`);
    await built.until(() => built.asked.length === 1);
    return { ...built, first };
  }

  test('is told so before its body is sent, and its connection goes on when it has sent it', async () => {
    const { server, until, answerAll, first } = await full();
    const second = await rawConnection(server.port, `${head}content-length: 5\r\n\r\n`);
    await until(() => second.received().includes('FWK_RESILIENCE_BULKHEAD_FULL'));
    expect(second.received()).toMatch(/^HTTP\/1\.1 503 .*\r\n/);
    second.socket.write('12345GET /look HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await second.ended;
    expect(second.received()).toMatch(/"seen"$/);
    answerAll();
    await until(() => first.received().includes('"done"'));
    first.socket.destroy();
  });

  test('is not asked to send what it announced', async () => {
    const { server, until } = await full();
    const second = await rawConnection(server.port, `${head}expect: 100-continue\r\ncontent-length: 5\r\n\r\n`);
    await until(() => second.received().includes('503'));
    expect(second.received()).not.toContain('100 Continue');
    second.socket.destroy();
  });

  test('is not read to the end when its body is larger than any that is read', async () => {
    const { server } = await full();
    const answer = await exchangeRaw(server.port, `${head}content-length: 900000000\r\n\r\n{`);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test('takes no place while its body is on its way, as long as there are places', async () => {
    const { server, ask, asked, answerAll, until } = await start({ bulkhead: { maxConcurrent: 1 } });
    const slow = await rawConnection(server.port, `${head}content-length: 5\r\n\r\n1`);
    const quick = send(`${server.url}/put`, { method: 'POST', body: '1' });
    await until(() => asked.length === 1);
    answerAll();
    expect((await quick).status).toBe(200);
    expect((await ask('/look')).status).toBe(200);
    slow.socket.destroy();
  });

  test('is sent elsewhere by a client of ours, whatever it does, and opens no breaker', async () => {
    const { server, answerAll, asked } = await full();
    const other = createServer({
      serve: [served(store, { look: () => '', wait: () => '', put: () => 'elsewhere', keyed: () => '' })],
    });
    servers.push(other);
    await other.start();
    const endpoints = [server.url, other.url];
    const client = createClient(store, { endpoints, balancer: roundRobin(), timeoutMs: 8000 });
    const answers: string[] = [];
    for (let call = 0; call < 30; call++) answers.push(await client.put({ body: 1 }));
    expect(new Set(answers)).toEqual(new Set(['elsewhere']));
    expect(asked).toEqual(['put']);
    answerAll();
    await client[Symbol.asyncDispose]();
  });
});

test('an injected result is what the handler would have answered, and faults spare other operations', async () => {
  const { ask, configure } = await start();
  configure({ operations: { look: { fault: { enabled: true, ratio: 1, error: false, result: 'made up' } } } });
  expect((await ask('/look')).json).toBe('made up');
  configure({ operations: { look: { fault: { enabled: true, ratio: 1, error: true } } } });
  expect((await ask('/look')).json).toMatchObject({ status: 503, code: 'FWK_RESILIENCE_FAULT_INJECTED' });
  configure({});
  expect((await ask('/look')).json).toBe('seen');
});

test('an injected result of an operation with several answers has a status, headers and a content of its own', async () => {
  const depot = contract('depot', {
    version: '1.0.0',
    operations: {
      read: get('/read', {
        responses: { 200: z.number(), 202: { body: text(), headers: z.object({ location: z.string() }) } },
      }),
      photo: get('/photo', { response: bytes('image/png') }),
    },
  });
  const fault = (result: unknown) => ({ fault: { enabled: true, ratio: 1, error: false, result } }) as const;
  const ask = async (path: string, result: unknown) => {
    const options = { operations: { [path.slice(1)]: fault(result) } };
    const handlers: Handlers<typeof depot> = { read: () => ({ status: 200, body: 7 }), photo: () => Uint8Array.of(7) };
    const server = createServer({ serve: [served(depot, handlers, options)] });
    servers.push(server);
    await server.start();
    return send(server.url + path);
  };
  const made = { status: 202, body: 'later', headers: { location: '/read/7' } };
  for (const result of [made, async () => made]) {
    expect(await ask('/read', result)).toMatchObject({
      status: 202,
      text: 'later',
      headers: { location: '/read/7', 'content-type': 'text/plain; charset=utf-8' },
    });
  }
  expect(await ask('/photo', () => Uint8Array.of(1, 2))).toMatchObject({
    status: 200,
    headers: { 'content-type': 'image/png', 'content-length': '2' },
  });
  expect((await ask('/read', { status: 201 })).status).toBe(500);
});
