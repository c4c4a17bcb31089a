import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { createDrain, traceKey } from '@fwk/core';
import {
  type CallContext,
  callerKey,
  currentContext,
  FwkError,
  type LogFields,
  type Logger,
  makeEnv,
  markDoNotRetry,
  noLogger,
  operationKey,
  priorityKey,
} from '@fwk/kernel';
import { BulkheadFullError } from '@fwk/resilience';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { clientOf } from '../client/client-of.js';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import type { Handlers } from '../contract/contract-types.js';
import { del, get, post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { reachable } from '../fixtures/local-servers.js';
import { type RawRequest, send } from '../fixtures/raw-request.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import { Serves, served } from '../serving/served.js';
import { problem } from '../wire/problem.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';
import type { ServerOptions } from './server-options.js';

const shop = contract('shop', {
  version: '1.2.0',
  operations: {
    item: get('/items/:id', {
      params: z.object({ id: z.string().max(5) }),
      query: z.object({ size: z.coerce.number<string>().int().optional() }),
      response: z.object({ id: z.string(), size: z.number() }),
    }),
    order: post('/orders', {
      body: z.object({ sku: z.string(), quantity: z.int().min(1) }),
      response: z.object({ order: z.string() }),
    }),
    forget: del('/items/:id', { params: z.object({ id: z.string() }) }),
    slow: get('/slow', { response: z.string(), timeoutMs: 50 }),
    wait: get('/wait', { response: z.string() }),
  },
});

const lines: { readonly level: string; readonly fields: LogFields; readonly message: string }[] = [];
const logged = () => lines[0]?.fields.err as FwkError;
const record = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
const logger: Logger = { ...noLogger, info: record('info'), warn: record('warn'), error: record('error') };

const handlers: Handlers<typeof shop> = {
  item: ({ params, query }) => ({ id: params.id, size: query.size ?? 0 }),
  order: ({ body }) => ({ order: `${body.quantity} ${body.sku}` }),
  forget: () => {},
  slow: () => new Promise(() => {}),
  wait: () => 'waited',
};

const servers: HttpServer[] = [];
afterEach(async () => {
  lines.length = 0;
  for (const server of servers.splice(0)) await server.close();
});

async function start(
  replaced: Partial<Handlers<typeof shop>> = {},
  options: Partial<ServerOptions> = {},
): Promise<HttpServer> {
  const server = createServer({
    serve: [served(shop, { ...handlers, ...replaced })],
    env: makeEnv({ logger }),
    ...options,
  });
  servers.push(server);
  await server.start();
  return reachable(server);
}

describe.each(wires)('over %s', (wire) => {
  const send = sendOver(wire, shop);
  describe('a request that fits the contract', () => {
    test('reaches its handler with what the schemas gave out, and comes back as JSON', async () => {
      const { url } = await start();
      const answer = await send(`${url}/items/a%2Fb?size=7`);
      expect(answer).toMatchObject({ status: 200, json: { id: 'a/b', size: 7 } });
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect((await send(`${url}/orders`, { method: 'POST', body: { sku: 'x', quantity: 2 } })).json).toEqual({
        order: '2 x',
      });
    });

    test('is answered 204 where the operation has no response', async () => {
      const { url } = await start();
      expect(await send(`${url}/items/7`, { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
    });

    test('sends only what the response schema knows', async () => {
      const leaky = { id: 'a', size: 1, password: 'secret' };
      const { url } = await start({ item: () => leaky });
      expect((await send(`${url}/items/a`)).json).toEqual({ id: 'a', size: 1 });
    });

    test('runs in a context with its trace, priority, caller, operation and deadline', async () => {
      let seen: CallContext | undefined;
      const { url } = await start({
        wait: ({ context }) => {
          seen = context;
          expect(currentContext()).toBe(context);
          return '';
        },
      });
      const before = performance.now();
      await send(`${url}/wait`, {
        headers: {
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          tracestate: 'a=b',
          'fwk-priority': 'sheddable',
          'fwk-caller': 'checkout',
          'fwk-deadline-ms': '700',
        },
      });
      expect(seen?.get(traceKey)).toMatchObject({
        traceId: '0af7651916cd43dd8448eb211c80319c',
        parentSpanId: 'b7ad6b7169203331',
        tracestate: 'a=b',
      });
      expect([seen?.get(priorityKey), seen?.get(callerKey), seen?.get(operationKey)]).toEqual([
        'sheddable',
        'checkout',
        'shop.wait',
      ]);
      expect(seen?.deadlineMs).toBeGreaterThan(before + 600);
      expect(seen?.deadlineMs).toBeLessThan(performance.now() + 701);
    });
  });

  describe('bad input is answered with a problem document:', () => {
    const post = (body: string | object): RawRequest => ({ method: 'POST', body });
    test.each<[string, string, RawRequest, number, string, RegExp]>([
      ['an unknown path', '/nothing', {}, 404, 'FWK_HTTP_ROUTE_UNKNOWN', /no operation/],
      ['no JSON', '/orders', post('{"sku": '), 400, 'FWK_HTTP_BODY_NOT_JSON', /not JSON/],
      ['a prototype in JSON', '/orders', post('{"__proto__": {}}'), 400, 'FWK_HTTP_BODY_NOT_JSON', /__proto__/],
      [
        'a prototype in a constructor',
        '/orders',
        post('{"lines": [{"constructor": {"prototype": {"admin": true}}}]}'),
        400,
        'FWK_HTTP_BODY_NOT_JSON',
        /^the body cannot be used: the key "lines.0.constructor.prototype" is not allowed/,
      ],
      ['a body too large', '/orders', post(`"${'x'.repeat(2000)}"`), 413, 'FWK_HTTP_BODY_TOO_LARGE', /1000 bytes/],
      ['no body', '/orders', { method: 'POST' }, 400, 'FWK_HTTP_REQUEST_INVALID', /body: /],
      ['a bad escape', '/items/%zz', {}, 400, 'FWK_HTTP_REQUEST_MALFORMED', /not a valid URL/],
    ])('%s', async (_case, path, request, status, code, detail) => {
      const { url } = await start({}, { bodyLimitBytes: 1000 });
      const answer = await send(url + path, request);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.json).toMatchObject({ status, code, type: `urn:fwk:error:${code}`, instance: path });
      expect(answer.status).toBe(status);
      expect(answer.json.detail).toMatch(detail);
      expect(answer.text).not.toMatch(/\.[jt]s:\d|at /);
    });

    test('what the schemas refuse, every issue with its path', async () => {
      const { url } = await start();
      const body = await send(`${url}/orders`, { method: 'POST', body: { sku: 1, quantity: 0 } });
      expect(body.status).toBe(400);
      expect(body.json.issues.map(({ in: part, path }: { in: string; path: string }) => `${part}.${path}`)).toEqual([
        'body.sku',
        'body.quantity',
      ]);
      expect(body.json.traceId).toMatch(/^[0-9a-f]{32}$/);
      const both = await send(`${url}/items/toolong?size=x`);
      expect(both.json.issues).toMatchObject([
        { in: 'params', path: 'id' },
        { in: 'query', path: 'size' },
      ]);
    });
  });

  describe('a handler that throws', () => {
    const throwing = async (error: unknown) => {
      const { url } = await start({
        wait: () => {
          throw error;
        },
      });
      return send(`${url}/wait`);
    };

    test('a problem of its own: it is sent', async () => {
      const thrown = problem(409, 'Sold out', 'no lamp left', {
        members: { sku: 'lamp', status: 1 },
        retryAfterMs: 1500,
      });
      const answer = await throwing(thrown);
      expect(answer.status).toBe(409);
      expect(answer.json).toMatchObject({
        type: 'about:blank',
        title: 'Sold out',
        status: 409,
        detail: 'no lamp left',
        sku: 'lamp',
        instance: '/wait',
      });
    });

    test('anything else: 500 without internals, which are in the log', async () => {
      const answer = await throwing(new Error('password is hunter2'));
      expect(answer.status).toBe(500);
      expect(answer.json.code).toBe('FWK_HTTP_INTERNAL');
      expect(answer.text).not.toMatch(/hunter2/);
      expect(lines).toMatchObject([{ level: 'error', fields: { operation: 'shop.wait', status: 500 } }]);
      expect(logged().message).toBe('password is hunter2');
    });

    test('an error of ours: the status of its table, and no internals', async () => {
      const answer = await throwing(new BulkheadFullError('secret/place', 1, 0));
      expect(answer).toMatchObject({ status: 503, json: { code: 'FWK_RESILIENCE_BULKHEAD_FULL', retryAfterMs: 100 } });
      expect(answer.headers['retry-after']).toBe('1');
      expect(answer.text).not.toMatch(/secret/);
      expect(answer.headers['fwk-retry']).toBeUndefined();
    });

    test('an error that is not to be retried: says so', async () => {
      const error = new BulkheadFullError('a', 1, 0);
      const { url } = await start({
        wait: () => {
          throw markDoNotRetry(error);
        },
      });
      expect((await send(`${url}/wait`)).headers['fwk-retry']).toBe('no');
      // The mark was for that request alone, and is not for another that ends with the same error.
      expect((await throwing(error)).headers['fwk-retry']).toBeUndefined();
      const final = new FwkError('FWK_RESILIENCE_BULKHEAD_FULL', 'full', { traits: { overloaded: true } });
      expect((await throwing(final)).headers['fwk-retry']).toBe('no');
    });

    test('an answer against the contract: 500, details only in the log', async () => {
      const { url } = await start({ item: () => ({ id: 'x', size: 'big' as never }) });
      const answer = await send(`${url}/items/7`);
      expect(answer).toMatchObject({ status: 500, json: { code: 'FWK_HTTP_INTERNAL' } });
      expect(answer.text).not.toMatch(/size|number/);
      expect(logged().code).toBe('FWK_HTTP_RESPONSE_INVALID');
      expect(logged().message).toMatch(/response\.size/);
    });
  });

  describe('time', () => {
    test('that has run out before the request arrived: 504, and the handler does not run', async () => {
      let ran = false;
      const { url } = await start({
        wait: () => {
          ran = true;
          return '';
        },
      });
      const answer = await send(`${url}/wait`, { headers: { 'fwk-deadline-ms': '0' } });
      expect(answer).toMatchObject({ status: 504, json: { code: 'FWK_KERNEL_DEADLINE_EXCEEDED' } });
      expect(ran).toBe(false);
    });

    test.each([
      ['the operation’s own', '/slow', {}],
      ['the caller’s', '/wait', { 'fwk-deadline-ms': '50' }],
    ])('that runs out (%s): 504, and the handler is told', async (_whose, path, headers) => {
      let reason: unknown;
      const hang = ({ context }: { context: CallContext }) =>
        new Promise<string>((resolve) => {
          context.onCancel((given) => {
            reason = given;
            resolve('too late');
          });
        });
      const { url } = await start({ slow: hang, wait: hang });
      const answer = await send(url + path, { headers: headers as Record<string, string> });
      expect(answer.status).toBe(504);
      expect((reason as FwkError).code).toBe('FWK_KERNEL_DEADLINE_EXCEEDED');
    });

    test('a caller that goes away cancels the handler', async () => {
      const started = deferred<void>();
      const cancelled = deferred<unknown>();
      const { url } = await start({
        wait: ({ context }) => {
          context.onCancel(cancelled.resolve);
          started.resolve();
          return new Promise(() => {});
        },
      });
      const caller = new AbortController();
      const sent = send(`${url}/wait`, { signal: caller.signal });
      await started.promise;
      caller.abort();
      await expect(sent).rejects.toThrow();
      expect(((await cancelled.promise) as FwkError).code).toBe('FWK_KERNEL_CANCELLED');
    });
  });
});

describe('over HTTP alone, bad input is answered with a problem document:', () => {
  test.each<[string, string, RawRequest, number, string, RegExp]>([
    [
      'an unknown path with a bad body',
      '/nothing',
      { method: 'POST', body: '{' },
      404,
      'FWK_HTTP_ROUTE_UNKNOWN',
      /no operation/,
    ],
    ['a wrong method', '/orders', { method: 'PUT', body: '{' }, 405, 'FWK_HTTP_METHOD_NOT_ALLOWED', /no PUT, but POST/],
    [
      'another media type',
      '/orders',
      { method: 'POST', body: 'a=b', headers: { 'content-type': 'text/plain' } },
      415,
      'FWK_HTTP_MEDIA_TYPE',
      /json/,
    ],
  ])('%s', async (_case, path, request, status, code, detail) => {
    const { url } = await start();
    const answer = await send(url + path, request);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json).toMatchObject({ status, code, type: `urn:fwk:error:${code}`, instance: path });
    expect(answer.status).toBe(status);
    expect(answer.json.detail).toMatch(detail);
  });

  test('what is not HTTP', async () => {
    const { port } = await start();
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write('GET / HTTP/1.1\r\nbad header\r\n\r\n');
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1.1 400 Bad Request\r\n.*problem\+json/s);
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({
      status: 400,
      code: 'FWK_HTTP_REQUEST_MALFORMED',
    });
  });

  test('says which methods a path has', async () => {
    const { url } = await start();
    const answer = await send(`${url}/items/7`, { method: 'POST', body: {} });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, DELETE']);
  });
});

describe('probes', () => {
  test('answer from health, and list it when asked', async () => {
    const asked: unknown[] = [];
    const { url } = await start(
      {},
      {
        health: {
          probe: (group, verbose) => {
            asked.push([group, verbose]);
            return { status: group === 'readiness' ? 503 : 200, body: { status: 'DOWN' } };
          },
        },
        exposition: { expose: async (accept) => ({ contentType: 'text/plain', body: `for ${accept}` }) },
      },
    );
    expect((await send(`${url}/livez`)).status).toBe(200);
    expect(await send(`${url}/readyz?verbose`)).toMatchObject({ status: 503, json: { status: 'DOWN' } });
    expect((await send(`${url}/startupz`)).status).toBe(200);
    expect(asked).toEqual([
      ['liveness', false],
      ['readiness', true],
      ['startup', false],
    ]);
    expect((await send(`${url}/metrics`, { headers: { accept: 'x' } })).text).toBe('for x');
  });

  test('metrics come compressed where the scraper takes it', async () => {
    const exposition = { expose: async () => ({ contentType: 'text/plain', body: 'orders 1\n'.repeat(500) }) };
    const { url } = await start({}, { exposition });
    const coded = await send(`${url}/metrics`, { headers: { 'accept-encoding': 'gzip;q=0.5' } });
    expect(coded.headers['content-encoding']).toBe('gzip');
    expect(Number(coded.headers['content-length'])).toBeLessThan(500);
    const plain = await send(`${url}/metrics`, { headers: { 'accept-encoding': 'br' } });
    expect([plain.headers['content-encoding'], plain.text.length]).toEqual([undefined, 4500]);
    expect((await send(`${url}/metrics`, { headers: { 'accept-encoding': 'identity;q=0' } })).status).toBe(406);
  });

  test('metrics are not shown where they are not wanted', async () => {
    const exposition = { expose: async () => ({ contentType: 'text/plain', body: '' }) };
    const { url } = await start({}, { exposition, metrics: false });
    expect((await send(`${url}/metrics`)).status).toBe(404);
  });
});

describe('stopping', () => {
  test('counts what is in flight, sends clients away, and answers what has begun', async () => {
    const drain = createDrain(makeEnv().clock);
    const begun = deferred<void>();
    const finish = deferred<string>();
    const server = await start(
      {
        wait: () => {
          begun.resolve();
          return finish.promise;
        },
      },
      { drain },
    );
    const { url } = server;
    const agent = new Agent({ keepAlive: true });
    expect((await send(`${url}/items/1`, { agent })).headers.connection).toBe('keep-alive');
    const sent = send(`${url}/wait`);
    await begun.promise;
    expect(drain.active).toBe(1);
    drain.begin();
    expect((await send(`${url}/items/1`, { agent })).headers.connection).toBe('close');
    const stopped = server.stopAccepting();
    await expect(send(`${url}/items/1`)).rejects.toThrow(/ECONNREFUSED/);
    finish.resolve('done');
    expect(await sent).toMatchObject({ status: 200, json: 'done' });
    await stopped;
    expect(await drain.idle(1000)).toBe(0);
  });

  test('closing cuts off what still hangs', async () => {
    const begun = deferred<void>();
    const server = await start({
      wait: () => {
        begun.resolve();
        return new Promise(() => {});
      },
    });
    const sent = send(`${server.url}/wait`);
    const failed = expect(sent).rejects.toThrow();
    await begun.promise;
    await server.close();
    await failed;
  });
});

describe('a server is refused', () => {
  test('when its port is taken, naming it', async () => {
    const { port } = await start();
    const second = createServer({ serve: [], port });
    await expect(second.start()).rejects.toMatchObject({
      code: 'FWK_HTTP_PORT_TAKEN',
      message: expect.stringContaining(`port ${port} on 127.0.0.1 is in use`),
    });
  });

  test('when it cannot listen, saying why', async () => {
    await expect(createServer({ host: '203.0.113.1' }).start()).rejects.toMatchObject({
      code: 'FWK_HTTP_LISTEN_FAILED',
    });
  });

  test('when two operations have one route, or one takes a probe’s', () => {
    const other = contract('other', { version: '1.0.0', operations: { same: post('/orders') } });
    const probing = contract('probing', { version: '1.0.0', operations: { live: get('/livez') } });
    const both = [served(shop, handlers), served(other, { same: () => {} })];
    expect(() => createServer({ serve: both })).toThrow(/other.same cannot be served at POST \/orders: shop.order has/);
    expect(() => createServer({ serve: [served(probing, { live: () => {} })] })).toThrow(/belongs to the probes/);
  });

  test('when a handler is missing', () => {
    expect(() => served(shop, { item: handlers.item } as never)).toThrow(/no handler for order, forget, slow, wait/);
    class Desk {
      readonly item = handlers.item;
      oder() {}
    }
    expect(() => served(shop, new Desk() as never)).toThrow(
      'contract "shop" cannot be served: Desk has no handler for order (is "oder" meant to be it?), forget',
    );
    expect(() => served(shop, undefined as never)).toThrow('its handlers must be an object with a function for each');
  });

  test('when something else is given than what served() made', () => {
    class Desk {}
    Reflect.apply(Serves(shop), undefined, [Desk]);
    const wrongs = [
      [Desk, 'the class Desk cannot be served: createServer() has no container to build it'],
      [undefined, 'undefined cannot be served: either the name is misspelt'],
      [shop, 'the contract "shop" cannot be served: it has no handlers'],
      [handlers, 'an object cannot be served: give served(contract, handlers)'],
    ] as const;
    for (const [wrong, message] of wrongs) {
      expect(() => createServer({ serve: [wrong as never] })).toThrow(
        expect.objectContaining({ code: 'FWK_HTTP_NOT_SERVED', message: expect.stringContaining(message) }),
      );
    }
    const once = served(shop, handlers);
    expect(() => createServer({ serve: [once, once] })).toThrow('its contract is served twice: list it once');
  });

  test('when something else is given for a contract', () => {
    const wrongs = [
      [undefined, 'it must be a contract, not undefined; either nothing was given, or two modules import each other'],
      [
        { name: 'x', operations: {} },
        'not an object with name, operations; contract(name, { version, operations }) makes',
      ],
      ['shop', 'it must be a contract, not "shop"; contract(name'],
    ] as const;
    for (const [wrong, message] of wrongs) {
      const given = wrong as unknown as typeof shop;
      const uses = [
        () => served(given, handlers),
        () => Serves(given),
        () => createClient(given),
        () => clientOf(given),
      ];
      for (const use of uses) expect(use).toThrow(message);
    }
  });

  test('when a client is given nothing to find its service by', () => {
    expect(() => createClient(shop)).toThrow(
      "the client of shop cannot know where to call: in an application, list discovery() in `use`; without one, give createClient() `endpoints`, such as ['http://127.0.0.1:4001'], or `memberships`",
    );
    expect(() => createClient(shop, 'http://127.0.0.1:4001' as never)).toThrow(
      `client of "shop": options must be an object such as { endpoints: ['http://127.0.0.1:4001'] }, not "http://127.0.0.1:4001"`,
    );
  });

  test('when an option is out of range', () => {
    expect(() => createServer({ port: 70_000 })).toThrow(/port must be a whole number from 0 to 65535/);
  });
});
