/** What programs and callers do that is not in any manual. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createApp } from '@fwk/core';
import { currentContext } from '@fwk/kernel';
import express from 'express';
import Fastify from 'fastify';
import { expect, onTestFinished, test, vi } from 'vitest';
import { serviceFetch } from '../adapters/service-fetch.js';
import { createClient } from '../client/create-client.js';
import { deferred } from '../fixtures/deferred.js';
import { freePort } from '../fixtures/free-port.js';
import { type RawRequest, send } from '../fixtures/raw-request.js';
import { shop } from '../fixtures/shop-contract.js';
import { served } from '../serving/served.js';
import { protect } from './protect.js';
import type { ProtectOptions } from './protect-options.js';
import { sendProblem } from './send-problem.js';

const listening = async (server: Server) => {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const handlers = {
  item: ({ params }: { params: { id: string } }) => ({ id: params.id, size: 7 }),
  order: () => ({ order: 'one' }),
  tick: () => 1,
  forget: () => {},
};

async function guarded(listener: RequestListener, options: Partial<ProtectOptions> = {}) {
  const server = createServer(listener);
  const component = protect(server, options);
  const url = await listening(server.listen(0, '127.0.0.1'));
  const ask = (path: string, request?: RawRequest) => send(`${url}${path}`, request);
  return { ask, url, server, component };
}

const keyed = (key: string, body: string | object = {}) =>
  ({ method: 'POST', body, headers: { 'idempotency-key': key } }) as const;
const once = { routes: { 'POST /pay': { idempotencyKey: 'required' } } } as const;

const quiet = {
  name: 'orders',
  version: '1.0.0',
  owner: 'tests',
  signals: false,
  management: false,
  logging: { level: 'silent' },
  shutdown: { propagationDelayMs: 0 },
} as const;

test('a stream is not cut off at the deadline once it has begun', async () => {
  const { ask } = await guarded(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first ');
      setTimeout(() => response.end('last'), 120);
    },
    { timeoutMs: 50 },
  );
  expect(await ask('/')).toMatchObject({ status: 200, text: 'first last' });
});

test('a stream holds its place until it ends or its caller leaves', async () => {
  const left = deferred<void>();
  const { ask, url } = await guarded(
    (request, response) => {
      if (request.url !== '/stream') return void response.end('well');
      response.write('first');
      response.on('close', () => left.resolve());
    },
    { operations: { 'GET /stream': { bulkhead: { maxConcurrent: 1, maxQueue: 0 } } }, routes: { 'GET /stream': {} } },
  );
  const leaving = new AbortController();
  const stream = await fetch(`${url}/stream`, { signal: leaving.signal });
  expect(stream.status).toBe(200);
  expect((await ask('/stream')).status).toBe(503);
  leaving.abort();
  await left.promise;
  await expect.poll(async () => (await fetch(`${url}/stream`)).status).toBe(200);
});

test('a listener that throws is answered with a problem, and takes no process with it', async () => {
  const { ask } = await guarded(() => {
    throw new Error('a secret');
  });
  const answer = await ask('/');
  expect(answer).toMatchObject({ status: 500, json: { code: 'FWK_HTTP_INTERNAL' } });
  expect(answer.text).not.toContain('secret');
});

test('a listener that throws amid its answer ends the connection', async () => {
  const { ask } = await guarded((_request, response) => {
    response.write('half');
    throw new Error('broken');
  });
  await expect(ask('/')).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('what a program had said of its own answer is not said of a refusal', async () => {
  const { ask } = await guarded(
    (_request, response) => {
      response.setHeader('content-type', 'image/png').setHeader('etag', '"7"').setHeader('content-encoding', 'gzip');
      response.setHeader('set-cookie', 'a=b').setHeader('access-control-allow-origin', '*');
    },
    { timeoutMs: 30 },
  );
  const { status, headers } = await ask('/');
  expect({ status, type: headers['content-type'] }).toEqual({ status: 504, type: 'application/problem+json' });
  expect(headers).not.toHaveProperty('etag');
  expect(headers).not.toHaveProperty('content-encoding');
  expect(headers).not.toHaveProperty('set-cookie');
  expect(headers, 'a page may read why').toHaveProperty('access-control-allow-origin', '*');
});

test('a program may write, stream and set headers after its time is over', async () => {
  const tried = deferred<unknown>();
  const { ask, url } = await guarded(
    (request, response) => {
      if (request.url === '/next') return void response.end('well');
      currentContext().onCancel(() => {
        setTimeout(() => {
          try {
            response.statusCode = 201;
            response.setHeader('x-late', '1').appendHeader('x-late', '2');
            response.removeHeader('x-late');
            response.flushHeaders();
            response.writeHead(201, 'Late', { 'x-late': '3' });
            response.write('late');
            response.end('later');
            response.end();
            tried.resolve({ headersSent: response.headersSent });
          } catch (error) {
            tried.resolve(error);
          }
        }, 10);
      });
    },
    { timeoutMs: 30 },
  );
  expect((await ask('/')).status).toBe(504);
  expect(await tried.promise).toEqual({ headersSent: false });
  expect((await fetch(`${url}/next`)).status).toBe(200);
});

test('of an answer that is no text, all headers and bytes come again under its key', async () => {
  let done = 0;
  const { ask, url } = await guarded((_request, response) => {
    done++;
    response.writeHead(200, [
      ['content-type', 'application/octet-stream'],
      ['x-many', 'a'],
      ['x-many', 'b'],
      ['set-cookie', 'session=secret'],
    ] as never);
    response.write(Buffer.from([0xff, 0x00]));
    response.write('fe', 'hex');
    response.end(Buffer.from([0x80]));
  }, once);
  const bytes = async () => {
    const answer = await fetch(`${url}/pay`, { ...keyed('"a"'), body: '{}' });
    const body = [...new Uint8Array(await answer.arrayBuffer())];
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      many: answer.headers.get('x-many'),
      body,
    };
  };
  const first = await bytes();
  expect(first.body).toEqual([0xff, 0x00, 0xfe, 0x80]);
  expect(await bytes()).toEqual(first);
  expect((await ask('/pay', keyed('"a"', '{}'))).headers, 'a cookie is for one browser').not.toHaveProperty(
    'set-cookie',
  );
  expect(done).toBe(1);
});

test('an answer that is too long to be kept goes out, and its work is not done again', async () => {
  let done = 0;
  const { ask } = await guarded(
    (_request, response) => {
      done++;
      response.end('x'.repeat(2000));
    },
    { ...once, bodyLimitBytes: 1000 },
  );
  expect((await ask('/pay', keyed('"a"'))).text).toHaveLength(2000);
  expect(await ask('/pay', keyed('"a"'))).toMatchObject({
    status: 409,
    json: { code: 'FWK_HTTP_IDEMPOTENCY_ANSWER_TOO_LONG', limitBytes: 1000 },
  });
  expect(done).toBe(1);
});

test.each([
  ['500', 500, 2],
  ['400', 400, 1],
])('after an answer of %s, a key is worked on so many times', async (_name, status, times) => {
  let done = 0;
  const { ask } = await guarded((_request, response) => {
    done++;
    response.writeHead(status).end();
  }, once);
  await ask('/pay', keyed('"a"'));
  expect((await ask('/pay', keyed('"a"'))).status).toBe(status);
  expect(done).toBe(times);
});

test('a body with a key is read whole, within its limit, and found by the program as it was sent', async () => {
  const { ask, url } = await guarded(
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end(String(Buffer.concat(chunks).length));
    },
    { ...once, bodyLimitBytes: 300_000 },
  );
  for (const length of [0, 1, 65_536, 300_000]) {
    expect((await ask('/pay', keyed(`"${length}"`, 'x'.repeat(length)))).text).toBe(String(length));
  }
  const streamed = (size: number) =>
    fetch(`${url}/pay`, {
      method: 'POST',
      headers: { 'idempotency-key': `"streamed ${size}"` },
      duplex: 'half',
      body: new ReadableStream({
        start(controller) {
          for (let sent = 0; sent < size; sent += 1000) controller.enqueue(new Uint8Array(1000));
          controller.close();
        },
      }),
    } as RequestInit);
  expect(await (await streamed(200_000)).text()).toBe('200000');
  expect((await streamed(400_000)).status).toBe(413);
  expect((await ask('/pay', keyed('"large"', 'x'.repeat(300_001)))).status).toBe(413);
});

test('a caller that leaves amid a body with a key leaves nothing behind', async () => {
  let done = 0;
  const { ask, server } = await guarded((_request, response) => {
    done++;
    response.end();
  }, once);
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('POST /pay HTTP/1.1\r\nhost: a\r\nidempotency-key: "a"\r\ncontent-length: 100\r\n\r\nhalf');
  await new Promise((resolve) => setTimeout(resolve, 30));
  socket.destroy();
  expect((await ask('/pay', keyed('"a"'))).status).toBe(200);
  expect(done).toBe(1);
});

test('a request is guarded once where its server is guarded too', async () => {
  const app = express();
  app.get('/', (_request, response) => void response.json({}));
  protect(app, { rateLimit: { permitsPerSecond: 1, burst: 1 } });
  const server = createServer(app);
  protect(server, { rateLimit: { permitsPerSecond: 100, burst: 100 } });
  const url = await listening(server.listen(0, '127.0.0.1'));
  expect((await send(url)).status).toBe(200);
  expect((await send(url)).status).toBe(200);
});

test('targets that are no URL, and paths that do not decode, are the program’s to answer', async () => {
  const { server } = await guarded((request, response) => void response.end(request.url), {
    routes: { 'GET /items/:id': {} },
  });
  const { port } = server.address() as AddressInfo;
  for (const target of [
    '*',
    '/%ff',
    '/%',
    '//',
    '/a/../b',
    '/items/%zz',
    'http://elsewhere/x',
    `/items/${'x'.repeat(9000)}`,
  ]) {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(`GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
      });
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer.slice(0, 12), target.slice(0, 40)).toBe('HTTP/1.1 200');
    expect(answer).toContain(target);
  }
});

test('a contract at the root leaves all other paths to the program', async () => {
  const { ask, url } = await guarded((request, response) => void response.end(`program ${request.url}`), {
    mount: { '/': served(shop, handlers as never) },
  });
  expect((await ask('/elsewhere')).text).toBe('program /elsewhere');
  await using client = createClient(shop, { endpoints: [url] });
  expect(await client.item({ params: { id: 'a' } })).toEqual({ id: 'a', size: 7 });
});

test('the program’s own answer to a probe is left to it where its route is known', async () => {
  const app = express();
  app.get('/readyz', (_request, response) => void response.status(299).end());
  protect(app);
  const url = await listening(app.listen(0, '127.0.0.1'));
  expect((await send(`${url}/readyz`)).status).toBe(299);
  expect((await send(`${url}/livez`)).status).toBe(200);
});

test('requests that come while the application starts wait for it', async () => {
  const app = express();
  app.get('/', (_request, response) => void response.json(currentContext().deadlineMs < Number.POSITIVE_INFINITY));
  let early: Promise<unknown> = Promise.resolve();
  const application = createApp({
    ...quiet,
    name: 'early',
    use: [
      protect(app, {
        async listen() {
          const server = app.listen(0, '127.0.0.1');
          const url = await listening(server);
          early = send(url);
          await new Promise((resolve) => setTimeout(resolve, 50));
          return server;
        },
      }),
    ],
  });
  await application.start();
  expect(await early).toMatchObject({ status: 200, json: true });
  await application.stop();
});

test('a function that makes the program is called when the application starts', async () => {
  const make = vi.fn(async () => {
    const app = express();
    app.get('/', (_request, response) => void response.json({ made: true }));
    return app;
  });
  let url = '';
  const application = createApp({
    ...quiet,
    name: 'made',
    use: [
      protect(make, {
        async listen(app: express.Express) {
          const server = app.listen(0, '127.0.0.1');
          url = await listening(server);
          return server;
        },
      }),
    ],
  });
  expect(make).not.toHaveBeenCalled();
  await application.start();
  expect(await send(url)).toMatchObject({ json: { made: true } });
  await application.stop();
});

test('what cannot be guarded is refused with a reason', () => {
  for (const value of [7, null, {}, 'app', createServer, (_request: unknown, _response: unknown) => {}]) {
    expect(() => protect(value as never)).toThrow(expect.objectContaining({ code: 'FWK_HTTP_NOT_A_PROGRAM' }));
  }
});

test.each([
  [{ routes: { 'orders/:id': {} } }, 'must be like "POST /orders/:id"'],
  [{ routes: { 'POST /orders': { idempotencyKey: true } } }, 'idempotencyKey'],
  [{ mount: { api: [] } }, 'must begin with "/"'],
  [{ mount: { '/api': {} } }, 'made by served()'],
  [{ mount: { '/:tenant': [] } }, 'no parameters'],
  [{ limits: {} }, 'limits'],
  [{ name: 'a b' }, 'name'],
  [{ operations: { pay: {} } }, 'must be like "POST /orders/:id"'],
  [{ operations: { 'POST /pay': { deadlineMs: 'soon' } } }, 'operations.POST /pay'],
  [{ limit: { minLimit: 0 } }, 'minLimit'],
  [{ mount: { '/': [served(shop, handlers as never), served(shop, handlers as never)] } }, 'shop.item'],
])('the options %j are refused', (options, message) => {
  expect(() => protect(createServer(), options as never)).toThrow(message);
});

test('errors of others are answered with the status that they name, and without what is not for callers', async () => {
  const errors: Readonly<Record<string, unknown>> = {
    '/http-errors': Object.assign(new Error('no such thing'), { status: 404, expose: true }),
    '/hidden': Object.assign(new Error('unseen'), { status: 403, expose: false }),
    '/fastify': Object.assign(new Error('too large'), { statusCode: 413 }),
    '/nest': Object.assign(new Error('in use'), { getStatus: () => 409 }),
    '/server': Object.assign(new Error('unseen'), { status: 502 }),
    '/odd': Object.assign(new Error('unseen'), { status: 200 }),
    '/nothing': undefined,
    '/text': 'unseen',
  };
  const { ask } = await guarded((request, response) => sendProblem(response, errors[request.url ?? '']));
  const answers = Object.fromEntries(
    await Promise.all(Object.keys(errors).map(async (path) => [path, await ask(path)] as const)),
  );
  expect(answers['/http-errors']).toMatchObject({ status: 404, json: { detail: 'no such thing', title: 'Not Found' } });
  expect(answers['/fastify']).toMatchObject({ status: 413, json: { detail: 'too large' } });
  expect(answers['/nest']).toMatchObject({ status: 409, json: { detail: 'in use' } });
  expect(answers['/server']).toMatchObject({ status: 502 });
  for (const path of ['/odd', '/nothing', '/text']) expect(answers[path]?.status, path).toBe(500);
  expect(JSON.stringify(answers)).not.toContain('unseen');
  const alone = createServer((_request, response) => sendProblem(response, errors['/nest'])).listen(0, '127.0.0.1');
  expect((await send(await listening(alone))).status, 'without a guard').toBe(409);
});

test('what a call by serviceFetch failed with is answered with its own status', async () => {
  const nobody = await freePort();
  const stock = serviceFetch('stock', { endpoints: [`http://127.0.0.1:${nobody}`], retry: false });
  onTestFinished(() => stock[Symbol.asyncDispose]());
  const { ask } = await guarded((_request, response) => {
    stock('/left').catch((error) => sendProblem(response, error));
  });
  expect(await ask('/')).toMatchObject({ status: 502, json: { code: 'FWK_HTTP_CONNECTION' } });
  const plain = await guarded((_request, response) =>
    sendProblem(response, new TypeError('x', { cause: new Error('y') })),
  );
  expect(await plain.ask('/')).toMatchObject({ status: 500, json: { code: 'FWK_HTTP_INTERNAL' } });
});

test('a port that is taken is told as one, and the same program starts once it is free', async () => {
  const holder = createServer();
  const { port } = new URL(await listening(holder.listen(0, '127.0.0.1')));
  const app = express();
  const guard = protect(app, { listen: () => app.listen(Number(port), '127.0.0.1') });
  const failed = createApp({ ...quiet, use: [guard] });
  await expect(failed.start()).rejects.toMatchObject({ cause: { code: 'FWK_HTTP_PORT_TAKEN' } });
  await new Promise((resolve) => holder.close(resolve));
  const application = createApp({ ...quiet, use: [guard] });
  await application.start();
  expect((await send(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  await application.stop();
});

test('a start that fails leaves nobody listening', async () => {
  const server = createServer((_request, response) => void response.end());
  const options = { operations: { 'GET /unknown': { deadlineMs: 7 } }, listen: () => server.listen(0, '127.0.0.1') };
  const application = createApp({ ...quiet, use: [protect(server, options)] });
  await expect(application.start()).rejects.toThrow('operations.GET /unknown is no route');
  expect(server.listening).toBe(false);
});

test('a program in one application is refused to another until that has stopped', async () => {
  const server = createServer((_request, response) => void response.end());
  const guard = protect(server);
  await listening(server.listen(0, '127.0.0.1'));
  const first = createApp({ ...quiet, use: [guard] });
  await first.start();
  await expect(createApp({ ...quiet, use: [guard] }).start()).rejects.toThrow('belongs to another application');
  await first.stop();
});

test('a function for listen that forgets to answer the server is told so', async () => {
  const app = express();
  const listen = () => void app.listen(0, '127.0.0.1').unref();
  await expect(createApp({ ...quiet, use: [protect(app, { listen })] }).start()).rejects.toThrow(
    'must return the server',
  );
});

test('options for a route that the program does not have are told by a warning where there is no application', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const { ask } = await guarded((_request, response) => void response.end(), {
    operations: { 'GET /x': { deadlineMs: 9 } },
  });
  expect((await ask('/')).status).toBe(200);
  expect((await warned).message).toContain('GET /x');
});

test.each([
  ['is ready', (app: ReturnType<typeof Fastify>) => app.ready()],
  ['listens', (app: ReturnType<typeof Fastify>) => app.listen({ port: 0, host: '127.0.0.1' })],
])('a Fastify application that %s is refused, and the refusal says when to call', async (_, begin) => {
  const app = Fastify();
  onTestFinished(() => app.close());
  await begin(app);
  expect(() => protect(app)).toThrow(expect.objectContaining({ code: 'FWK_HTTP_NOT_A_PROGRAM' }));
  expect(() => protect(app)).toThrow(/call protect\(\) before its plugins and routes, ready\(\) and listen\(\)/);
});
