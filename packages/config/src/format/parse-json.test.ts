import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../errors.js';
import { parseJson } from './parse-json.js';

const caught = (text: string): ConfigError => {
  try {
    parseJson(text, 'a.json');
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('JSON', () => {
  test('is read like JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 2, '\t'), (text, indent) => {
        fc.pre(!/"(|__proto__|constructor|prototype)"/.test(text));
        const written = JSON.stringify(JSON.parse(text), null, indent);
        expect(parseJson(written, 'a.json').value).toEqual(JSON.parse(text));
      }),
    );
  });

  test('is refused exactly when JSON.parse refuses it', () => {
    const damaged = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', '{', '1', '\\', 'e', '\n', '-', '.'),
      )
      .map(([text, at, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1));
    fc.assert(
      fc.property(damaged, (text) => {
        let fine = true;
        try {
          JSON.parse(text);
        } catch {
          fine = false;
        }
        fc.pre(!/""|__proto__|constructor|prototype/.test(text));
        if (fine) {
          // Names that occur twice are the one thing that is refused on purpose.
          try {
            expect(parseJson(text, 'a.json').value).toEqual(JSON.parse(text));
          } catch (error) {
            expect(String(error)).toContain('occurs twice');
          }
        } else expect(caught(text).code).toBe('FWK_CONFIG_SYNTAX');
      }),
      { numRuns: 1000 },
    );
  });

  test('knows where each value starts', () => {
    const { positions } = parseJson('{\n  "a": 1,\n  "b": { "c.d": [true, null] }\n}', 'a.json');
    expect(Object.fromEntries(positions)).toEqual({
      '': { line: 1, column: 1 },
      a: { line: 2, column: 8 },
      b: { line: 3, column: 8 },
      'b.c\\.d': { line: 3, column: 17 },
      'b.c\\.d.0': { line: 3, column: 18 },
      'b.c\\.d.1': { line: 3, column: 24 },
    });
  });

  test.each([
    ['{"a": 1,}', '1:9'],
    ['{"a" 1}', '1:6'],
    ['{\n "a": tru\n}', '2:7'],
    ['{"a": 1} x', '1:10'],
    ['{"a": "x', '1:7'],
    ['{"a": 01}', '1:8'],
    ['{"a": 1, "a": 2}', '1:10'],
    ["{'a': 1}", '1:2'],
    ['{"a": "\\q"}', '1:7'],
    ['{', '1:2'],
  ])('says where %j goes wrong', (text, place) => {
    expect(caught(text).message).toMatch(new RegExp(`^a\\.json:${place}: `));
  });

  test('names the place of a key that could change objects', () => {
    const error = caught('{"a": [{\n  "__proto__": {"polluted": true}\n}]}');
    expect(error).toMatchObject({ code: 'FWK_CONFIG_KEY_REFUSED', origin: { line: 2, column: 3 } });
    expect(error.details).toMatchObject({ path: 'a.0.__proto__' });
    expect(error.message).toBe('a.json:2:3: the key "__proto__" in "a.0" is not allowed; choose another name');
    expect('polluted' in {}).toBe(false);
  });

  test('refuses a megabyte of brackets, and of values, at once', () => {
    expect(caught('['.repeat(1 << 20)).code).toBe('FWK_CONFIG_TOO_DEEP');
    expect(caught(`[${'1,'.repeat(1 << 19)}1]`).code).toBe('FWK_CONFIG_FILE_TOO_LARGE');
  });

  test('never quotes the file in a message', () => {
    for (const text of ['{"password": hunter2}', '{"password": "hunter2" "x"}', '{"password": "hunter2']) {
      expect(caught(text).message).not.toContain('hunter2');
    }
  });
});
