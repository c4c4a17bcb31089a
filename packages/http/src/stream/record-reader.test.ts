import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { itemWriter } from './item-writer.js';
import { ItemFault } from './line-splitter.js';
import { recordReader } from './record-reader.js';

type Event = readonly [string, ...(string | undefined)[]];

function read(format: 'ndjson' | 'events', pieces: readonly Buffer[], maxBytes = 1000, marks = true): Event[] {
  const events: Event[] = [];
  const reader = recordReader(format, marks, maxBytes, {
    item: (json, id) => events.push(['item', json, id]),
    problem: (document) => events.push(['problem', document]),
    ended: () => events.push(['ended']),
  });
  for (const piece of pieces) reader.read(piece);
  reader.end();
  return events;
}

/** Cuts bytes at places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const item = fc.record({
  id: fc.option(fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom('a', '7', '-') })),
  value: fc.jsonValue(),
});

describe.each(['ndjson', 'events'] as const)('%s', (format) => {
  test('reads what was written, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.boolean(),
        (items, places, fails) => {
          const writer = itemWriter(format, true);
          const written = items.flatMap(({ id, value }) => {
            const json = JSON.stringify(value);
            const text = writer.item(json, id ?? undefined);
            return text === undefined ? [] : [{ json, id: format === 'events' ? id : null, text }];
          });
          const last = fails ? writer.problem('{"status":500}') : writer.end;
          const text = written.map((each) => each.text).join(writer.heartbeat) + last;
          const events = read(format, cut(Buffer.from(text), places), 100_000);
          let known: string | undefined;
          const expected = written.map(({ json, id }) => {
            // An event without an id has that of the one before.
            known = id ?? known;
            return ['item', json, known];
          });
          expect(events).toEqual([...expected, fails ? ['problem', '{"status":500}'] : ['ended']]);
        },
      ),
    );
  });

  test('never keeps more than an item, or the record of an error, may have', () => {
    const endless = Buffer.alloc(400, 'x');
    expect(() => read(format, [endless, endless, endless], 1000, false)).toThrow('maxItemBytes 1000');
    expect(() => read(format, [Buffer.alloc(66_000, 'x')], 1000)).toThrow('maxItemBytes 1000');
    expect(() => read(format, [Buffer.from(`data: ${'x'.repeat(1001)}\n\n`)], 1000)).toThrow('maxItemBytes 1000');
  });

  test('reads an error that is larger than an item may be, and not an item that is', () => {
    const writer = itemWriter(format, true);
    const [item, large] = ['{"a":1}', JSON.stringify({ a: 'x'.repeat(100) })];
    const text = `${writer.item(item, undefined)}${writer.problem(large)}`;
    expect(read(format, [Buffer.from(text)], 64)).toEqual([
      ['item', item, undefined],
      ['problem', large],
    ]);
    const wrong = Buffer.from(`${writer.item(large, undefined)}`);
    expect(() => read(format, [wrong], 64)).toThrow('maxItemBytes 64');
  });

  test('refuses bytes that end amid an item', () => {
    expect(() => read(format, [Buffer.from('data: {"a":1}')])).toThrow('ends before its line does');
  });
});

test('ends of lines of any kind end the lines of events, also where they are cut', () => {
  const text = '\ufeffdata: 1\r\n\r\ndata: 2\r\rdata: 3\n\nid\ndata: 4\n\n';
  const bytes = Buffer.from(text);
  for (let place = 0; place <= bytes.length; place++) {
    expect(read('events', cut(bytes, [place])).map(([, json]) => json)).toEqual(['1', '2', '3', '4']);
  }
});

test('an event that was not ended is no event', () => {
  expect(() => read('events', [Buffer.from('data: 1\n')])).toThrow(ItemFault);
});

test('marks of a writer that makes none are items like others', () => {
  expect(read('ndjson', [Buffer.from('{"@end":{}}\n')], 1000, false)).toEqual([['item', '{"@end":{}}', undefined]]);
});
