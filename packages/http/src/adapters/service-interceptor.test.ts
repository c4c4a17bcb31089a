/** Logical host names for whatever stands on undici: its own functions, the global `fetch`, axios. */
import { Readable, Writable } from 'node:stream';
import { roundRobin } from '@fwk/discovery';
import axios from 'axios';
import { Agent, type Dispatcher, getGlobalDispatcher, request, setGlobalDispatcher, stream } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { checkoutApp } from '../fixtures/checkout-app.js';
import { type RawServer, rawServer } from '../fixtures/raw-server.js';
import { interceptorOf } from './adapter-tokens.js';
import { modernHandler } from './modern-handler.js';
import { serviceFetch } from './service-fetch.js';
import { type InterceptorOptions, serviceInterceptor } from './service-interceptor.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

/** Answers its name and what it got; the first `busy` requests are refused. */
async function echo(name: string, busy = 0): Promise<RawServer> {
  let left = busy;
  const server = await rawServer(async (asked, response) => {
    let body = '';
    for await (const chunk of asked) body += chunk;
    if (left-- > 0) response.writeHead(503).end('busy');
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(`${name} ${asked.url} ${body}`));
  });
  closing.push(server);
  return server;
}

function agentWith(options: InterceptorOptions): Dispatcher {
  const interceptor = serviceInterceptor({
    timeoutMs: 20_000,
    deadlineMs: 60_000,
    retry: { baseDelayMs: 0 },
    balancer: roundRobin(),
    ...options,
  });
  const agent = new Agent();
  closing.push(interceptor, { [Symbol.asyncDispose]: () => agent.close() });
  return agent.compose(interceptor);
}

const inventoryAt = (...servers: readonly RawServer[]): InterceptorOptions => ({
  services: { inventory: { endpoints: servers.map(({ url }) => url) } },
});

/** The global `fetch` through a dispatcher of a version that may be another than its own. */
const fetchBy = (dispatcher: Dispatcher, url: string, init: object = {}): Promise<Response> =>
  Reflect.apply(fetch, undefined, [url, { ...init, dispatcher }]);

/** A body that gives something and then breaks off. */
function brokenStream(breakOff: (body: Readable) => void): Readable {
  const body = new Readable({ read() {} });
  body.push('begin');
  setImmediate(() => breakOff(body));
  return body;
}

/** undici sends any async iterable, though its types do not say so. */
function iterableBody(pieces: () => AsyncGenerator<Buffer>): Readable {
  const body: object = pieces();
  return body as Readable;
}

