import {
  type ComponentContext,
  envToken,
  type InjectionKey,
  type Live,
  liveValue,
  makeEnv,
  type Resolver,
  type Token,
  token,
} from '@fwk/kernel';
import { recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from './policy.js';
import { policyRegistry, policyRegistryToken } from './policy-registry.js';
import { type ResilienceOptions, resilience } from './resilience.js';

/** A container as far as a component needs one. */
function start(options: Partial<ResilienceOptions>) {
  const events = recordEvents();
  const env = makeEnv({ events, path: 'checkout' });
  const factories = new Map<unknown, (resolver: Resolver) => unknown>([[envToken, () => env]]);
  const made = new Map<unknown, unknown>();
  const resolver: Resolver = {
    find: <T>(key: InjectionKey<T>) => resolver.get(key),
    get<T>(key: InjectionKey<T>): T {
      if (!made.has(key)) made.set(key, (factories.get(key) ?? (key as Token<T>).factory)?.(resolver));
      return made.get(key) as T;
    },
  };
  const component = resilience(options);
  const app = { name: 'checkout', version: '1.0.0', owner: 'team', instanceId: 'i1' };
  component.provide?.(
    {
      value: (key, value) => void factories.set(key, () => value),
      factory: (key, make) => void factories.set(key, make),
    },
    app,
  );
  component.start?.({ ...resolver, app, env } as ComponentContext);
  const endpoints = component.manage?.() ?? [];
  const ask = (path: string, parameter?: string, body?: unknown, method?: string) =>
    endpoints
      .find((endpoint) => endpoint.path === path && endpoint.method === method)
      ?.handle({ parameter, query: {}, body });
  return { registry: resolver.get(policyRegistryToken), ask, events, component };
}

const quote = { breaker: { consecutiveFailures: 1 }, timeoutMs: 800 };

describe('the resilience component', () => {
  test('lists policies with their layers and breaker states', () => {
    const { registry, ask } = start({ policies: { quote } });
    registry.named('quote').wrap(async () => 'answer');
    expect(ask('policies')).toEqual({
      policies: [
        { name: 'quote', of: 'function', layers: ['circuit-breaker', 'attempt-timeout'], breakers: ['closed'] },
      ],
      refusal: undefined,
    });
  });

  test('shows settings, counts and the opening record of one', async () => {
    const { registry, ask } = start({ policies: { quote } });
    const call = registry.named('quote').wrap(async () => {
      throw new Error('down');
    });
    await call().catch(() => {});
    expect(ask('policies/:name', 'quote')).toMatchObject({
      name: 'quote',
      uses: [{ layers: [{ role: 'circuit-breaker' }, { role: 'attempt-timeout', settings: { timeoutMs: 800 } }] }],
      breakers: [{ state: 'open', path: 'checkout/quote', opening: { rule: 'consecutive-failures' } }],
    });
  });

  test('sets breakers by hand and puts them back', async () => {
    const { registry, ask, events } = start({ policies: { quote } });
    const call = registry.named('quote').wrap(async () => 'answer');
    ask('policies/:name', 'quote', { state: 'forced-open' }, 'PUT');
    await expect(call()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
    expect(ask('policies/:name', 'quote', { state: 'reset' }, 'PUT')).toMatchObject({
      breakers: [{ state: 'closed' }],
    });
    expect(await call()).toBe('answer');
    expect(events.names.filter((name) => name.startsWith('policy.'))).toEqual(['policy.forced', 'policy.reset']);
  });

  test.each([
    ['a name nobody defined', 'price', { state: 'disabled' }, /no policy called "price" is in use; in use: quote/],
    [
      'a state that does not exist',
      'quote',
      { state: 'ajar' },
      /policy "quote": state must be one of .*, reset, not "ajar"/,
    ],
    ['a body without a state', 'quote', 'forced-open', /state must be one of forced-open, .* not undefined/],
  ])('refuses %s', (_, name, body, message) => {
    const { registry, ask } = start({ policies: { quote } });
    registry.named('quote');
    expect(() => ask('policies/:name', name, body, 'PUT')).toThrowError(message);
  });

  test('finds live policies once the application starts, follows them and shows what was refused', () => {
    const policies = liveValue<unknown>({ quote: { timeoutMs: 800 } });
    const key: Token<Live<unknown>> = token('configured policies', () => policies);
    const { registry, ask, component } = start({ policies: (resolver) => resolver.get(key) });
    const named = registry.named('quote', { retry: {} });
    policies.set({ quote: { timeoutMs: 300 } });
    expect(ask('policies/:name', 'quote')).toMatchObject({
      uses: [
        {
          layers: [{ role: 'retry' }, { role: 'attempt-timeout', settings: { timeoutMs: 300 } }],
          settings: expect.arrayContaining([{ setting: 'timeoutMs', value: 300, from: 'policy' }]),
        },
      ],
    });
    policies.set({ quote: { timeoutMs: 'soon' } });
    expect(ask('policies')).toMatchObject({ refusal: { reasons: [expect.stringContaining('timeoutMs')] } });
    component.stop?.({} as ComponentContext);
    policies.set({ quote: { timeoutMs: 100 } });
    expect(named.print()).toContain('attempt-timeout(timeoutMs=300)');
  });

  test('does not start with live policies that are refused', () => {
    expect(() => start({ policies: () => liveValue({ quote: { timeoutMs: 0 } }) })).toThrowError(/policy "quote"/);
  });

  test('refuses a bad definition where the application is put together', () => {
    expect(() => resilience({ policies: { quote: { timeoutMs: -1 } } })).toThrowError(/policy "quote": timeoutMs/);
    expect(() => resilience({ policy: {} } as never)).toThrowError(/unknown option "policy"/);
  });
});

describe('a policy registry', () => {
  test('lets options at the place of use stand over the defined ones', () => {
    const registry = policyRegistry(undefined, { quote });
    expect(registry.named('quote', { timeoutMs: 50 }).print()).toContain('attempt-timeout(timeoutMs=50)');
  });

  test('names what is known when asked for what is not', () => {
    expect(() => policyRegistry().named('quote')).toThrowError('no policy is called "quote"; known: none');
    expect(() => policyRegistry(undefined, { quote }).inspect('quote')).toThrowError(
      expect.objectContaining({
        code: 'FWK_RESILIENCE_POLICY_NOT_IN_USE',
        message: 'no policy called "quote" is in use; in use: none',
      }),
    );
  });

  test('says which states a breaker may be set to', () => {
    const registry = policyRegistry(undefined, { quote });
    registry.named('quote');
    expect(() => registry.force('quote', 'ajar' as never)).toThrowError(
      expect.objectContaining({
        code: 'FWK_RESILIENCE_STATE_UNKNOWN',
        message: expect.stringMatching(/^policy "quote": state must be one of .*metrics-only, not "ajar"$/),
      }),
    );
  });

  test('takes a policy off the list again', () => {
    const registry = policyRegistry();
    const listed = registry.add(policy('quote', quote));
    expect(registry.list()).toHaveLength(1);
    listed[Symbol.dispose]();
    expect(registry.list()).toHaveLength(0);
  });
});
