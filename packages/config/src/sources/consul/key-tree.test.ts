import { describe, expect, test } from 'vitest';
import type { ConfigTree } from '../../tree/tree.js';
import { KeyTree } from './key-tree.js';

function treeOf(keys: Record<string, string>): KeyTree {
  const tree = new KeyTree('consul shop/', 'shop/');
  for (const [key, text] of Object.entries(keys)) tree.set(`shop/${key}`, text);
  return tree;
}
const valuesOf = (keys: Record<string, string>, below: ConfigTree = {}) => treeOf(keys).values(below);

describe('keys of a folder', () => {
  test('are levels and names, and their values are read as those of variables are', () => {
    const { tree } = valuesOf({
      'checkout/maxItems': '5',
      'checkout/open': 'true',
      greeting: 'hello there',
      code: '007',
    });
    expect(tree).toEqual({ checkout: { maxItems: 5, open: true }, greeting: 'hello there', code: '007' });
  });

  test('are spelled as the sources below do, and stay text where those have text', () => {
    const below = { checkout: { maxItems: 1 }, code: 'x' };
    expect(valuesOf({ 'CHECKOUT/max-items': '5', code: '12' }, below).tree).toEqual({
      checkout: { maxItems: 5 },
      code: '12',
    });
  });

  test('are named with their whole name, folders too', () => {
    const { originOf, textOf } = valuesOf({ 'checkout/max-items': '07' }, { checkout: { maxItems: 1 } });
    expect(originOf?.(['checkout', 'maxItems'])).toEqual({ source: 'consul shop/', key: 'shop/checkout/max-items' });
    expect(originOf?.(['checkout'])?.key).toBe('shop/checkout/');
    expect(originOf?.(['other', 'maxItems'])).toBeUndefined();
    expect(textOf?.(['checkout', 'maxItems'])).toBe('07');
  });

  test('keep the objects of all folders in which nothing has changed', () => {
    const keys = treeOf({ 'a/one': '1', 'a/two': '2', 'b/one': '1', 'b/deep/two': '2' });
    const before = keys.values({}).tree as ConfigTree;
    keys.set('shop/a/one', '7');
    const after = keys.values({}).tree as ConfigTree;
    expect(after).toEqual({ a: { one: 7, two: 2 }, b: { one: 1, deep: { two: 2 } } });
    expect(after.b).toBe(before.b);
    expect(before.a).toEqual({ one: 1, two: 2 });
    expect(Object.isFrozen(after) && Object.isFrozen(after.a)).toBe(true);
  });

  test('are read anew where the sources below have something else now, and only there', () => {
    const keys = treeOf({ 'a/one': '1', 'b/one': '1' });
    const before = keys.values({ a: { one: 5 }, b: { one: 5 } }).tree as ConfigTree;
    const after = keys.values({ a: { one: 5 }, b: { one: 'x' } }).tree as ConfigTree;
    expect(after).toEqual({ a: { one: 1 }, b: { one: '1' } });
    expect(after.a).toBe(before.a);
  });

  test('that are gone take their empty folders with them', () => {
    const keys = treeOf({ 'a/b/c': '1', d: '2' });
    keys.delete('shop/a/b/c');
    keys.delete('shop/never/there');
    expect(keys.values({}).tree).toEqual({ d: 2 });
  });

  test('that stand for an empty folder count for nothing', () => {
    expect(valuesOf({ '': '', 'a/': '', 'b/': '', 'b/c': '1' }).tree).toEqual({ a: {}, b: { c: 1 } });
  });

  test.each([
    [{ a: '1', 'a/b': '2' }, 'FWK_CONFIG_NAME_CONFLICT', /key shop\/a: sets "a", and so does the .*key shop\/a\//],
    [{ 'max-items': '1', max_items: '2' }, 'FWK_CONFIG_NAME_CONFLICT', /key shop\/max_items: .*shop\/max-items/],
    [{ 'a/__proto__': '1' }, 'FWK_CONFIG_KEY_REFUSED', /key shop\/a\/__proto__: the key "__proto__" in "a"/],
    [{ '__proto__/polluted': '1' }, 'FWK_CONFIG_KEY_REFUSED', /key shop\/__proto__\/: /],
    [{ 'constructor/prototype/x': '1' }, 'FWK_CONFIG_KEY_REFUSED', /shop\/constructor\//],
    [{ 'a//b': '1' }, 'FWK_CONFIG_KEY_REFUSED', /shop\/a\/\//],
    [{ 'a/': 'x' }, 'FWK_CONFIG_KEY_REFUSED', /key shop\/a\/: the key ends in a slash/],
    [{ ['x/'.repeat(40)]: 'x' }, 'FWK_CONFIG_TOO_DEEP', /key shop\/x\//],
  ])('such as %j are refused with the name of the key', (keys, code, message) => {
    const read = () => valuesOf(keys as Record<string, string>, { maxItems: 1 });
    expect(read).toThrow(expect.objectContaining({ code }));
    expect(read).toThrow(message);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('that are refused are taken once they are mended', () => {
    const keys = treeOf({ a: '1', 'a/b': '2' });
    expect(() => keys.values({})).toThrow(/sets "a"/);
    keys.delete('shop/a');
    expect(keys.values({}).tree).toEqual({ a: { b: 2 } });
  });
});
