import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxTracestateLength, readTracestate, withTracestate } from './tracestate.js';

const members = (count: number, prefix = 'k') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}=${index}`);

describe('reading tracestate', () => {
  test.each([
    ['one member', 'foo=1', 'foo=1'],
    ['white space round members', ' foo=1 \t , \t bar=2,\t', 'foo=1,bar=2'],
    ['empty members', 'foo=1,,bar=2,', 'foo=1,bar=2'],
    ['a key that begins with a digit', '0foo=1', '0foo=1'],
    ['a tenant', 'foo@bar=1,foo@=2', 'foo@bar=1,foo@=2'],
    ['all characters a key may have', 'a0_-*/@=1', 'a0_-*/@=1'],
    ['equal keys', 'foo=1,foo=2', 'foo=1,foo=2'],
    ['blanks inside a value', 'foo=a b', 'foo=a b'],
    ['the longest key', `${'z'.repeat(256)}=1`, `${'z'.repeat(256)}=1`],
    ['the longest value', `a=${'v'.repeat(256)}`, `a=${'v'.repeat(256)}`],
  ])('takes %s', (_, header, expected) => {
    expect(readTracestate(header)).toBe(expected);
  });

  test.each([
    ['an upper case key', 'FOO=1'],
    ['a dot in a key', 'foo.bar=1'],
    ['a blank in a key', 'foo =1'],
    ['a key that begins with @', '@foo=1,bar=2'],
    ['a key of 257 characters', `${'z'.repeat(257)}=1`],
    ['a value of 257 characters', `a=${'v'.repeat(257)}`],
    ['no value', 'foo=,bar=3'],
    ['no equals sign', 'foo'],
    ['two equals signs', 'foo=bar=baz'],
    ['a control character', 'foo=a\u0001b'],
    ['33 members', members(33).join(',')],
  ])('drops the whole list for %s', (_, header) => {
    expect(readTracestate(`good=1,${header}`)).toBe('');
  });

  test('takes 32 members, and combines repeated headers in their order', () => {
    const all = members(32);
    expect(readTracestate([all.slice(0, 20).join(','), '', all.slice(20).join(',')])).toBe(all.join(','));
    expect(readTracestate(undefined)).toBe('');
    expect(readTracestate([])).toBe('');
  });

  test('passes on at least 512 characters, and of a longer list whole members only, long ones going first', () => {
    const long = `long=${'x'.repeat(200)}`;
    const short = Array.from({ length: 16 }, (_, index) => `k${index}=${'y'.repeat(115)}`);
    const list = [long, ...short];
    expect(list.join(',').length).toBeGreaterThan(maxTracestateLength);
    const kept = readTracestate(list.join(','));
    expect(kept).toBe(short.join(','));
    expect(kept.length).toBeGreaterThanOrEqual(512);
  });

  test('refuses a hostile header without looking at its parts', () => {
    expect(readTracestate(','.repeat(1_000_000))).toBe('');
  });

  test.each([' ', '\t', 'a=1 ', ' ,', 'a=1,', 'a= ', '= '])('costs linear time for a header of %j', (piece) => {
    const cost = (length: number) => {
      const header = `a=1${piece.repeat(length / piece.length)}x`;
      const startMs = performance.now();
      for (let times = 0; times < 20; times++) readTracestate(header);
      return performance.now() - startMs;
    };
    // Quadratic work would take seconds for the longest header that is read.
    expect(cost(30_000)).toBeLessThan(1000);
  });

  test('answers, for any text, a list that it would take again unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-c@]{1,3}=[ -~]{0,80}$/), { maxLength: 40 }), (list) => {
        const once = readTracestate(list.join(','));
        expect(readTracestate(once)).toBe(once);
        expect(once.length).toBeLessThanOrEqual(maxTracestateLength);
        expect(once === '' ? 0 : once.split(',').length).toBeLessThanOrEqual(32);
      }),
    );
  });
});

describe('setting a member of our own', () => {
  test('moves it to the left and leaves one of it', () => {
    expect(withTracestate('foo=1,fwk=old,bar=2', 'fwk', 'new')).toBe('fwk=new,foo=1,bar=2');
    expect(withTracestate('', 'fwk', 'new')).toBe('fwk=new');
  });

  test('drops the rightmost of 32 others', () => {
    const list = withTracestate(members(32).join(','), 'fwk', '1').split(',');
    expect(list).toHaveLength(32);
    expect(list[0]).toBe('fwk=1');
    expect(list.at(-1)).toBe('k30=30');
  });

  test('changes nothing for a malformed key or value', () => {
    expect(withTracestate('foo=1', 'FWK', '1')).toBe('foo=1');
    expect(withTracestate('foo=1', 'fwk', 'a,b')).toBe('foo=1');
  });
});
