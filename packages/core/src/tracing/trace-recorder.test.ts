import {
  background,
  cancellable,
  liveValue,
  OptionsError,
  type Span,
  stack,
  type TraceContext,
  traceKey,
} from '@fwk/kernel';
import { fakeClock, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { maxRecentTraces } from './recent-traces.js';
import type { RecordedSpan } from './recorded-span.js';
import { TraceRecorder } from './trace-recorder.js';
import { tracing } from './tracing-layer.js';
import { followSampling, type TraceSampling, traceSamplingDefaults } from './tracing-options.js';

function recording(sampling: Partial<TraceSampling> = {}) {
  const clock = fakeClock();
  const sent: RecordedSpan[] = [];
  const sink = { add: (spans: readonly RecordedSpan[]) => void sent.push(...spans) };
  const recorder = new TraceRecorder(
    { clock, random: seededRandom(7), sink },
    { ...traceSamplingDefaults, ratio: 0, ...sampling },
  );
  const begin = (name: string, parent?: TraceContext) => recorder.start(name, 'internal', parent, clock.now());
  const end = (trace: TraceContext, failure?: { type: string; message: string }) =>
    trace.span?.end(clock.now(), failure);
  return { clock, recorder, begin, end, sent, names: () => sent.map(({ name }) => name) };
}

const failure = { type: 'E_X', message: 'failed' };
const caller: TraceContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 3, tracestate: 'x=1' };

describe('details of a span', () => {
  const details = () => {
    const asked = {
      times: 0,
      setOn: (span: Pick<Span, 'set'>) => {
        asked.times++;
        span.set('http.route', '/orders/:id');
      },
    };
    return asked;
  };

  test('are asked once, as soon as the trace is kept', () => {
    const { begin, end, sent, recorder } = recording({ ratio: 1 });
    const asked = details();
    const trace = begin('kept');
    trace.span?.describe(asked);
    expect(asked.times).toBe(0);
    end(trace);
    expect(asked.times).toBe(1);
    expect(sent[0]?.attributes).toEqual(['http.route', '/orders/:id']);
    expect(recorder.recent.find()[0]?.spans[0]?.attributes).toEqual({ 'http.route': '/orders/:id' });
    expect(asked.times).toBe(1);
  });

  test('are never asked where the trace is not kept', () => {
    const { begin, end } = recording();
    const asked = details();
    const trace = begin('dropped');
    trace.span?.describe(asked);
    end(trace);
    expect(asked.times).toBe(0);
  });

  test('of a span that ends after its trace was kept are asked as well', () => {
    const { begin, end, sent } = recording({ ratio: 1 });
    const asked = details();
    const root = begin('root');
    const inside = begin('inside', root);
    end(root);
    inside.span?.describe(asked);
    end(inside);
    expect(asked.times).toBe(1);
    expect(sent.at(-1)?.attributes).toEqual(['http.route', '/orders/:id']);
  });
});

