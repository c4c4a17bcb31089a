import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { ConfigError } from '../errors.js';
import { parseYaml } from './parse-yaml.js';

const dataOf = async (text: string) => (await parseYaml(text, 'a.yaml')).value;
const caught = (text: string): Promise<ConfigError> =>
  parseYaml(text, 'a.yaml').then(
    () => Promise.reject(new Error('nothing was refused')),
    (error) => error,
  );

describe('YAML', () => {
  test('reads back whatever was written', async () => {
    const data = fc
      .jsonValue({ maxDepth: 4 })
      .filter((value) => !/"(|__proto__|constructor|prototype|<<)":/.test(JSON.stringify(value)));
    await fc.assert(
      fc.asyncProperty(data, async (any) => {
        const value = JSON.parse(JSON.stringify(any));
        expect(await dataOf(stringify(value))).toEqual(value);
      }),
    );
  });

  test('knows where each value starts, also behind an alias', async () => {
    const { value, positions } = await parseYaml('a: 1\nb:\n  c: &x [p, q]\n  d: *x\ne:\n', 'a.yaml');
    expect(value).toEqual({ a: 1, b: { c: ['p', 'q'], d: ['p', 'q'] }, e: null });
    expect(positions.get('a')).toEqual({ line: 1, column: 4 });
    expect(positions.get('b.c.1')).toEqual({ line: 3, column: 13 });
    expect(positions.get('e')).toMatchObject({ line: 5 });
  });

  test('knows only the core schema: no dates, no yes and no', async () => {
    expect(await dataOf('a: 2001-01-01\nb: yes\nc: 0x1f\nd: ~\ne: "12"')).toEqual({
      ...{ a: '2001-01-01', b: 'yes', c: 31, d: null, e: '12' },
    });
    expect(await dataOf('%YAML 1.1\n---\na: yes')).toEqual({ a: 'yes' });
  });

  test.each([
    ['a: [1', '1:'],
    ['a: "x\nb: 1', '2:'],
    ['a: 1\n b: 2', '1:'],
    ['a:\n\tb: 1', '2:'],
    ['a: 1\na: 2', '2:1'],
    ['a: 1\n---\nb: 2', '2:'],
    ['a: !secret x', '1:4'],
    ['? [a]\n: 1', '1:'],
    ['base: &b {x: 1}\na:\n  <<: *b', '3:3'],
    ['a: b: c', '1:'],
  ])('refuses %j and says where', async (text, place) => {
    const error = await caught(text);
    expect(error.code).toBe('FWK_CONFIG_SYNTAX');
    expect(error.message.startsWith(`a.yaml:${place}`), error.message).toBe(true);
  });

  test('names the place of a key that could change objects', async () => {
    const error = await caught('a:\n  __proto__:\n    polluted: true\n');
    expect(error).toMatchObject({ code: 'FWK_CONFIG_KEY_REFUSED', origin: { line: 2, column: 3 } });
    expect(error.details).toMatchObject({ path: 'a.__proto__' });
    expect('polluted' in {}).toBe(false);
  });

  test.each([
    ['unknown', 'a: *nowhere'],
    ['cyclic', 'a: &a\n  b: *a'],
    ['cyclic list', 'a: &a [1, *a]'],
  ])('refuses an alias that is %s', async (_, text) => {
    expect((await caught(text)).code).toBe('FWK_CONFIG_ALIAS_REFUSED');
  });

  test('refuses a billion laughs', async () => {
    const levels = Array.from({ length: 9 }, (_, level) =>
      level === 0
        ? 'l0: &l0 ha'
        : `l${level}: &l${level} [${Array(10)
            .fill(`*l${level - 1}`)
            .join(', ')}]`,
    );
    expect((await caught(levels.join('\n'))).code).toBe('FWK_CONFIG_ALIAS_REFUSED');
  });

  const million = 1 << 20;
  const fill = (part: (index: number) => string) => {
    let text = '';
    for (let index = 0; text.length < million; index++) text += part(index);
    return text.slice(0, million);
  };
  test.each([
    ['open brackets', '['.repeat(million)],
    ['open braces', '{a: '.repeat(million / 4)],
    ['brackets on lines of their own', '[\n'.repeat(million / 2)],
    ['list marks in a row', '- '.repeat(million / 2)],
    ['question marks', '? '.repeat(million / 2)],
    ['colons', ': '.repeat(million / 2)],
    ['growing indentation', fill((index) => `${' '.repeat(index)}a:\n`)],
    ['growing indentation after a block of text', `t: |\n  x\n${fill((index) => `${' '.repeat(index)}a:\n`)}`],
    ['closing brackets', ']'.repeat(million)],
    ['commas', `[${','.repeat(million)}]`],
    ['documents', '---\n'.repeat(million / 4)],
  ])('refuses a megabyte of %s without harm to the process', async (_, text) => {
    const startedMs = performance.now();
    expect((await caught(text)).code).toMatch(/^FWK_CONFIG_(TOO_DEEP|FILE_TOO_LARGE|SYNTAX)$/);
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  test('reads tens of thousands of settings in one map, where comparing keys pair by pair takes seconds', async () => {
    const before = process.cpuUsage();
    const value = await dataOf(Array.from({ length: 25_000 }, (_, index) => `key${index}: ${index}`).join('\n'));
    expect(Object.keys(value as object)).toHaveLength(25_000);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2500);
  });

  test('never quotes the file in a message', async () => {
    for (const text of [
      'password: *hunter2',
      'password: !hunter2',
      'password: hunter2: x',
      'password: "hunter2',
      ']: hunter2',
    ]) {
      expect((await caught(text)).message).not.toContain('hunter2');
    }
  });
});
