/**
 * OpenTelemetry, where the application uses it. Its API is not a dependency: it registers itself under a global symbol that
 * all of its 1.x versions share, and is looked for there, which costs one property read where there is none.
 */
import type { SpanKind, TraceContext } from '@fwk/kernel';
import { RemoteSpan } from './otel-remote-span.js';
import { randomFlag, sampledFlag } from './trace-context.js';

/** What is used of the API's context manager and contexts. Source: opentelemetry-js, api/src/internal/global-utils.ts */
interface OtelContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): OtelContext;
  deleteValue(key: symbol): OtelContext;
}

interface OtelContextManager {
  active(): OtelContext;
  with<T>(context: OtelContext, body: () => T): T;
}

/** What is used of a span of OpenTelemetry. */
export interface OtelSpan {
  spanContext(): OtelSpanContext;
  isRecording(): boolean;
  setAttribute(name: string, value: string | number | boolean): unknown;
  addEvent(name: string, attributes: Readonly<Record<string, string | number | boolean>>, timeMs: number): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  updateName(name: string): unknown;
  end(timeMs: number): void;
  /** Of spans of the SDK. */
  readonly kind?: number;
}

interface OtelTracer {
  startSpan(
    name: string,
    options: { readonly kind: number; readonly startTime: number },
    context: OtelContext,
  ): OtelSpan;
}

interface OtelBaggage {
  getAllEntries(): readonly (readonly [name: string, entry: { readonly value: string }])[];
}

interface OtelApi {
  readonly context?: OtelContextManager;
  readonly trace?: { getTracer(name: string): OtelTracer };
}

interface OtelSpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: { serialize(): string } | undefined;
}

const api = Symbol.for('opentelemetry.js.api.1');
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN');
const traceIdForm = /^(?!0{32})[0-9a-f]{32}$/;
const spanIdForm = /^(?!0{16})[0-9a-f]{16}$/;

const suppressKey = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
const baggageSymbol = Symbol.for('OpenTelemetry Baggage Key');
const tracerName = '@fwk';
/** Numbers of the kinds in OpenTelemetry's API. */
const kinds: Readonly<Record<SpanKind, number>> = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 };

function registered(): OtelApi | undefined {
  return (globalThis as { readonly [api]?: OtelApi })[api];
}

function contextManager(): OtelContextManager | undefined {
  return registered()?.context;
}

/** True where the application has a tracer provider of OpenTelemetry, so that it records and exports spans. */
export function hasOtelTracer(): boolean {
  return registered()?.trace !== undefined;
}

/**
 * Begins a span of OpenTelemetry; undefined where the application has no tracer provider, or it fails.
 * @param parent - the span above, one of OpenTelemetry or any other.
 * @param startTime - milliseconds since the epoch.
 */
export function startOtelSpan(
  name: string,
  kind: SpanKind,
  parent: OtelSpan | TraceContext | undefined,
  startTime: number,
): OtelSpan | undefined {
  try {
    const active = contextManager()?.active() ?? new PlainContext();
    const above = parent && 'traceId' in parent ? new RemoteSpan(parent) : parent;
    const context = above ? active.setValue(spanKey, above) : active.deleteValue(spanKey);
    return registered()?.trace?.getTracer(tracerName).startSpan(name, { kind: kinds[kind], startTime }, context);
  } catch {
    return undefined;
  }
}

/** Gives a span of somebody else's our name. */
export function renameOtelSpan(span: OtelSpan, name: string): void {
  try {
    span.updateName(name);
  } catch {
    // It keeps its own.
  }
}

/** The trace that a span of OpenTelemetry belongs to; undefined for one that is no valid span. */
export function traceOf(span: OtelSpan | undefined): TraceContext | undefined {
  try {
    return readContext(span?.spanContext());
  } catch {
    return undefined;
  }
}

/**
 * The span that an instrumentation of HTTP servers has begun for the request being handled: active, recording, and of kind server.
 * Only such a one is taken, since what is active where a server listens was active when it began to.
 */
export function activeServerSpan(): OtelSpan | undefined {
  try {
    const span = contextManager()?.active().getValue(spanKey) as OtelSpan | undefined;
    return span?.kind === kinds.server && span.isRecording() ? span : undefined;
  } catch {
    return undefined;
  }
}

/** The baggage that is active in OpenTelemetry, as names and values. */
export function activeOtelBaggage(): readonly (readonly [name: string, value: string])[] {
  try {
    const active = contextManager()?.active().getValue(baggageSymbol) as OtelBaggage | undefined;
    return (active?.getAllEntries() ?? []).map(([name, { value }]) => [name, value]);
  } catch {
    return [];
  }
}

/** Runs `body` so that instrumentations of OpenTelemetry begin no spans in it and write no headers. */
export function withoutOtelSpans<T>(body: () => T): T {
  return inOtelContext((context) => context.setValue(suppressKey, true), body);
}

/** Runs `body` with a span of OpenTelemetry as the active one. */
export function withOtelSpan<T>(span: OtelSpan, body: () => T): T {
  return inOtelContext((context) => context.setValue(spanKey, span), body);
}

function inOtelContext<T>(change: (context: OtelContext) => OtelContext, body: () => T): T {
  const manager = contextManager();
  if (!manager) return body();
  let context: OtelContext;
  try {
    context = change(manager.active());
  } catch {
    return body();
  }
  return manager.with(context, body);
}

/** The span that is active in OpenTelemetry; undefined without OpenTelemetry, and outside any of its spans. */
export function activeOtelSpan(): TraceContext | undefined {
  const manager = contextManager();
  return manager && readSpan(manager);
}

/**
 * Runs `body` so that OpenTelemetry's instrumentations in it go on with this trace. Where one of its own spans of the trace is
 * active that stays, since it is one that is exported.
 */
export function runInOtel<T>(trace: TraceContext, body: () => T): T {
  const manager = contextManager();
  if (!manager || readSpan(manager)?.traceId === trace.traceId) return body();
  return inOtelContext((context) => context.setValue(spanKey, new RemoteSpan(trace)), body);
}

/** A context manager may be anybody's: what it throws must not fail a call. */
function readSpan(manager: OtelContextManager): TraceContext | undefined {
  try {
    const span = manager.active().getValue(spanKey) as { spanContext?(): OtelSpanContext } | undefined;
    return readContext(span?.spanContext?.());
  } catch {
    return undefined;
  }
}

function readContext(found: OtelSpanContext | undefined): TraceContext | undefined {
  if (!found || !traceIdForm.test(found.traceId) || !spanIdForm.test(found.spanId)) return undefined;
  return {
    traceId: found.traceId,
    spanId: found.spanId,
    flags: found.traceFlags & (sampledFlag | randomFlag),
    tracestate: found.traceState?.serialize() ?? '',
  };
}

/** A context for where the application has a tracer provider and no context manager. */
class PlainContext implements OtelContext {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown> = new Map()) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): OtelContext {
    return new PlainContext(new Map([...this.#values, [key, value]]));
  }

  deleteValue(key: symbol): OtelContext {
    return new PlainContext(new Map([...this.#values].filter(([each]) => each !== key)));
  }
}
