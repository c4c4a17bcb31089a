import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SseReader } from './sse-reader.js';

/** The events that a reader finds in texts that come one after the other. */
function read(texts: readonly string[]): readonly string[] {
  const events: string[] = [];
  const reader = new SseReader((event, data) => events.push(`${event} ${data}`));
  for (const text of texts) reader.push(text);
  return events;
}

test('finds the same events however the text is cut', () => {
  const piece = fc.constantFrom(
    'event: put\n',
    'data: {}\n',
    'data: 1\n\n',
    '\n',
    '\n\n',
    ': ping\n\n',
    'id: a:1\n',
    'x',
  );
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat({ max: 60 })), (pieces, cuts) => {
      const text = pieces.join('');
      const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      const texts = places.slice(1).map((place, index) => text.slice(places[index], place));
      expect(read(texts)).toEqual(read([text]));
    }),
  );
});

test('passes over comments and what it does not know', () => {
  expect(read([': ping\n\nretry: 5\nevent: put\nid: a:1\ndata: {"a":1}\n\n'])).toEqual(['put {"a":1}']);
});

test('reads a long event that comes in many pieces without searching it again with each', () => {
  const piece = 'x'.repeat(64);
  const pieces = Array.from({ length: 16_000 }, () => piece);
  const [event] = read(['event: list\ndata: ', ...pieces, '\n', '\n']);
  expect(event).toHaveLength('list '.length + 16_000 * 64);
});

test('gives up on an event without end', () => {
  const piece = 'x'.repeat(1024 * 1024);
  expect(() => read(Array.from({ length: 2 }, () => piece))).toThrow('an event without end');
});
