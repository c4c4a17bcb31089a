/** One timer at most limits an attempt and the whole call, whatever stands between the deadline and the connection. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AnyLayer,
  background,
  type Clock,
  type Layer,
  makeEnv,
  type StandardSchema,
  systemClock,
} from '@fwk/kernel';
import { afterEach, expect, test } from 'vitest';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { frontOf, reaching } from '../fixtures/wire-under-test.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';

/** Answers when nobody waits any more. */
const endless: StandardSchema<unknown> = {
  '~standard': { version: 1, vendor: 'fixture', validate: () => new Promise<never>(() => {}) },
};

const diary = contract('diary', {
  version: '1.0.0',
  operations: { read: get('/read'), judged: get('/judged', { response: endless }) },
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const CONNECT_LIMIT_MS = 777;
/** Between two looks at the limits of all calls. */
const SWEEP_MS = 20;

/** A client on a clock that counts the timers of the calls; connections and the sweeps of all calls have their own. */
async function build(listener: RequestListener, options: Partial<ClientOptions<typeof diary>> = {}) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const set: number[] = [];
  const clock: Clock = {
    ...systemClock,
    setTimer(callback, delayMs, background) {
      // Pings of sessions.
      if (!background) set.push(delayMs);
      return systemClock.setTimer(callback, delayMs, background);
    },
  };
  const front = await frontOf(diary, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => Promise.resolve(front[Symbol.asyncDispose]()));
  const client = createClient(
    diary,
    reaching({ endpoints: [front.url], env: makeEnv({ clock }), connectTimeoutMs: CONNECT_LIMIT_MS, ...options }),
  );
  closing.push(async () => void (await client[Symbol.asyncDispose]()));
  // A session opens within half of that.
  const ofOthers = [CONNECT_LIMIT_MS, CONNECT_LIMIT_MS / 2, SWEEP_MS];
  return { client, ofCalls: () => set.filter((delayMs) => !ofOthers.includes(delayMs)) };
}

const answers: RequestListener = (_, response) => void response.writeHead(204).end();
const answersJson: RequestListener = (_, response) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
const hangs: RequestListener = () => {};

test('calls that are answered soon set no timer of their own', async () => {
  const { client, ofCalls } = await build(answers, { deadlineMs: 9000, timeoutMs: 4000 });
  for (let call = 0; call < 100; call++) await client.read();
  // On a busy machine a few of them take as long as a sweep.
  expect(ofCalls().length).toBeLessThan(20);
});

test.each<[string, number | false, number]>([
  ['for the limit of its attempt', 4000, 4000],
  ['for what is left of its deadline, where attempts have no limit', false, 9000],
])('a call that stays sets one timer, %s', async (_, timeoutMs, limitMs) => {
  const later: RequestListener = (_request, response) => void setTimeout(() => response.writeHead(204).end(), 200);
  const { client, ofCalls } = await build(later, { deadlineMs: 9000, timeoutMs });
  await client.read();
  expect(ofCalls()).toHaveLength(1);
  expect(ofCalls()[0]).toBeLessThan(limitMs);
  expect(ofCalls()[0]).toBeGreaterThan(limitMs - 2000);
});

test.each<[string, Partial<ClientOptions<typeof diary>>]>([
  ['by the limit of its attempt', { timeoutMs: 5000, retry: false }],
  ['though attempts have no limit', { timeoutMs: false, retry: false }],
])('a call that is not answered ends at its deadline, %s', async (_, options) => {
  const { client } = await build(hangs, options);
  const context = background.with({ deadlineMs: systemClock.now() + 60 });
  await expect(client.read({}, { context })).rejects.toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
});

test("a layer of the user's own at the endpoint that does not end does not keep a call beyond its deadline", async () => {
  let end: (() => void) | undefined;
  const stuck: Layer<unknown, unknown> = {
    role: 'stuck',
    wrap: () => ({
      call: () =>
        new Promise((_, reject) => {
          end = () => reject(new Error('at last'));
        }),
      status: () => 'ready',
    }),
  };
  const { client } = await build(answers, {
    retry: false,
    endpointLayers: (layers) => layers.before('attempt-timeout', stuck as AnyLayer),
  });
  const context = background.with({ deadlineMs: systemClock.now() + 60 });
  await expect(client.read({}, { context })).rejects.toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
  end?.();
});

test('an answer whose schema never decides is not waited for beyond the limit of its attempt', async () => {
  const { client } = await build(answersJson, { timeoutMs: 60, retry: false });
  await expect(client.judged()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
});
