import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { eventBus, makeEnv, type TraceContext } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createMeter } from '../../metrics/meter.js';
import { TraceRecorder } from '../trace-recorder.js';
import { traceSamplingDefaults } from '../tracing-options.js';
import { type TraceExportOptions, traceExportDefaults } from './export-options.js';
import { OtlpExporter } from './otlp-exporter.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A collector: answers in turn, the last one again and again. */
async function collector(...answers: Answer[]) {
  const bodies: unknown[] = [];
  const heads: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      heads.push(request);
      bodies.push(JSON.parse(text.toString()));
      (answers.length > 1 ? answers.shift() : answers[0])?.(response, request);
    });
  }).listen(0, '127.0.0.1');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, heads };
}

const status = (code: number, headers: Record<string, string> = {}, body = '{}'): Answer => {
  return (response) => void response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(body);
};
const taken = status(200);

function exporting(url: string, options: Partial<TraceExportOptions> = {}) {
  const clock = fakeClock();
  const events: string[] = [];
  const bus = eventBus({ clock });
  bus.on('*', ({ name, data }) => void events.push(`${name} ${JSON.stringify(data)}`));
  const metrics = createMeter({ clock });
  const env = makeEnv({ clock, random: seededRandom(1), events: bus, metrics });
  const exporter = new OtlpExporter(
    { ...traceExportDefaults, url, ...options },
    { 'service.name': 'shop', 'process.pid': 7 },
    env,
  );
  const recorder = new TraceRecorder(
    { clock, random: env.random, sink: exporter },
    { ...traceSamplingDefaults, ratio: 1 },
  );
  const span = (name: string, parent?: TraceContext) => recorder.start(name, 'server', parent, clock.now());
  const finished = (name: string) => span(name).span?.end(clock.now());
  const counted = async () => {
    const { body } = await metrics.expose(undefined);
    const lines = body.split('\n').filter((line) => line.startsWith('trace_spans_'));
    return Object.fromEntries(lines.map((line) => [line.replace(/ .*/, ''), Number(line.replace(/.* /, ''))]));
  };
  return { clock, exporter, span, finished, events, counted };
}

/** Names of the spans that a collector was sent, request by request. */
function names(bodies: readonly unknown[]): string[][] {
  return bodies.map((body) => spansOf(body).map(({ name }) => String(name)));
}

