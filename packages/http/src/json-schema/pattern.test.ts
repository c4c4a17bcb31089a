import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { patternFault, patternTest } from './pattern.js';
import { Run, TooMuch } from './run.js';

const matches = (pattern: string, text: string) => patternTest(pattern)(text, new Run());

/** Where a match may begin. Without them V8 also finds those that begin in the middle of a character of two units. */
function placesIn(text: string): number[] {
  const points = [...text];
  return [...points.keys(), points.length].map((count) => points.slice(0, count).join('').length);
}

function matchesAt(sticky: RegExp, text: string, place: number): boolean {
  sticky.lastIndex = place;
  return sticky.test(text);
}

describe('a pattern means what the engine says', () => {
  const part = fc.constantFrom(
    'a',
    'b',
    '.',
    '\\d',
    '\\w',
    '[ab]',
    '[^a]',
    '\\p{L}',
    '\\u{1F600}',
    '😀',
    '\\b',
    '\\B',
    '^',
    '$',
  );
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => {
    const inner = tie('pattern');
    const group = inner.map((each) => `(?:${each})`);
    return {
      pattern: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        part,
        fc.tuple(inner, inner).map((each) => each.join('')),
        fc.tuple(inner, inner).map((each) => `(${each.join('|')})`),
        fc
          .tuple(group, fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,2}', '{1,}', '{0}'))
          .map((each) => each.join('')),
        fc.tuple(fc.constantFrom('?=', '?!', '?<=', '?<!'), inner).map(([look, each]) => `(${look}${each})`),
      ),
    };
  });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '\n', '😀', 'é', '\ud83d'), maxLength: 8 });

  test('for any pattern and text', () => {
    let found = 0;
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 3 }), (each, texts) => {
        const engine = new RegExp(each, 'uy');
        const own = patternTest(each);
        for (const one of texts) {
          const expected = placesIn(one).some((place) => matchesAt(engine, one, place));
          if (expected) found++;
          expect([each, one, own(one, new Run())]).toEqual([each, one, expected]);
        }
      }),
      { numRuns: 2000 },
    );
    expect(found).toBeGreaterThan(1000);
  });
});

test('patterns that are not of the Unicode mode are read as they were meant', () => {
  expect(matches('^[\\w\\-\\_]+$', 'a-b_c')).toBe(true);
  expect(matches('^[\\w\\-\\_]+$', 'a b')).toBe(false);
});

test.each([
  ['(', 'is no regular expression of ECMAScript'],
  ['(?i)abc', 'is no regular expression of ECMAScript'],
  ['^(a+)\\1$', 'refers back to a group, which cannot be matched in linear time'],
  ['^(?:a{1,100}){1,100}$', 'has more than 5000 states when its counts are written out'],
  ['a{1000000000}', 'has more than 5000 states when its counts are written out'],
])('%s cannot be used', (pattern, fault) => {
  expect(patternFault(pattern)).toBe(fault);
  expect(() => patternTest(pattern)).toThrow(fault);
});

test.each(['^(?:){1000000000}a$', '^(?:(?:){99999}){99999}a$', '^(?:b{0}){1000000000}a$'])(
  '%s is read at once, since what repeats has no states',
  (pattern) => {
    expect(matches(pattern, 'a')).toBe(true);
    expect(matches(pattern, 'b')).toBe(false);
  },
);

test.each(['^(a+)+$', '^(a|a)*$', '(x+x+)+y', '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*$'])(
  '%s takes no more time on a text that nearly fits',
  (pattern) => {
    // An engine that goes back takes longer than the universe is old.
    const [letter] = pattern.includes('x') ? 'x' : 'a';
    expect(matches(pattern, `${letter?.repeat(20_000)}!`)).toBe(false);
  },
);

test('what looks ahead everywhere in a long text is given up', () => {
  expect(matches('(?=a*b)a', `${'a'.repeat(2000)}b`)).toBe(true);
  expect(() => matches('(?=a*b)c', 'a'.repeat(20_000))).toThrow(TooMuch);
});
