import { describe, expect, test } from 'vitest';
import { addTried, type TriedCallees, tellTried, triedUntil } from './tried.js';

describe('where the attempts of a call went', () => {
  const [first, second] = [{ name: 'first' }, { name: 'second' }];

  test('is found by the error of the last, also where a layer wrapped it', () => {
    const error = new Error('refused');
    tellTried(error, [first, second]);
    expect(triedUntil(error)).toEqual([first, second]);
    expect(triedUntil(new Error('failed', { cause: new Error('once more', { cause: error }) }))).toEqual([
      first,
      second,
    ]);
    expect(triedUntil(new Error('another'))).toBeUndefined();
  });

  test('is unknown for endings that are no objects, and for a loop of causes', () => {
    tellTried('refused', [first]);
    expect(triedUntil('refused')).toBeUndefined();
    const loop = new Error('loop');
    loop.cause = loop;
    expect(triedUntil(loop)).toBeUndefined();
  });

  test('is given as a copy, since one error may end several calls', () => {
    const error = new Error('the same for all');
    tellTried(error, [first]);
    triedUntil(error)?.push(second);
    expect(triedUntil(error)).toEqual([first]);
  });

  test('names each callee once, the latest last, and at most sixteen', () => {
    const tried: TriedCallees = [];
    for (const callee of [first, second, first]) addTried(tried, callee);
    expect(tried).toEqual([second, first]);
    for (let more = 0; more < 100; more++) addTried(tried, { name: `callee ${more}` });
    expect(tried).toHaveLength(16);
    expect(tried.at(-1)).toEqual({ name: 'callee 99' });
  });
});
