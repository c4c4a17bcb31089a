import { expect, test } from 'vitest';
import { codeOf } from './code-of.js';

test('is the code of an error, and nothing for what has none', () => {
  expect(codeOf(Object.assign(new Error('gone'), { code: 'ENOENT' }))).toBe('ENOENT');
  for (const none of [new Error('bare'), { code: 7 }, null, undefined, 'ENOENT']) expect(codeOf(none)).toBeUndefined();
});
