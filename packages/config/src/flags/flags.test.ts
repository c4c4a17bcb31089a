import { background, type Logger, makeEnv, noLogger, runInContext } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { type FlagContext, flagContextKey, runWithFlagContext } from './flag-context.js';
import { LiveFlags } from './live-flags.js';

const answered = (flags: LiveFlags, name: string, fallback: unknown, context?: FlagContext) => {
  const { value, variant, reason, errorCode } = flags.evaluate(name, fallback, context);
  return [value, variant, reason, errorCode];
};

describe('a flag', () => {
  test('answers its default statically, with the value of the variant, of every kind', async () => {
    const { flags } = await flagsInMemory({
      plain: { default: 'on' },
      banner: { variants: { short: 'Hi', long: 'Welcome' }, default: 'long' },
      limit: { variants: { none: 0, some: 2.5 }, default: 'none' },
      theme: { variants: { dark: { back: '#000' } }, default: 'dark' },
      hosts: { variants: { two: ['a', 'b'] }, default: 'two' },
    });
    expect(answered(flags, 'plain', false)).toEqual([true, 'on', 'STATIC', undefined]);
    expect(answered(flags, 'banner', '')).toEqual(['Welcome', 'long', 'STATIC', undefined]);
    expect(answered(flags, 'limit', 7)).toEqual([0, 'none', 'STATIC', undefined]);
    expect(answered(flags, 'theme', {})).toEqual([{ back: '#000' }, 'dark', 'STATIC', undefined]);
    expect(answered(flags, 'hosts', [])).toEqual([['a', 'b'], 'two', 'STATIC', undefined]);
    expect(answered(flags, 'theme', null)).toEqual([{ back: '#000' }, 'dark', 'STATIC', undefined]);
    expect(Object.isFrozen(flags.value('theme', {}))).toBe(true);
  });

  test('answers the default of whoever asks where it is missing, of another kind, or has none itself', async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...noLogger, warn: (_, message) => void warnings.push(message) };
    const { flags } = await flagsInMemory({ plain: { default: 'on' }, bare: {} }, {}, { logger });
    expect(answered(flags, 'missing', 7)).toEqual([7, undefined, 'ERROR', 'FLAG_NOT_FOUND']);
    expect(answered(flags, 'bare', true)).toEqual([true, undefined, 'STATIC', undefined]);
    for (let time = 0; time < 3; time++) {
      expect(answered(flags, 'plain', 'text')).toEqual(['text', undefined, 'ERROR', 'TYPE_MISMATCH']);
    }
    expect(warnings).toEqual([expect.stringContaining('"plain" answers the default of the code: its kind is boolean')]);
    for (const name of ['__proto__', 'constructor', 'toString']) expect(flags.value(name, 1)).toBe(1);
  });

  test('answers the default before the configuration is loaded, and says so', () => {
    const flags = new LiveFlags();
    expect(answered(flags, 'plain', true)).toEqual([true, undefined, 'ERROR', 'PROVIDER_NOT_READY']);
    expect([flags.version, flags.list()]).toEqual([0, []]);
  });

  test('that is disabled answers its off variant, or the default of whoever asks', async () => {
    const rules = [{ serve: 'on' }];
    const { flags } = await flagsInMemory({
      one: { enabled: false, default: 'on', off: 'off', rules },
      other: { enabled: false, default: 'on', rules },
    });
    expect(answered(flags, 'one', true)).toEqual([false, 'off', 'DISABLED', undefined]);
    expect(answered(flags, 'other', false)).toEqual([false, undefined, 'DISABLED', undefined]);
  });

  test('that requires others answers its off variant until they have the variants it wants, for the same context', async () => {
    const { flags } = await flagsInMemory({
      base: { default: 'off', rules: [{ if: { attribute: 'plan', equals: 'pro' }, serve: 'on' }] },
      mode: { variants: { a: 1, b: 2, c: 3 }, default: 'a' },
      top: { requires: { base: 'on', mode: ['a', 'b'] }, default: 'on', off: 'off' },
      roof: { requires: { top: 'on' }, default: 'on' },
    });
    const pro = { attributes: { plan: 'pro' } };
    expect(answered(flags, 'top', false, pro)).toEqual([true, 'on', 'DEFAULT', undefined]);
    expect(answered(flags, 'roof', false, pro)).toEqual([true, 'on', 'DEFAULT', undefined]);
    expect(answered(flags, 'top', true, {})).toEqual([false, 'off', 'DISABLED', undefined]);
    expect(answered(flags, 'roof', false, {})).toEqual([false, undefined, 'DISABLED', undefined]);
  });

  test('hands its metadata out with every answer', async () => {
    const metadata = { ticket: 'X-1', stage: 2, beta: true };
    const { flags } = await flagsInMemory({ one: { default: 'on', metadata }, bare: { metadata } });
    expect(flags.evaluate('one', false).flagMetadata).toEqual(metadata);
    expect(flags.evaluate('bare', false).flagMetadata).toEqual(metadata);
    expect(flags.evaluate('one', 'text').flagMetadata).toEqual(metadata);
    expect(flags.evaluate('missing', false).flagMetadata).toEqual({});
  });

  test('that has expired still answers, and is told once, again only for another date', async () => {
    const { flags, clock, events, edit } = await flagsInMemory({});
    const told = () => events.all.filter(({ name }) => name === 'flag.expired').map(({ data }) => data);
    const inMs = (delayMs: number) => new Date(clock.wallTime() + delayMs).toISOString();
    const expires = inMs(1000);
    await edit({ old: { default: 'on', expires, owner: 'me' }, young: { expires: inMs(100_000) } });
    expect([flags.expired(), told()]).toEqual([[], []]);
    await clock.advance(1000);
    expect([flags.expired(), flags.expired()]).toEqual([['old'], ['old']]);
    expect(told()).toEqual([{ flag: 'old', expires, owner: 'me' }]);
    expect(flags.value('old', false)).toBe(true);
    expect(flags.list().map(({ name, expired }) => [name, expired])).toEqual([
      ['old', true],
      ['young', false],
    ]);
    await edit({ old: { default: 'on', expires: inMs(-5) } });
    expect(told()).toHaveLength(2);
    await edit({ old: { default: 'on', expires: inMs(1000) } });
    expect(flags.expired()).toEqual([]);
  });
});

