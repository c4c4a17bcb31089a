/**
 * Records spans, and keeps some of their traces.
 *
 * Head sampling: a trace that begins here is sampled by its id, so that services with the same ratio choose the same traces. For the
 * trace of a caller, the caller's decision holds. Tail sampling: the spans of all other traces are kept until the root span of this
 * process ends, and then only when something failed or was slow. Callees do not know of that, so they may not have their part.
 *
 * State: the spans of the calls under way, reachable only from them, and the recent traces. Never throws.
 */
import { type Clock, currentOf, type SpanKind, type TraceContext, type Tracer, WallOffset } from '@fwk/kernel';
import { LocalTrace } from './local-trace.js';
import { hasOtelTracer, type OtelSpan, startOtelSpan, traceOf } from './otel.js';
import { RecentTraces } from './recent-traces.js';
import { RecordedSpan, type SpanIds, type SpanOwner } from './recorded-span.js';
import { childSpan, randomFlag, sampledFlag, startTrace } from './trace-context.js';
import { type TraceSampling, traceSamplingDefaults } from './tracing-options.js';

/** Takes the spans of traces that are kept. Must not throw. */
export interface SpanSink {
  /** @param aheadMs - what to add to the moments of the spans for wall time, in milliseconds. */
  add(spans: readonly RecordedSpan[], aheadMs: number): void;
}

/** What a recorder is made of. */
export interface RecorderParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Where kept spans go, besides the recent traces. Not asked where OpenTelemetry exports them. */
  readonly sink?: SpanSink | undefined;
}

/** See the head of this file. */
export class TraceRecorder implements Tracer {
  readonly recent = new RecentTraces();
  /** Which traces are kept from now on. */
  sampling: TraceSampling;
  readonly #parts: RecorderParts;
  readonly #offset: WallOffset;

  constructor(parts: RecorderParts, sampling: TraceSampling = traceSamplingDefaults) {
    this.#parts = parts;
    this.sampling = sampling;
    this.#offset = new WallOffset(parts.clock);
  }

  /** True where OpenTelemetry records and exports the spans. */
  get handedOver(): boolean {
    return hasOtelTracer();
  }

  start(
    name: string,
    kind: SpanKind,
    parent: TraceContext | undefined,
    startMs: number,
    adopted?: OtelSpan,
  ): TraceContext {
    const above = parent?.span instanceof RecordedSpan ? parent.span : undefined;
    const otel = adopted ?? (hasOtelTracer() ? this.#startOtel(name, kind, parent, above, startMs) : undefined);
    const ids = idsOf(traceOf(otel), parent, above) ?? this.#newIds(parent, above);
    const shared = above?.owner instanceof Owner && above.traceId === ids.traceId ? above.owner : undefined;
    if (!shared && !otel && !this.#mayKeep(ids)) return ids;
    const owner = shared ?? new Owner(this, new LocalTrace((ids.flags & sampledFlag) !== 0));
    const span = new RecordedSpan(owner, name, kind, ids, startMs, otel, adopted !== undefined);
    owner.trace.add(span);
    return span;
  }

  /** A span has ended. */
  ended(span: RecordedSpan, trace: LocalTrace): void {
    const { errors, slowMs } = this.sampling;
    if (span.failure) trace.failed = true;
    if (trace.because) {
      span.settle();
      if (span !== trace.root) this.#hand([span], span.endMs);
      return;
    }
    if (span !== trace.root) {
      // It outlived the one that it was begun in, whose trace was not kept.
      if (trace.root.ended && span.failure && currentOf(errors)) this.#keep(trace, 'error', span.endMs);
      return;
    }
    if (trace.sampled) this.#keep(trace, 'sampled', span.endMs);
    else if (trace.failed && currentOf(errors)) this.#keep(trace, 'error', span.endMs);
    else if (span.endMs - span.startMs >= currentOf(slowMs)) this.#keep(trace, 'slow', span.endMs);
  }

  aheadMs(nowMs: number): number {
    return this.#offset.at(nowMs);
  }

  now(): number {
    return this.#parts.clock.now();
  }

  #keep(trace: LocalTrace, because: NonNullable<LocalTrace['because']>, nowMs: number): void {
    trace.because = because;
    for (const span of trace.spans) if (span.ended) span.settle();
    this.recent.add(trace, this.aheadMs(nowMs));
    this.#hand(
      trace.spans.filter((span) => span.ended),
      nowMs,
    );
  }

  #hand(spans: readonly RecordedSpan[], nowMs: number): void {
    if (!hasOtelTracer()) this.#parts.sink?.add(spans, this.aheadMs(nowMs));
  }

  /** Whether a trace that begins here could be kept in the end. */
  #mayKeep({ flags }: SpanIds): boolean {
    const { errors, slowMs } = this.sampling;
    return (flags & sampledFlag) !== 0 || currentOf(errors) || currentOf(slowMs) < Number.POSITIVE_INFINITY;
  }

  #newIds(parent: TraceContext | undefined, above: RecordedSpan | undefined): SpanIds {
    const { random } = this.#parts;
    if (parent) {
      const { traceId, spanId, flags, tracestate } = childSpan(parent, random);
      return { traceId, spanId, flags, tracestate, parentSpanId: parent.spanId, remoteParent: above === undefined };
    }
    const { traceId, spanId, tracestate } = startTrace(random);
    const flags = randomFlag | (isChosen(traceId, currentOf(this.sampling.ratio)) ? sampledFlag : 0);
    return { traceId, spanId, flags, tracestate, parentSpanId: undefined, remoteParent: false };
  }

  #startOtel(
    name: string,
    kind: SpanKind,
    parent: TraceContext | undefined,
    above: RecordedSpan | undefined,
    startMs: number,
  ): OtelSpan | undefined {
    // A span of the application may stand between the one above and this one.
    const over = above?.otel && above.spanId === parent?.spanId ? above.otel : parent;
    return startOtelSpan(name, kind, over, startMs + this.aheadMs(startMs));
  }
}

/** What the spans of one trace share. */
class Owner implements SpanOwner {
  readonly trace: LocalTrace;
  readonly #recorder: TraceRecorder;

  constructor(recorder: TraceRecorder, trace: LocalTrace) {
    this.#recorder = recorder;
    this.trace = trace;
  }

  now(): number {
    return this.#recorder.now();
  }

  aheadMs(nowMs: number): number {
    return this.#recorder.aheadMs(nowMs);
  }

  ended(span: RecordedSpan): void {
    this.#recorder.ended(span, this.trace);
  }
}

/** The ids that OpenTelemetry gave. */
function idsOf(
  trace: TraceContext | undefined,
  parent: TraceContext | undefined,
  above: RecordedSpan | undefined,
): SpanIds | undefined {
  if (!trace) return undefined;
  const { traceId, spanId, flags, tracestate } = trace;
  const parentSpanId = parent?.traceId === traceId ? parent.spanId : undefined;
  const remoteParent = parentSpanId !== undefined && above === undefined;
  return { traceId, spanId, flags, tracestate, parentSpanId, remoteParent };
}

/** By the last digits of the id, which are random. */
function isChosen(traceId: string, share: number): boolean {
  return share > 0 && Number.parseInt(traceId.slice(-8), 16) < share * 0x1_0000_0000;
}
