/**
 * The traces of the last minutes, to be looked at where the service runs. Bounded: so many traces that were sampled, and as many
 * that were kept because they failed or were slow, so that a flood of one kind does not push out the other.
 */
import type { AttributeValue } from '@fwk/kernel';
import type { KeptBecause, LocalTrace } from './local-trace.js';
import type { RecordedSpan } from './recorded-span.js';
import { attributesOf, failureText, operationAttribute, otelAttributes, peerAttribute } from './span-data.js';

/** Traces of each kind that are kept. */
export const maxRecentTraces = 100;

/** Which traces are asked for; what is left out holds for all. */
export interface TraceFilter {
  readonly traceId?: string | undefined;
  /** A part of the name of any span, such as `orders.place` or `GET /orders`. */
  readonly name?: string | undefined;
  /** A service that was called in it, such as `payments`. */
  readonly service?: string | undefined;
  /** An operation that was served or called in it, such as `orders.place`. */
  readonly operation?: string | undefined;
  readonly because?: KeptBecause | undefined;
  /** Only those in which something failed, or nothing. */
  readonly failed?: boolean | undefined;
  readonly minDurationMs?: number | undefined;
  /** Begun at or after, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  /** At most so many, the latest first. @defaultValue 50 */
  readonly limit?: number | undefined;
}

/** A trace as people read it; plain data without secrets. */
export interface RecentTrace {
  readonly traceId: string;
  readonly name: string;
  readonly because: KeptBecause;
  readonly failed: boolean;
  readonly startedAt: string;
  readonly durationMs: number;
  /** Spans of this process that found no room. */
  readonly spansLeftOut: number;
  /** In the order in which they began. */
  readonly spans: readonly RecentSpan[];
}

/** A span as people read it. */
export interface RecentSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  /** From the start of the trace in this process. */
  readonly offsetMs: number;
  /** Undefined while it runs. */
  readonly durationMs?: number;
  readonly error?: { readonly type: string; readonly message: string };
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly events: readonly { readonly name: string; readonly offsetMs: number; readonly data: object }[];
}

class Kept {
  readonly trace: LocalTrace;
  readonly startedAtMs: number;
  /** Rises with each trace that is kept. */
  readonly order: number;

  constructor(trace: LocalTrace, startedAtMs: number, order: number) {
    this.trace = trace;
    this.startedAtMs = startedAtMs;
    this.order = order;
  }
}

/** See the head of this file. */
export class RecentTraces {
  readonly #sampled: Kept[] = [];
  readonly #special: Kept[] = [];
  #kept = 0;

  /** @param aheadMs - what to add to moments of the trace for wall time. */
  add(trace: LocalTrace, aheadMs: number): void {
    const list = trace.because === 'sampled' && !trace.failed ? this.#sampled : this.#special;
    list.push(new Kept(trace, trace.root.startMs + aheadMs, this.#kept++));
    if (list.length > maxRecentTraces) list.shift();
  }

  /** Those that the filter lets through, the latest first. */
  find(filter: TraceFilter = {}): readonly RecentTrace[] {
    const all = [...this.#sampled, ...this.#special].filter((kept) => fits(kept, filter));
    all.sort((left, right) => right.startedAtMs - left.startedAtMs || right.order - left.order);
    return all.slice(0, filter.limit ?? 50).map(shown);
  }
}

function fits({ trace, startedAtMs }: Kept, filter: TraceFilter): boolean {
  const { traceId, name, service, operation, because, failed, minDurationMs, sinceMs } = filter;
  const { root } = trace;
  return (
    (traceId === undefined || root.traceId === traceId) &&
    (because === undefined || trace.because === because) &&
    (failed === undefined || trace.failed === failed) &&
    (minDurationMs === undefined || root.endMs - root.startMs >= minDurationMs) &&
    (sinceMs === undefined || startedAtMs >= sinceMs) &&
    (name === undefined || trace.spans.some((span) => span.name.includes(name))) &&
    (service === undefined || trace.spans.some((span) => attributeOf(span, peerAttribute) === service)) &&
    (operation === undefined || trace.spans.some((span) => isOfOperation(span, operation)))
  );
}

/** Layers that stand alone know the operation as the name of their span. */
function isOfOperation(span: RecordedSpan, operation: string): boolean {
  return span.name === operation || attributeOf(span, operationAttribute) === operation;
}

/** The attribute of a span of this name; the last of several. */
function attributeOf({ attributes }: RecordedSpan, name: string): AttributeValue | undefined {
  for (let at = attributes.length - 2; at >= 0; at -= 2) if (attributes[at] === name) return attributes[at + 1];
  return undefined;
}

function shown({ trace, startedAtMs }: Kept): RecentTrace {
  const { root, failed, leftOut } = trace;
  return {
    traceId: root.traceId,
    name: root.name,
    because: trace.because ?? 'sampled',
    failed,
    startedAt: new Date(startedAtMs).toISOString(),
    durationMs: rounded(root.endMs - root.startMs),
    spansLeftOut: leftOut,
    spans: trace.spans.map((span) => shownSpan(span, root.startMs)),
  };
}

function shownSpan(span: RecordedSpan, startMs: number): RecentSpan {
  const { failure, parentSpanId } = span;
  return {
    spanId: span.spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name: span.name,
    kind: span.kind,
    offsetMs: rounded(span.startMs - startMs),
    ...(span.ended && { durationMs: rounded(span.endMs - span.startMs) }),
    ...(failure && { error: { type: failure.type, message: failureText(failure.message) } }),
    attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map(({ atMs, name, data }) => {
      return { name, offsetMs: rounded(atMs - startMs), data: otelAttributes(data) };
    }),
  };
}

/** To microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