describe('rules', () => {
  test('decide in their order; what none decides is the default', async () => {
    const { flags } = await flagsInMemory({
      theme: {
        variants: { a: 'A', b: 'B', c: 'C' },
        default: 'c',
        rules: [
          { name: 'staff', if: { attribute: 'email', endsWith: '@example.com' }, serve: 'a' },
          {
            if: { all: [{ attribute: 'country', in: ['DE', 'AT'] }, { not: { attribute: 'bot', equals: true } }] },
            serve: 'b',
          },
        ],
      },
    });
    const ask = (attributes: Record<string, unknown>) => answered(flags, 'theme', '', { attributes }).slice(0, 3);
    expect(ask({ email: 'a@example.com', country: 'DE' })).toEqual(['A', 'a', 'TARGETING_MATCH']);
    expect(ask({ country: 'AT' })).toEqual(['B', 'b', 'TARGETING_MATCH']);
    expect(ask({ country: 'AT', bot: true })).toEqual(['C', 'c', 'DEFAULT']);
    expect(ask({})).toEqual(['C', 'c', 'DEFAULT']);
  });

  test.each([
    [{ equals: 'a' }, ['a'], ['b', 'A', 1, true, ['a'], null, undefined]],
    [{ equals: 1 }, [1], ['1', 2, true]],
    [{ equals: false }, [false], ['false', 0, undefined]],
    [{ in: ['a', 2, true] }, ['a', 2, true], ['b', '2', 1, null]],
    [{ startsWith: 'ab' }, ['ab', 'abc'], ['a', 'cab', 1, ['ab']]],
    [{ startsWith: ['a', 'b'] }, ['ax', 'bx'], ['x']],
    [{ endsWith: '.de' }, ['a.de'], ['a.de.', 'de']],
    [{ contains: 'b' }, ['abc', ['b', 'c']], ['ac', ['abc'], 1]],
    [{ contains: ['x', 'y'] }, ['ay', ['x']], ['a', []]],
    [{ lessThan: 5 }, [4.9, -1], [5, '4', Number.NaN, undefined]],
    [{ atMost: 5 }, [5], [5.1]],
    [{ moreThan: 5 }, [5.1], [5]],
    [{ atLeast: 18, lessThan: 65 }, [18, 64], [17, 65, '20']],
    [{ before: '2027-01-01' }, ['2026-12-31T23:59:59Z', 0, new Date(0)], ['2027-01-01', 'soon', new Date(Number.NaN)]],
    [{ after: '2027-01-01T00:00:00+01:00' }, ['2026-12-31T23:00:00Z', '2027-06-01'], ['2026-12-31', '2027']],
    [{ semver: '>=2.3 <3' }, ['2.3.0', '2.10.1'], ['3.0.0', '2.2.9', 'x', 2]],
    [{ exists: true }, [0, '', false, []], [undefined, null]],
    [{ exists: false }, [undefined, null], [0, '']],
  ])('%j holds for the values it should and for no others', async (operators, holds, fails) => {
    const { flags } = await flagsInMemory({
      f: { default: 'off', rules: [{ if: { attribute: 'x', ...operators }, serve: 'on' }] },
    });
    const fits = (x: unknown) => flags.value('f', false, { attributes: { x } });
    expect(holds.filter((value) => !fits(value))).toEqual([]);
    // Twice, since the answer for a version is remembered.
    expect([...fails, ...fails].filter(fits)).toEqual([]);
    expect(flags.value('f', false, {})).toBe('exists' in operators && operators.exists === false);
  });

  test('reach nested attributes, names with dots, and the key, but nothing that objects inherit', async () => {
    const rule = (attribute: string, equals: string) => ({ if: { attribute, equals }, serve: 'on' });
    const { flags } = await flagsInMemory({
      f: { default: 'off', rules: [rule('company.country', 'DE'), rule('a\\.b', 'x'), rule('targetingKey', 'me')] },
      odd: { default: 'off', rules: [{ if: { attribute: 'constructor', exists: true }, serve: 'on' }] },
    });
    const fits = (context: FlagContext) => flags.value('f', false, context);
    expect(fits({ attributes: { company: { country: 'DE' } } })).toBe(true);
    expect(fits({ attributes: { 'a.b': 'x' } })).toBe(true);
    expect(fits({ key: 'me' })).toBe(true);
    expect(fits({ key: 'you', attributes: { targetingKey: 'me', company: null } })).toBe(false);
    expect(flags.value('odd', false, { attributes: {} })).toBe(false);
  });

  test('look into no attribute that is very long, so that an answer takes no longer', async () => {
    const condition = { attribute: 'x', contains: 'needle' };
    const { flags } = await flagsInMemory({ f: { default: 'off', rules: [{ if: condition, serve: 'on' }] } });
    const fits = (x: unknown) => flags.value('f', false, { attributes: { x } });
    expect([fits(`${' '.repeat(4994)}needle`), fits(`${' '.repeat(4995)}needle`)]).toEqual([true, false]);
    const items = Array.from({ length: 5000 }, () => 'needle');
    expect([fits(items), fits([...items, 'needle'])]).toEqual([true, false]);
  });

  test('an attribute that throws when it is read costs the answer, not the caller', async () => {
    const { flags } = await flagsInMemory({
      f: { default: 'off', rules: [{ if: { attribute: 'x', equals: 1 }, serve: 'on' }] },
    });
    const attributes = {
      get x(): number {
        throw new Error('not loaded');
      },
    };
    expect(answered(flags, 'f', true, { attributes })).toEqual([true, undefined, 'ERROR', 'GENERAL']);
  });
});

