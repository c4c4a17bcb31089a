/**
 * The spans of one call (a request, a call to another service, its attempt) with the attributes that ours have: by our recorder at
 * 100 %, with nothing recorded, and by the SDK of OpenTelemetry with a batch processor. What is exported goes nowhere.
 */
import { beginSpan, makeEnv, TraceRecorder } from '@fwk/core';
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const attributes = [
  ['http.request.method', 'GET'],
  ['http.route', '/stock/{sku}'],
  ['network.protocol.name', 'http'],
  ['server.address', '127.0.0.1'],
  ['server.port', 4001],
  ['http.response.status_code', 200],
];

/** A call by each. */
export function spans() {
  const plain = makeEnv();
  const recorder = new TraceRecorder(
    { clock: plain.clock, random: plain.random, sink: { add() {} } },
    { ratio: 1, errors: true, slowMs: 1000 },
  );
  const traced = makeEnv({ tracer: recorder });
  const exporter = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} };
  const processor = new BatchSpanProcessor(exporter, { maxQueueSize: 65_536, maxExportBatchSize: 512 });
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
  return { tracedCall: () => ourCall(traced), plainCall: () => ourCall(plain), otelCall: () => otelCall(tracer) };
}

function ourCall(env) {
  const { clock } = env;
  const request = beginSpan(env, 'GET /orders', 'server', undefined, clock.now());
  const call = beginSpan(env, 'inventory.stock', 'internal', request, clock.now());
  const attempt = beginSpan(env, 'GET /stock/{sku}', 'client', call, clock.now());
  for (const { span } of [attempt, call, request]) {
    if (!span) continue;
    for (const [name, value] of attributes) span.set(name, value);
    span.end(clock.now());
  }
}

function otelCall(tracer) {
  const request = tracer.startSpan('GET /orders', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  const inRequest = trace.setSpan(ROOT_CONTEXT, request);
  const call = tracer.startSpan('inventory.stock', { kind: SpanKind.INTERNAL }, inRequest);
  const attempt = tracer.startSpan('GET /stock/{sku}', { kind: SpanKind.CLIENT }, trace.setSpan(inRequest, call));
  for (const span of [attempt, call, request]) {
    for (const [name, value] of attributes) span.setAttribute(name, value);
    span.end();
  }
}
