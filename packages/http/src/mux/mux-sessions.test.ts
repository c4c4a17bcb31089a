/** Sessions of a server over real connections: how they drain, what a peer may cost that does not read, and who is gone. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createDrain } from '@fwk/core';
import { type CallContext, type Meter, noMeter, systemClock } from '@fwk/kernel';
import { type ClientSession, encodeKey, MuxCall, type MuxReply, openSession } from '@fwk/mux';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import type { Handlers } from '../contract/contract-types.js';
import { get, post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import type { HttpServer } from '../server/http-server.js';
import { createServer } from '../server/server.js';
import type { ServerOptions } from '../server/server-options.js';
import { served } from '../serving/served.js';

const shop = contract('shop', {
  version: '1.0.0',
  operations: {
    wait: get('/wait', { response: z.string() }),
    order: post('/orders', { body: z.string(), response: z.string() }),
    pay: post('/payments', { response: z.string(), idempotencyKey: true }),
  },
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(handlers: Partial<Handlers<typeof shop>> = {}, options: Partial<ServerOptions> = {}) {
  const all = { wait: () => 'waited', order: ({ body }: { body: string }) => body, pay: () => 'paid', ...handlers };
  const server: HttpServer = createServer({ serve: [served(shop, all)], ...options });
  await server.start();
  open.push(server);
  return server;
}

class Call extends MuxCall {
  readonly destination: Uint8Array;
  readonly reply = deferred<{ readonly status: number; readonly text: string; readonly contexts: string[] }>();
  readonly #body: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(operation: string, body = '', headers: Readonly<Record<string, string>> = {}) {
    super();
    this.destination = encodeKey(`/shop/${operation}`);
    this.#body = body;
    this.#headers = headers;
    this.reply.promise.catch(() => {});
  }

  writeContexts(out: Parameters<MuxCall['writeContexts']>[0]): void {
    for (const [name, value] of Object.entries(this.#headers)) out.text(encodeKey(name), value);
  }

  writePayload(out: Parameters<MuxCall['writePayload']>[0]): void {
    out.uint16(0);
    out.utf8(this.#body);
  }

  answered(reply: MuxReply): void {
    const contexts: string[] = [];
    const reader = reply.contexts;
    while (reader.next()) contexts.push(`${reader.key}=${reader.text}`);
    this.reply.resolve({ status: reply.status, text: reply.payload.toString(), contexts });
  }

  failed(error: Error): void {
    this.reply.reject(error);
  }
}

async function session({ port }: HttpServer): Promise<{ readonly session: ClientSession; readonly socket: Socket }> {
  const socket = connect(port, '127.0.0.1');
  const made = await openSession(socket, { clock: systemClock, peer: 'shop', openTimeoutMs: 5000 });
  open.push(made);
  return { session: made, socket };
}

function send(on: ClientSession, ...given: ConstructorParameters<typeof Call>): Call {
  const call = new Call(...given);
  on.dispatch(call);
  return call;
}

/** A handler that hangs, and tells when it has begun and when its context is cancelled. */
function hanging() {
  const begun = deferred<void>();
  const cancelled = deferred<unknown>();
  const finish = deferred<string>();
  const handler = ({ context }: { readonly context: CallContext }) => {
    context.onCancel(cancelled.resolve);
    begun.resolve();
    return finish.promise;
  };
  return { begun, cancelled, finish, handler };
}

describe('a caller that gives up', () => {
  test('cancels the handler by discarding the call, and others on the session go on', async () => {
    const { begun, cancelled, handler } = hanging();
    const { session: made } = await session(await start({ wait: handler }));
    const call = send(made, 'wait');
    await begun.promise;
    made.discard(call, 'no longer needed');
    expect(await cancelled.promise).toMatchObject({ code: 'FWK_KERNEL_CANCELLED' });
    expect((await send(made, 'order', '"x"').reply.promise).text).toBe('"x"');
  });

  test('cancels the handler by closing its connection', async () => {
    const { begun, cancelled, handler } = hanging();
    const { session: made } = await session(await start({ wait: handler }));
    send(made, 'wait');
    await begun.promise;
    made.close();
    expect(await cancelled.promise).toMatchObject({ code: 'FWK_KERNEL_CANCELLED' });
  });

  test('does not cancel work under an idempotency key, and gets its answer when it comes again', async () => {
    const { begun, finish, handler } = hanging();
    const server = await start({ pay: handler });
    const first = await session(server);
    send(first.session, 'pay', '', { 'idempotency-key': '"k"' });
    await begun.promise;
    first.socket.resetAndDestroy();
    finish.resolve('paid once');
    const second = await session(server);
    await vi.waitFor(async () => {
      const again = await send(second.session, 'pay', '', { 'idempotency-key': '"k"' }).reply.promise;
      expect(again.text).toBe('"paid once"');
    });
  });
});

