/**
 * What the SDK puts between a caller and our provider: contexts of several levels, hooks, domains, states. The scenarios are those of
 * OpenFeature's specification, release 0.9.0 (Apache-2.0, https://github.com/open-feature/spec), told in words of our own from
 * `specification/assets/gherkin`: `contextMerging.feature`, and those of `evaluation_v2.feature` that are about options, states and
 * immutability. No package on npm has these files. Two scenarios say nothing of us: answers are never `CACHED`, since each is made anew,
 * and no error is `PROVIDER_FATAL`, since a good edit mends every one.
 */
import {
  AsyncLocalStorageTransactionContextPropagator,
  type EvaluationContext,
  type Hook,
  OpenFeature,
  ProviderEvents,
  ProviderStatus,
} from '@openfeature/server-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { LiveFlags } from './live-flags.js';
import { openFeatureProvider } from './openfeature-provider.js';

afterEach(async () => {
  await OpenFeature.close();
  OpenFeature.setContext({});
  OpenFeature.clearHooks();
  OpenFeature.clearHandlers();
});

/** Names the level from which a context has `key`; by our own rules, so the provider is asked with the merged context. */
const levels = ['api', 'transaction', 'client', 'invocation', 'hook'] as const;
type Level = (typeof levels)[number];

const byLevel = {
  variants: Object.fromEntries([...levels, 'none'].map((level) => [level, level])),
  default: 'none',
  rules: levels.map((level) => ({ if: { attribute: 'key', equals: level }, serve: level })),
};
const allOf = (names: readonly Level[]) => ({
  rules: [{ if: { all: names.map((level) => ({ attribute: level, equals: `${level} value` })) }, serve: 'on' }],
  default: 'off',
});

let domains = 0;

/** Asks a flag with an entry of the context at each of the levels. */
async function asked(flag: object, entries: Partial<Record<Level, EvaluationContext>>) {
  const { flags } = await flagsInMemory({ flag });
  const domain = `levels-${domains++}`;
  await OpenFeature.setProviderAndWait(domain, openFeatureProvider(flags));
  const client = OpenFeature.getClient(domain);
  OpenFeature.setTransactionContextPropagator(new AsyncLocalStorageTransactionContextPropagator());
  OpenFeature.setContext(entries.api ?? {});
  client.setContext(entries.client ?? {});
  const { hook } = entries;
  if (hook) client.addHooks({ before: () => hook });
  const ask = () => client.getStringValue('flag', '', entries.invocation);
  const kind =
    'variants' in flag ? ask : async () => String(await client.getBooleanValue('flag', false, entries.invocation));
  const { transaction } = entries;
  if (!transaction) return kind();
  return new Promise<string>((resolve, reject) => {
    OpenFeature.setTransactionContext(transaction, () => void kind().then(resolve, reject));
  });
}

describe('contexts of several levels', () => {
  test.each(levels)('an entry of the level %s reaches the rules', async (level) => {
    expect(await asked(byLevel, { [level]: { key: level } })).toBe(level);
  });

  test('entries of all levels come together', async () => {
    const entries = Object.fromEntries(levels.map((level) => [level, { [level]: `${level} value` }]));
    expect(await asked(allOf(levels), entries)).toBe('true');
    const { hook: _, ...withoutHook } = entries;
    expect(await asked(allOf(levels), withoutHook)).toBe('false');
    expect(await asked(allOf(levels.slice(0, 4)), withoutHook)).toBe('true');
  });

  test.each(levels.map((level, at) => [level, levels.slice(0, at + 1)] as const))(
    'an entry of the level %s lies over those below it',
    async (level, given) => {
      const entries = Object.fromEntries(given.map((each) => [each, { key: each }]));
      expect(await asked(byLevel, entries)).toBe(level);
    },
  );

  test('the targeting key of any level is the key of roll-outs', async () => {
    const half = { rules: [{ rollout: { on: 50 } }], default: 'off' };
    const { flags } = await flagsInMemory({ flag: half });
    for (let user = 0; user < 20; user++) {
      const targetingKey = `user-${user}`;
      const wanted = String(flags.value('flag', false, { key: targetingKey }));
      expect(await asked(half, { client: { targetingKey } })).toBe(wanted);
      expect(await asked(half, { api: { targetingKey: 'other' }, hook: { targetingKey } })).toBe(wanted);
    }
  });
});

