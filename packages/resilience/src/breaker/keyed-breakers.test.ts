import { background, makeEnv } from '@fwk/kernel';
import { fakeClock, scriptedService } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerHandle } from './breaker-state.js';
import { circuitBreaker } from './circuit-breaker.js';

function build(options: Partial<BreakerOptions> = {}) {
  const clock = fakeClock();
  const inner = scriptedService<string, string>();
  const built: BreakerHandle[] = [];
  const keyed: Partial<BreakerOptions> = { keyOf: (tenant: string) => tenant, consecutiveFailures: 1, openJitter: 0 };
  const layer = circuitBreaker({ name: 'tenants', ...keyed, onBuilt: (breaker) => built.push(breaker), ...options });
  const service = layer.wrap(inner, makeEnv({ clock }));
  const call = (tenant: string, answer: string | Error = 'answer') => {
    inner.script(answer);
    return service.call(tenant, background).catch((error: Error) => error.name);
  };
  return { clock, built, layer, service, call };
}

test('stops calls of the failing key alone', async () => {
  const { call, service } = build();
  await call('a', new Error('down'));
  expect(await call('a')).toBe('BreakerOpenError');
  expect(await call('b')).not.toBe('BreakerOpenError');
  expect(service.status()).toBe('ready');
});

test('keeps no more breakers than allowed and drops the one used least recently', async () => {
  const { call, built } = build({ maxKeys: 2 });
  await call('a');
  await call('b');
  await call('a');
  await call('c');
  await call('a');
  expect(built.map(({ name }) => name)).toEqual(['tenants:a', 'tenants:b', 'tenants:c']);
  await call('b');
  expect(built).toHaveLength(4);
});

test('keeps what is set by hand, however many other keys come', async () => {
  const { call, built } = build({ maxKeys: 3 });
  await call('a');
  await call('b');
  built[0]?.force('forced-open');
  for (const other of ['c', 'd', 'e', 'f', 'g']) await call(other);
  expect(await call('a')).toBe('BreakerOpenError');
});

test('makes room even if all is set by hand', async () => {
  const built: string[] = [];
  const onBuilt = (breaker: BreakerHandle) => {
    built.push(breaker.name);
    breaker.force('disabled');
  };
  const { call } = build({ maxKeys: 2, onBuilt });
  for (const key of ['a', 'b', 'c', 'a']) expect(await call(key)).toBe('answer');
  expect(built).toEqual(['tenants:a', 'tenants:b', 'tenants:c', 'tenants:a']);
});

test('drops what is closed and idle when a new key comes, but remembers what is open', async () => {
  const { call, built, clock } = build({ keyIdleMs: 1000, openMs: 60_000 });
  await call('open', new Error('down'));
  await call('idle');
  await clock.advance(2000);
  await call('new');
  expect(await call('open')).toBe('BreakerOpenError');
  await call('idle');
  expect(built.map(({ name }) => name)).toEqual(['tenants:open', 'tenants:idle', 'tenants:new', 'tenants:idle']);
});

test('looks at what is open and idle once in a while, not at each new key', async () => {
  const { call, built, clock } = build({ keyIdleMs: 1000, openMs: 60_000 });
  for (let key = 0; key < 100; key++) await call(`open ${key}`, new Error('down'));
  let looks = 0;
  for (const breaker of built) {
    const state = () => {
      looks++;
      return 'open';
    };
    Object.defineProperty(breaker, 'state', { get: state });
  }
  await clock.advance(2000);
  for (let key = 0; key < 100; key++) await call(`new ${key}`);
  expect(looks).toBe(100);
});

test('lets a call through whose breaker is announced to a listener that throws', async () => {
  const { call } = build({
    onBuilt() {
      throw new Error('broken listener');
    },
  });
  expect([await call('a'), await call('a')]).toEqual(['answer', 'answer']);
});

test('finds the key of a wrapped function among its arguments', async () => {
  const layer = circuitBreaker({ keyOf: (_id: number, host: string) => host, consecutiveFailures: 1 });
  const call = layer.wrap(async (id: number, host: string) => {
    if (host === 'bad') throw new Error('down');
    return id;
  });
  await call(1, 'bad').catch(() => {});
  await expect(call(2, 'bad')).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
  expect(await call(3, 'good')).toBe(3);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no tenant');
    },
    'no tenant',
  ],
  ['answers no string', (() => 7) as never, 'it answered number'],
])('tells the caller when the key function %s, with its error as cause', async (_, keyOf, message) => {
  const { service } = build({ keyOf });
  await expect(service.call('q', background)).rejects.toMatchObject({
    code: 'FWK_RESILIENCE_KEY_INVALID',
    cause: { message: expect.stringContaining(message) },
  });
});
