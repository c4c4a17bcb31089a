/** Streams as any program meets them that speaks HTTP. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createDrain } from '@fwk/core';
import type { CallContext } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deferred } from '../fixtures/deferred.js';
import { feed, feedHandlers, type Tick, ticksFrom } from '../fixtures/feed-contract.js';
import { rawConnection } from '../fixtures/raw-connection.js';
import { type RawRequest, send } from '../fixtures/raw-request.js';
import { served } from '../serving/served.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';
import type { ServerOptions } from './server-options.js';

let server: HttpServer | undefined;
afterEach(() => server?.close());

type Handlers = Partial<Record<keyof typeof feedHandlers, unknown>>;

async function start(handlers: Handlers = {}, options: Partial<ServerOptions> = {}): Promise<HttpServer> {
  server = createServer({ ...options, serve: [served(feed, { ...feedHandlers, ...handlers } as typeof feedHandlers)] });
  await server.start();
  return server;
}

/** The answer of a stream that goes on, and what has come of it. */
async function open(url: string, headers: Record<string, string> = {}) {
  const sent = request(url, { headers, agent: false });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise<string>((resolve) => {
    answer.on('end', () => resolve('ended')).on('error', () => resolve('broken'));
  });
  return { answer, text: () => text, ended, leave: () => sent.destroy() };
}

const lines = '{"seq":1,"text":"tick 1"}\n{"seq":2,"text":"tick 2"}\n{"seq":3,"text":"tick 3"}\n';
const accepting = (accept: string, more: Record<string, string> = {}): RawRequest => ({ headers: { accept, ...more } });

