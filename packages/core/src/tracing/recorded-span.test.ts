import { expect, test } from 'vitest';
import type { OtelSpan } from './otel.js';
import { RecordedSpan } from './recorded-span.js';

const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1, tracestate: '', parentSpanId: undefined };

test('OpenTelemetry is told no secret: not in attributes, events or the message of a failure', () => {
  const told: unknown[] = [];
  const tell =
    () =>
    (...said: unknown[]) =>
      void told.push(said);
  const otel = new Proxy({}, { get: tell }) as OtelSpan;
  const owner = { now: () => 5, aheadMs: () => 0, ended() {} };
  const span = new RecordedSpan(owner, 'call', 'client', { ...ids, remoteParent: false }, 0, otel);
  span.set('url.full', 'http://user:hunter2@host/?token=hunter2');
  span.set('session.password', 'hunter2');
  span.set('http.response.status_code', 200);
  span.event('retry', { error: 'no redis://:hunter2@cache' });
  span.end(9, { type: 'FWK_X', message: 'password=hunter2' });
  expect(told).toContainEqual(['http.response.status_code', 200]);
  expect(told.length).toBeGreaterThan(5);
  expect(JSON.stringify(told)).not.toContain('hunter2');
});

test('what OpenTelemetry throws fails no call, and the span is recorded all the same', () => {
  const otel = new Proxy(
    {},
    {
      get: () => () => {
        throw new Error('a processor of somebody else');
      },
    },
  ) as OtelSpan;
  const ended: RecordedSpan[] = [];
  const owner = { now: () => 5, aheadMs: () => 0, ended: (span: RecordedSpan) => void ended.push(span) };
  const span = new RecordedSpan(owner, 'call', 'client', { ...ids, remoteParent: false }, 0, otel);
  span.name = 'another';
  span.set('a', 1);
  span.event('retry', {});
  span.end(9, { type: 'FWK_X', message: 'failed' });
  expect(ended).toEqual([span]);
  expect(span).toMatchObject({ name: 'another', attributes: ['a', 1], endMs: 9 });
});
