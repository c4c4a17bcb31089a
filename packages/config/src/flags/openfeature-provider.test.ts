/**
 * The provider as users have it: behind the SDK. The scenarios are those of OpenFeature's specification, release 0.9.0 (Apache-2.0,
 * https://github.com/open-feature/spec): `evaluation.feature`, `evaluation_v2.feature`, `metadata.feature` and `hooks.feature` of
 * `specification/assets/gherkin`, and its kit for providers (evaluation, reasons, errors, events, life cycle), told as tables in words
 * of our own. Contexts of several levels, domains and states are in `openfeature-levels.test.ts`.
 */
import { makeEnv } from '@fwk/kernel';
import {
  type Client,
  type EvaluationContext,
  type Hook,
  type HookContext,
  type JsonValue,
  OpenFeature,
  ProviderEvents,
  ProviderStatus,
} from '@openfeature/server-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { runWithFlagContext } from './flag-context.js';
import { LiveFlags } from './live-flags.js';
import { openFeatureProvider } from './openfeature-provider.js';

const template = { showImages: true, title: 'Check out these pics!', imagesPerPage: 100 };
const mail = 'ballmer@macrosoft.com';
const uuid = '5c3d8535-f81a-4478-a6d3-afaa4d51199e';

const kinds = {
  boolean: { variants: { on: true, off: false }, default: 'on' },
  string: { variants: { greeting: 'hi', parting: 'bye' }, default: 'greeting' },
  integer: { variants: { one: 1, ten: 10 }, default: 'ten' },
  float: { variants: { tenth: 0.1, half: 0.5 }, default: 'half' },
  object: { variants: { empty: {}, template }, default: 'template' },
};
const zeros = {
  boolean: { zero: false, 'non-zero': true },
  string: { zero: '', 'non-zero': 'str' },
  integer: { zero: 0, 'non-zero': 1 },
  float: { zero: 0, 'non-zero': 1.5 },
  object: { zero: {}, 'non-zero': template },
};
const named = (suffix: string, parts: Readonly<Record<string, object>>) =>
  Object.fromEntries(Object.entries(parts).map(([kind, definition]) => [`${kind}-${suffix}`, definition]));
const each = (make: (kind: keyof typeof kinds) => object) =>
  Object.fromEntries((Object.keys(kinds) as (keyof typeof kinds)[]).map((kind) => [kind, make(kind)]));

const definitions = {
  ...named('flag', kinds),
  ...named(
    'zero-flag',
    each((kind) => ({ variants: zeros[kind], default: 'zero' })),
  ),
  ...named(
    'targeted-zero-flag',
    each((kind) => ({
      variants: zeros[kind],
      default: 'zero',
      rules: [{ if: { attribute: 'email', equals: mail }, serve: 'zero' }],
    })),
  ),
  ...named(
    'disabled-flag',
    each((kind) => ({ ...kinds[kind], enabled: false })),
  ),
  'complex-targeted': {
    variants: { internal: 'INTERNAL', external: 'EXTERNAL' },
    default: 'external',
    rules: [
      {
        if: {
          all: [
            { attribute: 'customer', equals: false },
            { attribute: 'email', equals: mail },
            { attribute: 'age', moreThan: 10 },
          ],
        },
        serve: 'internal',
      },
    ],
  },
  'targeting-key-flag': {
    variants: { hit: 'hit', miss: 'miss' },
    default: 'miss',
    rules: [{ if: { attribute: 'targetingKey', equals: uuid }, serve: 'hit' }],
  },
  'metadata-flag': { default: 'on', metadata: { string: '1.0.2', integer: 2, float: 0.1, boolean: true } },
  'null-default-flag': { default: null },
  'undefined-default-flag': { variants: { small: 10, big: 1000 } },
  'wrong-flag': { variants: { one: 'uno', two: 'dos' }, default: 'one' },
  'large-integer-flag': { variants: { 'max-int32': 2 ** 31 - 1 }, default: 'max-int32' },
  'huge-integer-flag': { variants: { most: Number.MAX_SAFE_INTEGER }, default: 'most' },
};

