import { expect, expectTypeOf, test } from 'vitest';
import { ownerOf, setOwner } from './owner.js';
import { type Class, type InjectionKey, type Resolver, type Token, token } from './token.js';

interface Clocked {
  readonly nowMs: number;
}
abstract class Shelf {
  abstract readonly size: number;
}
const resolver: Resolver = {
  get: () => {
    throw new Error('nothing is registered');
  },
  find: () => undefined,
};

test('makes tokens that are told apart by identity, not by name', () => {
  expect(token('clock')).not.toBe(token('clock'));
  expect(token('clock')).toMatchObject({ kind: 'fwk.token', name: 'clock' });
});

test('keeps the factory that makes a default value', () => {
  const withDefault = token('clock', (): Clocked => ({ nowMs: 5 }));
  expect(withDefault.factory?.(resolver)).toEqual({ nowMs: 5 });
  expect('factory' in token('clock')).toBe(false);
});

test('tells a resolver the type of what is asked for', () => {
  const look = (key: Token<Clocked>, of: Class<Shelf>) => {
    expectTypeOf(resolver.get(key)).toEqualTypeOf<Clocked>();
    expectTypeOf(resolver.find(of)).toEqualTypeOf<Shelf | undefined>();
    // @ts-expect-error a token of another type is no key for a shelf
    const wrong: InjectionKey<Shelf> = key;
    return wrong;
  };
  expect(look).toBeTypeOf('function');
});

test('remembers who built an instance, and knows none for what was made by hand', () => {
  const [built, made] = [{}, {}];
  setOwner(built, resolver);
  expect([ownerOf(built), ownerOf(made)]).toEqual([resolver, undefined]);
});