describe('a logical host name', () => {
  test('goes to the instances of the service, one after the other', async () => {
    const dispatcher = agentWith(inventoryAt(await echo('one'), await echo('two')));
    const texts: unknown[] = [];
    for (let index = 0; index < 4; index++) {
      texts.push(await (await request('http://inventory/a', { dispatcher, query: { b: ['c', 'd'] } })).body.json());
    }
    expect(texts.sort()).toEqual(['one /a?b=c&b=d ', 'one /a?b=c&b=d ', 'two /a?b=c&b=d ', 'two /a?b=c&b=d ']);
  });

  test('works for streams, for the global fetch, and as the global dispatcher', async () => {
    const dispatcher = agentWith(inventoryAt(await echo('one')));
    let text = '';
    await stream('http://inventory/s', { method: 'POST', body: 'hello', dispatcher }, () => {
      return new Writable({
        write(chunk, _encoding, done) {
          text += chunk;
          done();
        },
      });
    });
    expect(text).toBe('"one /s hello"');
    expect(await (await fetchBy(dispatcher, 'http://inventory/f')).json()).toBe('one /f ');
    const before = getGlobalDispatcher();
    setGlobalDispatcher(dispatcher);
    try {
      expect(await (await fetch('http://inventory/g')).json()).toBe('one /g ');
    } finally {
      setGlobalDispatcher(before);
    }
  });

  test('may have an ending that says so', async () => {
    const one = await echo('one');
    const dispatcher = agentWith({ suffix: '.internal', endpoints: [one.url] });
    expect(await (await request('http://inventory.internal/a', { dispatcher })).body.json()).toBe('one /a ');
    for (let index = 0; index < 255; index++) {
      await (await request(`http://other-${index}.internal/a`, { dispatcher })).body.dump();
    }
    await expect(request('http://many.internal/a', { dispatcher })).rejects.toMatchObject({
      code: 'FWK_KERNEL_OPTIONS_INVALID',
    });
  });

  test('has the retries of the service’s policy, with bodies that can be sent again', async () => {
    const one = await echo('one', 2);
    const dispatcher = agentWith(inventoryAt(one));
    const put = await request('http://inventory/a', { method: 'PUT', body: 'hello', dispatcher });
    expect([put.statusCode, await put.body.json(), one.seen.length]).toEqual([200, 'one /a hello', 3]);
    const two = await echo('two', 1);
    const answer = await fetchBy(agentWith(inventoryAt(two)), 'http://inventory/b', { method: 'PUT', body: 'hello' });
    expect([await answer.json(), two.seen.length]).toEqual(['two /b hello', 2]);
    const three = await echo('three', 1);
    const post = await request('http://inventory/c', {
      method: 'POST',
      body: 'x',
      dispatcher: agentWith(inventoryAt(three)),
    });
    expect([post.statusCode, await post.body.text(), three.seen.length]).toEqual([503, 'busy', 1]);
  });

  test('that reaches nobody fails with our error, and so does one that is asked for an upgrade', async () => {
    const gone = await echo('gone');
    await gone[Symbol.asyncDispose]();
    const dispatcher = agentWith({ ...inventoryAt(gone), retry: false });
    await expect(request('http://inventory/a', { dispatcher })).rejects.toMatchObject({ code: 'FWK_HTTP_CONNECTION' });
    const { error } = await new Promise<{ error: Error }>((resolve) => {
      const options = { origin: 'http://inventory', path: '/a', method: 'GET', upgrade: 'websocket' } as const;
      dispatcher.dispatch(options, {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData() {},
        onResponseEnd() {},
        onResponseError: (_controller, reason) => resolve({ error: reason }),
      });
    });
    expect(error).toMatchObject({ code: 'FWK_HTTP_CALL_INVALID' });
  });

  describe('whose request is at fault', () => {
    /** After so many failures a breaker would be open, and the only instance left out. */
    const many = Array.from({ length: 12 });

    test.each<[string, object]>([
      ['a header that cannot be written', { headers: { 'x-user': 'a\r\nb: c' } }],
      ['a method that is none', { method: 'GE T' }],
      ['another length than its header says', { method: 'PUT', body: 'abc', headers: { 'content-length': '9' } }],
    ])('by %s holds nothing against the instance, and is not tried again', async (_what, fault) => {
      const one = await echo('one');
      const dispatcher = agentWith(inventoryAt(one));
      for (const _ of many) {
        await expect(request('http://inventory/a', { dispatcher, ...fault })).rejects.toMatchObject({
          code: 'FWK_HTTP_CALL_INVALID',
          message: expect.stringContaining('not a request that can be sent'),
        });
      }
      expect(one.seen).toEqual([]);
      expect((await request('http://inventory/a', { dispatcher })).statusCode).toBe(200);
    });

    test.each<[string, () => Readable]>([
      ['fails', () => brokenStream((body) => body.destroy(new Error('the uploader is gone')))],
      ['is closed', () => brokenStream((body) => body.destroy())],
      [
        'throws',
        () =>
          iterableBody(async function* () {
            yield Buffer.from('begin');
            throw new Error('the uploader is gone');
          }),
      ],
    ])(
      'by a body that %s ends with the body’s own error, and holds nothing against the instance',
      async (_how, body) => {
        const one = await rawServer((asked, response) => {
          asked.on('error', () => {}).resume();
          asked.on('end', () => response.end('whole'));
        });
        closing.push(one);
        const dispatcher = agentWith(inventoryAt(one));
        for (const _ of many) {
          await expect(request('http://inventory/a', { dispatcher, method: 'PUT', body: body() })).rejects.toThrow(
            /the uploader is gone|closed before its end/,
          );
        }
        expect((await request('http://inventory/a', { dispatcher })).statusCode).toBe(200);
      },
    );
  });

  test('can be given up by a signal', async () => {
    const server = await rawServer(() => {});
    closing.push(server);
    const dispatcher = agentWith(inventoryAt(server));
    const controller = new AbortController();
    const given = request('http://inventory/a', { dispatcher, signal: controller.signal });
    await expect.poll(() => server.seen.length).toBe(1);
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
  });
});

