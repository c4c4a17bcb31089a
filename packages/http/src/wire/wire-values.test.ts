import { parseJson } from '@fwk/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatQuery, parseQuery, wireParams, wireQuery } from './wire-values.js';

const refuse = (name: string): never => {
  throw new Error(`refused ${name}`);
};

test('writes numbers, booleans and dates as text and leaves out what is absent', () => {
  expect(
    wireQuery({ a: 1, b: true, c: null, d: undefined, e: [1, 'x'], f: ['one'], g: [], h: new Date(0) }, refuse),
  ).toEqual({
    a: '1',
    b: 'true',
    e: ['1', 'x'],
    f: 'one',
    g: [],
    h: '1970-01-01T00:00:00.000Z',
  });
  expect(wireParams({ id: 7, none: undefined }, refuse)).toEqual({ id: '7' });
});

test('refuses what cannot stand in a URL', () => {
  expect(() => wireQuery({ filter: new Map() }, refuse)).toThrow('refused filter');
  expect(() => wireParams({ id: Symbol('x') }, refuse)).toThrow('refused id');
  const why: unknown[] = [];
  const told = (name: string, reason?: string): never => {
    why.push([name, reason]);
    return refuse(name);
  };
  const named: unknown = JSON.parse('{"__proto__":"x"}');
  expect(() => wireQuery(named, told)).toThrow('refused __proto__');
  expect(() => wireParams(named, told)).toThrow('refused __proto__');
  expect(why).toEqual(Array(2).fill(['__proto__', 'is not allowed as a name']));
});

test('a query arrives as it was sent', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const values = fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })),
  );
  fc.assert(
    fc.property(values, (sent) => {
      const query = wireQuery(sent, refuse);
      const url = new URL(`http://x/${formatQuery(query)}`);
      for (const [name, value] of Object.entries(query)) expect(url.searchParams.getAll(name)).toEqual([value].flat());
      expect({ ...(parseQuery(url.search.slice(1)) as object) }).toEqual(query);
      expect(new Set(url.searchParams.keys()).size).toBe(Object.keys(query).length);
    }),
  );
});

test('an empty list stands as its bare name, apart from empty text', () => {
  expect(formatQuery(wireQuery({ tags: [], set: new Set(['x']), text: '' }, refuse))).toBe('?tags&set=x&text=');
  expect({ ...(parseQuery('tags&set=x&text=&a&a=1&&') as object) }).toEqual({
    tags: [],
    set: 'x',
    text: '',
    a: ['', '1'],
  });
});

test('a query that is not percent-encoded UTF-8 is refused', () => {
  for (const text of ['a=%ff', 'a=%', 'a=%zz', '%c3=1', 'a=%ed%a0%80', 'a=%c0%af', 'a=1&b=%f5%80%80%80']) {
    expect(parseQuery(text)).toMatch(/not UTF-8/);
  }
  expect(parseQuery('__proto__=1')).toMatch(/__proto__/);
  expect({ ...(parseQuery('a+b=%2B+%c3%a9') as object) }).toEqual({ 'a b': '+ é' });
});

test('parses JSON, but no __proto__ however it is written', () => {
  expect(parseJson('{"a":[1,"__p"]}')).toEqual({ a: [1, '__p'] });
  for (const text of ['{"__proto__":{}}', '{"a":[{"\\u005f_proto__":1}]}', '{"__\\u0070roto__":1}', '{"a":']) {
    expect(() => parseJson(text)).toThrow(/__proto__|JSON/);
  }
});
