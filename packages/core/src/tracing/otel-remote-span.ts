import type { TraceContext } from '@fwk/kernel';
import { withTracestate } from './tracestate.js';

/** A span of ours as OpenTelemetry sees it: something to hang its own below, and nothing that it records. */
export class RemoteSpan {
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