describe('which traces are kept', () => {
  test('by the head: the share that was asked for, with the flag that tells others', () => {
    const { recorder, begin, end, sent } = recording({ ratio: 0.25, errors: false, slowMs: Number.POSITIVE_INFINITY });
    for (let index = 0; index < 4000; index++) end(begin(`call ${index}`));
    expect(sent.length / 4000).toBeCloseTo(0.25, 1);
    expect(sent.every(({ flags }) => flags === 3)).toBe(true);
    recorder.sampling = { ...recorder.sampling, ratio: 0 };
    expect(begin('not recorded')).toMatchObject({ flags: 2 });
    expect(begin('not recorded').span).toBeUndefined();
    recorder.sampling = { ...recorder.sampling, ratio: 1 };
    expect(begin('recorded')).toMatchObject({ flags: 3 });
  });

  test('by the word of the caller, either way', () => {
    const { begin, end, names } = recording({ ratio: 1 });
    const sampled = begin('of a sampled trace', caller);
    expect(sampled).toMatchObject({
      traceId: caller.traceId,
      flags: 3,
      tracestate: 'x=1',
      parentSpanId: caller.spanId,
    });
    end(sampled);
    end(begin('of another', { ...caller, flags: 2 }));
    expect(names()).toEqual(['of a sampled trace']);
  });

  test('by the tail: all spans of a trace in which anything failed, or that took long', async () => {
    const { clock, begin, end, names, recorder } = recording({ slowMs: 100 });
    const good = begin('good');
    end(begin('inside', good));
    end(good);
    const bad = begin('bad');
    end(begin('failed inside', bad), failure);
    end(begin('fine inside', bad));
    end(bad);
    const slow = begin('slow');
    await clock.advance(100);
    end(slow);
    expect(names()).toEqual(['bad', 'failed inside', 'fine inside', 'slow']);
    expect(recorder.recent.find().map(({ name, because }) => [name, because])).toEqual([
      ['slow', 'slow'],
      ['bad', 'error'],
    ]);
  });

  test('a span that outlives its trace is sent late, or kept alone when it failed', () => {
    const { begin, end, names } = recording();
    const kept = begin('kept', caller);
    const late = begin('late', kept);
    end(kept);
    end(late);
    const dropped = begin('dropped');
    const failing = begin('failing later', dropped);
    end(dropped);
    expect(names()).toEqual(['kept', 'late']);
    end(failing, failure);
    expect(names()).toEqual(['kept', 'late', 'dropped', 'failing later']);
  });

  test('a span that fails after its trace was not kept changes nothing where failures are not kept', () => {
    const { begin, end, names } = recording({ errors: false });
    const dropped = begin('dropped');
    const failing = begin('failing later', dropped);
    end(dropped);
    end(failing, failure);
    expect(names()).toEqual([]);
  });

  test('bounded: spans of a trace, attributes and events of a span, and recent traces of each kind', () => {
    const { recorder, begin, end } = recording({ ratio: 1 });
    const root = begin('root');
    for (let index = 0; index < 1000; index++) {
      root.span?.event('event', { index });
      root.span?.set(`attribute ${index}`, index);
      end(begin('inside', root));
    }
    end(root);
    const [trace] = recorder.recent.find();
    expect(trace?.spans).toHaveLength(256);
    expect(trace?.spansLeftOut).toBe(745);
    expect(trace?.spans[0]?.events).toHaveLength(32);
    expect(Object.keys(trace?.spans[0]?.attributes ?? {})).toHaveLength(32);
    end(begin('failed'), failure);
    for (let index = 0; index < 500; index++) end(begin('flood'));
    expect(recorder.recent.find({ limit: 1000 })).toHaveLength(maxRecentTraces + 1);
    expect(recorder.recent.find({ failed: true }).map(({ name }) => name)).toEqual(['failed']);
  });

  test('bounded: texts of attributes and failures, however long they are', () => {
    const { recorder, begin, end, sent } = recording({ ratio: 1 });
    const long = begin('long texts');
    long.span?.set('text', 'x'.repeat(1_000_000));
    end(long, { type: 'E_X', message: 'y'.repeat(1_000_000) });
    const { attributes = [], failure: kept } = sent.at(-1) ?? {};
    expect([...attributes, kept?.message].join('').length).toBeLessThan(10_000);
    expect(recorder.recent.find()[0]?.spans[0]).toMatchObject({
      attributes: { text: expect.stringMatching(/^x{1024}… /) },
      error: { message: expect.stringMatching(/^y{1024}… /) },
    });
  });
});

