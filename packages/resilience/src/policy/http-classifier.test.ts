/** Real clients against a real server, each inside a policy with retry and breaker. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { background, cancellable, currentContext, DeadlineExceededError, runInContext } from '@fwk/kernel';
import axios from 'axios';
import got from 'got';
import { request, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BreakerHandle } from '../breaker/breaker-state.js';
import { httpClassifier } from './http-classifier.js';
import { policy } from './policy.js';

let url: string;
let asked: string[] = [];
let gone = 0;

/** `/404` answers 404; `/503?after=0` answers it with Retry-After; `/503,200` one after the other; `/hang` never. */
function answer(incoming: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://x');
  asked.push(pathname);
  const statuses = pathname.slice(1).split(',');
  if (pathname === '/hang') {
    response.once('close', () => gone++);
    return;
  }
  const turn = asked.filter((each) => each === pathname).length - 1;
  response.statusCode = Number(statuses[Math.min(turn, statuses.length - 1)]);
  const after = searchParams.get('after');
  if (after !== null && response.statusCode >= 400) response.setHeader('Retry-After', after);
  response.end('{}');
}

const server = createServer(answer);
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  gone = 0;
});

const clients: readonly [string, (path: string) => Promise<unknown>][] = [
  ['axios', (path) => axios.get(path, { signal: currentContext().signal })],
  ['axios that resolves on any status', (path) => axios.get(path, { validateStatus: () => true })],
  ['got', (path) => got(path, { retry: { limit: 0 }, signal: currentContext().signal })],
  ['fetch', (path) => fetch(path, { signal: currentContext().signal })],
  ['fetch of undici', (path) => undiciFetch(path, { signal: currentContext().signal })],
  ['undici', (path) => request(path, { signal: currentContext().signal }).then(drained)],
];

async function drained<T extends { body: { dump(): Promise<void> } }>(response: T): Promise<T> {
  await response.body.dump();
  return response;
}

const guarded = (call: (path: string) => Promise<unknown>) => {
  const breakers: BreakerHandle[] = [];
  const made = policy('p', {
    retry: { maxAttempts: 3, backoff: [1, 1] },
    breaker: { consecutiveFailures: 2, minimumCalls: 100, onBuilt: (breaker) => breakers.push(breaker) },
    classifier: httpClassifier,
  });
  return { states: () => breakers.map(({ state }) => state), call: made.wrap(call) };
};

describe.each(clients)('%s', (_, client) => {
  test.each([400, 401, 404, 409, 422])('%i is neither repeated nor counted', async (status) => {
    const { states, call } = guarded(client);
    for (let at = 0; at < 3; at++) await call(`${url}/${status}`).catch(() => {});
    expect([asked.length, states()]).toEqual([3, ['closed']]);
  });

  test('500 is repeated and counted, 501 only counted', async () => {
    const first = guarded(client);
    await first.call(`${url}/500`).catch(() => {});
    expect([asked.length, first.states()]).toEqual([2, ['open']]);
    asked = [];
    const second = guarded(client);
    await second.call(`${url}/501`).catch(() => {});
    expect([asked.length, second.states()]).toEqual([1, ['closed']]);
  });

  test('503 is repeated after what Retry-After says', async () => {
    const { call } = guarded(client);
    const begun = performance.now();
    await call(`${url}/503,200?after=1`);
    expect(asked).toHaveLength(2);
    // Timers may ring a little early.
    expect(performance.now() - begun).toBeGreaterThan(950);
  });

  test('what could not be sent is repeated', async () => {
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const { port } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    let tries = 0;
    const { call } = guarded((path) => {
      tries++;
      return client(path);
    });
    await expect(call(`http://127.0.0.1:${port}/`)).rejects.toBeDefined();
    expect(tries).toBe(2);
  });
});

test.each(clients.filter(([name]) => !name.includes('resolves')))(
  '%s closes its socket when the call is given up',
  async (_, client) => {
    const call = policy('p', { timeoutMs: 100, classifier: httpClassifier }).wrap(client);
    await expect(call(`${url}/hang`)).rejects.toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
    await vi.waitFor(() => expect(gone).toBe(1));
  },
);

function goingRound(): Error {
  const error = new Error('x');
  error.cause = error;
  return error;
}

