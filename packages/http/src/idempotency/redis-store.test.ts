import { background, cancellable, isFwkError, OptionsError, systemClock } from '@fwk/kernel';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RedisServer, redisProgram, startRedis } from '../fixtures/redis-server.js';
import { idempotencyStoreContract } from '../testing/idempotency-store-contract.js';
import type { KeyedRequest } from './idempotency-store.js';
import { type RedisIdempotencyOptions, redisIdempotencyStore } from './redis-store.js';

const wait = (durationMs: number) => new Promise<void>((resolve) => void systemClock.setTimer(resolve, durationMs));
const request: KeyedRequest = {
  caller: 'shop',
  source: '127.0.0.1',
  operation: 'bank.pay',
  key: 'a',
  fingerprint: 'f',
  leaseMs: 10_000,
};

describe.runIf(redisProgram)('a store in Redis', () => {
  let redis: RedisServer;
  let first: ReturnType<typeof createClient>;
  let second: Redis;
  let made = 0;
  const prefix = () => `test-${made++}:`;
  const byFirst = (args: readonly string[]) => first.sendCommand([...args]);
  const bySecond = ([name = '', ...args]: readonly string[]) => second.call(name, ...args);
  const store = (options: Partial<RedisIdempotencyOptions> = {}) =>
    redisIdempotencyStore({ command: byFirst, prefix: prefix(), ...options });

  beforeAll(async () => {
    redis = await startRedis();
    first = createClient({ socket: { host: '127.0.0.1', port: redis.port } });
    first.on('error', () => {});
    await first.connect();
    second = new Redis(redis.port, '127.0.0.1');
    second.on('error', () => {});
  });
  afterEach(() => redis.thaw());
  afterAll(async () => {
    first.destroy();
    second.disconnect();
    await redis[Symbol.asyncDispose]();
  });

  describe.each([
    ['node-redis', byFirst],
    ['ioredis', bySecond],
  ])('by %s', (_name, command) => {
    const suite = idempotencyStoreContract({
      store: () => redisIdempotencyStore({ command, prefix: prefix(), keepMs: 1000, maxEntriesPerCaller: 2 }),
      wait,
    });
    for (const { name, run } of suite) test.concurrent(name, run);
  });

  test('is one for all that share the server, whatever library each has', async () => {
    const shared = { prefix: prefix() };
    const [here, there] = [store(shared), store({ ...shared, command: bySecond })];
    const claim = await here.claim(request, background);
    expect((await there.claim(request, background)).kind).toBe('running');
    if (claim.kind === 'fresh')
      await claim.entry.finish({ status: 204, contentType: undefined, body: undefined, headers: undefined });
    expect(await there.claim(request, background)).toMatchObject({ kind: 'stored', answer: { status: 204 } });
  });

  test('leaves nothing behind when its time is over, and shows nobody’s key or name', async () => {
    const name = prefix();
    const keys = async () => (await first.sendCommand(['KEYS', `${name}*`])) as unknown as readonly string[];
    const kept = store({ prefix: name, keepMs: 1000 });
    for (const key of ['order-7', 'order-8']) {
      const claim = await kept.claim({ ...request, key, leaseMs: 1000 }, background);
      if (claim.kind === 'fresh' && key === 'order-8') {
        await claim.entry.finish({ status: 200, contentType: undefined, body: '1', headers: undefined });
      }
    }
    expect((await keys()).length).toBeGreaterThan(0);
    expect((await keys()).join()).not.toMatch(/order|shop/);
    await expect.poll(keys, { timeout: 10_000 }).toEqual([]);
  });

  test('rejects when Redis does not answer, and the claim that came late holds nothing', async () => {
    const slow = store({ timeoutMs: 100 });
    await slow.claim({ ...request, key: 'warm' }, background);
    redis.freeze();
    const refused = await Promise.resolve(slow.claim(request, background)).catch((error: unknown) => error);
    expect(isFwkError(refused, 'FWK_HTTP_IDEMPOTENCY_STORE_UNAVAILABLE')).toBe(true);
    expect(String(refused)).toMatch(/did not answer within 100 ms/);
    redis.thaw();
    await expect.poll(async () => (await slow.claim(request, background)).kind, { timeout: 5000 }).toBe('fresh');
  });

  test('takes a claim for its own whose answer was lost with the connection', async () => {
    const shared = prefix();
    let cuts = 2;
    const cutting = store({
      prefix: shared,
      command: async (args) => {
        const answer = await byFirst(args);
        if (cuts-- > 0) throw new Error('Socket closed unexpectedly');
        return answer;
      },
    });
    await store({ prefix: shared }).claim({ ...request, key: 'warm' }, background);
    expect((await cutting.claim(request, background)).kind).toBe('fresh');
    expect(cuts).toBeLessThan(0);
    expect((await store({ prefix: shared }).claim(request, background)).kind).toBe('running');
  });

  test('releases a claim that was carried out when no answer to it ever came', async () => {
    const shared = prefix();
    let isCut = true;
    const cutting = store({
      prefix: shared,
      command: async (args) => {
        const answer = await byFirst(args);
        if (isCut) throw new Error('Socket closed unexpectedly');
        return answer;
      },
    });
    await expect(cutting.claim(request, background)).rejects.toThrow(/Socket closed/);
    isCut = false;
    const other = store({ prefix: shared });
    await expect.poll(async () => (await other.claim(request, background)).kind, { timeout: 5000 }).toBe('fresh');
  });

  test.each(['finish', 'release'] as const)('%s goes through when the connection is back', async (how) => {
    const shared = prefix();
    let isDown = false;
    const flaky = store({
      prefix: shared,
      timeoutMs: 100,
      command: async (args) => {
        if (isDown) throw new Error('Connection is closed.');
        return byFirst(args);
      },
    });
    const claim = await flaky.claim(request, background);
    if (claim.kind !== 'fresh') throw new Error(claim.kind);
    isDown = true;
    const answer = { status: 200, contentType: undefined, body: '"paid"', headers: undefined };
    await expect(how === 'finish' ? claim.entry.finish(answer) : claim.entry.release()).rejects.toThrow(
      /within 100 ms/,
    );
    isDown = false;
    const other = store({ prefix: shared });
    const kind = how === 'finish' ? 'stored' : 'fresh';
    await expect.poll(async () => (await other.claim(request, background)).kind, { timeout: 5000 }).toBe(kind);
  });

  test.each([
    ['{"status":200,"headers":{"__proto__":"x"}}', /"headers.__proto__" is not allowed/],
    ['{"status":200', /cannot be read as JSON/],
    ['{"status":"200"}', /is no answer/],
    ['{"status":200,"body":{}}', /is no answer/],
    ['{"status":200,"headers":{"a":1}}', /is no answer/],
    ['null', /is no answer/],
  ])('does not answer what somebody else has put into Redis: %s', async (stored, expected) => {
    const damaged = redisIdempotencyStore({ command: async () => ['stored', stored] });
    const claim = damaged.claim(request, background);
    await expect(claim).rejects.toMatchObject({ code: 'FWK_HTTP_IDEMPOTENCY_STORE_UNAVAILABLE' });
    await expect(claim).rejects.toThrow(expected);
  });

  test('does not ask again when Redis itself says no', async () => {
    let commands = 0;
    const refusing = redisIdempotencyStore({
      command: async () => {
        commands++;
        throw new Error('NOAUTH Authentication required.');
      },
    });
    await expect(refusing.claim(request, background)).rejects.toThrow(/NOAUTH/);
    await wait(200);
    expect(commands).toBe(1);
  });

  test('stops waiting with the reason of the call', async () => {
    const waiting = store();
    const { context, cancel } = cancellable();
    redis.freeze();
    const claim = waiting.claim(request, context);
    const reason = new Error('the caller gave up');
    cancel(reason);
    await expect(claim).rejects.toBe(reason);
    await expect(waiting.claim(request, context)).rejects.toBe(reason);
  });
});

test.each([
  [
    'a command that throws at once',
    () => {
      throw new Error('not connected');
    },
    /not connected/,
  ],
  ['an answer that no script gives', async () => 'OK', /something else/],
])('rejects on %s', async (_name, command, message) => {
  const claim = redisIdempotencyStore({ command }).claim(request, background);
  await expect(claim).rejects.toThrow(message);
});

test('refuses options that it cannot work with', () => {
  expect(() => redisIdempotencyStore({ command: 'redis://localhost' as never })).toThrow(OptionsError);
  expect(() => redisIdempotencyStore({ command: async () => [], keepMs: 1 })).toThrow(/keepMs must be/);
});
