import { beforeEach, expect, test } from 'vitest';
import { ProvenEvents } from './proven-events.js';
import { SseReader } from './sse-reader.js';

let told: string[];
let asked: (readonly [place: number, text: string, proof: string])[];
let reader: SseReader;

beforeEach(() => {
  told = [];
  asked = [];
  const events = new ProvenEvents(
    (...piece) => {
      asked.push(piece);
      return piece[2] !== 'false';
    },
    (event, data) => told.push(`${event} ${data}`),
  );
  reader = new SseReader(
    (...event) => events.take(...event),
    (text) => events.comment(text),
  );
});

test('events are told when the piece that they are in is proven, and not before', () => {
  reader.push('event: put\nid: 1\ndata: a\n\n: ping\n\nevent: put\ndata: b\n\n');
  expect(told).toEqual([]);
  reader.push('event: proof\ndata: first\n\n: ping\n\nevent: proof\ndata: second\n\n');
  expect(told).toEqual(['put a', 'put b']);
  expect(asked).toEqual([
    [1, 'event: put\nid: 1\ndata: a\n\n: ping\n\nevent: put\ndata: b\n\n', 'first'],
    [2, ': ping\n\n', 'second'],
  ]);
});

test('a piece that is not proven is refused', () => {
  expect(() => reader.push('event: put\ndata: a\n\nevent: proof\ndata: false\n\n')).toThrow('is not proven');
  expect(told).toEqual([]);
});

test('what is never proven is not collected without end', () => {
  const endless = () => {
    for (;;) reader.push(`: ${'x'.repeat(100_000)}\n\n`);
  };
  expect(endless).toThrow('a part of the stream without its proof');
});
