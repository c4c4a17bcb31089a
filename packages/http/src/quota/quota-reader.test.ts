import { fakeClock } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QuotaReader } from './quota-reader.js';

/** Calls that are left, and until when, after an answer with some headers. */
async function heard(headers: Readonly<Record<string, string>>, status = 200) {
  const clock = fakeClock();
  const reader = new QuotaReader(clock);
  reader.hear({ status, all: (name) => headers[name] }, 0);
  // The parser of structured fields is loaded when the first of them comes.
  if (headers.ratelimit !== undefined)
    await import('./quota-fields.js').then(({ loadFieldParser }) => loadFieldParser());
  await new Promise(setImmediate);
  const { quota } = reader;
  const nowMs = clock.now();
  let left = 0;
  while (left < 1000 && quota.take(nowMs)) left++;
  return left === 1000 ? 'no limit' : { left, waitMs: Math.round(quota.waitMs(1, nowMs)) };
}

/** The fake clock begins at this moment of the epoch. */
const NOW_S = 1_700_000_000;
const http = (seconds: number) => new Date(seconds * 1000).toUTCString();

describe('what answers tell of a quota', () => {
  test.each<[string, Record<string, string>, unknown]>([
    [
      'drafts 08 to 10',
      { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' },
      { left: 50, waitMs: 30_000 },
    ],
    ['draft 08 with a token', { ratelimit: 'default;r=5;t=3' }, { left: 5, waitMs: 3000 }],
    [
      'several, of which the least counts',
      { ratelimit: '"burst";r=3;t=1, "day";r=900;t=3600' },
      { left: 3, waitMs: 1000 },
    ],
    ['a partition key', { ratelimit: '"default";r=7;t=30;pk=:cHNjaGVtYQ==:' }, { left: 7, waitMs: 30_000 }],
    [
      'no time, but a window',
      { ratelimit: '"a";r=0', 'ratelimit-policy': '"a";q=10;w=60' },
      { left: 0, waitMs: 60_000 },
    ],
    [
      'draft 07',
      { ratelimit: 'limit=100, remaining=50, reset=5', 'ratelimit-policy': '100;w=60' },
      { left: 50, waitMs: 5000 },
    ],
    [
      'drafts up to 06',
      { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '8', 'ratelimit-reset': '50' },
      { left: 8, waitMs: 50_000 },
    ],
    [
      'the older headers, seconds from now',
      { 'x-ratelimit-remaining': '8', 'x-ratelimit-reset': '50' },
      { left: 8, waitMs: 50_000 },
    ],
    [
      'the older headers, seconds of the epoch',
      { 'x-ratelimit-remaining': '8', 'x-ratelimit-reset': String(NOW_S + 50) },
      { left: 8, waitMs: 50_000 },
    ],
    [
      'the older headers, milliseconds of the epoch',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String((NOW_S + 50) * 1000) },
      { left: 0, waitMs: 50_000 },
    ],
    [
      'the epoch of a clock that goes an hour before ours',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW_S + 3650), date: http(NOW_S + 3600) },
      { left: 0, waitMs: 50_000 },
    ],
    [
      'a fraction of a second',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.5', 'x-ratelimit-reset': String(NOW_S + 2) },
      { left: 0, waitMs: 1500 },
    ],
    ['Twitter’s spelling', { 'x-rate-limit-remaining': '2', 'x-rate-limit-reset': '9' }, { left: 2, waitMs: 9000 }],
    [
      'the new field before the old headers',
      { ratelimit: '"a";r=1;t=9', 'x-ratelimit-remaining': '99', 'x-ratelimit-reset': '9' },
      { left: 1, waitMs: 9000 },
    ],
    [
      'old headers beside a new field that is malformed',
      { ratelimit: '"a;r=1', 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '9' },
      { left: 3, waitMs: 9000 },
    ],
  ])('%s', async (_what, headers, quota) => expect(await heard(headers)).toEqual(quota));

  test.each<[string, Record<string, string>]>([
    ['nothing at all', {}],
    ['a quota of bytes', { ratelimit: '"a";r=0;t=9', 'ratelimit-policy': '"a";q=65535;w=9;qu="content-bytes"' }],
    ['fields without numbers', { ratelimit: '"a";r="0";t=9' }],
    ['negative numbers', { ratelimit: '"a";r=-1;t=9' }],
    ['fractions', { ratelimit: '"a";r=0.5;t=9' }],
    ['no time', { ratelimit: '"a";r=0' }],
    ['a list that breaks off', { ratelimit: '"a";r=0;t=9,' }],
    ['inner lists', { ratelimit: '("a" "b");r=0;t=9' }],
    ['no structured field', { ratelimit: '{"r":0}' }],
    ['more than is read', { ratelimit: `${'"a";r=1;t=9, '.repeat(500)}"b";r=0;t=9` }],
    ['words', { 'x-ratelimit-remaining': 'none', 'x-ratelimit-reset': 'tomorrow' }],
    ['what is left without an end', { 'x-ratelimit-remaining': '0' }],
    ['an end that has passed', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW_S - 50) }],
    ['an end in years', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '99999999' }],
    ['a number beyond all', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9'.repeat(40) }],
    ['a pause with an answer that is fine', { 'retry-after': '30' }],
  ])('%s says nothing', async (_what, headers) => expect(await heard(headers)).toBe('no limit'));

  test.each<[number, string, unknown]>([
    [429, '7', { left: 0, waitMs: 7000 }],
    [503, http(NOW_S + 20), { left: 0, waitMs: 20_000 }],
    [500, '7', 'no limit'],
    [429, 'soon', 'no limit'],
    [429, '-5', 'no limit'],
    [429, '99999999999', { left: 0, waitMs: 3_600_000 }],
  ])('%i with Retry-After: %s', async (status, value, quota) => {
    expect(await heard({ 'retry-after': value }, status)).toEqual(quota);
  });
});

test('whatever a callee writes, a client hears it without failing', async () => {
  const names = ['ratelimit', 'ratelimit-policy', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after', 'date'];
  const part = fc.constantFrom(
    '"a"',
    'a',
    ';r=',
    ';t=',
    ';q=',
    ';w=',
    '0',
    '-1',
    '9',
    ',',
    ' ',
    '(',
    ')',
    '?1',
    ':AA==:',
    '@1',
    '"',
    '\\',
    'é',
  );
  const value = fc.array(part, { maxLength: 20 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), value), async (headers) => {
      await heard(headers, 429);
    }),
    { numRuns: 200 },
  );
});