describe('the verdict', () => {
  const soon = new Date(Date.UTC(2100, 0, 1)).toUTCString();

  test.each<[string, unknown, object]>([
    [
      'a date of Retry-After',
      { status: 503, headers: new Headers({ 'retry-after': soon }) },
      { overloaded: true, retryAfterMs: expect.any(Number) },
    ],
    [
      'a header in any case',
      { statusCode: 429, headers: { 'Retry-After': '7' } },
      { overloaded: true, retryAfterMs: 7000 },
    ],
    ['no Retry-After', { status: 503, headers: {} }, { overloaded: true, retryable: true }],
    ['a status of an error without response', { status: 500, message: 'x' }, { outcome: 'failure', retryable: true }],
    ['a status of the response', { response: { status: 404 } }, { outcome: 'ignored', retryable: false }],
    ['a status code of the response', { response: { statusCode: 502 } }, { outcome: 'failure', retryable: true }],
    ['a refused connection', { code: 'ECONNREFUSED' }, { retryable: true, sent: false }],
    [
      'a refused connection below fetch',
      new TypeError('x', { cause: { code: 'ENOTFOUND' } }),
      { retryable: true, sent: false },
    ],
    ['a reset', { code: 'ECONNRESET' }, { outcome: 'failure', retryable: true }],
    ['an abort of the function’s own', Object.assign(new Error('x'), { name: 'AbortError' }), { outcome: 'ignored' }],
    ['a URL that is none', { code: 'ERR_INVALID_URL' }, { outcome: 'ignored', retryable: false }],
    ['a status that is no HTTP status', { status: 'pending', code: 'X' }, { outcome: 'failure', retryable: true }],
    ['nothing at all', undefined, { outcome: 'failure', retryable: true }],
    ['a text', 'broken', { outcome: 'failure', retryable: true }],
    [
      'our own refusal, whose status is for callers',
      new DeadlineExceededError('x', 5),
      { outcome: 'failure', retryable: false },
    ],
    [
      'what an application has wrapped',
      new Error('no stock', { cause: new Error('x', { cause: { response: { status: 404 } } }) }),
      { outcome: 'ignored', retryable: false },
    ],
    [
      'the response given as cause',
      new Error('x', { cause: new Response('', { status: 503, headers: { 'retry-after': '2' } }) }),
      { overloaded: true, retryAfterMs: 2000 },
    ],
    [
      'our own refusal below what an application has wrapped',
      new Error('x', { cause: new DeadlineExceededError('x', 5) }),
      { outcome: 'failure', retryable: false },
    ],
    ['causes that go round', goingRound(), { outcome: 'failure', retryable: true }],
    ['a status of the AWS SDK', { $metadata: { httpStatusCode: 404 } }, { outcome: 'ignored', retryable: false }],
    [
      'a response of the AWS SDK',
      { $metadata: {}, $response: { statusCode: 503, headers: { 'retry-after': '3' } } },
      { overloaded: true, retryAfterMs: 3000 },
    ],
    [
      'what the AWS SDK knows of throttling',
      { $metadata: { httpStatusCode: 400 }, $retryable: { throttling: true } },
      { overloaded: true, retryable: true },
    ],
    ['an error of a database', { code: 'P2002', clientVersion: '6.0.0' }, { outcome: 'failure', retryable: true }],
  ])('reads %s', (_, error, expected) => {
    expect(httpClassifier.ofError(error, background)).toMatchObject(expected);
  });

  test.each<[unknown, string]>([
    [{ status: 200 }, 'success'],
    [{ status: 304 }, 'success'],
    [{ status: 500 }, 'failure'],
    [{ status: 404 }, 'ignored'],
    [{ data: 1 }, 'success'],
    [undefined, 'success'],
    [7, 'success'],
  ])('on the result %o is %s', (result, outcome) => {
    expect(httpClassifier.ofResult(result).outcome).toBe(outcome);
  });

  test('follows the reason once the call was given up', () => {
    const { context, cancel } = cancellable();
    cancel(new Error('the caller left'));
    runInContext(context, () => expect(httpClassifier.ofError({ status: 500 }, context).outcome).toBe('ignored'));
  });
});

