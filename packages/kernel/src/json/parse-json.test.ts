import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyRefusedError } from './dangerous-keys.js';
import { parseJson } from './parse-json.js';

describe('JSON from outside', () => {
  test.each([
    '{"__proto__":1}',
    '[{"a":{"__proto__":{"admin":true}}}]',
    '{"\\u005f\\u005fproto__":1}',
    '{"__pr\\u006fto__":1}',
    '{"\\u005F_\\u0070roto__":1}',
  ])('is refused with a key that reaches for prototypes: %s', (text) => {
    expect(() => parseJson(text)).toThrow(KeyRefusedError);
  });

  test('may speak of such a key', () => {
    expect(parseJson('{"a":"__proto__","__p":1,"b":"\\u0041"}')).toEqual({ a: '__proto__', __p: 1, b: 'A' });
  });

  test('is parsed as JSON.parse does it', () => {
    const json = fc.json().filter((text) => !text.includes('__proto__'));
    fc.assert(fc.property(json, (text) => void expect(parseJson(text)).toEqual(JSON.parse(text))));
    expect(() => parseJson('{')).toThrow(SyntaxError);
  });

  test.each([
    '{"a":{"constructor":{"prototype":{}}}}',
    '{"a":{"construct\\u006fr":{"prototype":{}}}}',
    '{"a":{"\\u0063onstructor":{"\\u0070rototype":{}}}}',
  ])('is refused with a prototype in a constructor, and the error says where: %s', (text) => {
    expect(() => parseJson(text)).toThrow('the key "a.constructor.prototype" is not allowed; choose another name');
  });

  test('comes as bytes too, which must be UTF-8 and may begin with a byte order mark', () => {
    expect(parseJson(Buffer.from('\ufeff{"a":"é"}'))).toEqual({ a: 'é' });
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(new SyntaxError('the bytes are not UTF-8'));
    expect(() => parseJson(Buffer.from('{"__proto__":1}'))).toThrow(KeyRefusedError);
  });

  test('may be nested without end', () => {
    const deep = `{"a":"__proto__","b":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(parseJson(deep)).toMatchObject({ a: '__proto__' });
  });
});
