import { seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { childSpan, formatTraceparent, parseTrace, randomFlag, startTrace } from './trace-context.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const good = `00-${traceId}-${spanId}-01`;

const parse = (traceparent: string, tracestate?: string) => parseTrace({ traceparent, tracestate });

describe('traceparent', () => {
  test('is read and written back as it came', () => {
    const trace = parse(good);
    expect(trace).toEqual({ traceId, spanId, flags: 1, tracestate: '' });
    expect(trace && formatTraceparent(trace)).toBe(good);
  });

  test.each([
    ['absent', ''],
    ['upper case', good.toUpperCase()],
    ['a zero trace id', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a zero span id', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['an illegal version', `.0-${traceId}-${spanId}-01`],
    ['a version of three digits', `000-${traceId}-${spanId}-01`],
    ['a version of one digit', `0-${traceId}-${spanId}-01`],
    ['a trace id too long', `00-${traceId}0-${spanId}-01`],
    ['a trace id too short', `00-${traceId.slice(1)}-${spanId}-01`],
    ['an illegal trace id', `00-.${traceId.slice(1)}-${spanId}-01`],
    ['a span id too short', `00-${traceId}-${spanId.slice(1)}-01`],
    ['an illegal span id', `00-${traceId}-.${spanId.slice(1)}-01`],
    ['illegal flags', `00-${traceId}-${spanId}-.0`],
    ['flags too long', `00-${traceId}-${spanId}-001`],
    ['flags too short', `00-${traceId}-${spanId}-1`],
    ['version 00 with more behind it', `${good}-more`],
    ['version 00 with a trailing dash', `${good}-`],
  ])('is refused with %s', (_, header) => {
    expect(parse(header)).toBeUndefined();
  });

  describe('that came several times', () => {
    const other = '00-5b8aa5a2d2c872e8321cf37308d69df2-051581bf3cb55c13-00';

    test.each([
      ['the last of a joined pair', `${good}, ${other}`, '051581bf3cb55c13'],
      ['the last of a list', [other, good], spanId],
      ['the only one of a list', [good], spanId],
      ['one that came twice', `${good},${good}`, spanId],
      ['the last valid one', `${good}, ${other.toUpperCase()}, ${other.slice(1)},`, spanId],
      ['the last of four', [other, good, other, good].join(), spanId],
    ])('is %s', (_which, traceparent, taken) => {
      expect(parseTrace({ traceparent, tracestate: 'a=b' })).toMatchObject({ spanId: taken, tracestate: 'a=b' });
    });

    test.each([
      ['one span is in two traces', [good, `00-${'1'.repeat(32)}-${spanId}-01`]],
      ['none is valid', 'a,b,c'.padEnd(60, ',')],
      ['they are more than anybody would send', Array(100).fill(good)],
      ['there is none', []],
    ])('is refused when %s', (_why, traceparent) => {
      expect(parseTrace({ traceparent })).toBeUndefined();
    });
  });

  test('may have white space around it', () => {
    expect(parse(`\t ${good} \t`)?.spanId).toBe(spanId);
  });

  test('of a higher version needs 55 characters, may have more behind a dash, and is re-emitted as 00', () => {
    for (const header of [`cc${good.slice(2)}`, `cc${good.slice(2)}-what-the-future-brings`]) {
      const trace = parse(header);
      expect(trace && formatTraceparent(trace)).toBe(good);
    }
    expect(parse(`cc${good.slice(2)}.what`)).toBeUndefined();
    expect(parse(`cc${good.slice(2, 54)}`)).toBeUndefined();
  });

  test('keeps the sampled and the random flag and zeroes all others', () => {
    expect(parse(`00-${traceId}-${spanId}-ff`)?.flags).toBe(3);
    expect(parse(`00-${traceId}-${spanId}-02`)?.flags).toBe(randomFlag);
    expect(parse(`00-${traceId}-${spanId}-fc`)?.flags).toBe(0);
  });

  test('survives a round trip for all ids and flags', () => {
    const id = (length: number) =>
      fc
        .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
        .map((digits) => digits.join(''))
        .filter((text) => /[^0]/.test(text));
    fc.assert(
      fc.property(id(32), id(16), fc.integer({ min: 0, max: 3 }), (trace, span, flags) => {
        const header = formatTraceparent({ traceId: trace, spanId: span, flags, tracestate: '' });
        expect(parse(header)).toEqual({ traceId: trace, spanId: span, flags, tracestate: '' });
      }),
    );
  });

  test('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.string({ maxLength: 600 }), (header) => void parse(header, header)));
  });
});

describe('traceparent and tracestate together', () => {
  test('a bad traceparent drops tracestate, a bad tracestate only itself', () => {
    expect(parse('nonsense', 'foo=1')).toBeUndefined();
    expect(parse(good, 'FOO=1')).toMatchObject({ traceId, tracestate: '' });
    expect(parse(good, 'foo=1')).toMatchObject({ traceId, tracestate: 'foo=1' });
  });
});

describe('our own traces', () => {
  test('start with random ids and say so by the random flag', () => {
    const random = seededRandom(1);
    const traces = Array.from({ length: 1000 }, () => startTrace(random));
    expect(new Set(traces.map((trace) => trace.traceId)).size).toBe(1000);
    for (const trace of traces) {
      expect(trace.flags).toBe(randomFlag);
      expect(parse(formatTraceparent(trace))).toEqual(trace);
    }
  });

  test('never have ids of zeros only', () => {
    const trace = startTrace(() => 0);
    expect(parse(formatTraceparent(trace))).toEqual(trace);
  });

  test('a child keeps trace, flags and state, and knows its parent', () => {
    const parent = { ...startTrace(seededRandom(2)), tracestate: 'foo=1', flags: 3 };
    const child = childSpan(parent, seededRandom(3));
    expect(child).toMatchObject({
      traceId: parent.traceId,
      flags: 3,
      tracestate: 'foo=1',
      parentSpanId: parent.spanId,
    });
    expect(child.spanId).not.toBe(parent.spanId);
  });
});
