import { describe, expect, test } from 'vitest';
import { ContextReader } from './context-reader.js';
import { ContextWriter, encodeKey } from './context-writer.js';
import {
  finagleKeys,
  readFailure,
  readRemainingMs,
  readTrace,
  writeDeadline,
  writeFailure,
  writeTrace,
} from './finagle-contexts.js';
import { FrameOutput } from './frame-output.js';

function written(write: (contexts: ContextWriter) => void): Buffer {
  const output = new FrameOutput();
  const contexts = new ContextWriter(output);
  output.begin(2, 2);
  contexts.begin();
  write(contexts);
  contexts.end();
  output.end();
  return Buffer.concat(output.take().map(({ bytes }) => bytes)).subarray(8);
}

/** A reader at the only context. */
function only(bytes: Buffer): ContextReader {
  const reader = new ContextReader(bytes, 0, bytes.length);
  expect(reader.next()).toBe(true);
  return reader;
}

const value = (hex: string) => only(written((contexts) => contexts.bytes(encodeKey('k'), Buffer.from(hex, 'hex'))));
const span = '00000000000000aa';
const parent = '00000000000000bb';
const low = '1111111111111111';
const high = '2222222222222222';

describe('a trace', () => {
  test.each([
    [undefined, '0000000000000000'],
    [false, '0000000000000002'],
    [true, '0000000000000006'],
  ])('is written as Finagle has it, where it is recorded: %s', (sampled, flags) => {
    const bytes = written((contexts) => writeTrace(contexts, { traceId: high + low, spanId: span, sampled }, parent));
    const key = Buffer.from('com.twitter.finagle.tracing.TraceContext').toString('hex');
    expect(bytes.toString('hex')).toBe(`00010028${key}0028${span}${parent}${low}${flags}${high}`);
    expect(only(bytes).keyIs(finagleKeys.trace)).toBe(true);
    expect(readTrace(only(bytes))).toEqual({ traceId: high + low, spanId: span, sampled });
  });

  test('says whether its id is random', () => {
    const trace = { traceId: high + low, spanId: span, sampled: true, random: true };
    const bytes = written((contexts) => writeTrace(contexts, trace, parent));
    expect(bytes.toString('hex')).toContain(`${low}0000000000010006${high}`);
    expect(readTrace(only(bytes))).toEqual(trace);
  });

  test('of 64 bits is one of 128 bits with zeros in front; debugging alone decides nothing', () => {
    const read = readTrace(value(`${span}${parent}${low}0000000000000001`));
    expect(read).toEqual({ traceId: `0000000000000000${low}`, spanId: span, sampled: undefined });
  });

  test.each([
    ['of another length', span + parent + low],
    ['with a span of zeros', `${'0'.repeat(16)}${parent}${low}${'0'.repeat(16)}`],
    ['with an id of zeros', `${span}${parent}${'0'.repeat(16)}${'0'.repeat(16)}${'0'.repeat(16)}`],
    ['that is empty', ''],
  ])('%s is none', (_, hex) => expect(readTrace(value(hex))).toBeUndefined());
});

describe('a deadline', () => {
  test('is written in nanoseconds since the epoch, as Finagle has it', () => {
    const bytes = written((contexts) => writeDeadline(contexts, 1_700_000_000_000.25, 1500));
    const key = Buffer.from('com.twitter.finagle.Deadline').toString('hex');
    const set = (1_700_000_000_000n * 1_000_000n + 250_000n).toString(16).padStart(16, '0');
    const end = (1_700_000_001_500n * 1_000_000n + 250_000n).toString(16).padStart(16, '0');
    expect(bytes.toString('hex')).toBe(`0001001c${key}0010${set}${end}`);
  });

  test('is read as Finagle 24.2.0 sends it', () => {
    expect(readRemainingMs(value('18ec7c6c7c9d96c018ec7c6cd605c5c0'))).toBe(1500);
  });

  test.each([0, 0.5, 1, 1500.125, 3_600_000, 86_400_000 * 365])('of %d ms is read back', (ms) => {
    const bytes = written((contexts) => writeDeadline(contexts, 1_764_400_000_123.5, ms));
    expect(readRemainingMs(only(bytes))).toBeCloseTo(ms, 2);
  });

  test.each([
    ['that was over before it was set', -5000, 0],
    ['before the epoch', -1e15, 0],
  ])('%s leaves nothing', (_, ms, remaining) => {
    expect(readRemainingMs(only(written((contexts) => writeDeadline(contexts, 1_764_400_000_000, ms))))).toBe(
      remaining,
    );
  });

  test('beyond the latest time that Finagle can express is written as that time, and never as one in the past', () => {
    for (const ms of [1e13, 1e18, Number.POSITIVE_INFINITY]) {
      const bytes = written((contexts) => writeDeadline(contexts, 1_764_400_000_000, ms));
      const end = bytes.readBigInt64BE(bytes.length - 8);
      expect(end).toBeGreaterThan(9_200_000_000_000_000_000n);
      expect(readRemainingMs(only(bytes))).toBeGreaterThan(7e12);
    }
  });

  test('of another length is ignored', () => expect(readRemainingMs(value('00'.repeat(15)))).toBeUndefined());
});

describe('the flags of a failure', () => {
  test('are written as eight bytes', () => {
    const bytes = written((contexts) => writeFailure(contexts, 3));
    expect(bytes.toString('hex')).toBe(`0001000a${Buffer.from('MuxFailure').toString('hex')}00080000000000000003`);
    expect(readFailure(only(bytes))).toBe(3);
  });

  test('are read with unknown bytes behind them, and are ignored when too short', () => {
    expect(readFailure(value('0000000000000006ffff'))).toBe(6);
    expect(readFailure(value('00000000000006'))).toBeUndefined();
  });
});
