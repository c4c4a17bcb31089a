import { type ComponentContext, type Live, liveValue, makeEnv, type Token, token } from '@fwk/kernel';
import { componentBench, componentContract, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from './policy.js';
import { policyRegistry, policyRegistryToken } from './policy-registry.js';
import { type ResilienceOptions, resilience } from './resilience.js';

/** A component in a started application. */
function start(options: Partial<ResilienceOptions>) {
  const events = recordEvents();
  const bench = componentBench(resilience(options), { env: makeEnv({ events, path: 'checkout' }) });
  const { steps, context } = bench;
  steps.start?.(context);
  const ask = (path: string, parameter?: string, body?: unknown, method?: 'PUT') =>
    bench.manage(path, { parameter, body }, method);
  return { registry: bench.get(policyRegistryToken), ask, events, component: steps };
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

  test('puts options over a policy and takes them away again, telling what was there', () => {
    const { registry, ask, events } = start({ policies: { quote } });
    const call = registry.named('quote');
    expect(ask('policies/:name', 'quote', { options: { timeoutMs: 50 } }, 'PUT')).toMatchObject({
      overrides: { timeoutMs: 50 },
      was: { name: 'quote', overrides: {} },
    });
    expect(call.print()).toContain('attempt-timeout(timeoutMs=50)');
    expect(ask('policies/:name', 'quote', { options: {} }, 'PUT')).toMatchObject({
      was: { overrides: { timeoutMs: 50 } },
    });
    expect(call.print()).toContain('attempt-timeout(timeoutMs=800)');
    expect(events.names).toEqual(['policy.overridden', 'policy.overridden']);
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
    [
      'a state that cannot be shown as text',
      'quote',
      { state: { toString: 1 } },
      /state must be one of forced-open, .*/,
    ],
    [
      'an endpoint that cannot be shown as text',
      'quote',
      { state: 'reset', endpoint: { toString: 1, constructor: {} } },
      'policy "quote" has no endpoint "{"toString":1,"constructor":{}}": it has no endpoints',
    ],
    ['the name of a member that every object has', '__proto__', { state: 'reset' }, 'no policy called "__proto__"'],
    [
      'a member that is unknown',
      'quote',
      { state: 'forced-open', endpont: 'a' },
      /was not changed: "endpont" is unknown/,
    ],
    [
      'options that are refused',
      'quote',
      { options: { timeoutMs: -1, retrys: {} } },
      /unknown option "retrys".*timeoutMs must/,
    ],
    ['options that are none', 'quote', { options: null }, /was not changed: options must be an object of options/],
    [
      'options beside a state',
      'quote',
      { state: 'reset', options: {} },
      /options stand alone; a change has a state, and may have an endpoint, or it has options/,
    ],
    ['another such name', 'constructor', { state: 'forced-open' }, 'no policy called "constructor"'],
  ])('refuses %s', (_, name, body, message) => {
    const { registry, ask } = start({ policies: { quote } });
    registry.named('quote').wrap(async () => 'answer');
    expect(() => ask('policies/:name', name, body, 'PUT')).toThrowError(message);
    expect(registry.list()).toMatchObject([{ name: 'quote', breakers: ['closed'] }]);
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

describe('one object in two applications', () => {
  const policies = liveValue<unknown>({ quote });
  for (const { name, run } of componentContract({
    component: resilience({ policies: () => policies }),
    keys: [policyRegistryToken],
    use: async (host) =>
      host
        .get(policyRegistryToken)
        .named('quote')
        .wrap(async () => 'answer')(),
    breakStart: async () => {
      policies.set({ quote: { timeoutMs: 'soon' } });
      return () => policies.set({ quote });
    },
  })) {
    test(name, run);
  }

  test('a breaker set by hand in one is untouched in the other', async () => {
    const component = resilience({ policies: { quote } });
    const [first, second] = [componentBench(component), componentBench(component)];
    await Promise.all([first.start(), second.start()]);
    const callOf = (bench: typeof first) =>
      bench
        .get(policyRegistryToken)
        .named('quote')
        .wrap(async () => 'answer');
    const [inFirst, inSecond] = [callOf(first), callOf(second)];
    first.manage('policies/:name', { parameter: 'quote', body: { state: 'forced-open' } }, 'PUT');
    await expect(inFirst()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
    expect(await inSecond()).toBe('answer');
    await Promise.all([first.stop(), second.stop()]);
  });
});