let domains = 0;

async function stable(flags: object = definitions) {
  const memory = await flagsInMemory(flags);
  const domain = `domain-${domains++}`;
  await OpenFeature.setProviderAndWait(domain, openFeatureProvider(memory.flags));
  return { ...memory, client: OpenFeature.getClient(domain) };
}

afterEach(() => OpenFeature.close());

function details(client: Client, key: string, fallback: unknown, context?: EvaluationContext) {
  if (typeof fallback === 'boolean') return client.getBooleanDetails(key, fallback, context);
  if (typeof fallback === 'string') return client.getStringDetails(key, fallback, context);
  if (typeof fallback === 'number') return client.getNumberDetails(key, fallback, context);
  return client.getObjectDetails(key, fallback as JsonValue, context);
}

const fallbacks = { boolean: false, string: 'bye', integer: 1, float: 0.1, object: { a: 1 } };
const otherThanZero = { boolean: true, string: 'hi', integer: 1, float: 0.1, object: { a: 1 } };
const rows = (values: Readonly<Record<string, unknown>>) => Object.entries(values);

describe('evaluation', () => {
  test.each([
    ['boolean', true, 'on'],
    ['string', 'hi', 'greeting'],
    ['integer', 10, 'ten'],
    ['float', 0.5, 'half'],
    ['object', template, 'template'],
  ] as const)('resolves a %s with its key, value, variant and reason', async (kind, value, variant) => {
    const { client } = await stable();
    const answer = await details(client, `${kind}-flag`, fallbacks[kind]);
    expect(answer).toMatchObject({ flagKey: `${kind}-flag`, value, variant, reason: 'STATIC' });
    expect([answer.errorCode, answer.errorMessage, answer.flagMetadata]).toEqual([undefined, undefined, {}]);
  });

  test.each(rows(otherThanZero))('takes a %s that is zero or empty for a value', async (kind, fallback) => {
    const { client } = await stable();
    const zero = zeros[kind as keyof typeof zeros].zero;
    expect(await details(client, `${kind}-zero-flag`, fallback)).toMatchObject({
      value: zero,
      variant: 'zero',
      reason: 'STATIC',
    });
    const targeted = (context?: EvaluationContext) => details(client, `${kind}-targeted-zero-flag`, fallback, context);
    expect(await targeted({ email: mail })).toMatchObject({ value: zero, reason: 'TARGETING_MATCH' });
    expect(await targeted({ email: 'ballmer@none.com' })).toMatchObject({ value: zero, reason: 'DEFAULT' });
    expect(await targeted()).toMatchObject({ value: zero, reason: 'DEFAULT' });
    expect(await targeted({ email: null })).toMatchObject({ value: zero, reason: 'DEFAULT' });
  });

  test.each(rows(fallbacks))('gives the default of the code for a %s that is disabled', async (kind, fallback) => {
    const { client } = await stable();
    const answer = await details(client, `${kind}-disabled-flag`, fallback);
    expect(answer).toMatchObject({ value: fallback, reason: 'DISABLED' });
    expect([answer.errorCode, answer.variant]).toEqual([undefined, undefined]);
  });

  test('gives the default of the code for flags without a default of their own', async () => {
    const { client } = await stable();
    expect(await client.getBooleanValue('null-default-flag', true)).toBe(true);
    expect(await client.getNumberDetails('undefined-default-flag', 7)).toMatchObject({ value: 7, reason: 'STATIC' });
  });

  test('targets by several attributes, and by the targeting key', async () => {
    const { client } = await stable();
    const context = { email: mail, role: 'admin', age: 65, customer: false };
    expect(await client.getStringDetails('complex-targeted', '', context)).toMatchObject({
      value: 'INTERNAL',
      reason: 'TARGETING_MATCH',
    });
    expect(await client.getStringValue('complex-targeted', '', { ...context, customer: true })).toBe('EXTERNAL');
    expect(await client.getStringValue('complex-targeted', '', {})).toBe('EXTERNAL');
    const byKey = (targetingKey?: string) =>
      client.getStringDetails('targeting-key-flag', '', targetingKey ? { targetingKey } : undefined);
    expect(await byKey(uuid)).toMatchObject({ value: 'hit', reason: 'TARGETING_MATCH' });
    expect(await byKey('f20bd32d-703b-48b6-bc8e-79d53c85134a')).toMatchObject({ value: 'miss', reason: 'DEFAULT' });
    expect(await byKey()).toMatchObject({ value: 'miss', reason: 'DEFAULT' });
    expect(await client.getStringDetails('string-flag', 'bye', { targetingKey: 'x' })).toMatchObject({
      value: 'hi',
      reason: 'STATIC',
    });
  });

  test('keeps whole numbers exact', async () => {
    const { client } = await stable();
    expect(await client.getNumberValue('large-integer-flag', 1)).toBe(2147483647);
    expect(await client.getNumberValue('huge-integer-flag', 1)).toBe(9007199254740991);
  });

  test('hands out metadata', async () => {
    const { client } = await stable();
    const { flagMetadata } = await client.getBooleanDetails('metadata-flag', true);
    expect(flagMetadata).toEqual({ string: '1.0.2', integer: 2, float: 0.1, boolean: true });
  });

  test('takes a context with nothing in it for that of the call', async () => {
    const { client } = await stable();
    const ask = (context?: EvaluationContext) => client.getStringValue('targeting-key-flag', '', context);
    await runWithFlagContext({ key: uuid }, async () => {
      expect([await ask(), await ask({ plan: 'pro' })]).toEqual(['hit', 'miss']);
    });
  });
});