describe('hooks and details', () => {
  test('hooks of the API, the client, the call and the provider run inwards before it, and outwards after it', async () => {
    const { flags } = await flagsInMemory({ flag: { default: 'on' } });
    const seen: string[] = [];
    const hook = (name: string): Hook => ({
      before: () => void seen.push(`before ${name}`),
      after: () => void seen.push(`after ${name}`),
      finally: () => void seen.push(`finally ${name}`),
    });
    const domain = `levels-${domains++}`;
    await OpenFeature.setProviderAndWait(domain, openFeatureProvider(flags));
    OpenFeature.addHooks(hook('api'));
    const client = OpenFeature.getClient(domain).addHooks(hook('client'));
    expect(await client.getBooleanValue('flag', false, {}, { hooks: [hook('call')] })).toBe(true);
    const inwards = ['api', 'client', 'call'];
    const outwards = inwards.toReversed();
    expect(seen).toEqual([
      ...inwards.map((name) => `before ${name}`),
      ...outwards.map((name) => `after ${name}`),
      ...outwards.map((name) => `finally ${name}`),
    ]);
  });

  test('a hook that throws gives the default of the code, and the flag is not asked', async () => {
    const { flags, events } = await flagsInMemory({ flag: { rules: [{ serve: 'on' }], default: 'off' } });
    const domain = `levels-${domains++}`;
    await OpenFeature.setProviderAndWait(domain, openFeatureProvider(flags));
    const hooks: Hook[] = [
      {
        before() {
          throw new Error('no user');
        },
      },
    ];
    const client = OpenFeature.getClient(domain);
    expect(await client.getBooleanDetails('flag', false, { targetingKey: 'me' }, { hooks })).toMatchObject({
      value: false,
      reason: 'ERROR',
      errorCode: 'GENERAL',
      errorMessage: 'no user',
    });
    expect(events.all.filter(({ name }) => name === 'flag.exposed')).toEqual([]);
  });

  test('neither the context nor the metadata of a flag can be changed by asking', async () => {
    const { flags } = await flagsInMemory({ flag: { default: 'on', metadata: { owner: 'ann' } } });
    const domain = `levels-${domains++}`;
    await OpenFeature.setProviderAndWait(domain, openFeatureProvider(flags));
    const client = OpenFeature.getClient(domain);
    const context = Object.freeze({ targetingKey: 'me', tags: Object.freeze(['a']), nested: Object.freeze({ a: 1 }) });
    const details = await client.getBooleanDetails('flag', false, { ...context, tags: [...context.tags] });
    expect(context).toEqual({ targetingKey: 'me', tags: ['a'], nested: { a: 1 } });
    expect(details.flagMetadata).toEqual({ owner: 'ann' });
    try {
      (details.flagMetadata as Record<string, unknown>).owner = 'eve';
    } catch {
      // Frozen, which is as good.
    }
    expect((await client.getBooleanDetails('flag', false)).flagMetadata).toEqual({ owner: 'ann' });
  });
});

describe('states and domains', () => {
  test('a client tells the state of its provider: not ready, ready, stale, and not ready once it was closed', async () => {
    const { flags, edit } = await flagsInMemory({ flag: { default: 'on' } });
    const domain = `levels-${domains++}`;
    OpenFeature.setProvider(domain, openFeatureProvider(flags));
    const client = OpenFeature.getClient(domain);
    expect(client.providerStatus).toBe(ProviderStatus.NOT_READY);
    await expect.poll(() => client.providerStatus).toBe(ProviderStatus.READY);
    await edit({ flag: { default: 7 } });
    expect(client.providerStatus).toBe(ProviderStatus.STALE);
    await edit({ flag: { default: 'off' } });
    expect(client.providerStatus).toBe(ProviderStatus.READY);
    expect(client.metadata).toMatchObject({ domain, providerMetadata: { name: 'fwk' } });
    const later: string[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, () => void later.push('changed'));
    await OpenFeature.close();
    await edit({ flag: { default: 'on' } });
    expect(later).toEqual([]);
  });

  test('a handler that is added late is told at once that the provider is ready, stale or in error', async () => {
    const { flags, edit } = await flagsInMemory({ flag: {} });
    const domain = `levels-${domains++}`;
    await OpenFeature.setProviderAndWait(domain, openFeatureProvider(flags));
    const told: string[] = [];
    const client = OpenFeature.getClient(domain);
    client.addHandler(ProviderEvents.Ready, () => void told.push('ready'));
    await expect.poll(() => told).toEqual(['ready']);
    await edit({ flag: 7 });
    client.addHandler(ProviderEvents.Stale, () => void told.push('stale'));
    await expect.poll(() => told).toEqual(['ready', 'stale']);
    const unready = `levels-${domains++}`;
    await expect(OpenFeature.setProviderAndWait(unready, openFeatureProvider(new LiveFlags()))).rejects.toThrow();
    OpenFeature.getClient(unready).addHandler(ProviderEvents.Error, () => void told.push('error'));
    await expect.poll(() => told).toEqual(['ready', 'stale', 'error']);
  });

  test('each domain has the flags of its own provider, and hears of no other', async () => {
    const [one, other] = [
      await flagsInMemory({ flag: { default: 'on' } }),
      await flagsInMemory({ flag: { default: 'off' } }),
    ];
    const [first, second] = [`levels-${domains++}`, `levels-${domains++}`];
    await OpenFeature.setProviderAndWait(first, openFeatureProvider(one.flags));
    await OpenFeature.setProviderAndWait(second, openFeatureProvider(other.flags));
    const ask = (domain: string) => OpenFeature.getClient(domain).getBooleanValue('flag', false);
    expect([await ask(first), await ask(second)]).toEqual([true, false]);
    const changes: string[] = [];
    OpenFeature.getClient(first).addHandler(ProviderEvents.ConfigurationChanged, () => void changes.push(first));
    OpenFeature.getClient(second).addHandler(ProviderEvents.ConfigurationChanged, () => void changes.push(second));
    await other.edit({ flag: { default: 'on' } });
    expect([await ask(first), await ask(second)]).toEqual([true, true]);
    expect(changes).toEqual([second]);
  });

  test('a provider that takes the place of another ends it', async () => {
    const before = await flagsInMemory({ flag: { default: 'on' } });
    const after = await flagsInMemory({ flag: { default: 'off' } });
    const domain = `levels-${domains++}`;
    await OpenFeature.setProviderAndWait(domain, openFeatureProvider(before.flags));
    const client = OpenFeature.getClient(domain);
    const told: unknown[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, (event) => void told.push(event?.flagsChanged));
    await OpenFeature.setProviderAndWait(domain, openFeatureProvider(after.flags));
    await before.edit({ gone: {} });
    await after.edit({ flag: { default: 'on' } });
    expect(told).toEqual([['flag']]);
    expect(await client.getBooleanValue('flag', false)).toBe(true);
  });
});