test('every other host goes on to the dispatcher below', async () => {
  const plain = await echo('plain');
  const one = await echo('one');
  const dispatcher = agentWith(inventoryAt(one));
  expect(await (await request(`${plain.url}/a`, { dispatcher })).body.json()).toBe('plain /a ');
  expect(await (await fetchBy(dispatcher, `${plain.url}/b`)).json()).toBe('plain /b ');
  await expect(request('http://inventory:1/a', { dispatcher })).rejects.toMatchObject({ code: 'ENOTFOUND' });
  expect(one.seen).toEqual([]);
});

test('axios takes it with its fetch adapter, or a service’s fetch', async () => {
  const one = await echo('one', 1);
  const dispatcher = agentWith(inventoryAt(one));
  const fetchOptions: object = { dispatcher };
  const given = { adapter: 'fetch' as const, fetchOptions };
  expect((await axios.put('http://inventory/a', { b: 1 }, given)).data).toBe('one /a {"b":1}');
  const call = serviceFetch('inventory', { endpoints: [one.url] });
  closing.push(call);
  const client = axios.create({ baseURL: 'http://inventory', adapter: 'fetch', env: { fetch: call } });
  expect((await client.get('/c')).data).toBe('one /c ');
});

test('it is refused without any name, and with one or an ending that is none', () => {
  const endpoints = ['http://127.0.0.1:1'];
  expect(() => serviceInterceptor({ endpoints })).toThrow('services must name one, or suffix be given');
  expect(() => serviceInterceptor({ endpoints, services: ['In ventory'] })).toThrow(/name of the service must be/);
  expect(() => serviceInterceptor({ endpoints, suffix: '.' })).toThrow('suffix must be the ending of host names');
  expect(() => serviceInterceptor({ services: ['inventory'] })).toThrow(/cannot know where to call/);
  for (const services of ['inventory', null] as unknown[]) {
    expect(() => serviceInterceptor({ endpoints, services: services as string[] })).toThrow('services must be a list');
  }
});

test.each(['1234', '0x7f', '10.0.0.1', 'xn--a', 'a.1'])('%s is refused: in a URL it would be another host', (name) => {
  expect(() => serviceInterceptor({ endpoints: ['http://127.0.0.1:1'], services: [name] })).toThrow(/be a host name/);
});

test('in an application it is injected, and closed with it', async () => {
  const one = await echo('one');
  const logicalHosts = interceptorOf(inventoryAt(one));
  const app = await checkoutApp();
  const agent = new Agent();
  closing.push({ [Symbol.asyncDispose]: () => agent.close() });
  const dispatcher = agent.compose(app.get(logicalHosts));
  await (await request('http://inventory/a', { dispatcher })).body.dump();
  expect(one.seen[0]?.headers['fwk-caller']).toBe('checkout');
  await app.stop();
  await expect(request('http://inventory/a', { dispatcher })).rejects.toMatchObject({ code: 'FWK_HTTP_CLIENT_CLOSED' });
});

test('a handler of the old form is told headers as bytes, and may pause by answering false', () => {
  const told: unknown[] = [];
  const controller = {
    aborted: false,
    paused: false,
    reason: null,
    abort: () => {},
    pause: () => told.push('pause'),
    resume: () => told.push('resume'),
  };
  let go = () => {};
  const handler = modernHandler({
    onHeaders(status, headers, resume) {
      told.push(status, headers.map(String));
      go = resume;
      return false;
    },
    onData: (chunk) => {
      told.push(String(chunk));
      return true;
    },
    onComplete: (trailers) => told.push(trailers),
  });
  handler.onResponseStart?.(controller, 200, { 'set-cookie': ['a', 'b'], x: 'y' });
  go();
  handler.onResponseData?.(controller, Buffer.from('c'));
  handler.onResponseEnd?.(controller, { t: 'u' });
  expect(told).toEqual([200, ['set-cookie', 'a', 'set-cookie', 'b', 'x', 'y'], 'pause', 'resume', 'c', ['t', 'u']]);
});
