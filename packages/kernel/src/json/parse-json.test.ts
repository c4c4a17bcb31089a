import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from './parse-json.js';

describe('JSON from outside', () => {
  test.each([
    '{"__proto__":1}',
    '[{"a":{"__proto__":{"admin":true}}}]',
    '{"\\u005f\\u005fproto__":1}',
    '{"__pr\\u006fto__":1}',
    '{"\\u005F_\\u0070roto__":1}',
  ])('is refused with a key that reaches for prototypes: %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test('may speak of such a key', () => {
    expect(parseJson('{"a":"__proto__","__p":1,"b":"\\u0041"}')).toEqual({ a: '__proto__', __p: 1, b: 'A' });
  });

  test('is parsed as JSON.parse does it', () => {
    const json = fc.json().filter((text) => !text.includes('__proto__'));
    fc.assert(fc.property(json, (text) => void expect(parseJson(text)).toEqual(JSON.parse(text))));
    expect(() => parseJson('{')).toThrow(SyntaxError);
  });

  test('may be nested without end', () => {
    const deep = `{"a":"__proto__","b":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(parseJson(deep)).toMatchObject({ a: '__proto__' });
  });
});
