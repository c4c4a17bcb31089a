import { OptionsError } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { type BalancerSettings, balancerKinds, balancerOf } from './balancer-of.js';

test.each(balancerKinds)('%s is made by its name alone, and by an object with options', (kind) => {
  expect(balancerOf(kind).role).toBe(kind);
  expect(balancerOf({ kind }).role).toBe(kind);
});

test('options reach the balancer', () => {
  expect(balancerOf({ kind: 'ring-hash', points: 2048 }).describe?.()).toMatchObject({ points: 2048 });
  expect(balancerOf({ kind: 'p2c', decayMs: 5000 }).describe?.()).toMatchObject({ decayMs: 5000 });
  expect(balancerOf({ kind: 'least-request', bias: 2 }).describe?.()).toEqual({ bias: 2 });
});

test.each([
  ['fastest', 'not "fastest"'],
  [{ kind: 'fastest' }, 'not "fastest"'],
  [{}, 'not undefined'],
  [null, 'not object'],
  [7, 'not number'],
  ['toString', 'not "toString"'],
  [{ kind: 'constructor' }, 'not "constructor"'],
])('%j is refused with the names that there are', (settings, said) => {
  expect(() => balancerOf(settings as BalancerSettings)).toThrow(OptionsError);
  expect(() => balancerOf(settings as BalancerSettings)).toThrow('kind must be one of p2c, ');
  expect(() => balancerOf(settings as BalancerSettings)).toThrow(said);
});

test.each(balancerKinds)('%s refuses an option that it does not know, by name', (kind) => {
  expect(() => balancerOf({ kind, decay: 1 } as BalancerSettings)).toThrow('unknown option "decay"');
});

test('one that has no options says so', () => {
  expect(() => balancerOf({ kind: 'random', decay: 1 } as BalancerSettings)).toThrow('(known: none)');
});
