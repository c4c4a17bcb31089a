/**
 * An application of two services that uses a version of OpenTelemetry's SDK with its instrumentations of http and undici, as
 * applications do. Makes one call and prints the spans that the SDK was given, as a tree.
 *
 * Arguments: the folder that has the packages of OpenTelemetry, and the wire.
 */
import { createServer as createPlainServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, wire] = process.argv.slice(2);
const otel = createRequire(join(folder, 'package.json'));
const { context, propagation, SpanKind, SpanStatusCode, trace } = otel('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = otel('@opentelemetry/context-async-hooks');
const { W3CTraceContextPropagator } = otel('@opentelemetry/core');
const { HttpInstrumentation } = otel('@opentelemetry/instrumentation-http');
const { UndiciInstrumentation } = otel('@opentelemetry/instrumentation-undici');
const sdk = otel('@opentelemetry/sdk-trace');

const spans = [];
const processor = {
  onStart() {},
  onEnd: (span) => void spans.push(span),
  forceFlush: async () => {},
  shutdown: async () => {},
};
// The class lost a word of its name with version 3.
const Provider = sdk.TracerProvider ?? sdk.BasicTracerProvider;
const provider = new Provider({ spanProcessors: [processor] });
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(provider);
for (const each of [new HttpInstrumentation(), new UndiciInstrumentation()]) {
  each.setTracerProvider(provider);
  each.enable();
}
// The instrumentation of http takes hold when the module is required.
otel('node:http');

const { contract, createClient, createServer, get, served } = await import('@fwk/http');
const { z } = await import('zod');

const shop = contract('shop', {
  version: '1.0.0',
  operations: {
    item: get('/items/:id', { params: z.object({ id: z.string() }), response: z.object({ id: z.string() }) }),
  },
});

const closing = [];
/** A server of the framework, and a client for it. */
async function clientFor(item) {
  const server = createServer({ serve: [served(shop, { item })], port: 0 });
  await server.start();
  const client = createClient(shop, {
    ...{ endpoints: [server.url], wire, retry: { baseDelayMs: 1 }, breaker: false },
    ...{ timeoutMs: 20_000, deadlineMs: 60_000 },
  });
  closing.unshift(
    () => client[Symbol.asyncDispose](),
    () => server.close(),
  );
  return client;
}

/** A server that knows nothing of the framework. */
const plain = createPlainServer((_, response) => response.end('ok'));
await new Promise((resolve) => plain.listen(0, '127.0.0.1', resolve));
closing.push(() => new Promise((resolve) => plain.close(resolve)));

let failures = 1;
const inner = await clientFor(async () => {
  trace.getTracer('app').startSpan('query').end();
  if (failures-- > 0) throw new Error('once');
  await (await fetch(`http://127.0.0.1:${plain.address().port}/`, { headers: { connection: 'close' } })).text();
  return { id: '1' };
});
const outer = await clientFor(() => inner.item({ params: { id: '1' } }));
await trace.getTracer('app').startActiveSpan('job', async (span) => {
  await outer.item({ params: { id: '1' } });
  span.end();
});
for (const close of closing) await close();

/** Names of the spans below one, those further below indented, in the order in which they began. */
function below(id, depth) {
  return spans
    .filter(({ parentSpanContext }) => parentSpanContext?.spanId === id)
    .sort((left, right) => startOf(left) - startOf(right))
    .flatMap((span) => [
      `${'  '.repeat(depth)}${SpanKind[span.kind]} ${span.name}${span.status.code === SpanStatusCode.ERROR ? ' failed' : ''}`,
      ...below(span.spanContext().spanId, depth + 1),
    ]);
}

function startOf({ startTime: [seconds, nanoseconds] }) {
  return seconds * 1e9 + nanoseconds;
}

const traces = new Set(spans.map((span) => span.spanContext().traceId)).size;
process.stdout.write(JSON.stringify({ tree: below(undefined, 0), spans: spans.length, traces }));
