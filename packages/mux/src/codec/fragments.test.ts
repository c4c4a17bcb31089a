import { describe, expect, test } from 'vitest';
import { init } from '../fixtures/frames.js';
import { Fragments } from './fragments.js';
import { FrameOutput } from './frame-output.js';
import { frameBytesOf, readInit, writeInit } from './init-headers.js';

const bytes = Buffer.from('0123456789');
const limits = { maxMessageBytes: 15, maxPartialBytes: 20, maxPartial: 2 };

describe('fragments', () => {
  test('of several messages are put together by their tags, empty ones too', () => {
    const fragments = new Fragments(limits);
    fragments.add(2, bytes, 0, 3);
    fragments.add(3, bytes, 9, 10);
    fragments.add(2, bytes, 3, 3);
    fragments.add(2, bytes, 3, 6);
    expect([fragments.size, fragments.bytes]).toEqual([2, 7]);
    expect(fragments.complete(2, bytes, 6, 10)?.toString()).toBe('0123456789');
    expect(fragments.complete(3, bytes, 0, 0)?.toString()).toBe('9');
    expect(fragments.complete(3, bytes, 0, 1)).toBeUndefined();
    expect([fragments.size, fragments.bytes]).toEqual([0, 0]);
  });

  test('of a message that is too large are refused, also by the last one', () => {
    const fragments = new Fragments(limits);
    fragments.add(2, bytes, 0, 10);
    expect(() => fragments.add(2, bytes, 0, 6)).toThrow(
      'the message with tag 2 has 16 bytes or more; this end takes 15',
    );
    expect(() => fragments.complete(2, bytes, 0, 6)).toThrow('has 16 bytes or more');
  });

  test('of too many messages are refused, and all together above their limit', () => {
    const many = new Fragments(limits);
    many.add(2, bytes, 0, 0);
    many.add(3, bytes, 0, 0);
    expect(() => many.add(4, bytes, 0, 0)).toThrow('2 messages have not arrived whole');
    const large = new Fragments(limits);
    large.add(2, bytes, 0, 10);
    expect(() => {
      large.add(3, bytes, 0, 10);
      large.add(3, bytes, 0, 1);
    }).toThrow('have 21 bytes together; this end keeps 20');
  });

  test('that are dropped no longer count', () => {
    const fragments = new Fragments(limits);
    fragments.add(2, bytes, 0, 10);
    expect([fragments.drop(2), fragments.drop(2), fragments.bytes]).toEqual([true, false, 0]);
    fragments.add(3, bytes, 0, 10);
    fragments.clear();
    expect([fragments.size, fragments.bytes]).toEqual([0, 0]);
  });
});

describe('the headers that open a session', () => {
  test('are written as Finagle writes them, and read back', () => {
    const output = new FrameOutput();
    output.begin(68, 1);
    writeInit(output, 1, 131_072);
    output.end();
    const [written] = output.take();
    expect(written?.bytes).toEqual(init(68, 131_072));
    const body = init(68, 131_072).subarray(8);
    expect(frameBytesOf(readInit(body, 0, body.length))).toBe(131_072);
  });

  test('of a Finagle client are understood, with unknown ones among them', () => {
    const body = Buffer.from('00010000000a6d75782d6672616d6572000000047fffffff00000003746c73000000036f6666', 'hex');
    const { version, headers } = readInit(body, 0, body.length);
    expect([version, [...headers.keys()], headers.get('tls')?.toString()]).toEqual([1, ['mux-framer', 'tls'], 'off']);
  });

  test.each([0, 0x80000000, 0xffffffff])('that want frames of %d bytes want whole messages', (wanted) => {
    const body = init(68, wanted).subarray(8);
    expect(frameBytesOf(readInit(body, 0, body.length))).toBe(Number.POSITIVE_INFINITY);
  });

  test('that are cut off anywhere are refused', () => {
    const body = init(68, 5).subarray(8);
    for (let end = 0; end < body.length; end++) {
      // A version alone is whole.
      if (end === 2) expect(readInit(body, 0, end).headers.size).toBe(0);
      else expect(() => readInit(body, 0, end)).toThrow('cut off');
    }
  });

  test('are read only up to a limit when there are very many', () => {
    const many = Buffer.concat([
      Buffer.from([0, 1]),
      ...Array.from({ length: 1000 }, (_, index) => {
        const pair = Buffer.alloc(12);
        pair.writeUInt32BE(4);
        pair.write(String(1000 + index), 4);
        return pair;
      }),
    ]);
    expect(readInit(many, 0, many.length).headers.size).toBe(64);
  });
});

test('with cutsLarge a message that is too large is cut off, and its memory stays bounded', () => {
  const fragments = new Fragments({ maxMessageBytes: 10, maxPartialBytes: 20, maxPartial: 4, cutsLarge: true });
  const piece = Buffer.from('abcdef');
  for (let sent = 0; sent < 100; sent++) fragments.add(2, piece, 0, piece.length);
  expect(fragments.bytes).toBe(10);
  expect(fragments.complete(2, piece, 0, piece.length)?.toString()).toBe('abcdefabcd');
  expect(fragments.bytes).toBe(0);
});
