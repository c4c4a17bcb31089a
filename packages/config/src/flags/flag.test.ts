import { buildWith, type InjectionKey, type Resolver, setOwner } from '@fwk/kernel';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { flag, flagLive, flags } from './flag.js';
import { type FlagContext, runWithFlagContext } from './flag-context.js';
import { Flag } from './flag-decorator.js';
import { type Flags, flagsToken } from './flags.js';

class Checkout {
  asked = 0;
  readonly express = flag('express', false);
  readonly limit = flagLive('limit', 7);
  readonly all = flags();

  @Flag('express') get isExpress(): boolean {
    this.asked++;
    return false;
  }

  @Flag('limit') limitFor(_user?: FlagContext): number {
    return 7;
  }
}

const definitions = {
  express: { default: 'off', rules: [{ if: { attribute: 'targetingKey', in: ['me'] }, serve: 'on' }] },
  limit: {
    variants: { few: 5, many: 50 },
    default: 'few',
    rules: [{ if: { attribute: 'plan', equals: 'pro' }, serve: 'many' }],
  },
};

function containerOf(known: Flags): Resolver {
  const find = <T>(key: InjectionKey<T>) => (key === flagsToken ? (known as T) : undefined);
  return { find, get: (key) => find(key) as never };
}

function built(known: Flags): Checkout {
  const resolver = containerOf(known);
  const made = buildWith(resolver, () => new Checkout());
  setOwner(made, resolver);
  return made;
}

describe('in a class that a container builds', () => {
  test('fields, getters and methods answer for the current call', async () => {
    const checkout = built((await flagsInMemory(definitions)).flags);
    expect([checkout.express.value, checkout.isExpress, checkout.limitFor(), checkout.limit.value]).toEqual([
      false,
      false,
      5,
      5,
    ]);
    runWithFlagContext({ key: 'me', attributes: { plan: 'pro' } }, () => {
      expect([checkout.express.value, checkout.isExpress, checkout.limitFor(), checkout.limit.value]).toEqual([
        true,
        true,
        50,
        5,
      ]);
      expect(checkout.express.evaluate()).toMatchObject({ value: true, variant: 'on', reason: 'TARGETING_MATCH' });
    });
  });

  test('a context of one’s own goes before that of the call', async () => {
    const checkout = built((await flagsInMemory(definitions)).flags);
    const pro = { attributes: { plan: 'pro' } };
    runWithFlagContext({ key: 'me' }, () => {
      expect([checkout.express.valueFor({ key: 'you' }), checkout.limitFor(pro)]).toEqual([false, 50]);
      expect(checkout.all.value('limit', 0, pro)).toBe(50);
      expect(checkout.express.evaluate({}).reason).toBe('DEFAULT');
    });
  });

  test('all follow an edit', async () => {
    const { flags: known, edit } = await flagsInMemory(definitions);
    const checkout = built(known);
    const heard: number[] = [];
    checkout.limit.subscribe((value) => heard.push(value));
    await edit({ express: { default: 'on' }, limit: { variants: { one: 1 }, default: 'one' } });
    expect([checkout.express.value, checkout.isExpress, checkout.limitFor(), checkout.limit.value]).toEqual([
      true,
      true,
      1,
      1,
    ]);
    expect(heard).toEqual([1]);
  });
});

describe('in an object made by plain new', () => {
  test('all answer their defaults', () => {
    const checkout = new Checkout();
    expect([checkout.express.value, checkout.isExpress, checkout.limitFor(), checkout.limit.value]).toEqual([
      false,
      false,
      7,
      7,
    ]);
    expect([checkout.asked, checkout.all.list()]).toEqual([1, []]);
  });
});

test('@Flag on anything but a getter or method is refused where it is written', () => {
  const decorate = Flag('express') as (target: object, place: unknown, descriptor?: object) => unknown;
  for (const [place, descriptor] of [
    ['field', undefined],
    ['both', { set: () => {} }],
    [{ kind: 'field', name: 'field' }, undefined],
  ] as const) {
    expect(() => decorate({}, place, descriptor)).toThrow(
      expect.objectContaining({
        code: 'FWK_CONFIG_DECORATOR_MISPLACED',
        message: expect.stringContaining('@Flag("express")'),
      }),
    );
  }
});

test('a default gives the kind of the answer, not its value', () => {
  const all = flags();
  expectTypeOf(all.value('a', false)).toEqualTypeOf<boolean>();
  expectTypeOf(all.value('a', 'text')).toEqualTypeOf<string>();
  expectTypeOf(all.value('a', 7)).toEqualTypeOf<number>();
  expectTypeOf(all.value('a', { size: 7 })).toEqualTypeOf<{ size: number }>();
  expectTypeOf(all.evaluate('a', false).value).toEqualTypeOf<boolean>();
  expectTypeOf(all.live('a', 7).value).toEqualTypeOf<number>();
  expectTypeOf(flag('a', false).value).toEqualTypeOf<boolean>();
  expectTypeOf(flagLive('a', 'text').value).toEqualTypeOf<string>();
  expectTypeOf(all.run('a', false, (on) => [on])).toEqualTypeOf<boolean[]>();
});
