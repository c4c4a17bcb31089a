/**
 * Spans as OTLP/HTTP has them in JSON: ids in hex, times as texts of nanoseconds, whole numbers as texts.
 * Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import type { AttributeValue, SpanKind } from '@fwk/kernel';
import type { RecordedSpan } from '../recorded-span.js';
import { attributesOf, failureText, otelAttributes } from '../span-data.js';

/** A span that waits to be sent. */
export interface QueuedSpan {
  readonly span: RecordedSpan;
  /** What to add to its moments for wall time, in milliseconds. */
  readonly aheadMs: number;
}

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const errorStatus = 2;
/** Flags beside those of the trace: that it is known whether the span above is of another process, and that it is. */
const knowsRemote = 0x100;
const isRemote = 0x200;

/** The body of a request. @param resource - who sends, such as `service.name`. */
export function otlpBody(resource: Readonly<Record<string, AttributeValue>>, spans: readonly QueuedSpan[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributes(resource) },
        scopeSpans: [{ scope: { name: '@fwk' }, spans: spans.map(otlpSpan) }],
      },
    ],
  });
}

function otlpSpan({ span, aheadMs }: QueuedSpan): object {
  const { traceId, spanId, parentSpanId, tracestate, failure, events = [] } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(tracestate !== '' && { traceState: tracestate }),
    flags: span.flags | knowsRemote | (span.remoteParent ? isRemote : 0),
    name: failureText(span.name),
    kind: kinds[span.kind],
    startTimeUnixNano: nanoseconds(span.startMs + aheadMs),
    endTimeUnixNano: nanoseconds(span.endMs + aheadMs),
    attributes: attributes({ ...attributesOf(span.attributes), ...(failure && { 'error.type': failure.type }) }),
    events: events.map(({ atMs, name, data }) => ({
      timeUnixNano: nanoseconds(atMs + aheadMs),
      name,
      attributes: attributes(otelAttributes(data)),
    })),
    ...(span.eventsLeftOut > 0 && { droppedEventsCount: span.eventsLeftOut }),
    ...(failure && { status: { code: errorStatus, message: failureText(failure.message) } }),
  };
}

function attributes(named: Readonly<Record<string, AttributeValue>>): readonly object[] {
  return Object.entries(named).map(([key, value]) => ({ key, value: otlpValue(value) }));
}

function otlpValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** More digits than a number can hold. */
function nanoseconds(ms: number): string {
  const whole = Math.floor(ms);
  const rest = Math.floor((ms - whole) * 1_000_000);
  return `${whole}${String(rest).padStart(6, '0')}`;
}
