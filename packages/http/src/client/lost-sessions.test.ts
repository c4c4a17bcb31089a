/** What follows on a lost session: an opening that is not answered, and a server that speaks only HTTP from then on. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { roundRobin } from '@fwk/discovery';
import { liveValue, systemClock } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { type ServedMuxCall, ServerSession } from '@fwk/mux';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { WireChoice } from '../calling/wire-choice.js';
import { clientOf, type ShopOptions, serveMux } from '../fixtures/mux-client.js';

const patience = { timeout: 5000, interval: 5 };

/** Where a server is mute to Mux, it takes the connection and answers nothing. */
type Mode = 'mux' | 'http' | 'http, mute to Mux';

/**
 * A server at one port that speaks Mux or HTTP. Requests over HTTP are answered with 7, calls over Mux by the test.
 */
async function changingServer() {
  const sockets: Socket[] = [];
  const calls: ServedMuxCall[] = [];
  const state = { mode: 'mux' as Mode, requests: 0, sockets, calls };
  const http = createHttpServer((_, response) => {
    state.requests++;
    response.setHeader('content-type', 'application/json').end('7');
  });
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    if (state.mode === 'http') http.emit('connection', socket);
    else if (state.mode === 'http, mute to Mux') {
      socket.once('data', (first) => {
        if (first[0] === 0) return;
        socket.unshift(first);
        http.emit('connection', socket);
      });
    } else
      new ServerSession(socket, { clock: systemClock, peer: 'the client' }, { serve: (call) => void calls.push(call) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  /** Answers the next call, or hangs up on it. */
  const next = async (what: 'answer' | 'hang up') => {
    await vi.waitFor(() => expect(calls.length).toBeGreaterThan(0), patience);
    const call = calls.shift() as ServedMuxCall;
    if (what === 'hang up') call.session.close();
    else call.answer(0, { writeContexts() {}, writePayload: (out) => out.utf8('1') });
  };
  return Object.assign(state, { url, next });
}

const failed = (call: Promise<unknown>) => call.catch((error: unknown) => error);
const inTurn: ShopOptions = { balancer: roundRobin(), ejection: false, breaker: false };

/** A client whose session was lost with a call, and whose server is mute to Mux since. */
async function lostAtMute(options: ShopOptions = {}) {
  const clock = fakeClock();
  const server = await changingServer();
  const client = clientOf({ [server.url]: ['http', 'mux'] }, { ...options, env: { clock } });
  const lost = failed(client.tick());
  await vi.waitFor(() => expect(server.calls.length).toBe(1), patience);
  server.mode = 'http, mute to Mux';
  await server.next('hang up');
  expect(await lost).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: true });
  return { clock, server, client };
}

test('an endpoint that spoke Mux a short time ago and opens no session fails the call as not sent, without HTTP', async () => {
  const { clock, server, client } = await lostAtMute();
  const silent = failed(client.tick());
  await vi.waitFor(() => expect(server.sockets.length).toBe(2), patience);
  await clock.advance(1000);
  expect(await silent).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: false, traits: { notProcessed: true } });
  expect(String(await silent)).toContain('did not open a Mux session');
  expect(server.requests).toBe(0);
});

test('one that spoke Mux more than a minute ago and opens no session is asked over HTTP', async () => {
  const { clock, server, client } = await lostAtMute();
  await clock.advance(61_000);
  const asked = client.tick();
  await vi.waitFor(async () => {
    await clock.advance(100);
    expect(server.requests).toBe(1);
  }, patience);
  expect(await asked).toBe(7);
});

test('a server that speaks only HTTP from then on is called over HTTP, without a call that finds out', async () => {
  const server = await changingServer();
  const other = await serveMux((call) => call.answer(0, '2'));
  const client = clientOf({ [server.url]: ['http', 'mux'], [other.url]: ['mux'] }, inTurn);
  let lost: Promise<unknown> | undefined;
  await vi.waitFor(() => {
    lost = failed(client.tick());
    expect(server.sockets.length).toBe(1);
  }, patience);
  server.mode = 'http';
  await server.next('hang up');
  await lost;
  await vi.waitFor(() => expect(server.sockets.length).toBe(2), patience);
  await vi.waitFor(async () => expect(await client.tick()).toBe(7), patience);
  // One for the session that did not open, the other for requests.
  expect(server.sockets.length).toBe(3);
});

test('no session is opened once calls are to take HTTP', async () => {
  const wire = liveValue<WireChoice>('auto');
  const { clock, server, client } = await lostAtMute({ ...inTurn, wire });
  await vi.waitFor(() => expect(server.sockets.length).toBe(2), patience);
  // That one is not answered; another would follow after a second at most.
  wire.set('http');
  await clock.advance(5000);
  expect(await client.tick()).toBe(7);
  expect(server.sockets.length).toBe(3);
});
