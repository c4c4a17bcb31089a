/** What somebody sets by hand for a whole policy holds for all its breakers, until it is reset. */
import { liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { policy } from './policy.js';
import type { PolicyOptions } from './policy-options.js';
import { policyRegistry } from './policy-registry.js';

const refused = { code: 'FWK_RESILIENCE_BREAKER_OPEN' };
const byTenant = (tenant: string) => tenant;
const answer = async (tenant?: string) => `answer ${tenant}`;

function build(pay: PolicyOptions = { breaker: {} }) {
  const events = recordEvents();
  const source = liveValue<unknown>({ pay });
  const registry = policyRegistry(makeEnv({ clock: fakeClock(), events }), source);
  const configure = (changed: PolicyOptions) => source.set({ pay: changed });
  return { registry, events, configure };
}

test('holds for keys that are first seen after it', async () => {
  const { registry } = build();
  const call = registry.named('pay', { breaker: { keyOf: byTenant } }).wrap(answer);
  await call('known');
  registry.force('pay', 'forced-open');
  await expect(call('known')).rejects.toMatchObject(refused);
  await expect(call('new')).rejects.toMatchObject(refused);
});

test('holds for keys whose breaker had to make room', async () => {
  const { registry } = build();
  const call = registry.named('pay', { breaker: { keyOf: byTenant, maxKeys: 2 } }).wrap(answer);
  await call('a');
  registry.force('pay', 'forced-open');
  for (const tenant of ['b', 'c', 'a']) await expect(call(tenant)).rejects.toMatchObject(refused);
  registry.reset('pay');
  for (const tenant of ['a', 'b', 'c']) expect(await call(tenant)).toBe(`answer ${tenant}`);
});

test('holds for what is wrapped after it, and for places that use the policy only then', async () => {
  const { registry } = build();
  const named = registry.named('pay');
  registry.force('pay', 'forced-open');
  await expect(named.wrap(answer)()).rejects.toMatchObject(refused);
  await expect(named.wrap(answer)()).rejects.toMatchObject(refused);
  await expect(registry.named('pay', { retry: {} }).wrap(answer)()).rejects.toMatchObject(refused);
  const listed = policy('pay', { breaker: {} });
  registry.add(listed);
  await expect(listed.wrap(answer)()).rejects.toMatchObject(refused);
  registry.reset('pay');
  expect(await named.wrap(answer)('a')).toBe('answer a');
});

test.each<[string, PolicyOptions]>([
  ['measures another window', { breaker: { windowMs: 20_000 } }],
  ['keeps more keys', { breaker: { maxKeys: 6 } }],
  ['stands between other layers', { breaker: {}, retry: {}, timeoutMs: 100 }],
])('holds when the breaker is configured anew and %s', async (_, changed) => {
  const { registry, configure } = build();
  const call = registry.named('pay').wrap(answer);
  registry.force('pay', 'forced-open');
  configure(changed);
  await expect(call()).rejects.toMatchObject({ ...refused, details: { state: 'forced-open' } });
  expect(registry.inspect('pay')).toMatchObject({ forced: 'forced-open', breakers: [{ state: 'forced-open' }] });
  registry.reset('pay');
  expect(await call('a')).toBe('answer a');
  expect(registry.inspect('pay').forced).toBeUndefined();
});

test('holds when the breaker was configured away and comes back', async () => {
  const { registry, configure } = build();
  const call = registry.named('pay').wrap(answer);
  registry.force('pay', 'forced-open');
  configure({ retry: {} });
  expect(await call('a')).toBe('answer a');
  configure({ breaker: {} });
  await expect(call()).rejects.toMatchObject(refused);
});

test('says that a policy without a breaker cannot be set by hand, instead of saying that it was', () => {
  const { registry, events } = build({ timeoutMs: 100 });
  registry.named('pay').wrap(answer);
  expect(() => registry.force('pay', 'forced-open')).toThrowError(/policy "pay" has no breaker to set by hand/);
  expect(events.names).toEqual([]);
});

test('works on a policy that no registry knows', async () => {
  const pay = policy('pay', { breaker: {} });
  const call = pay.wrap(answer);
  pay.force('forced-open');
  await expect(call()).rejects.toMatchObject(refused);
  await expect(pay.wrap(answer)()).rejects.toMatchObject(refused);
  pay.reset();
  expect(await call('a')).toBe('answer a');
  expect(() => pay.force('ajar' as never)).toThrowError(/state must be one of forced-open.*not "ajar"/);
});