test('tracking an event records it for the experiments that have it as a metric', async () => {
  const { client, flags } = await stable({ f: { ...kinds.string, experiment: { metrics: ['order'] } } });
  client.track('order', { targetingKey: 'me' }, { value: 12 });
  client.track('order');
  client.track('other', {}, { value: 1 });
  const [experiment] = flags.experiments();
  expect(experiment?.variants[0]?.metrics).toEqual({ order: { count: 2, mean: 6.5, deviation: expect.any(Number) } });
});

describe('errors give the default of the code', () => {
  test.each(rows(fallbacks))('for a %s that nobody defined', async (_kind, fallback) => {
    const { client } = await stable();
    const answer = await details(client, 'missing-flag', fallback);
    expect(answer).toMatchObject({ value: fallback, reason: 'ERROR', errorCode: 'FLAG_NOT_FOUND' });
  });

  test.each([
    ...['boolean', 'integer', 'float', 'object'].map((kind) => ['string-flag', kind]),
    ...['string', 'integer', 'float', 'object'].map((kind) => ['boolean-flag', kind]),
    ...['boolean', 'string', 'object'].map((kind) => ['integer-flag', kind]),
    ...['boolean', 'string', 'integer', 'float'].map((kind) => ['object-flag', kind]),
    ['wrong-flag', 'boolean'],
  ] as [string, keyof typeof fallbacks][])('for %s asked as a %s', async (flag, kind) => {
    const { client } = await stable();
    const answer = await details(client, flag, fallbacks[kind]);
    expect(answer).toMatchObject({ value: fallbacks[kind], reason: 'ERROR', errorCode: 'TYPE_MISMATCH' });
  });

  test('of null too, which says nothing of the kind', async () => {
    const { client } = await stable();
    expect(await client.getObjectDetails('boolean-flag', null)).toMatchObject({
      value: null,
      errorCode: 'TYPE_MISMATCH',
    });
    expect(await client.getObjectDetails('object-flag', null)).toMatchObject({ value: template, variant: 'template' });
  });
});