describe('the form of a stream', () => {
  test.each([
    ['*/*', 'application/x-ndjson'],
    ['application/jsonl', 'application/jsonl'],
    ['application/*;q=0.5, text/html', 'application/x-ndjson'],
    ['application/x-ndjson;q=0.1, application/ndjson', 'application/ndjson'],
  ])('for %s is a line an item, as %s', async (accept, type) => {
    const { url } = await start();
    const { headers, text } = await send(`${url}/ticks`, accepting(accept));
    expect(headers['content-type']).toBe(type);
    expect(headers['cache-control']).toBe('no-store');
    expect(text).toBe(lines);
  });

  test.each(['text/event-stream', 'text/*', 'text/event-stream, application/json'])(
    'for %s is events',
    async (accept) => {
      const { url } = await start();
      const { headers, text } = await send(`${url}/ticks`, accepting(accept));
      expect(headers['content-type']).toBe('text/event-stream');
      expect(text).toBe(`${lines.replace(/.+\n/g, (line) => `data: ${line}\n`)}event: end\ndata: {}\n\n`);
    },
  );

  test('has ids where the contract names items, and goes on behind the one that the caller has', async () => {
    const { url } = await start();
    const events = await send(`${url}/events`, accepting('text/event-stream', { 'last-event-id': '2' }));
    expect(events.text).toBe('id: 3\ndata: {"seq":3,"text":"tick 3"}\n\nevent: end\ndata: {}\n\n');
    expect((await send(`${url}/resumed`, { headers: { 'last-event-id': '1' } })).text).toBe(
      lines.split('\n').slice(1).join('\n'),
    );
  });

  test('marks its end for those who ask for it', async () => {
    const { url } = await start();
    const { headers, text } = await send(`${url}/ticks`, { headers: { 'fwk-stream': 'marked' } });
    expect(headers['fwk-stream']).toBe('marked');
    expect(text).toBe(`${lines}{"@end":{}}\n`);
  });

  test.each(['application/json', 'text/html', '*/*;q=0', 'application/x-ndjson;q=nonsense'])(
    'is none for %s',
    async (accept) => {
      const { url } = await start();
      expect(await send(`${url}/ticks`, accepting(accept))).toMatchObject({
        status: 406,
        json: { code: 'FWK_HTTP_NOT_ACCEPTABLE' },
      });
    },
  );

  test('has no items for HEAD, and lets the handler go', async () => {
    const returned = deferred<void>();
    const { url } = await start({
      async *ticks() {
        try {
          for (;;) yield { seq: 1, text: '' };
        } finally {
          returned.resolve();
        }
      },
    });
    expect(await send(`${url}/ticks`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    await returned.promise;
  });
});

test('an error amid the items is the last record', async () => {
  const { url } = await start({
    async *ticks() {
      yield* ticksFrom(1, 1);
      throw new Error('secret');
    },
  });
  const { text } = await send(`${url}/ticks`);
  const [first, last, ...more] = text.trim().split('\n');
  expect(more).toEqual([]);
  expect(first).toBe(lines.split('\n')[0]);
  expect(JSON.parse(last ?? '')).toEqual({
    '@problem': expect.objectContaining({ status: 500, code: 'FWK_HTTP_INTERNAL', instance: '/ticks' }),
  });
  const events = await send(`${url}/ticks`, accepting('text/event-stream'));
  expect(events.text).toMatch(/\n\nevent: problem\ndata: \{.*"status":500.*\}\n\n$/);
  expect(text + events.text).not.toContain('secret');
});

describe('the time of a stream', () => {
  const waiting = {
    async *bounded({ context }: { readonly context: CallContext }) {
      yield* ticksFrom(1, 1);
      await new Promise<void>((resolve) => context.onCancel(() => resolve()));
    },
  };

  test('that is quiet shows that it is alive, and ends when no item comes for too long', async () => {
    const clock = fakeClock();
    const { url } = await start(waiting, { env: { clock } });
    const { text, ended } = await open(`${url}/bounded`);
    await vi.waitFor(() => expect(text()).toContain('tick 1'));
    const first = text();
    await clock.advance(1100);
    await vi.waitFor(() => expect(text()).toBe(`${first}\n`));
    await clock.advance(1000);
    expect(await ended).toBe('ended');
    expect(text()).toMatch(/\{"@problem":.*"FWK_HTTP_STREAM_IDLE".*\}\n$/);
  });

  test('is limited as a whole where the contract says so', async () => {
    const clock = fakeClock();
    let cancelled = false;
    const { url } = await start(
      {
        async *bounded({ context }: { readonly context: CallContext }) {
          context.onCancel(() => {
            cancelled = true;
          });
          for (let seq = 1; !context.cancelled; seq++) {
            yield { seq, text: '' };
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        },
      },
      { env: { clock } },
    );
    const { text, ended } = await open(`${url}/bounded`);
    await vi.waitFor(() => expect(text()).toContain('"seq":2'));
    for (let at = 0; at < 52; at++) {
      await clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await ended).toBe('ended');
    expect(text()).toContain('FWK_HTTP_STREAM_TOTAL');
    expect(cancelled).toBe(true);
  });

  test('until its first item is the deadline of any request', async () => {
    const { url } = await start({ ticks: () => new Promise(() => {}) }, { timeoutMs: 100 });
    expect(await send(`${url}/ticks`)).toMatchObject({ status: 504 });
  });

  test('whose caller does not read ends its connection', async () => {
    const clock = fakeClock();
    const left = deferred<unknown>();
    const { port } = await start(
      {
        *bounded({ context }: { readonly context: CallContext }) {
          context.onCancel(left.resolve);
          for (let seq = 1; ; seq++) yield { seq, text: 'x'.repeat(60) };
        },
      },
      { env: { clock } },
    );
    const connection = await rawConnection(port, 'GET /bounded HTTP/1.1\r\nhost: a\r\n\r\n');
    connection.socket.pause();
    // What the system takes for a reader is some megabytes.
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (let at = 0; at < 22; at++) await clock.advance(100);
    expect(await left.promise).toMatchObject({ code: 'FWK_KERNEL_CANCELLED' });
    connection.socket.destroy();
  });
});

describe('a server that stops', () => {
  const endless = async function* ({ lastEventId }: { readonly lastEventId?: string }) {
    for (let seq = Number(lastEventId ?? 0) + 1; ; seq++) {
      yield { seq, text: '' };
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  test('ends streams that can go on elsewhere when it drains, the others when it closes, all by a message', async () => {
    const { systemClock } = await import('@fwk/kernel');
    const drain = createDrain(systemClock);
    const started = await start({ resumed: endless, ticks: endless }, { drain });
    const resumable = await open(`${started.url}/resumed`);
    const plain = await open(`${started.url}/ticks`);
    expect(drain.active).toBe(2);
    drain.begin();
    expect(await resumable.ended).toBe('ended');
    expect(resumable.text()).toMatch(/\{"@problem":.*"FWK_HTTP_STREAM_DRAINING".*\}\n$/);
    await vi.waitFor(() => expect(drain.active).toBe(1));
    const refused = await send(`${started.url}/ticks`);
    expect(refused).toMatchObject({ status: 503, json: { code: 'FWK_HTTP_STREAM_DRAINING', notProcessed: true } });
    const before = plain.text();
    await vi.waitFor(() => expect(plain.text().length).toBeGreaterThan(before.length));
    await started.stopAccepting();
    expect(await plain.ended).toBe('ended');
    expect(plain.text()).toMatch(/FWK_HTTP_STREAM_DRAINING/);
    await vi.waitFor(() => expect(drain.active).toBe(0));
  });

  test('ends a body that still comes, and answers it', async () => {
    const begun = deferred<void>();
    const started = await start({
      async load({ body }: { readonly body: AsyncIterable<Tick> }) {
        for await (const _ of body) begun.resolve();
        return { count: 0 };
      },
    });
    const sent = request(`${started.url}/load`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    sent.write('{"seq":1,"text":""}\n');
    await begun.promise;
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    await started.stopAccepting();
    expect((await answered)[0].statusCode).toBe(503);
    sent.destroy();
  });
});

describe('a body', () => {
  const load = (body: string, headers: Record<string, string> = {}): RawRequest => ({
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-ndjson', ...headers },
  });

  test.each(['application/x-ndjson', 'application/jsonl; charset=utf-8', 'application/ndjson'])(
    'of %s is read',
    async (type) => {
      const { url } = await start();
      expect((await send(`${url}/load`, load(`${lines}\n\n`, { 'content-type': type }))).json).toEqual({ count: 3 });
    },
  );

  test('may be empty', async () => {
    const { url } = await start();
    expect((await send(`${url}/load`, load(''))).json).toEqual({ count: 0 });
  });

  const wrong: readonly [string, RawRequest, object][] = [
    [
      'of another type',
      load(lines, { 'content-type': 'application/json' }),
      { status: 415, json: { code: 'FWK_HTTP_MEDIA_TYPE' } },
    ],
    [
      'that is compressed',
      load('bomb', { 'content-encoding': 'gzip' }),
      { status: 415, json: { code: 'FWK_HTTP_CONTENT_ENCODING' } },
    ],
    [
      'whose last line has no end',
      load(`${lines}{"seq":4`),
      { status: 400, json: { issues: [{ in: 'body', path: '3' }] } },
    ],
    ['with a line that is no JSON', load(`${lines}oops\n`), { status: 400, json: { issues: [{ path: '3' }] } }],
    [
      'with an item that does not fit',
      load(`${lines}{"seq":"4","text":""}\n`),
      { status: 400, json: { issues: [{ in: 'body', path: '3.seq' }] } },
    ],
    [
      'with an item that is too large',
      load(`{"seq":1,"text":"${'x'.repeat(100)}"}\n`),
      { status: 413, json: { code: 'FWK_HTTP_BODY_TOO_LARGE' } },
    ],
    ['with a key that is not allowed', load('{"seq":1,"text":"","__proto__":{}}\n'), { status: 400 }],
  ];
  test.each(wrong)('%s is refused', async (_what, sent, expected) => {
    const { url } = await start();
    expect(await send(`${url}/load`, sent)).toMatchObject(expected);
    expect((await send(`${url}/load`, load(lines))).json).toEqual({ count: 3 });
  });

  test('may take longer than requests may', async () => {
    const { url } = await start({}, { receiveTimeoutMs: 1000 });
    const sent = request(`${url}/load`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' } });
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    for (const line of lines.match(/.+\n/g) ?? []) {
      sent.write(line);
      await new Promise((resolve) => setTimeout(resolve, 800));
    }
    sent.end();
    expect((await answered)[0].statusCode).toBe(200);
  }, 20_000);

  test('is asked for by 100 Continue when the handler wants it', async () => {
    const { port } = await start();
    const connection = await rawConnection(
      port,
      'POST /load HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-type: application/x-ndjson\r\ncontent-length: 20\r\n\r\n',
    );
    await vi.waitFor(() => expect(connection.received()).toContain('100 Continue'));
    connection.socket.write('{"seq":1,"text":""}\n');
    await vi.waitFor(() => expect(connection.received()).toContain('{"count":1}'));
    connection.socket.destroy();
  });
});