describe('recent traces', () => {
  test('are found by id, name, failure, duration and time, the latest first', async () => {
    const { clock, recorder, begin, end } = recording({ ratio: 1 });
    for (const name of ['GET /orders', 'GET /items']) {
      const root = begin(name);
      end(begin(`inside ${name}`, root));
      await clock.advance(name === 'GET /items' ? 50 : 5);
      end(root);
    }
    const names = (filter: object) => recorder.recent.find(filter).map(({ name }) => name);
    expect(names({})).toEqual(['GET /items', 'GET /orders']);
    expect(names({ name: 'inside GET /orders' })).toEqual(['GET /orders']);
    expect(names({ minDurationMs: 50 })).toEqual(['GET /items']);
    expect(names({ failed: true })).toEqual([]);
    expect(names({ limit: 1 })).toEqual(['GET /items']);
    expect(names({ sinceMs: clock.wallTime() - 50 })).toEqual(['GET /items']);
    const [{ traceId } = { traceId: '' }] = recorder.recent.find();
    expect(names({ traceId })).toEqual(['GET /items']);
  });

  test('show spans with times, attributes, events and failures, and no secret', async () => {
    const { clock, recorder, begin, end } = recording({ ratio: 1 });
    const root = begin('root');
    root.span?.set('url.full', 'http://user:hunter2@host/?token=hunter2');
    await clock.advance(2);
    root.span?.event('retry.scheduled', {
      attempt: 1,
      error: 'no redis://:hunter2@cache',
      more: { apiKey: 'hunter2' },
    });
    const inner = begin('inner', root);
    await clock.advance(1.5);
    end(inner, { type: 'FWK_X', message: 'password=hunter2' });
    end(root);
    root.span?.set('too', 'late');
    const [trace] = recorder.recent.find();
    expect(JSON.stringify(trace)).not.toContain('hunter2');
    expect(trace).toMatchObject({
      name: 'root',
      because: 'sampled',
      failed: true,
      durationMs: 3.5,
      spans: [
        { name: 'root', offsetMs: 0, events: [{ name: 'retry.scheduled', offsetMs: 2, data: { attempt: 1 } }] },
        { name: 'inner', parentSpanId: root.spanId, offsetMs: 2, durationMs: 1.5, error: { type: 'FWK_X' } },
      ],
    });
    expect(trace?.spans[0]?.attributes).not.toHaveProperty('too');
  });
});

test('sampling follows a live value, and of refused values the last valid one stays', () => {
  const { recorder } = recording();
  const live = liveValue<unknown>({ ratio: 0.5 });
  const refused: OptionsError[] = [];
  const following = followSampling(recorder, live, (error) => void refused.push(error));
  expect(recorder.sampling).toMatchObject({ ratio: 0.5, errors: true, slowMs: 1000 });
  live.set({ ratio: 2 });
  expect(recorder.sampling.ratio).toBe(0.5);
  expect(refused.map(({ message }) => message)).toEqual([expect.stringContaining('ratio must be')]);
  live.set({ slowMs: 50 });
  expect(recorder.sampling).toMatchObject({ ratio: 0.1, slowMs: 50 });
  following[Symbol.dispose]();
  live.set({ slowMs: 60 });
  expect(recorder.sampling.slowMs).toBe(50);
  expect(() => followSampling(recorder, { ratio: -1 }, () => {})).toThrow(OptionsError);
});

test('the layer records each call, those that fail with their code and those that are cancelled without', async () => {
  const { clock, recorder } = recording({ ratio: 1 });
  const inner = scriptedService<number, number>(
    (request, context) => {
      context.get(traceKey)?.span?.event('seen', { request });
      return request;
    },
    () => Promise.reject(new RangeError('too much')),
    () => Promise.reject(new RangeError('given up')),
  );
  const service = stack<number, number>({ clock, tracer: recorder, path: 'quotes' }).use(tracing()).into(inner);
  await service.call(1, background);
  await expect(service.call(2, background)).rejects.toThrow('too much');
  const call = cancellable();
  const given = service.call(3, call.context);
  call.cancel();
  await expect(given).rejects.toThrow();
  const seen = recorder.recent.find().map(({ name, spans }) => [name, spans[0]?.error?.type, spans[0]?.events.length]);
  expect(seen).toEqual([
    ['quotes', undefined, 0],
    ['quotes', 'RangeError', 0],
    ['quotes', undefined, 1],
  ]);
});
