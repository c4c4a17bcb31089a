import { describe, expect, test } from 'vitest';
import { isFwkError } from '../errors/fwk-error.js';
import { isDangerousKey, KeyRefusedError, refuseDangerousKeys } from './dangerous-keys.js';

const pathIn = (data: unknown): string | undefined => {
  try {
    refuseDangerousKeys(data);
    return undefined;
  } catch (error) {
    if (!(error instanceof KeyRefusedError)) throw error;
    return error.path;
  }
};

describe('a dangerous key in parsed data', () => {
  test.each([
    ['{"__proto__":1}', '__proto__'],
    ['{"a":{"b":[{"c":1},{"__proto__":{}}]}}', 'a.b.1.__proto__'],
    ['[[{"__proto__":null}]]', '0.0.__proto__'],
    ['{"constructor":{"prototype":{"admin":true}}}', 'constructor.prototype'],
    ['{"a":{"constructor":{"x":1,"prototype":0}}}', 'a.constructor.prototype'],
    ['{"b":{"__proto__":1},"c":{"__proto__":2}}', 'b.__proto__'],
  ])('is refused with its place: %s', (text, path) => {
    expect(pathIn(JSON.parse(text))).toBe(path);
  });

  test.each([
    '{"constructor":"Acme Builders","prototype":{"version":2}}',
    '{"constructor":{"name":"Acme"},"a":{"prototype":1}}',
    '{"constructor":[{"prototype":1}]}',
    '{"toString":1,"hasOwnProperty":2,"___proto__":3,"__PROTO__":4}',
    '["__proto__"]',
    '"__proto__"',
    'null',
    '7',
  ])('is no other key or value: %s', (text) => {
    expect(pathIn(JSON.parse(text))).toBeUndefined();
  });

  test('is found below any depth, and only the end of a long path is shown', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}{"__proto__":1}${'}'.repeat(50_000)}`);
    const path = pathIn(deep);
    expect(path).toMatch(/^….*\.a\.__proto__$/);
    expect(path?.length).toBe(201);
  });

  test('is told with its code and its place', () => {
    const error = new KeyRefusedError('a.__proto__');
    expect(error.message).toBe('the key "a.__proto__" is not allowed; choose another name');
    expect(isFwkError(error, 'FWK_KERNEL_KEY_REFUSED')).toBe(true);
    expect(error.details).toEqual({ path: 'a.__proto__' });
  });
});

test('a key is judged by itself and by the key of the object that has it', () => {
  expect(isDangerousKey('__proto__')).toBe(true);
  expect(isDangerousKey('prototype', 'constructor')).toBe(true);
  expect(isDangerousKey('prototype')).toBe(false);
  expect(isDangerousKey('constructor')).toBe(false);
});