function spansOf(body: unknown): Record<string, unknown>[] {
  const { resourceSpans } = body as { resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[] };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

describe('a collector that works', () => {
  test('gets spans in the form of OTLP', async () => {
    const { url, bodies, heads } = await collector(taken);
    const { clock, exporter, span } = exporting(url, { headers: { 'x-key': 'k' } });
    const caller = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1, tracestate: 'x=1' };
    const root = span('GET /items', caller);
    root.span?.set('http.response.status_code', 500);
    root.span?.set('ratio', 0.5);
    root.span?.set('fwk.caller_gone', true);
    await clock.advance(1.25);
    root.span?.event('retry.scheduled', { attempt: 1, facts: { a: [1] } });
    root.span?.end(clock.now(), { type: 'E_X', message: 'failed' });
    await exporter.flush(1000);
    expect(heads[0]).toMatchObject({ url: '/v1/traces', method: 'POST', headers: { 'x-key': 'k' } });
    expect(bodies).toEqual([
      {
        resourceSpans: [
          {
            resource: {
              attributes: [
                { key: 'service.name', value: { stringValue: 'shop' } },
                { key: 'process.pid', value: { intValue: '7' } },
              ],
            },
            scopeSpans: [
              {
                scope: { name: '@fwk' },
                spans: [
                  {
                    ...{ traceId: caller.traceId, spanId: root.spanId, parentSpanId: caller.spanId, traceState: 'x=1' },
                    ...{ flags: 0x301, name: 'GET /items', kind: 2 },
                    ...{ startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000000001250000' },
                    attributes: [
                      { key: 'http.response.status_code', value: { intValue: '500' } },
                      { key: 'ratio', value: { doubleValue: 0.5 } },
                      { key: 'fwk.caller_gone', value: { boolValue: true } },
                      { key: 'error.type', value: { stringValue: 'E_X' } },
                    ],
                    events: [
                      {
                        timeUnixNano: '1700000000001250000',
                        name: 'retry.scheduled',
                        attributes: [
                          { key: 'attempt', value: { intValue: '1' } },
                          { key: 'facts', value: { stringValue: '{"a":[1]}' } },
                        ],
                      },
                    ],
                    status: { code: 2, message: 'failed' },
                  },
                ],
              },
            ],
          },
        ],
      },
    ]);
  });

  test('gets them when a batch is full or has waited, one request at a time, compressed', async () => {
    const { url, bodies, heads } = await collector(taken);
    const { clock, finished, counted } = exporting(url, { batchSpans: 100, everyMs: 5000 });
    for (let index = 0; index < 250; index++) finished('call');
    await vi.waitFor(() => expect(names(bodies).map(({ length }) => length)).toEqual([100, 100, 50]));
    expect(heads[0]?.headers['content-encoding']).toBe('gzip');
    await vi.waitFor(async () => expect(await counted()).toMatchObject({ trace_spans_exported_total: 250 }));
    finished('alone');
    await clock.advance(4999);
    expect(bodies).toHaveLength(3);
    await clock.advance(1);
    await vi.waitFor(() => expect(names(bodies).at(-1)).toEqual(['alone']));
  });

  test('that takes only a part is believed, and what it refused is told', async () => {
    const body = JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old, key=hunter2' } });
    const { url } = await collector(status(200, {}, body));
    const { exporter, finished, events, counted } = exporting(url);
    for (let index = 0; index < 5; index++) finished('call');
    await exporter.flush(1000);
    expect(await counted()).toMatchObject({
      trace_spans_exported_total: 3,
      'trace_spans_dropped_total{reason="rejected"}': 2,
    });
    expect(events).toEqual([expect.stringMatching(/^trace.export-failed .*too old/)]);
    expect(events.join()).not.toContain('hunter2');
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '<html>'],
    ['an odd number', '{"partialSuccess":{"rejectedSpans":-5}}'],
    ['a dangerous key', '{"__proto__":{"partialSuccess":{"rejectedSpans":1}}}'],
    ['an endless text', 'x'.repeat(1_000_000)],
  ])('may answer %s', async (_, body) => {
    const { url } = await collector(status(200, {}, body));
    const { exporter, finished, counted, events } = exporting(url);
    finished('call');
    await exporter.flush(5000);
    expect(await counted()).toMatchObject({ trace_spans_exported_total: 1 });
    expect(events).toEqual([]);
  });
});

