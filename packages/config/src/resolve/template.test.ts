import { expect, test } from 'vitest';
import { isTemplate, readTemplate } from './template.js';

const open = '$' + '{';
const setting = (name: string) => ({ written: `${open}${name}}`, kind: 'setting', name, usual: undefined });

test('finds references, the words between them, and what stands there when nothing is set', () => {
  expect(readTemplate(`a${open}b.c}d`)).toEqual(['a', setting('b.c'), 'd']);
  expect(readTemplate(`${open}a}${open}b}`)).toEqual([setting('a'), setting('b')]);
  expect(readTemplate(`${open}env:HOST:-local}`)).toEqual([
    { written: `${open}env:HOST}`, kind: 'env', name: 'HOST', usual: 'local' },
  ]);
  expect(readTemplate(`${open}file:/run/secrets/x}`)).toMatchObject([{ kind: 'file', name: '/run/secrets/x' }]);
});

test('reads an escape as the text itself, beside references too', () => {
  expect(readTemplate(`$${open}a}`)).toEqual([`${open}a}`]);
  expect(readTemplate(`1 $${open}a} ${open}b}`)).toEqual([`1 ${open}a} `, setting('b')]);
  expect(readTemplate(`${open}b}$${open}a}`)).toEqual([setting('b'), `${open}a}`]);
  expect(readTemplate('costs 5$')).toEqual(['costs 5$']);
});

test.each(['', ' ', 'env:', 'file:', 'a..b', '.a', 'a.', `a${open}b`])(
  'says that a reference to "%s" names nothing',
  (inner) => {
    expect(readTemplate(`${open}${inner}}`)).toMatchObject({ problem: expect.stringContaining('names nothing') });
  },
);

test('says what an opening without an end is, and what a reference without end would be', () => {
  expect(readTemplate(`x${open}a`)).toMatchObject({ problem: expect.stringContaining('has no "}"') });
  expect(readTemplate(`${open}${'a'.repeat(2000)}}`)).toMatchObject({
    problem: expect.stringContaining('longer than'),
  });
});

test('takes texts without a reference for what they are', () => {
  expect(['a', '$a', '{a}', '$ {a}', 5, null].some(isTemplate)).toBe(false);
});
