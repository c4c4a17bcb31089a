/** Our spans in OpenTelemetry's own SDK, beside its instrumentations: one tree, and no span twice. */
import { IncomingMessage, Server, ServerResponse } from 'node:http';
import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { rawServer } from '../fixtures/raw-server.js';
import { shop } from '../fixtures/shop-contract.js';
import { createServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { createClient } from './create-client.js';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const undici = new UndiciInstrumentation();
const tracer = () => trace.getTracer('app');

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  exporter.reset();
});

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  undici.setTracerProvider(provider);
  undici.enable();
});
afterAll(() => {
  undici.disable();
  for (const api of [context, propagation, trace]) api.disable();
});

type Emit = (this: Server, name: string | symbol, ...args: unknown[]) => boolean;

/** Begins a span for each request of every server, as the instrumentation of HTTP does. */
function instrumentServers(): void {
  const emit = Reflect.get(Server.prototype, 'emit') as Emit;
  const instrumented: Emit = function (name, ...args) {
    const [request, response] = args;
    const asked = name === 'request' && request instanceof IncomingMessage && response instanceof ServerResponse;
    if (!asked) return emit.call(this, name, ...args);
    const parent = propagation.extract(ROOT_CONTEXT, request.headers);
    const span = trace.getTracer('http').startSpan('GET', { kind: SpanKind.SERVER }, parent);
    response.on('close', () => span.end());
    return context.with(trace.setSpan(parent, span), () => emit.call(this, name, ...args));
  };
  Reflect.set(Server.prototype, 'emit', instrumented);
  closing.push(async () => Reflect.set(Server.prototype, 'emit', emit));
}

type Item = { readonly id: string; readonly size: number };

/** A client and a server, and behind it another one that fails once. */
async function twoHops() {
  let failures = 1;
  const start = async (item: () => Promise<Item> | Item) => {
    const server = createServer({
      serve: [
        served(shop, {
          item,
          order: () => ({ order: '' }),
          tick: () => 0,
          forget: () => {},
        }),
      ],
      port: 0,
    });
    await server.start();
    closing.push(() => server.close());
    const client = createClient(shop, {
      ...{ endpoints: [server.url], wire: 'http', retry: { baseDelayMs: 1 }, breaker: false },
      ...{ timeoutMs: 20_000, deadlineMs: 60_000 },
    });
    closing.push(async () => client[Symbol.asyncDispose]());
    return client;
  };
  const inner = await start(() => {
    tracer().startSpan('query').end();
    if (failures-- > 0) throw new Error('once');
    return { id: '1', size: 1 };
  });
  return start(() => inner.item({ params: { id: 1 }, query: {} }));
}

/** Names of all spans, those below indented, in the order in which they began. */
async function tree(): Promise<string[]> {
  const spans = () => [...exporter.getFinishedSpans()].sort((left, right) => at(left) - at(right));
  const below = (id: string | undefined, depth: number): string[] =>
    spans()
      .filter(({ parentSpanContext }) => parentSpanContext?.spanId === id)
      .flatMap((span) => [
        `${'  '.repeat(depth)}${SpanKind[span.kind]} ${span.name}${span.status.code === 2 ? ' failed' : ''}`,
        ...below(span.spanContext().spanId, depth + 1),
      ]);
  // The span of an instrumentation ends with the response, which its server may notice after the client.
  await expect.poll(() => below(undefined, 0).length).toBe(spans().length);
  return below(undefined, 0);
}

function at({ startTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * 1e9 + nanoseconds;
}

const wanted = [
  'INTERNAL job',
  '  INTERNAL shop.item',
  '    CLIENT GET /items/{id}',
  '      SERVER GET /items/{id}',
  '        INTERNAL shop.item',
  '          CLIENT GET /items/{id} failed',
  '            SERVER GET /items/{id} failed',
  '              INTERNAL query',
  '          CLIENT GET /items/{id}',
  '            SERVER GET /items/{id}',
  '              INTERNAL query',
];

test.each([
  ['without instrumentation of servers', () => {}],
  ['with instrumentation of servers', instrumentServers],
])('a call over two hops with a second attempt is one tree of spans, each once, %s', async (_how, instrument) => {
  instrument();
  const client = await twoHops();
  await tracer().startActiveSpan('job', async (span) => {
    await client.item({ params: { id: 1 }, query: {} });
    span.end();
  });
  await expect.poll(tree).toEqual(wanted);
  const spans = exporter.getFinishedSpans();
  expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  const attempt = spans.find(({ kind, status }) => kind === SpanKind.CLIENT && status.code === 2);
  expect(attempt?.attributes).toMatchObject({
    'http.request.method': 'GET',
    'http.response.status_code': 500,
    'error.type': '500',
    'server.address': '127.0.0.1',
  });
  const retried = spans.find(({ events }) => events.length > 0);
  expect(retried?.events.map(({ name, attributes }) => [name, attributes?.attempt])).toEqual([['retry.scheduled', 1]]);
  const answered = spans.filter(({ kind }) => kind === SpanKind.SERVER);
  expect(answered.map(({ attributes }) => attributes['http.route'])).toEqual([
    '/items/{id}',
    '/items/{id}',
    '/items/{id}',
  ]);
});

test('the span of an attempt has the whole URL, with the path where the contract is mounted', async () => {
  const server = await rawServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end('1');
  });
  closing.push(async () => server[Symbol.asyncDispose]());
  const client = createClient(shop, { endpoints: [`${server.url}/api`], timeoutMs: 20_000, deadlineMs: 60_000 });
  closing.push(async () => client[Symbol.asyncDispose]());
  await client.tick();
  const attempt = exporter.getFinishedSpans().find(({ kind }) => kind === SpanKind.CLIENT);
  expect(attempt?.attributes).toMatchObject({ 'url.full': `${server.url}/api/ticks`, 'url.template': '/ticks' });
});
