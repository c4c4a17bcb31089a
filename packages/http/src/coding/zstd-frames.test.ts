/** Bodies made by zstd 1.5.4, so that these tests run also where Node has no zstd. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coder, codingOf } from './codings.js';
import { expand } from './expand.js';
import { zstdFrames } from './zstd-frames.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const first = bytes('28b52ffd0458310000666972737420d2fdb511');
const second = bytes('28b52ffd00583100007365636f6e64');
const empty = bytes('28b52ffd240001000099e9d851');
/** 300,000 zeros: a compressed block, and blocks of one byte that is repeated. */
const zeros = bytes('28b52ffd00585400001000000100fbff39c00202001000039f0400');
/** A frame of other data: four bytes of it. */
const skipped = bytes('502a4d180400000001020304');
const frames = [first, second, empty, zeros, skipped];

const some = fc.array(fc.constantFrom(...frames), { minLength: 1, maxLength: 20 });

test('frames are found one behind the other, without those of other data', () => {
  fc.assert(
    fc.property(some, (given) => {
      expect(zstdFrames(Buffer.concat(given))).toEqual(given.filter((frame) => frame !== skipped));
    }),
  );
});

test('a body that is cut off within a frame, or goes on with something else, has none', () => {
  fc.assert(
    fc.property(some, fc.nat(), (given, cut) => {
      const last = given.at(-1) ?? first;
      const kept = last.subarray(0, 1 + (cut % (last.length - 1)));
      expect(zstdFrames(Buffer.concat([...given.slice(0, -1), kept]))).toBeUndefined();
      expect(zstdFrames(Buffer.concat([...given, Buffer.from('{"a":1}')]))).toBeUndefined();
    }),
  );
  expect(zstdFrames(Buffer.alloc(0))).toBeUndefined();
});

test('whatever bytes there are, it ends', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
      zstdFrames(rest);
      zstdFrames(Buffer.concat([first.subarray(0, 4), rest]));
    }),
  );
});

test('a body of more than 100 frames is refused', () => {
  expect(zstdFrames(Buffer.concat(Array(100).fill(empty)))).toHaveLength(100);
  expect(zstdFrames(Buffer.concat(Array(101).fill(empty)))).toBeUndefined();
});

test('a body of several frames is expanded whole where Node has zstd; else its coding is unknown', async () => {
  if (!coder().known.includes('zstd')) {
    expect(codingOf('zstd')).toBe('unknown');
    return;
  }
  const limits = { maxBytes: 400_000, maxRatio: 100 };
  const body = Buffer.concat([skipped, first, empty, second]);
  expect(String(await expand('zstd', body, limits))).toBe('first second');
  expect(await expand('zstd', skipped, limits)).toEqual(Buffer.alloc(0));
  const large = Buffer.concat([zeros, zeros]);
  expect(await expand('zstd', large, limits)).toMatchObject({ kind: 'size', inBytes: large.length });
  for (const cut of [body.subarray(0, -3), first.subarray(0, -2)]) {
    expect(await expand('zstd', cut, limits)).toMatchObject({ kind: 'broken', inBytes: cut.length });
  }
});