describe('stopping', () => {
  test('tells callers to go elsewhere as soon as the application drains, while it still answers', async () => {
    const drain = createDrain(systemClock);
    const server = await start({}, { drain });
    const before = await session(server);
    expect((await send(before.session, 'wait').reply.promise).text).toBe('"waited"');
    expect(before.session.status).toBe('ready');
    drain.begin();
    await vi.waitFor(() => expect(before.session.status).toBe('busy'));
    expect((await send(before.session, 'wait').reply.promise).text).toBe('"waited"');
    const later = await session(server);
    await vi.waitFor(() => expect(later.session.status).toBe('busy'));
  });

  test('asks callers to send no more, answers what is under way, and then ends the session', async () => {
    const { begun, finish, handler } = hanging();
    const drain = createDrain(systemClock);
    const server = await start({ wait: handler }, { drain });
    const { session: made, socket } = await session(server);
    const call = send(made, 'wait');
    await begun.promise;
    const stopped = server.stopAccepting();
    await vi.waitFor(() => expect(made.status).toBe('draining'));
    await stopped;
    expect(drain.active).toBeGreaterThan(0);
    finish.resolve('late');
    expect(await call.reply.promise).toMatchObject({ status: 0, text: '"late"' });
    if (!socket.closed) await once(socket, 'close');
    await vi.waitFor(() => expect(drain.active).toBe(0));
  });

  test('ends sessions without calls at once', async () => {
    const server = await start();
    const { socket } = await session(server);
    const begunMs = performance.now();
    await Promise.all([server.stopAccepting(), once(socket, 'close')]);
    expect(performance.now() - begunMs).toBeLessThan(400);
  });

  test('refuses further calls of a peer that goes on calling, before they are worked on', async () => {
    const { begun, finish, handler } = hanging();
    const server = await start({ wait: handler });
    const { session: made, socket } = await session(server);
    const call = send(made, 'wait');
    await begun.promise;
    // A peer that does not agree: what the session would read never reaches it.
    socket.pause();
    await server.stopAccepting();
    const late = frame(2, 9, [0, 0, ...text('/shop/order'), 0, 0, 0, 0, ...Buffer.from('"x"')]);
    const { bytesWritten } = socket;
    socket.write(late);
    expect(socket.bytesWritten).toBe(bytesWritten + late.length);
    const heard: Buffer[] = [];
    socket.removeAllListeners('data').on('data', (chunk: Buffer) => heard.push(chunk));
    socket.resume();
    await vi.waitFor(() => expect(Buffer.concat(heard).toString()).toMatch(/FWK_HTTP_STOPPING/));
    finish.resolve('late');
    await vi.waitFor(() => expect(Buffer.concat(heard).toString()).toMatch(/"late"/));
    if (!socket.closed) await once(socket, 'close');
    await call.reply.promise.catch(() => {});
  });
});

/** A frame of bytes. */
function frame(type: number, tag: number, body: readonly number[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 4);
  head.writeInt8(type, 4);
  head.writeUIntBE(tag, 5, 3);
  return Buffer.concat([head, Buffer.from(body)]);
}

function text(given: string): number[] {
  return [0, given.length, ...Buffer.from(given)];
}

describe('a peer that does not read', () => {
  const big = 'x'.repeat(400_000);

  /** Counts the open sessions of a server. */
  function counting() {
    let sessions = 0;
    const gauge = {
      set() {},
      add(amount: number) {
        sessions += amount;
      },
    };
    const metrics: Meter = {
      ...noMeter,
      gauge: (spec) => (spec.name === 'mux.sessions' ? gauge : noMeter.gauge(spec)),
    };
    return { env: { metrics }, sessions: () => sessions };
  }

  test.each([
    ['that has taken nothing for sendTimeoutMs', { sendTimeoutMs: 1000 }],
    ['whose answers are more than maxUnsentBytes', { maxUnsentBytes: 1_000_000 }],
  ])('is cut off %s, and no other', async (_why, limits) => {
    const { env, sessions } = counting();
    const server = await start({ wait: () => big }, { env, ...limits });
    const slow = await session(server);
    const other = await session(server);
    expect(sessions()).toBe(2);
    slow.socket.pause();
    for (let sent = 0; sent < 100; sent++) send(slow.session, 'wait');
    await vi.waitFor(() => expect(sessions()).toBe(1), 8000);
    expect((await send(other.session, 'order', '"y"').reply.promise).text).toBe('"y"');
  });
});

test('a body that is too large fails its own call alone, however large it is', async () => {
  const { begun, finish, handler } = hanging();
  const { session: made } = await session(await start({ wait: handler }, { bodyLimitBytes: 1000 }));
  const beside = send(made, 'wait');
  await begun.promise;
  for (const length of [999, 1_000_000, 6_000_000]) {
    const { contexts, text } = await send(made, 'order', `"${'x'.repeat(length)}"`).reply.promise;
    expect(contexts).toContain('fwk-status=413');
    expect(JSON.parse(text)).toMatchObject({ code: 'FWK_HTTP_BODY_TOO_LARGE', limitBytes: 1000 });
  }
  finish.resolve('beside');
  expect((await beside.reply.promise).text).toBe('"beside"');
});

test('contexts that are too large, or no headers, are refused or passed over', async () => {
  let seen: unknown;
  const server = await start({
    wait: ({ headers }) => {
      seen = headers;
      return 'waited';
    },
  });
  const { session: made } = await session(server);
  const odd = { 'Upper-Case': 'x', 'com.twitter.finagle.Retries': 'x', host: 'x', te: 'x', ['__proto__']: 'x' };
  expect((await send(made, 'wait', '', { 'x-own': 'mine', constructor: 'c', ...odd }).reply.promise).status).toBe(0);
  expect(seen).toEqual({ 'x-own': 'mine', constructor: 'c' });
  const many = Array.from({ length: 10 }, (_, index) => [`com.twitter.${index}`, 'x'.repeat(30_000)]);
  const refused: Readonly<Record<string, string>>[] = [
    { 'x-long': 'x'.repeat(20_000) },
    { 'x-line': 'a\r\nset-cookie: b' },
    Object.fromEntries(many),
  ];
  for (const headers of refused) {
    const { contexts, text } = await send(made, 'wait', '', headers).reply.promise;
    expect(contexts).toContain('fwk-status=400');
    expect(JSON.parse(text)).toMatchObject({ code: 'FWK_HTTP_REQUEST_MALFORMED', instance: '/shop/wait' });
  }
});