describe('roll-outs', () => {
  const rollout = { variants: { a: 'A', b: 'B' }, rules: [{ rollout: { a: 30, b: 20 } }] };

  test('give keys their shares, and the rest goes on to the next rule', async () => {
    const { flags } = await flagsInMemory({ f: rollout });
    const counts = new Map<string, number>();
    for (let user = 0; user < 20_000; user++) {
      const value = flags.value('f', 'none', { key: `user-${user}` });
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect(counts.get('A')).toBeGreaterThan(5700);
    expect(counts.get('A')).toBeLessThan(6300);
    expect(counts.get('B')).toBeGreaterThan(3700);
    expect(counts.get('B')).toBeLessThan(4300);
    expect(counts.get('none')).toBeGreaterThan(9600);
  });

  test('do not apply to contexts without a key', async () => {
    const { flags } = await flagsInMemory({ f: { ...rollout, default: 'a', rules: [{ rollout: { b: 100 } }] } });
    expect(answered(flags, 'f', '', {})).toEqual(['A', 'a', 'DEFAULT', undefined]);
    expect(answered(flags, 'f', '', { key: '' })).toEqual(['A', 'a', 'DEFAULT', undefined]);
    expect(answered(flags, 'f', '', { key: 'x' })).toEqual(['B', 'b', 'SPLIT', undefined]);
  });

  test('are sticky by another attribute where they say so, text or number', async () => {
    const { flags } = await flagsInMemory({ f: { ...rollout, rules: [{ rollout: { a: 50 }, by: 'company.id' }] } });
    const ask = (id: unknown, key: string) => flags.value('f', '', { key, attributes: { company: { id } } });
    for (let id = 0; id < 50; id++) {
      expect(ask(id, 'x')).toBe(ask(id, 'y'));
      expect(ask(id, 'x')).toBe(ask(String(id), 'z'));
    }
    expect(new Set(Array.from({ length: 50 }, (_, id) => ask(id, 'x'))).size).toBe(2);
    expect(ask({}, 'x')).toBe('');
  });

  test('of flags with one salt choose the same keys, and of others do not', async () => {
    const half = { default: 'off', rules: [{ rollout: { on: 50 } }] };
    const { flags } = await flagsInMemory({ one: { ...half, salt: 's' }, two: { ...half, salt: 's' }, three: half });
    const chosen = (name: string) =>
      Array.from({ length: 200 }, (_, user) => flags.value(name, false, { key: `user-${user}` }));
    expect(chosen('one')).toEqual(chosen('two'));
    expect(chosen('one')).not.toEqual(chosen('three'));
  });
});

describe('the context', () => {
  const definitions = {
    f: { default: 'off', rules: [{ if: { attribute: 'targetingKey', equals: 'me' }, serve: 'on' }] },
  };

  test('is that of the call where none is given', async () => {
    const { flags } = await flagsInMemory(definitions);
    expect(flags.value('f', true)).toBe(false);
    const me = background.with({ values: [flagContextKey.of({ key: 'me' })] });
    expect(runInContext(me, () => flags.value('f', false))).toBe(true);
    expect(runInContext(me, () => flags.value('f', true, { key: 'you' }))).toBe(false);
    await runWithFlagContext({ key: 'me' }, async () => {
      await null;
      expect(flags.value('f', false)).toBe(true);
    });
    expect(flags.value('f', true)).toBe(false);
  });

  test('is fixed for a live value, which follows the definitions', async () => {
    const { flags, edit } = await flagsInMemory(definitions);
    const mine = flags.live('f', false, { key: 'me' });
    const ours = flags.live('f', false);
    const heard: boolean[] = [];
    mine.subscribe((value) => heard.push(value));
    expect([mine.value, ours.value]).toEqual([true, false]);
    await edit({ f: { default: 'on', rules: [{ serve: 'off' }] } });
    await edit({ f: { default: 'on' } });
    await edit({ f: { default: 'on', description: 'the same' } });
    expect([mine.value, ours.value, heard]).toEqual([true, true, [false, true]]);
    await runWithFlagContext({ key: 'me' }, async () => expect(ours.value).toBe(true));
  });

  test('of a live value that was made before loading holds afterwards', async () => {
    const flags = new LiveFlags();
    const live = flags.live('f', 'early');
    expect(live.value).toBe('early');
    const { config } = await flagsInMemory({ f: { variants: { a: 'A' }, default: 'a' } });
    flags.follow(config, makeEnv());
    expect(live.value).toBe('A');
    flags[Symbol.dispose]();
  });
});

describe('an edit', () => {
  test('takes effect at once, and names what changed', async () => {
    const { flags, edit, events } = await flagsInMemory({ a: { default: 'on' }, b: { default: 'on' }, c: {} });
    const heard: (readonly string[])[] = [];
    using _ = flags.onChange((changed) => heard.push(changed));
    expect(flags.version).toBe(1);
    await edit({ a: { default: 'off' }, b: { default: 'on' }, d: {} });
    expect([flags.value('a', true), flags.value('b', false), flags.version]).toEqual([false, true, 2]);
    expect(heard).toEqual([['a', 'c', 'd']]);
    await edit({ a: { default: 'off' }, b: { default: 'on' }, d: {} });
    expect([flags.version, heard.length]).toEqual([2, 1]);
    const told = events.all.filter(({ name }) => name === 'flags.changed').map(({ data }) => data);
    expect(told).toEqual([
      { version: 1, flags: ['a', 'b', 'c'] },
      { version: 2, flags: ['a', 'c', 'd'] },
    ]);
  });

  test('that is bad leaves the last good flags, with a reason that has path and place', async () => {
    const { flags, edit, config } = await flagsInMemory({ a: { default: 'on' } });
    await edit({ a: { default: 'maybe' }, b: { default: 'on' } });
    expect([flags.value('a', false), flags.value('b', false)]).toEqual([true, false]);
    expect(config.lastRefusal?.issues).toMatchObject([
      { path: 'flags.a.default', message: 'must be the name of a variant (on, off)', origin: { source: 'store' } },
    ]);
    await edit({ b: { default: 'on' } });
    expect([flags.value('a', false), flags.value('b', false), config.lastRefusal]).toEqual([false, true, undefined]);
  });
});
