/**
 * OpenTelemetry, where the application uses it. Its API is not a dependency: it registers itself under a global symbol that
 * all of its 1.x versions share, and is looked for there, which costs one property read where there is none.
 */
import { randomFlag, sampledFlag, type TraceContext } from './trace-context.js';
import { withTracestate } from './tracestate.js';

/** What is used of the API's context manager and contexts. Source: opentelemetry-js, api/src/internal/global-utils.ts */
interface OtelContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): OtelContext;
}

interface OtelContextManager {
  active(): OtelContext;
  with<T>(context: OtelContext, body: () => T): T;
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

function contextManager(): OtelContextManager | undefined {
  const registered = (globalThis as { readonly [api]?: { readonly context?: OtelContextManager } })[api];
  return registered?.context;
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
  let context: OtelContext;
  try {
    context = manager.active().setValue(spanKey, new RemoteSpan(trace));
  } catch {
    return body();
  }
  return manager.with(context, body);
}

/** A context manager may be anybody's: what it throws must not fail a call. */
function readSpan(manager: OtelContextManager): TraceContext | undefined {
  try {
    const span = manager.active().getValue(spanKey) as { spanContext?(): OtelSpanContext } | undefined;
    const found = span?.spanContext?.();
    if (!found || !traceIdForm.test(found.traceId) || !spanIdForm.test(found.spanId)) return undefined;
    return {
      traceId: found.traceId,
      spanId: found.spanId,
      flags: found.traceFlags & (sampledFlag | randomFlag),
      tracestate: found.traceState?.serialize() ?? '',
    };
  } catch {
    return undefined;
  }
}

/** A span of ours as OpenTelemetry sees it: something to hang its own below, and nothing that it records. */
class RemoteSpan {
  readonly #trace: TraceContext;

  constructor(trace: TraceContext) {
    this.#trace = trace;
  }

  spanContext() {
    const { traceId, spanId, flags, tracestate } = this.#trace;
    const traceState = tracestate === '' ? undefined : new OtelTraceState(tracestate);
    return { traceId, spanId, traceFlags: flags, traceState, isRemote: true };
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  end(): void {}

  recordException(): void {}
}

/** A `tracestate` in the form that OpenTelemetry hands on from span to span. */
class OtelTraceState {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  serialize(): string {
    return this.#text;
  }

  get(key: string): string | undefined {
    const member = this.#text.split(',').find((text) => text.startsWith(`${key}=`));
    return member?.slice(key.length + 1);
  }

  set(key: string, value: string): OtelTraceState {
    return new OtelTraceState(withTracestate(this.#text, key, value));
  }

  unset(key: string): OtelTraceState {
    const others = this.#text.split(',').filter((text) => !text.startsWith(`${key}=`));
    return new OtelTraceState(others.join());
  }
}
