/** Beside OpenTelemetry's own packages, as an application uses them. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatTraceparent, traceKey } from '@fwk/core';
import { background, runInContext } from '@fwk/kernel';
import { context, propagation, type SpanContext, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { shop } from '../fixtures/shop-contract.js';
import { createServer as createFwkServer } from '../server/server.js';
import { served } from '../serving/served.js';
import { createClient } from './create-client.js';

const spans = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const tracer = () => trace.getTracer('test');
let instrumentation: UndiciInstrumentation | undefined;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  instrumentation?.disable();
  instrumentation = undefined;
  spans.reset();
});

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
});
afterAll(() => {
  for (const api of [context, propagation, trace]) api.disable();
});

function instrument(): void {
  instrumentation = new UndiciInstrumentation();
  instrumentation.setTracerProvider(provider);
  instrumentation.enable();
}

async function raw(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that remembers the trace headers as they came, each for itself. */
async function listening() {
  const seen: Record<'traceparent' | 'tracestate', string[]>[] = [];
  const url = await raw((request, response) => {
    const values = (name: string) =>
      request.rawHeaders.filter((_, index) => index % 2 === 1 && request.rawHeaders[index - 1]?.toLowerCase() === name);
    seen.push({ traceparent: values('traceparent'), tracestate: values('tracestate') });
    response.setHeader('content-type', 'application/json').end('1');
  });
  return { url, seen };
}

function clientOf(url: string) {
  const client = createClient(shop, { endpoints: [url], retry: false, timeoutMs: 10_000, deadlineMs: 20_000 });
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

/** Calls in a span of the application. */
async function inSpan(body: () => Promise<unknown>): Promise<SpanContext> {
  return tracer().startActiveSpan('job', { kind: SpanKind.INTERNAL }, async (span) => {
    await body();
    span.end();
    return span.spanContext();
  });
}

describe.each([
  ['without instrumentation of undici', false],
  ['with instrumentation of undici', true],
])('a call in a span of OpenTelemetry, %s', (_how, instrumented) => {
  test('carries one traceparent, of that span’s trace', async () => {
    if (instrumented) instrument();
    const { url, seen } = await listening();
    const client = clientOf(url);
    for (let call = 0; call < 3; call++) {
      const { traceId } = await inSpan(() => client.tick());
      const { traceparent } = seen[call] as (typeof seen)[number];
      expect(traceparent).toHaveLength(1);
      expect(traceparent[0]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-0[13]$`));
    }
    if (instrumented) {
      const sent = spans.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);
      expect(sent.map((span) => span.spanContext().spanId)).toEqual(
        seen.map(({ traceparent }) => traceparent[0]?.slice(36, 52)),
      );
    }
  });

  test('is one trace over two hops, also where only undici is instrumented', async () => {
    if (instrumented) instrument();
    const { url, seen } = await listening();
    const second = clientOf(url);
    const server = createFwkServer({
      serve: [
        served(shop, {
          item: () => ({ id: '', size: 0 }),
          order: () => ({ order: '' }),
          tick: () => second.tick(),
          forget: () => {},
        }),
      ],
      port: 0,
    });
    closing.push(() => server.close());
    await server.start();
    const first = clientOf(server.url);
    const { traceId } = await inSpan(() => first.tick());
    expect(seen.map(({ traceparent }) => traceparent.map((value) => value.slice(3, 35)))).toEqual([[traceId]]);
    expect(new Set(spans.getFinishedSpans().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
  });

  test('hands on a tracestate once', async () => {
    if (instrumented) instrument();
    const { url, seen } = await listening();
    const client = clientOf(url);
    const outer = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      flags: TraceFlags.SAMPLED,
      tracestate: 'vendor=1,other=2',
    };
    await runInContext(background.with({ values: [traceKey.of(outer)] }), () => client.tick());
    expect(seen[0]?.traceparent.map((value) => value.slice(3, 35))).toEqual([outer.traceId]);
    expect(seen[0]?.tracestate).toEqual([outer.tracestate]);
    expect(seen[0]?.traceparent[0]).not.toBe(formatTraceparent(outer));
  });
});

describe('with instrumentation of undici', () => {
  test('a call outside any trace carries the one that OpenTelemetry begins and records', async () => {
    instrument();
    const { url, seen } = await listening();
    await clientOf(url).tick();
    const [recorded] = spans.getFinishedSpans();
    expect(seen[0]?.traceparent.map((value) => value.slice(3, 52))).toEqual([
      `${recorded?.spanContext().traceId}-${recorded?.spanContext().spanId}`,
    ]);
  });

  test('one header goes out whoever subscribed first, and when it is enabled again', async () => {
    const { url, seen } = await listening();
    const client = clientOf(url);
    for (let round = 0; round < 3; round++) {
      instrument();
      await inSpan(() => client.tick());
      instrumentation?.disable();
      await inSpan(() => client.tick());
    }
    expect(seen.map(({ traceparent }) => traceparent.length)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('calls that wait for a connection carry one traceparent, of their own trace', async () => {
    instrument();
    const { url, seen } = await listening();
    const client = createClient(shop, {
      endpoints: [url],
      retry: false,
      maxConnections: 1,
      timeoutMs: 10_000,
      deadlineMs: 20_000,
    });
    closing.push(async () => client[Symbol.asyncDispose]());
    const traces = await Promise.all(Array.from({ length: 8 }, () => inSpan(() => client.tick())));
    expect(seen.map(({ traceparent }) => traceparent.map((value) => value.slice(3, 35))).sort()).toEqual(
      traces.map(({ traceId }) => [traceId]).sort(),
    );
  });

  test('requests of others are left alone', async () => {
    instrument();
    const { url, seen } = await listening();
    await clientOf(url).tick();
    await fetchWithHeader(url);
    expect(seen[1]?.traceparent).toHaveLength(2);
  });
});

/** Somebody else's call through undici, with a header of its own. */
async function fetchWithHeader(url: string): Promise<void> {
  const { request } = await import('undici');
  const { body } = await request(url, { headers: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` } });
  await body.dump();
}