describe('hooks', () => {
  test.each([
    ['boolean-flag', true, ['before', 'after', 'finally'], { variant: 'on', reason: 'STATIC' }],
    ['missing-flag', false, ['before', 'error', 'finally'], { reason: 'ERROR', errorCode: 'FLAG_NOT_FOUND' }],
    ['wrong-flag', false, ['before', 'error', 'finally'], { reason: 'ERROR', errorCode: 'TYPE_MISMATCH' }],
  ])('see the details of %s', async (flagKey, value, stages, expected) => {
    const { client } = await stable();
    const seen: string[] = [];
    let last: object | undefined;
    const hook: Hook = {
      before: () => void seen.push('before'),
      after: () => void seen.push('after'),
      error: () => void seen.push('error'),
      finally(_: Readonly<HookContext>, evaluated) {
        seen.push('finally');
        last = evaluated;
      },
    };
    client.addHooks(hook);
    await client.getBooleanDetails(flagKey, false);
    expect(seen).toEqual(stages);
    expect(last).toMatchObject({ flagKey, value, ...expected });
  });
});

describe('events and life cycle', () => {
  test('an edit is told with the flags that changed, and applied', async () => {
    const { client, edit } = await stable({ changing: { variants: { a: 'A', b: 'B' }, default: 'a' }, still: {} });
    const changes: unknown[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, (event) => void changes.push(event?.flagsChanged));
    expect(await client.getStringValue('changing', '')).toBe('A');
    await edit({ changing: { variants: { a: 'A', b: 'B' }, default: 'b' }, still: {} });
    expect(changes).toEqual([['changing']]);
    expect(await client.getStringValue('changing', '')).toBe('B');
  });

  test('is stale while an edit is refused, keeps answering, and is ready again after a good one', async () => {
    const { client, edit } = await stable({ f: { default: 'on' } });
    const told: string[] = [];
    client.addHandler(ProviderEvents.Stale, (event) => void told.push(`stale: ${event?.message}`));
    client.addHandler(ProviderEvents.Ready, () => void told.push('ready'));
    await expect.poll(() => told).toEqual(['ready']);
    await edit({ f: { default: 'maybe' } });
    expect(client.providerStatus).toBe(ProviderStatus.STALE);
    expect(told[1]).toContain('stale: settings "flags" is invalid: flags.f.default');
    expect(await client.getBooleanValue('f', false)).toBe(true);
    await edit({ f: { default: 'on' } });
    expect([client.providerStatus, told[2]]).toEqual([ProviderStatus.READY, 'ready']);
  });

  test('reports an error before the configuration is loaded, gives defaults, and becomes ready with it', async () => {
    const flags = new LiveFlags();
    const domain = `domain-${domains++}`;
    await expect(OpenFeature.setProviderAndWait(domain, openFeatureProvider(flags))).rejects.toThrow('not loaded yet');
    const client = OpenFeature.getClient(domain);
    expect(client.providerStatus).toBe(ProviderStatus.ERROR);
    expect(await client.getBooleanDetails('f', true)).toMatchObject({
      value: true,
      reason: 'ERROR',
      errorCode: 'PROVIDER_NOT_READY',
    });
    const { config } = await flagsInMemory({ f: { default: 'off' } });
    flags.follow(config, makeEnv());
    expect(client.providerStatus).toBe(ProviderStatus.READY);
    expect(await client.getBooleanValue('f', true)).toBe(false);
    flags[Symbol.dispose]();
  });

  test('hears no more after it was closed', async () => {
    const { flags, edit } = await flagsInMemory({ f: {} });
    const provider = openFeatureProvider(flags);
    let told = 0;
    provider.events?.addHandler(ProviderEvents.ConfigurationChanged, () => void told++);
    await provider.initialize?.();
    await edit({ g: {} });
    await provider.onClose?.();
    await edit({ h: {} });
    expect(told).toBe(1);
  });
});
