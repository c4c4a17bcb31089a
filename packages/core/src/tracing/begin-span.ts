import { type CallContext, type Env, type SpanKind, type TraceContext, traceKey } from '@fwk/kernel';
import { activeOtelSpan, activeServerSpan, hasOtelTracer, renameOtelSpan, traceOf } from './otel.js';
import { RecordedSpan } from './recorded-span.js';
import { childSpan, startTrace } from './trace-context.js';
import { TraceRecorder } from './trace-recorder.js';

/** Records for OpenTelemetry alone, where the environment has no tracer. */
const handingOver = new WeakMap<object, TraceRecorder>();

/**
 * Begins a span: in OpenTelemetry where the application has a tracer provider of it, and in the recorder of the environment. Without
 * either the trace goes on and nothing is recorded.
 * @param parent - the span above; undefined begins a trace.
 * @param startMs - on `env.clock.now()`.
 */
export function beginSpan(
  env: Env,
  name: string,
  kind: SpanKind,
  parent: TraceContext | undefined,
  startMs: number,
): TraceContext {
  const tracer = env.tracer ?? (hasOtelTracer() ? handingOverFor(env) : undefined);
  if (tracer) return tracer.start(name, kind, parent, startMs);
  return parent ? childSpan(parent, env.random) : startTrace(env.random);
}

/**
 * Begins the span of a request that came from outside. Where an instrumentation of OpenTelemetry has begun one for it already, that is
 * gone on with: it is given name and attributes, and no second one is made.
 * @param parent - what the caller sent.
 */
export function beginServerSpan(
  env: Env,
  name: string,
  parent: TraceContext | undefined,
  startMs: number,
): TraceContext {
  const theirs = hasOtelTracer() ? activeServerSpan() : undefined;
  if (!theirs) return beginSpan(env, name, 'server', parent, startMs);
  const recorder = env.tracer instanceof TraceRecorder ? env.tracer : handingOverFor(env);
  renameOtelSpan(theirs, name);
  const trace = traceOf(theirs);
  const above = parent && parent.traceId === trace?.traceId ? parent : undefined;
  return recorder.start(name, 'server', above, startMs, theirs);
}

function handingOverFor(env: Env): TraceRecorder {
  const { clock, random } = env;
  const known = handingOver.get(clock);
  if (known) return known;
  const made = new TraceRecorder({ clock, random });
  handingOver.set(clock, made);
  return made;
}

/**
 * The span that a call is made in: the one that is active in OpenTelemetry, where the application uses that, else the one in the
 * context.
 */
export function spanAbove(context: CallContext): TraceContext | undefined {
  const own = context.get(traceKey);
  const active = activeOtelSpan();
  if (!active || active.spanId === own?.spanId) return own;
  // A span that the application has begun inside ours.
  return own?.span && own.traceId === active.traceId ? { ...active, span: own.span } : active;
}

/** Runs `body` in a span, so that instrumentations of OpenTelemetry begin theirs below it. */
export function runInSpan<T>(trace: TraceContext | undefined, body: () => T): T {
  const span = trace?.span;
  return span instanceof RecordedSpan ? span.run(body) : body();
}

/** True for a span that OpenTelemetry has too, so that no instrumentation needs to begin another for the same work. */
export function isInOtel({ span }: TraceContext): boolean {
  return span instanceof RecordedSpan && span.otel !== undefined;
}
