/** The headers `traceparent` and `tracestate` of W3C trace context, level 2. Source: https://www.w3.org/TR/trace-context-2/ */
import type { TraceContext } from '@fwk/kernel';
import { randomSpanId, randomTraceId } from './trace-ids.js';
import { readTracestate } from './tracestate.js';

/** Some caller records this trace. */
export const sampledFlag = 0x01;

/** The last seven bytes of the trace id are random (level 2), so that samplers may rely on them. */
export const randomFlag = 0x02;

/** The two headers, as a server received them; repeated headers may come as a list or joined by commas. */
export interface TraceHeaders {
  readonly traceparent?: string | readonly string[] | undefined;
  readonly tracestate?: string | readonly string[] | undefined;
  /** All others; so the headers of a request can be given as they are. */
  readonly [name: string]: string | readonly string[] | undefined;
}

/** Tested only: taking the parts out by it costs more than all else that is done for a trace. */
const form = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
/** Of version 00, the shortest. */
const parentLength = 55;
const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);

/** Parents that are looked at, and characters of all together; longer than any headers that would plausibly be sent. */
const MAX_PARENTS = 8;
const MAX_LENGTH = 1024;

/**
 * Reads the headers of an incoming call. A malformed `traceparent` drops `tracestate` too; a malformed `tracestate`
 * drops only itself.
 *
 * Where several parents came, as when an instrumentation adds one to that of the program it instruments, the last valid one is
 * taken: it was written nearest to the wire. Two that put one span into two traces contradict each other, and none is taken.
 * @returns undefined when the caller sent no usable trace: start one with {@link startTrace}.
 */
export function parseTrace(headers: TraceHeaders): TraceContext | undefined {
  const raw = headers.traceparent;
  const text = typeof raw === 'string' ? raw : raw?.join(',');
  if (text === undefined || text.length < parentLength || text.length > MAX_LENGTH) return undefined;
  const parent = text.length === parentLength ? parseParent(text) : lastParent(text);
  if (parent === undefined) return undefined;
  const { traceId, spanId, flags } = parent;
  return { traceId, spanId, flags, tracestate: readTracestate(headers.tracestate) };
}

type Parent = Pick<TraceContext, 'traceId' | 'spanId' | 'flags'>;

function lastParent(text: string): Parent | undefined {
  let parent: Parent | undefined;
  for (const each of text.split(',', MAX_PARENTS)) {
    const found = parseParent(each.trim());
    if (found && parent?.spanId === found.spanId && parent.traceId !== found.traceId) return undefined;
    parent = found ?? parent;
  }
  return parent;
}

function parseParent(text: string): Parent | undefined {
  const { length } = text;
  if (length < parentLength || length > 512 || !form.test(text)) return undefined;
  // Version 00 ends here; a later one may go on, and ff is none.
  if (text.startsWith('ff') || (length > parentLength && text.startsWith('00'))) return undefined;
  const traceId = text.slice(3, 35);
  const spanId = text.slice(36, 52);
  if (traceId === zeroTrace || spanId === zeroSpan) return undefined;
  return { traceId, spanId, flags: Number.parseInt(text.charAt(54), 16) & (sampledFlag | randomFlag) };
}

/** The `traceparent` header; always version 00, whatever version came in. */
export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-0${trace.flags & (sampledFlag | randomFlag)}`;
}

/**
 * Starts a trace of our own: random ids, with the random flag.
 * @param random - uniform in [0, 1).
 */
export function startTrace(random: () => number): TraceContext {
  return { traceId: randomTraceId(random), spanId: randomSpanId(random), flags: randomFlag, tracestate: '' };
}

/** A span below the given one, in the same trace. */
export function childSpan(trace: TraceContext, random: () => number): TraceContext {
  return {
    traceId: trace.traceId,
    spanId: randomSpanId(random),
    flags: trace.flags,
    tracestate: trace.tracestate,
    parentSpanId: trace.spanId,
  };
}
