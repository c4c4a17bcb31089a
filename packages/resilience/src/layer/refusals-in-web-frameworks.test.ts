/** What callers of a web framework get when one of our layers refuses, without any error handler of the user's. */
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { DeadlineExceededError, FwkError, liveValue } from '@fwk/kernel';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { BreakerOpenError } from '../breaker/breaker-open-error.js';
import { BulkheadFullError } from '../bulkhead/bulkhead-full-error.js';
import { TimeoutError } from '../deadline/timeout-error.js';
import { resilienceErrors } from '../errors.js';
import { FallbackFailedError } from '../fallback/fallback-error.js';
import { FaultInjectedError } from '../fault/fault-injected-error.js';
import { LimitExceededError } from '../limit/limit-exceeded-error.js';
import { policy } from '../policy/policy.js';
import { ThrottledError } from '../throttle/throttled-error.js';

/** Express ships no types. */
interface Express {
  set(name: string, value: string): void;
  get(path: string, handle: (request: unknown, response: { send(text: string): void }) => Promise<void>): void;
  listen(port: number, host: string): Server;
}
const express = createRequire(import.meta.url)('express') as () => Express;

const down = async (): Promise<string> => {
  throw new Error('down');
};

/** Refusals as calls meet them: what is called, and what must be answered the second time. */
const called: readonly [string, () => () => Promise<string>, number, number | undefined][] = [
  ['an open breaker', () => policy('p', { breaker: { consecutiveFailures: 1, openMs: 5000 } }).wrap(down), 503, 5],
  ['a breaker opened by hand', () => opened(), 503, undefined],
  [
    'a rate limit',
    () => policy('p', { rateLimit: { burst: 1, permitsPerSecond: 0.1 } }).wrap(async () => 'x'),
    429,
    10,
  ],
  ['an attempt timeout', () => policy('p', { timeoutMs: 5 }).wrap(() => new Promise<string>(() => {})), 504, undefined],
  ['a deadline', () => policy('p', { deadlineMs: 5 }).wrap(() => new Promise<string>(() => {})), 504, undefined],
  ['a full bulkhead', () => full(), 503, undefined],
];

function opened() {
  const forced = policy('p', { breaker: {} });
  const call = forced.wrap(async () => 'x');
  forced.force('forced-open');
  return call;
}

function full() {
  const call = policy('p', { bulkhead: { maxConcurrent: 1, maxQueue: 0 } }).wrap(() => new Promise<string>(() => {}));
  void call();
  return call;
}

async function inExpress(call: () => Promise<string>): Promise<Response> {
  const app = express();
  app.set('env', 'test');
  app.get('/', async (_, response) => void response.send(await call()));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
  }
}

interface Koa {
  silent: boolean;
  use(handle: (context: { body: unknown }) => Promise<void>): void;
  listen(port: number, host: string): Server;
}

async function inKoa(call: () => Promise<string>): Promise<Response> {
  const { default: KoaClass } = (await import('koa' as string)) as { default: new () => Koa };
  const app = new KoaClass();
  app.silent = true;
  app.use(async (context) => {
    context.body = await call();
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
  }
}

async function inFastify(call: () => Promise<string>): Promise<Response> {
  const app = fastify();
  app.get('/', call);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  try {
    return await fetch(url);
  } finally {
    await app.close();
  }
}

describe.each([
  ['Express', inExpress],
  ['Koa', inKoa],
  ['Fastify', inFastify],
])('in %s', (_, ask) => {
  test.each(called)('%s is answered by its own status', async (_, make, status, longestWait) => {
    const call = make();
    await Promise.race([call().catch(() => {}), new Promise((resolve) => setImmediate(resolve))]);
    const answer = await ask(call);
    const wait = answer.headers.get('retry-after');
    expect([answer.status, wait === null]).toEqual([status, longestWait === undefined]);
    // Some of it has passed, and breakers add jitter.
    if (longestWait !== undefined)
      expect(Number(wait)).toSatisfy((s) => Number.isInteger(s) && s >= 1 && s <= longestWait);
  });
});

test('every refusal says what http-errors says, by the table of its code', () => {
  const facts = { limit: 1, inFlight: 1, priority: 'default', reason: 'limit' } as const;
  const errors = [
    new BreakerOpenError({ breaker: 'b', state: 'open', nextProbeInMs: 1001 }, undefined),
    new BulkheadFullError('b', 1, 0),
    new LimitExceededError('l', facts),
    new ThrottledError('t', { requests: 2, accepted: 1, dropRatio: 0.5, windowMs: 1000 }),
    new TimeoutError('t', 5),
    new FaultInjectedError('f', 'error'),
    new FallbackFailedError('f', new Error('down'), []),
  ];
  const table: Readonly<Record<string, { readonly status: number }>> = resilienceErrors;
  for (const error of errors) {
    const status = table[error.code]?.status ?? 0;
    expect([error.status, error.statusCode, error.expose]).toEqual([status, status, status < 500]);
    // Getters: a log line of the error does not repeat them.
    expect(Object.keys(error)).not.toContain('status');
  }
  expect(errors[0]?.headers).toEqual({ 'retry-after': '2' });
  expect(errors[1]?.headers).toEqual({});
  expect(new DeadlineExceededError('d', 5)).toMatchObject({ status: 504, statusCode: 504, expose: false });
});

test('is a web response where a framework asks for one, as Hono does', async () => {
  const refused = new BreakerOpenError({ breaker: 'b', state: 'open', nextProbeInMs: 1001 }, undefined).getResponse();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await refused.text()).toBe('FWK_RESILIENCE_BREAKER_OPEN');
  const limited = policy('p', { rateLimit: { burst: 1, permitsPerSecond: 0.1 } }).wrap(async () => 'x');
  await limited();
  const response = await limited().catch((error) => error.getResponse() as Response);
  expect(response).toMatchObject({ status: 429 });
  expect(await (response as Response).text()).toMatch(/^p: 0.1 calls a second/);
});

test('takes what a framework assigns, as Koa does, and stays out of log lines', () => {
  const error = Object.assign(new TimeoutError('t', 5), {
    status: 418,
    statusCode: 418,
    expose: true,
    headers: {},
    name: 'T',
  });
  expect(error).toMatchObject({ status: 418, statusCode: 418, expose: true, headers: {}, name: 'T' });
  expect(Object.keys(error)).toEqual(Object.keys(new TimeoutError('t', 5)));
  expect(new TimeoutError('t', 5)).toMatchObject({ status: 504, name: 'TimeoutError' });
});

test('what is wrong with the program stays a 500', () => {
  expect(new FwkError('FWK_TEST', 'x')).not.toHaveProperty('status');
  expect(() => policy('p', { timeoutMs: liveValue(-1) })).toThrow(expect.not.objectContaining({ status: 503 }));
});
