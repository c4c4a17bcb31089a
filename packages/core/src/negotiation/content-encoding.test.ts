import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeBody, smallestCompressed } from './content-encoding.js';

const long = 'orders_total{kind="web"} 1\n'.repeat(200);
const short = 'x'.repeat(smallestCompressed - 1);

describe('a long body', () => {
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['GZip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'gzip'],
    ['br;q=1.0, gzip;q=0.8, *;q=0.1', 'gzip'],
    ['br', undefined],
    ['*', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0, *', undefined],
    ['gzip;q=0.000', undefined],
    ['identity', undefined],
    ['identity, gzip', 'gzip'],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=1', 'gzip'],
    ['identity;q=0, gzip;q=0.1', 'gzip'],
    ['*;q=0, gzip', 'gzip'],
  ])('is sent to Accept-Encoding: %s as %s', async (header, expected) => {
    const sent = await encodeBody(header, long);
    expect(sent?.encoding).toBe(expected);
    const body = sent?.body ?? Buffer.alloc(0);
    expect((expected === 'gzip' ? gunzipSync(body) : body).toString()).toBe(long);
  });
});

test('a short body is left as it is, unless that is refused', async () => {
  expect((await encodeBody('gzip', short))?.encoding).toBeUndefined();
  expect((await encodeBody('gzip, identity;q=0', short))?.encoding).toBe('gzip');
});

test.each(['identity;q=0', '*;q=0', 'br, *;q=0', 'gzip;q=0, identity;q=0'])('nothing fits %s', async (header) => {
  expect(await encodeBody(header, long)).toBeUndefined();
});

test('the loop goes on while a large body is compressed', async () => {
  let turns = 0;
  let waiting = true;
  const encoded = encodeBody('gzip', long.repeat(2000)).finally(() => {
    waiting = false;
  });
  setImmediate(function again() {
    turns++;
    if (waiting) setImmediate(again);
  });
  await encoded;
  expect(turns).toBeGreaterThan(1);
});
