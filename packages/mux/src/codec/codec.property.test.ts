/** Whatever is written is read back, however its bytes are cut on the way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContextReader } from './context-reader.js';
import { ContextWriter, encodeContexts, encodeKey } from './context-writer.js';
import { FrameOutput } from './frame-output.js';
import { FrameReader } from './frame-reader.js';

interface Told {
  readonly type: number;
  readonly tag: number;
  readonly body: string;
}

const seed = 20_261_129;
const frames = fc.array(
  fc.record({
    type: fc.integer({ min: -128, max: 127 }),
    tag: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
    body: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  }),
  { maxLength: 12 },
);

function written(list: readonly Told[]): Buffer {
  const output = new FrameOutput();
  for (const { type, tag, body } of list) {
    output.begin(type, tag);
    output.hex(body);
    output.end();
  }
  return Buffer.concat(output.take().map(({ bytes }) => bytes));
}

function reader(maxBytes = 1_000_000) {
  const told: Told[] = [];
  const receiver = {
    receiving: true,
    frame: (type: number, tag: number, bytes: Buffer, begin: number, end: number) =>
      void told.push({ type, tag, body: bytes.toString('hex', begin, end) }),
  };
  return { told, receiver, reading: new FrameReader(receiver, maxBytes) };
}

describe('frames', () => {
  test('are read as they were written, wherever their bytes are cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(6000), { maxLength: 8 }), (list, places) => {
        const bytes = written(list);
        const { told, reading } = reader();
        const ends = [...places.filter((place) => place < bytes.length).sort((a, b) => a - b), bytes.length];
        let begin = 0;
        for (const end of ends) {
          // What is told must not depend on what the caller does with its memory afterwards.
          const piece = Buffer.from(bytes.subarray(begin, end));
          reading.read(piece);
          piece.fill(0xff);
          begin = end;
        }
        expect(told).toEqual(list);
        expect(reading.keptBytes).toBe(0);
      }),
      { seed, numRuns: 500 },
    );
  });

  test('are read byte by byte', () => {
    const list = [
      { type: 2, tag: 7, body: '00ff' },
      { type: -65, tag: 1, body: '' },
      { type: -2, tag: 2 ** 24 - 1, body: 'ab'.repeat(500) },
    ];
    const { told, reading } = reader();
    for (const byte of written(list)) reading.read(Buffer.from([byte]));
    expect(told).toEqual(list);
  });

  test.each([0, 1, 2, 3, 101, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])(
    'of a size of %d are refused as soon as the head is here',
    (size) => {
      for (const cut of [8, 4, 1]) {
        const { told, reading } = reader(100);
        const head = Buffer.alloc(8);
        head.writeUInt32BE(size);
        expect(() => {
          for (let at = 0; at < 8; at += cut) reading.read(head.subarray(at, at + cut));
        }).toThrow(`a frame has a size of ${size} bytes; this end takes 4 to 100`);
        expect(told).toEqual([]);
        expect(reading.keptBytes).toBeLessThanOrEqual(8);
      }
    },
  );

  test('are no longer delivered once the receiver wants no more', () => {
    const { told, receiver, reading } = reader();
    const tell = receiver.frame;
    receiver.frame = (...frame) => {
      tell(...frame);
      receiver.receiving = false;
    };
    reading.read(
      written([
        { type: 1, tag: 1, body: '' },
        { type: 2, tag: 2, body: '' },
      ]),
    );
    reading.read(written([{ type: 3, tag: 3, body: '' }]));
    expect(told.map(({ type }) => type)).toEqual([1]);
    expect(reading.keptBytes).toBe(0);
  });
});

describe('a frame that is being written', () => {
  test('moves to larger memory as often as it must, and frames before it stay', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60_000), { minLength: 1, maxLength: 6 }), (sizes) => {
        const output = new FrameOutput();
        for (const [index, size] of sizes.entries()) {
          output.begin(2, index);
          output.uint16(0);
          for (let left = size; left > 0; left -= 1000) output.latin1('x'.repeat(Math.min(left, 1000)));
          output.patch16(8, 513);
          output.end();
        }
        const { told, reading } = reader();
        reading.read(Buffer.concat(output.take().map(({ bytes }) => bytes)));
        expect(told).toEqual(sizes.map((size, tag) => ({ type: 2, tag, body: `0201${'78'.repeat(size)}` })));
      }),
      { seed, numRuns: 100 },
    );
  });

  test('can be removed, with its body or without, and frames before it stay', () => {
    for (const size of [10, 100_000]) {
      const output = new FrameOutput();
      output.begin(65, 1);
      output.end();
      output.begin(2, 2);
      output.latin1('a'.repeat(size));
      expect(output.takeBackBody().toString()).toBe('a'.repeat(size));
      output.begin(2, 3);
      output.utf8('ä€');
      output.takeBack();
      output.begin(66, 4);
      output.byte(9);
      output.end();
      expect(Buffer.concat(output.take().map(({ bytes }) => bytes)).toString('hex')).toBe(
        '0000000441000001000000054200000409',
      );
      expect(output.bytes).toBe(0);
    }
  });

  test('refuses that another one begins, and can still be ended', () => {
    const output = new FrameOutput();
    output.begin(2, 2);
    output.byte(1);
    expect(() => output.begin(65, 1)).toThrow('a message of Mux cannot be written: another message is being written');
    output.byte(2);
    output.end();
    expect(Buffer.concat(output.take().map(({ bytes }) => bytes)).toString('hex')).toBe('00000006020000020102');
  });
});

describe('contexts', () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 200,
  });

  function writtenContexts(list: readonly (readonly [string, string])[]): Buffer {
    const output = new FrameOutput();
    const contexts = new ContextWriter(output);
    output.begin(2, 2);
    contexts.begin();
    for (const [index, [key, value]] of list.entries()) {
      if (index % 3 === 0) contexts.text(encodeKey(key), value);
      else if (index % 3 === 1) contexts.bytes(encodeKey(key), Buffer.from(value, 'latin1'));
      else contexts.all(encodeContexts([key, value]));
    }
    contexts.end();
    output.end();
    return Buffer.concat(output.take().map(({ bytes }) => bytes)).subarray(8);
  }

  test('are read as they were written, and a message that is cut off within them is refused', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 10 }), fc.nat(5000), (list, place) => {
        const bytes = writtenContexts(list);
        const contexts = new ContextReader(bytes, 0, bytes.length);
        const read: [string, string][] = [];
        while (contexts.next()) {
          expect(contexts.keyIs(Buffer.from(contexts.key, 'latin1'))).toBe(true);
          expect(contexts.keyIs(Buffer.from(`${contexts.key}!`, 'latin1'))).toBe(false);
          expect(contexts.value.toString('latin1')).toBe(contexts.text);
          read.push([contexts.key, contexts.text]);
        }
        expect(read).toEqual(list);
        expect(new ContextReader(bytes, 0, bytes.length).skipAll()).toBe(bytes.length);
        if (place < bytes.length) {
          expect(() => new ContextReader(bytes, 0, place).skipAll()).toThrow('a message ends amid its contexts');
        }
      }),
      { seed, numRuns: 500 },
    );
  });

  test('longer than 32,767 bytes are refused, since Finagle would read their length as a negative number', () => {
    const output = new FrameOutput();
    const contexts = new ContextWriter(output);
    output.begin(2, 2);
    contexts.begin();
    contexts.text(encodeKey('k'), 'v'.repeat(32_767));
    expect(() => contexts.text(encodeKey('k'), 'v'.repeat(32_768))).toThrow('has 32768 bytes; at most 32767');
    expect(() => contexts.bytes(encodeKey('k'), Buffer.alloc(65_536))).toThrow('has 65536 bytes');
    expect(() => encodeKey('k'.repeat(32_768))).toThrow('has 32768 bytes');
    contexts.all({ count: 40_000, bytes: Buffer.alloc(0) });
    expect(() => contexts.end()).toThrow('it has 40001 contexts');
  });
});
