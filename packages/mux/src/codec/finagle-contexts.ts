/**
 * The contexts of Finagle that Mux peers understand: trace, deadline and the judgement of a failure. Sources: `TraceId` and
 * `Flags` (finagle-core, tracing), `Deadline` (finagle-core, context), `MuxFailure` (finagle-mux) of 24.2.0.
 */

import type { ContextReader } from './context-reader.js';
import { type ContextWriter, encodeKey } from './context-writer.js';
import type { FrameOutput } from './frame-output.js';
import { uint32 } from './numbers.js';

const traceName = 'com.twitter.finagle.tracing.TraceContext';
const deadlineName = 'com.twitter.finagle.Deadline';
const failureName = 'MuxFailure';

const traceOut = encodeKey(traceName);
const deadlineOut = encodeKey(deadlineName);
const failureOut = encodeKey(failureName);

/** The keys as they stand in messages, without their lengths. */
export const finagleKeys = Object.freeze({
  trace: traceOut.subarray(2),
  deadline: deadlineOut.subarray(2),
  failure: failureOut.subarray(2),
});

/** A span of a trace. Numbers are texts of hexadecimal digits. */
export interface MuxTrace {
  /** 32 digits; the first 16 are zeros where it was made with 64 bits. */
  readonly traceId: string;
  /** 16 digits. */
  readonly spanId: string;
  /** Whether the trace is recorded; undefined where nobody has decided. */
  readonly sampled: boolean | undefined;
  /** Whether the lower half of the id is random, as W3C trace context says it. Ours; Finagle passes it on. @defaultValue false */
  readonly random?: boolean;
}

/** Bits of the flags. */
const sampledKnown = 2;
const sampled = 4;
/** Not of Finagle, and far from its own. */
const random = 1 << 16;

const noHigh = '0'.repeat(16);

/** Writes a trace: always in the form for 128 bits. @param parentId - 16 digits */
export function writeTrace(contexts: ContextWriter, trace: MuxTrace, parentId: string): void {
  const output = contexts.open(traceOut, 40);
  output.hex(trace.spanId);
  output.hex(parentId);
  output.hex(trace.traceId, 16);
  output.uint32(0);
  const decision = trace.sampled === undefined ? 0 : trace.sampled ? sampledKnown | sampled : sampledKnown;
  output.uint32(trace.random ? decision | random : decision);
  output.hex(trace.traceId, 0, 16);
}

/** Reads a trace; undefined for a value of another length and for ids that are zero. */
export function readTrace({ bytes, valueBegin: at, valueEnd }: ContextReader): MuxTrace | undefined {
  const length = valueEnd - at;
  if (length !== 32 && length !== 40) return undefined;
  const digits = bytes.toString('hex', at, valueEnd);
  const spanId = digits.slice(0, 16);
  const traceId = (length === 40 ? digits.slice(64) : noHigh) + digits.slice(32, 48);
  if (spanId === noHigh || traceId === noHigh + noHigh) return undefined;
  const flags = uint32(bytes, at + 28);
  return {
    traceId,
    spanId,
    sampled: (flags & sampledKnown) === 0 ? undefined : (flags & sampled) !== 0,
    ...((flags & random) !== 0 && { random: true }),
  };
}

/**
 * Writes a deadline.
 * @param wallTimeMs - now, in milliseconds since the epoch.
 * @param remainingMs - what is left; an end before 1970 or after 2262 is written as the nearest time between.
 */
export function writeDeadline(contexts: ContextWriter, wallTimeMs: number, remainingMs: number): void {
  const output = contexts.open(deadlineOut, 16);
  writeNanoseconds(output, wallTimeMs);
  writeNanoseconds(output, wallTimeMs + remainingMs);
}

/**
 * Milliseconds that remained when the deadline was written, 0 or more: the difference of the two times, so that the clocks of
 * the two machines need not agree. Undefined for a value of another length.
 */
export function readRemainingMs({ bytes, valueBegin: at, valueEnd }: ContextReader): number | undefined {
  if (valueEnd - at !== 16) return undefined;
  const high = uint32(bytes, at + 8) - uint32(bytes, at);
  const low = uint32(bytes, at + 12) - uint32(bytes, at + 4);
  return Math.max(0, (high * 2 ** 32 + low) / 1e6);
}

/** Writes how a failed call may be treated: bits of `muxFailure`. */
export function writeFailure(contexts: ContextWriter, flags: number): void {
  const output = contexts.open(failureOut, 8);
  output.uint32(0);
  output.uint32(flags);
}

/** Reads the flags; undefined for a value that is too short. Bytes after them are ignored; later versions may use them. */
export function readFailure({ bytes, valueBegin: at, valueEnd }: ContextReader): number | undefined {
  return valueEnd - at >= 8 ? (bytes[at + 7] as number) : undefined;
}

/** The last millisecond that fits into nanoseconds with a sign, in the year 2262. */
const lastMs = 2 ** 63 / 1e6 - 2048;

/** Writes milliseconds as eight bytes of nanoseconds, more than a number can hold exactly. */
function writeNanoseconds(output: FrameOutput, time: number): void {
  const ms = Math.min(Math.max(time, 0), lastMs);
  const whole = Math.floor(ms);
  // In units of 65 536 ns, and what is left of them in ns.
  const low = (whole % 65_536) * 1e6 + Math.floor((ms - whole) * 1e6);
  const units = Math.floor(whole / 65_536) * 1e6 + Math.floor(low / 65_536);
  output.uint32(Math.floor(units / 65_536));
  output.uint32((units % 65_536) * 65_536 + (low % 65_536));
}
