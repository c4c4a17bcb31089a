import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { acceptable, type Coding, coder, codingOf } from './codings.js';
import { checkCompression } from './compression-options.js';
import { compress, expand } from './expand.js';

const all: readonly Coding[] = ['zstd', 'br', 'gzip'];

test.each<[string | undefined, Coding | undefined, boolean]>([
  [undefined, undefined, false],
  ['', undefined, false],
  ['gzip', 'gzip', false],
  ['x-gzip', 'gzip', false],
  ['gzip, deflate, br, zstd', 'zstd', false],
  ['gzip, deflate, br', 'br', false],
  ['GZIP;Q=1, br;q=0.5', 'gzip', false],
  ['br;q=0', undefined, false],
  ['*', 'zstd', false],
  ['*;q=0', undefined, true],
  ['*, zstd;q=0, br;q=0', 'gzip', false],
  ['identity', undefined, false],
  ['identity, gzip;q=0.5', undefined, false],
  ['gzip, identity;q=0', 'gzip', true],
  ['identity;q=0', undefined, true],
  ['gzip;q=a, br;q=-1', undefined, false],
  [`${'x,'.repeat(100_000)}gzip`, undefined, false],
])('Accept-Encoding %j takes %s', (header, coding, mustEncode) => {
  expect(acceptable(header?.slice(0, 300_000), all)).toEqual({ coding, mustEncode });
});

test.each<[string | undefined, string | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['identity', undefined],
  [' GZip ', 'gzip'],
  ['br', 'br'],
  ['deflate', 'unknown'],
  ['gzip, gzip', 'unknown'],
  ['gzip;q=1', 'unknown'],
])('Content-Encoding %j is %s', (header, coding) => {
  expect(codingOf(header, all)).toBe(coding);
});

describe.each(coder().known)('%s', (coding) => {
  test('expands to what was compressed', async () => {
    for (const body of [Buffer.alloc(0), Buffer.from('ä€😀'), Buffer.alloc(200_000, 'ab')]) {
      const limits = { maxBytes: 200_000, maxRatio: 100 };
      expect(await expand(coding, await compress(coding, body), limits)).toEqual(body);
    }
  });

  test('stops soon after a limit, and says what it measured', async () => {
    const body = await compress(coding, Buffer.alloc(50_000_000));
    const size = await expand(coding, body, { maxBytes: 10_000, maxRatio: 100_000 });
    expect(size).toMatchObject({ kind: 'size', inBytes: body.length });
    const ratio = await expand(coding, body, { maxBytes: 100_000_000, maxRatio: 100 });
    expect(ratio).toMatchObject({ kind: 'ratio', inBytes: body.length });
    for (const fault of [size, ratio]) expect(Reflect.get(fault, 'outBytes')).toBeLessThan(6_000_000);
  });

  test('refuses what is cut off, and what is something else', async () => {
    const body = await compress(coding, Buffer.from('x'.repeat(1000)));
    const limits = { maxBytes: 10_000, maxRatio: 100 };
    for (const broken of [body.subarray(0, -5), Buffer.from('{"a":1}'), Buffer.alloc(0)]) {
      expect(await expand(coding, broken, limits)).toMatchObject({ kind: 'broken' });
    }
  });

  test('refuses what has something else behind its end', async () => {
    const body = await compress(coding, Buffer.from('x'.repeat(1000)));
    const limits = { maxBytes: 10_000, maxRatio: 100 };
    for (const rest of [Buffer.from('x'), Buffer.alloc(200_000, 'rest')]) {
      expect(await expand(coding, Buffer.concat([body, rest]), limits)).toMatchObject({ kind: 'broken' });
    }
  });
});

test('what other programs compress is expanded', async () => {
  const limits = { maxBytes: 1000, maxRatio: 100 };
  expect(String(await expand('gzip', gzipSync('hello', { level: 9 }), limits))).toBe('hello');
  expect(String(await expand('br', brotliCompressSync('hello'), limits))).toBe('hello');
});

test.each([
  [{ codings: [] }, /codings must be a list of some of zstd, br, gzip/],
  [{ codings: ['gzip', 'gzip'] }, /each once/],
  [{ codings: ['deflate'] }, /codings must be/],
  [{ thresholdBytes: -1 }, /thresholdBytes/],
  [{ maxRatio: 1 }, /maxRatio/],
  [{ level: 9 }, /level/],
])('options %j are refused', (options, why) => {
  expect(() => checkCompression('server', options as object)).toThrow(why);
});