describe('a collector that does not work', () => {
  test.each([429, 502, 503, 504])('is asked again after %i, and both ends are told once', async (code) => {
    const { url, bodies } = await collector(status(code, { 'retry-after': '0' }), status(code), taken);
    const { clock, finished, events, counted } = exporting(url, { everyMs: 1 });
    finished('call');
    await clock.advance(1);
    for (const asked of [1, 2, 3]) {
      await vi.waitFor(() => expect(bodies).toHaveLength(asked));
      await vi.waitFor(() => expect(asked === 3 ? 1 : clock.pending).toBeGreaterThan(0));
      // Not at once, whatever it asked for.
      await clock.advance(400);
      expect(bodies).toHaveLength(asked);
      await clock.advance(3000);
    }
    await vi.waitFor(() => expect(events).toHaveLength(2));
    expect(names(bodies)).toEqual([['call'], ['call'], ['call']]);
    expect(events[0]).toMatch(new RegExp(`^trace.export-failed .*answered ${code}`));
    expect(events[1]).toMatch(/^trace.export-recovered .*"dropped":0/);
    expect(await counted()).toMatchObject({ trace_spans_exported_total: 1 });
  });

  test.each([400, 401, 404, 413, 500, 301])('is not asked again after %i', async (code) => {
    const { url, bodies } = await collector(status(code, {}, 'no key=hunter2'));
    const { exporter, finished, events, counted } = exporting(url);
    finished('call');
    await exporter.flush(1000);
    expect(bodies).toHaveLength(1);
    expect(await counted()).toMatchObject({ 'trace_spans_dropped_total{reason="refused"}': 1 });
    expect(events).toHaveLength(1);
  });

  test('points elsewhere and is not followed there; what was sent is not told to the place that it names', async () => {
    const elsewhere = await collector(taken);
    const { url } = await collector(status(307, { location: `${elsewhere.url}/v1/traces?token=hunter2` }, ''));
    const { exporter, finished, events, counted } = exporting(url);
    finished('call');
    await exporter.flush(1000);
    expect(elsewhere.bodies).toEqual([]);
    expect(await counted()).toMatchObject({ 'trace_spans_dropped_total{reason="refused"}': 1 });
    expect(events).toEqual([expect.stringMatching(/answered 307 and points to http.*set the url/)]);
    expect(events.join()).not.toContain('hunter2');
  });

  test('rejects more than it was sent, and all of that is counted as rejected', async () => {
    const body = '{"partialSuccess":{"rejectedSpans":"99999999999999999999"}}';
    const { url } = await collector(status(200, {}, body));
    const { exporter, finished, counted } = exporting(url);
    finished('call');
    await exporter.flush(1000);
    expect(await counted()).toMatchObject({
      trace_spans_exported_total: 0,
      'trace_spans_dropped_total{reason="rejected"}': 1,
    });
  });

  test('answers a page, as a proxy or a portal in its place does, and the spans are not counted as sent', async () => {
    const page = { 'content-type': 'text/html; charset=utf-8' };
    const { url } = await collector(status(200, page, '<html>Log in, token=hunter2</html>'));
    const { exporter, finished, events, counted } = exporting(url);
    finished('call');
    await exporter.flush(1000);
    expect(await counted()).toMatchObject({
      trace_spans_exported_total: 0,
      'trace_spans_dropped_total{reason="refused"}': 1,
    });
    expect(events).toEqual([expect.stringMatching(/^trace.export-failed .*200.*a page.*no collector/)]);
    expect(events.join()).not.toContain('hunter2');
  });

  test('is given up after a time, and never has more wait than may', async () => {
    const { clock, finished, counted, events } = exporting('http://127.0.0.1:1', {
      ...{ maxQueuedSpans: 20, batchSpans: 10, giveUpAfterMs: 5000 },
    });
    for (let index = 0; index < 100; index++) finished('call');
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect(await counted()).toMatchObject({ 'trace_spans_dropped_total{reason="unreachable"}': 30 });
    });
    // One batch was taken out while the others came.
    expect((await counted())['trace_spans_dropped_total{reason="queue-full"}']).toBe(70);
    expect(events).toHaveLength(1);
  });

  test('that never answers costs the limit of a request, and a stop its own', async () => {
    const { url, bodies } = await collector(() => {});
    const { clock, exporter, finished, counted } = exporting(url, { timeoutMs: 1000 });
    for (let index = 0; index < 300; index++) finished('call');
    await vi.waitFor(() => expect(bodies).toHaveLength(1));
    const flushed = exporter.flush(500);
    await clock.advance(500);
    await flushed;
    expect(await counted()).toMatchObject({ 'trace_spans_dropped_total{reason="unreachable"}': 44 });
    await clock.advance(500);
    await vi.waitFor(async () =>
      expect(await counted()).toMatchObject({ 'trace_spans_dropped_total{reason="unreachable"}': 300 }),
    );
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['cuts the connection', (response: ServerResponse) => void response.destroy()],
    [
      'cuts its answer',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': 100 }).write('{');
        setImmediate(() => response.destroy());
      },
    ],
  ])('that %s at the stop loses one batch and nothing else', async (_, answer) => {
    const { url } = await collector(answer, taken);
    const { exporter, finished, counted } = exporting(url);
    finished('call');
    await exporter.flush(5000);
    expect(await counted()).toMatchObject({ 'trace_spans_dropped_total{reason="unreachable"}': 1 });
  });
});
