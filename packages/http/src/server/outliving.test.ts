/** What a handler awaits has the limits of its request; what it leaves behind has none. */
import { background, type CallContext, currentContext, traceKey } from '@fwk/core';
import { policy } from '@fwk/resilience';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { reachable } from '../fixtures/local-servers.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import { served } from '../serving/served.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';

const polls = contract('polls', {
  version: '1.0.0',
  operations: {
    once: get('/once', { response: z.string(), timeoutMs: 2000 }),
    slow: get('/slow', { response: z.string(), timeoutMs: 40 }),
  },
});

describe.each(wires)('over %s', (wire) => {
  const send = sendOver(wire, polls);

  let server: HttpServer | undefined;
  const timers: NodeJS.Timeout[] = [];
  afterEach(async () => {
    for (const timer of timers.splice(0)) clearInterval(timer);
    await server?.close();
  });

  async function start(handlers: { once?: () => unknown; slow?: () => unknown }): Promise<string> {
    const all = { once: () => 'once', slow: () => 'slow', ...handlers };
    server = createServer({ serve: [served(polls, all as never)] });
    await server.start();
    reachable(server);
    return server.url;
  }

  const poll = (seen: CallContext[], look: () => CallContext = currentContext) => {
    timers.push(setInterval(() => seen.push(look()), 2));
  };
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
  };

  test('a poller that a handler starts goes on after the answer, without its limit and its trace', async () => {
    const seen: CallContext[] = [];
    let own: CallContext | undefined;
    const url = await start({
      once: async () => {
        poll(seen);
        await null;
        own = currentContext();
        return 'polling';
      },
    });
    expect((await send(`${url}/once`)).json).toBe('polling');
    expect(own?.deadlineMs).toBeLessThan(Number.POSITIVE_INFINITY);
    const from = seen.length;
    await until(() => seen.length > from + 2);
    expect(seen.at(-1)).toBe(background);
    expect(seen.at(-1)?.get(traceKey)).toBeUndefined();
  });

  test('a handler whose time is over stays cancelled until it ends, and only then lets go of what it began', async () => {
    const seen: CallContext[] = [];
    const finish = deferred<string>();
    let late: CallContext | undefined;
    const ended = deferred<void>();
    const url = await start({
      slow: async () => {
        poll(seen);
        await finish.promise;
        late = currentContext();
        ended.resolve();
        return 'late';
      },
    });
    expect((await send(`${url}/slow`)).status).toBe(504);
    await until(() => seen.at(-1)?.cancelled === true);
    finish.resolve('');
    await ended.promise;
    expect(late?.cancelled).toBe(true);
    await until(() => seen.at(-1) === background);
  });

  test('what a function under a policy begins in a request outlives both', async () => {
    const seen: CallContext[] = [];
    const limits: number[] = [];
    const quote = policy('quote', { timeoutMs: 500, retry: { maxAttempts: 2 }, breaker: {} }).wrap(async () => {
      limits.push(currentContext().deadlineMs);
      poll(seen);
      return 'quoted';
    });
    const url = await start({ once: () => quote() });
    expect((await send(`${url}/once`)).json).toBe('quoted');
    expect(limits[0]).toBeLessThan(Number.POSITIVE_INFINITY);
    const from = seen.length;
    await until(() => seen.length > from + 2);
    expect(seen.at(-1)).toBe(background);
  });
});