describe('an answer that gives way to another attempt', () => {
  test('is not asked for its data where it has a body, since node-fetch warns of that', () => {
    const answer = Object.defineProperty({ status: 503, body: null }, 'data', {
      get: () => expect.unreachable('data was looked at'),
    });
    const looked = vi.spyOn(Reflect, 'get');
    httpClassifier.release?.(answer);
    expect(looked.mock.calls.map(([, name]) => name)).not.toContain('data');
    looked.mockRestore();
  });

  /** An answer of `fetch` whose body never ends by itself. */
  const answered = (status: number, ended: string[], name: string) =>
    new Response(new ReadableStream({ cancel: () => void ended.push(name) }), { status });
  const retry = { backoff: 'fixed', baseDelayMs: 1, budget: false } as const;

  test('is ended, and the one that the caller gets is not', async () => {
    const ended: string[] = [];
    let turn = 0;
    const ask = policy('ask', { retry, classifier: httpClassifier }).wrap(async () => {
      turn++;
      return answered(500, ended, `attempt ${turn}`);
    });
    expect((await ask()).status).toBe(500);
    expect(ended).toEqual(['attempt 1', 'attempt 2']);
  });

  test('is left to the caller when the next attempt is refused', async () => {
    const ended: string[] = [];
    const breaker = { consecutiveFailures: 1, minimumCalls: 1 };
    const ask = policy('ask', { retry, breaker, classifier: httpClassifier }).wrap(async () =>
      answered(500, ended, 'first'),
    );
    expect((await ask()).status).toBe(500);
    expect(ended).toEqual([]);
  });

  test('is left alone when the next attempt gives the same one', async () => {
    const ended: string[] = [];
    const one = answered(500, ended, 'shared');
    await policy('ask', { retry, classifier: httpClassifier }).wrap(async () => one)();
    expect(ended).toEqual([]);
  });

  test('is ended when the caller leaves during the pause', async () => {
    const ended: string[] = [];
    const { context, cancel } = cancellable();
    const ask = policy('ask', {
      retry: { ...retry, baseDelayMs: 60_000, maxDelayMs: 60_000 },
      classifier: httpClassifier,
    });
    ask.on('retry.scheduled', () => cancel(new Error('the caller left')));
    const call = runInContext(context, () => ask.wrap(async () => answered(500, ended, 'first'))());
    await expect(call).rejects.toThrow('the caller left');
    expect(ended).toEqual(['first']);
  });

  test('is ended when a hedge answers instead', async () => {
    const ended: string[] = [];
    let turn = 0;
    const hedge = { idempotent: true, onFailure: true, delayMs: 60_000, maxExtraRatio: 1 } as const;
    const ask = policy('ask', { hedge, classifier: httpClassifier }).wrap(async () => {
      turn++;
      return answered(turn === 1 ? 500 : 200, ended, `attempt ${turn}`);
    });
    expect((await ask()).status).toBe(200);
    expect(ended).toEqual(['attempt 1']);
  });

  test.each([
    ['a stream of Node', 'data', { pipe: () => {}, destroy: (): void => {} }, 'destroy'],
    ['a body of undici', 'body', { dump: async () => {}, pipe: () => {}, destroy: () => {} }, 'dump'],
    ['a locked body', 'body', { locked: true, cancel: async () => {} }, undefined],
  ] as const)('in %s', (_, field, body, expected) => {
    const called: string[] = [];
    const watched = new Proxy(body as Record<string, unknown>, {
      get: (target, name: string) => (typeof target[name] === 'function' ? () => void called.push(name) : target[name]),
    });
    httpClassifier.release?.({ response: { [field]: watched } });
    expect(called).toEqual(expected ? [expected] : []);
  });

  test('frees the socket of a long answer', async () => {
    let closed = 0;
    const long = createServer((_, response) => {
      response.once('close', () => closed++);
      response.writeHead(500);
      response.write('x'.repeat(1_000_000));
    });
    long.listen(0, '127.0.0.1');
    await once(long, 'listening');
    const at = `http://127.0.0.1:${(long.address() as AddressInfo).port}`;
    const answer = await policy('ask', { retry, classifier: httpClassifier }).wrap(() => fetch(at))();
    await vi.waitFor(() => expect(closed).toBe(2));
    await answer.body?.cancel();
    await vi.waitFor(() => expect(closed).toBe(3));
    long.closeAllConnections();
    long.close();
  });
});
