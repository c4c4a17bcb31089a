import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeTrees } from './merge.js';
import { changedPaths, shareUnchanged } from './share.js';
import { type ConfigTree, copyTree, eachLeaf, isTree, valueAt } from './tree.js';

const key = fc.stringMatching(/^[a-e.\\]{1,3}$/);
const { tree } = fc.letrec<{ tree: ConfigTree; value: unknown }>((tie) => ({
  tree: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 })),
    tie('tree'),
  ),
}));

describe('merge', () => {
  test('with nothing, on either side, changes nothing', () => {
    fc.assert(
      fc.property(tree, (any) => {
        expect(mergeTrees(any, {})).toEqual(any);
        expect(mergeTrees({}, any)).toEqual(any);
      }),
    );
  });

  test('of a tree with itself is that tree', () => {
    fc.assert(
      fc.property(tree, (any) => {
        expect(mergeTrees(any, any)).toEqual(any);
      }),
    );
  });

  test('keeps every single value of the upper tree, and those of the lower one that nothing covers', () => {
    fc.assert(
      fc.property(tree, tree, (lower, upper) => {
        const merged = mergeTrees(lower, upper);
        eachLeaf(upper, (path, leaf) => {
          if (!isTree(leaf)) expect(valueAt(merged, path)).toEqual(leaf);
        });
        for (const [name, value] of Object.entries(lower)) {
          if (!Object.hasOwn(upper, name)) expect(merged[name]).toEqual(value);
        }
      }),
    );
  });

  test('changes neither of its arguments', () => {
    fc.assert(
      fc.property(tree, tree, (lower, upper) => {
        const before = structuredClone([lower, upper]);
        mergeTrees(lower, upper);
        expect([lower, upper]).toEqual(before);
      }),
    );
  });

  test('replaces lists and lets null win', () => {
    expect(mergeTrees({ list: [1, 2], gone: { a: 1 } }, { list: [3], gone: null })).toEqual({ list: [3], gone: null });
  });

  test('sets items of a list by their places, and adds behind the last', () => {
    const list = { list: [{ a: 1, b: 2 }, 2] };
    expect(mergeTrees(list, { list: { 0: { a: 5 }, 2: 7, 3: 8 } })).toEqual({ list: [{ a: 5, b: 2 }, 2, 7, 8] });
    expect(list).toEqual({ list: [{ a: 1, b: 2 }, 2] });
    for (const other of [{}, { 3: 1 }, { x: 1 }, { 0: 1, x: 2 }, { '01': 1 }, { '-1': 1 }]) {
      expect(mergeTrees(list, { list: other })).toEqual({ list: other });
    }
  });

  test('ignores what is undefined above', () => {
    expect(mergeTrees({ a: 1 }, { a: undefined })).toEqual({ a: 1 });
  });
});

describe('sharing', () => {
  test('gives an equal tree its old identity, and any other its new content', () => {
    fc.assert(
      fc.property(tree, tree, (previous, next) => {
        const before = shareUnchanged(undefined, previous);
        expect(shareUnchanged(before, structuredClone(previous))).toBe(before);
        expect(shareUnchanged(before, next)).toEqual(next);
      }),
    );
  });

  test('keeps the identity of exactly the parts that did not change', () => {
    const before = shareUnchanged(undefined, { a: { x: 1 }, b: { y: [1, { z: 2 }] } }) as Record<string, object>;
    const after = shareUnchanged(before, { a: { x: 2 }, b: { y: [1, { z: 2 }] } }) as Record<string, object>;
    expect(after.b).toBe(before.b);
    expect(after.a).not.toBe(before.a);
  });

  test('notices that a member set to undefined is not a missing one', () => {
    const before = shareUnchanged(undefined, { a: 1, b: undefined });
    expect(shareUnchanged(before, { a: 1, c: undefined })).toEqual({ a: 1, c: undefined });
    expect(Object.keys(shareUnchanged(before, { a: 1, c: undefined }) as object)).toEqual(['a', 'c']);
  });

  test('compares what a schema made (dates, URLs) by content and leaves it unfrozen', () => {
    const before = shareUnchanged(undefined, { at: new Date(5) }) as { at: Date };
    const after = shareUnchanged(before, { at: new Date(5) }) as { at: Date };
    expect(after).toBe(before);
    expect((shareUnchanged(before, { at: new Date(6) }) as { at: Date }).at.getTime()).toBe(6);
    expect(Object.isFrozen(after.at)).toBe(false);
  });

  test('freezes the copy and never the schema’s own objects', () => {
    const given = { list: [1] };
    const shared = shareUnchanged(undefined, given) as { list: number[] };
    expect(() => shared.list.push(2)).toThrow(TypeError);
    given.list.push(2);
    expect(shared.list).toEqual([1]);
  });

  test('lists changed paths, escaped, up to the limit', () => {
    const before = { a: { 'x.y': 1, z: 1 }, b: 1, gone: 1 };
    const after = { a: { 'x.y': 2, z: 1 }, b: 1, fresh: { deep: 1 } };
    expect(changedPaths(before, after, 100)).toEqual(['a.x\\.y', 'gone', 'fresh']);
    expect(changedPaths(before, after, 1)).toEqual(['a.x\\.y']);
  });
});

describe('copying', () => {
  const origin = { source: 'test' };

  test.each(['', '__proto__', 'constructor', 'prototype'])('refuses the key "%s" and pollutes nothing', (name) => {
    const evil = JSON.parse(`{"a":{"${name}":{"polluted":true}}}`);
    expect(() => copyTree(evil, origin)).toThrow(
      expect.objectContaining({
        code: 'FWK_CONFIG_KEY_REFUSED',
        message: `test: the key "${name}" in "a" is not allowed; choose another name`,
      }),
    );
    expect('polluted' in {}).toBe(false);
  });

  test('refuses what refers to itself instead of overflowing the stack', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => copyTree(loop, origin)).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_TOO_DEEP' }));
  });

  test('reads nothing that an object inherits', () => {
    expect(valueAt({ a: {} }, ['a', 'toString'])).toBeUndefined();
    expect(valueAt({}, ['constructor', 'name'])).toBeUndefined();
  });
});
