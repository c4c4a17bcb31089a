/**
 * Which trace a call belongs to, in the form of W3C trace context, level 2; and the seam by which layers tell in its span what
 * they did. Source: https://www.w3.org/TR/trace-context-2/
 */
import type { CallContext } from '../context/call-context.js';
import { type ContextKey, contextKey } from '../context/context-key.js';
import type { EventSink } from '../events/event-sink.js';

/** A span as processes tell each other of it. */
export interface TraceContext {
  /** 32 lowercase hex digits, not all zero. */
  readonly traceId: string;
  /** The span that is current; 16 lowercase hex digits, not all zero. */
  readonly spanId: string;
  /** Whether the trace is recorded (1) and whether its id is random (2); no other bits. */
  readonly flags: number;
  /** What other tracing systems carry along; empty for none. */
  readonly tracestate: string;
  /** The span above this one; undefined at the root and for a context that came from outside. */
  readonly parentSpanId?: string | undefined;
  /** The recording of this span; undefined where this process does not record it. */
  readonly span?: Span | undefined;
}

/** What an attribute of a span may be. */
export type AttributeValue = string | number | boolean;

/** Who asks whom, as OpenTelemetry has it. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** Why the work of a span failed. */
export interface SpanFailure {
  /** A code, a status or the name of a class; few values. */
  readonly type: string;
  readonly message: string;
}

/** A span that is being recorded. Nothing has an effect once it has ended. */
export interface Span {
  /** Few values: ids belong to attributes. */
  name: string;
  /** Says something of the whole span. Of one name the last counts. */
  set(name: string, value: AttributeValue): void;
  /** As `set`, for work on a hot path: `details` is asked once when the span is kept or handed on, and most spans never are. */
  describe(details: SpanDetails): void;
  /** Something happened. `data` is plain and is not changed afterwards. */
  event(name: string, data: Readonly<Record<string, unknown>>): void;
  /**
   * The work is over.
   * @param endMs - on `env.clock.now()`.
   * @param failure - why it failed; undefined where it did not.
   */
  end(endMs: number, failure?: SpanFailure): void;
}

/** Knows attributes of a span. What it holds does not change once the span has ended. */
export interface SpanDetails {
  setOn(span: Pick<Span, 'set'>): void;
}

/** Begins spans, and decides which are recorded. */
export interface Tracer {
  /**
   * Begins a span; what it answers is the trace that everything inside the span goes on with.
   * @param parent - the span above, of this process or of the caller; undefined begins a trace.
   * @param startMs - on `env.clock.now()`.
   */
  start(name: string, kind: SpanKind, parent: TraceContext | undefined, startMs: number): TraceContext;
}

/** The trace of the call being made; undefined outside any. */
export const traceKey: ContextKey<TraceContext | undefined> = contextKey<TraceContext | undefined>(
  'trace',
  undefined,
  true,
);

/** Says in the span of a call that something happened; costs a look-up where it is not recorded. */
export function spanEvent(context: CallContext, name: string, data: Readonly<Record<string, unknown>>): void {
  context.get(traceKey)?.span?.event(name, data);
}

/** Tells of something that happened to one call: an event for all listeners, and one in the span of the call. */
export function emitInCall(
  events: EventSink,
  context: CallContext,
  name: string,
  data: Readonly<Record<string, unknown>>,
): void {
  events.emit(name, data);
  spanEvent(context, name, data);
}
