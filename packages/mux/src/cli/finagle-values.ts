import type { ContextReader } from '../codec/context-reader.js';
import { finagleKeys, readFailure, readRemainingMs, readTrace } from '../codec/finagle-contexts.js';
import { muxFailure } from '../codec/message-types.js';
import { uint32 } from '../codec/numbers.js';

/** The decoded value of a context of Finagle; undefined for other contexts, and for a value that cannot be decoded. */
export function finagleValue(reader: ContextReader): unknown {
  const { value } = reader;
  if (reader.keyIs(finagleKeys.trace)) {
    const trace = readTrace(reader);
    return trace && { ...trace, parentId: value.toString('hex', 8, 16) };
  }
  if (reader.keyIs(finagleKeys.deadline)) {
    const remainingMs = readRemainingMs(reader);
    if (remainingMs === undefined) return undefined;
    return { set: timeOf(value.readBigInt64BE(0)), end: timeOf(value.readBigInt64BE(8)), remainingMs };
  }
  if (reader.keyIs(finagleKeys.failure)) {
    const flags = readFailure(reader);
    return flags === undefined ? undefined : { flags, means: namesOf(flags) };
  }
  if (reader.key === 'com.twitter.finagle.Retries' && value.length === 4) return uint32(value, 0);
  return undefined;
}

function namesOf(flags: number): readonly string[] {
  return Object.entries(muxFailure).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]));
}

/** A time in nanoseconds since the epoch as a date; as a number where it is outside the range of dates. */
function timeOf(nanoseconds: bigint): string {
  const time = new Date(Number(nanoseconds / 1_000_000n));
  return Number.isNaN(time.getTime()) ? String(nanoseconds) : time.toISOString();
}
