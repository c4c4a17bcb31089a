import type { AttributeValue, Span, SpanDetails, SpanFailure, SpanKind, TraceContext } from '@fwk/kernel';
import { type OtelSpan, withOtelSpan } from './otel.js';
import { attributeText, failureText, keptText, otelAttributes } from './span-data.js';

/** Most attributes and events of one span; what is beyond is counted. */
const maxAttributes = 32;
const maxEvents = 32;

/** Something that happened while a span ran. */
export interface SpanEvent {
  /** On `env.clock.now()`. */
  readonly atMs: number;
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The recorder of a span: gives it the time, and is told when it ends. */
export interface SpanOwner {
  /** On `env.clock.now()`. */
  now(): number;
  /** What to add to moments of that clock for wall time, in milliseconds. */
  aheadMs(nowMs: number): number;
  ended(span: RecordedSpan): void;
}

/** The identity of a span and of its parent. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly tracestate: string;
  readonly parentSpanId: string | undefined;
  /** Whether the parent span belongs to another process. */
  readonly remoteParent: boolean;
}

/**
 * A span as it is recorded. It is also the trace context of the work inside it. Where the application uses OpenTelemetry, each change
 * is passed on to a span there, and the ids are those of that span.
 */
export class RecordedSpan implements TraceContext, Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly tracestate: string;
  readonly parentSpanId: string | undefined;
  readonly remoteParent: boolean;
  readonly kind: SpanKind;
  /** On `env.clock.now()`. */
  readonly startMs: number;
  /** The span of OpenTelemetry that stands for this one. */
  readonly otel: OtelSpan | undefined;
  endMs = Number.NaN;
  failure: SpanFailure | undefined = undefined;
  events: SpanEvent[] | undefined = undefined;
  /** Number of events beyond {@link maxEvents}. */
  eventsLeftOut = 0;
  #attributes: AttributeValue[] | undefined = undefined;
  #details: SpanDetails | undefined = undefined;
  #name: string;
  readonly #owner: SpanOwner;
  /** Whether the span of OpenTelemetry was begun by other code, which also ends it. */
  readonly #adopted: boolean;

  constructor(
    owner: SpanOwner,
    name: string,
    kind: SpanKind,
    ids: SpanIds,
    startMs: number,
    otel: OtelSpan | undefined = undefined,
    adopted = false,
  ) {
    this.traceId = ids.traceId;
    this.spanId = ids.spanId;
    this.flags = ids.flags;
    this.tracestate = ids.tracestate;
    this.parentSpanId = ids.parentSpanId;
    this.remoteParent = ids.remoteParent;
    this.kind = kind;
    this.startMs = startMs;
    this.otel = otel;
    this.#name = name;
    this.#owner = owner;
    this.#adopted = adopted;
  }

  get span(): Span {
    return this;
  }

  get name(): string {
    return this.#name;
  }

  set name(name: string) {
    if (this.ended) return;
    this.#name = name;
    this.#tellOtel((otel) => otel.updateName(name));
  }

  get owner(): SpanOwner {
    return this.#owner;
  }

  get ended(): boolean {
    return !Number.isNaN(this.endMs);
  }

  set(name: string, value: AttributeValue): void {
    if (this.ended || !this.#add(name, value)) return;
    // Our own copy is masked when it is read, since most spans are never read.
    this.#tellOtel((otel) => otel.setAttribute(name, typeof value === 'string' ? attributeText(name, value) : value));
  }

  describe(details: SpanDetails): void {
    if (this.ended) return;
    if (this.otel) details.setOn(this);
    else this.#details = details;
  }

  /** Names and values in turn. Values from `describe` are missing until {@link settle}. */
  get attributes(): readonly AttributeValue[] {
    return this.#attributes ?? [];
  }

  /** Adds the attributes from `describe`, and releases the object that gave them, since it holds the call. */
  settle(): void {
    const details = this.#details;
    this.#details = undefined;
    details?.setOn({ set: (name, value) => void this.#add(name, value) });
  }

  event(name: string, data: Readonly<Record<string, unknown>>): void {
    if (this.ended) return;
    if (this.events !== undefined && this.events.length >= maxEvents) {
      this.eventsLeftOut++;
      return;
    }
    const atMs = this.#owner.now();
    this.events ??= [];
    this.events.push({ atMs, name, data });
    this.#tellOtel((otel) => otel.addEvent(name, otelAttributes(data), atMs + this.#owner.aheadMs(atMs)));
  }

  end(endMs: number, failure?: SpanFailure): void {
    if (this.ended) return;
    this.endMs = endMs;
    this.failure = failure && { type: failure.type, message: keptText(failure.message) };
    this.#tellOtel((otel) => this.#endOtel(otel, endMs));
    this.#owner.ended(this);
  }

  /** Runs `body` inside the span, as OpenTelemetry sees it. */
  run<T>(body: () => T): T {
    return this.otel && !this.#adopted ? withOtelSpan(this.otel, body) : body();
  }

  /** Span processors of OpenTelemetry may throw; that must not fail the call of this span. */
  #tellOtel(tell: (otel: OtelSpan) => void): void {
    if (!this.otel) return;
    try {
      tell(this.otel);
    } catch {
      // That span then lacks this change.
    }
  }

  /** @returns false when there is no room. */
  #add(name: string, value: AttributeValue): boolean {
    this.#attributes ??= [];
    if (this.#attributes.length >= 2 * maxAttributes) return false;
    this.#attributes.push(name, typeof value === 'string' ? keptText(value) : value);
    return true;
  }

  #endOtel(otel: OtelSpan, endMs: number): void {
    if (this.failure) {
      otel.setAttribute('error.type', this.failure.type);
      otel.setStatus({ code: otelError, message: failureText(this.failure.message) });
    }
    if (!this.#adopted) otel.end(endMs + this.#owner.aheadMs(endMs));
  }
}

/** The status of a span that failed, in OpenTelemetry's API. */
const otelError = 2;
