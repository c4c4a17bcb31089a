import { makeEnv } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { RecentTrace } from '../tracing/recent-traces.js';
import { TraceRecorder } from '../tracing/trace-recorder.js';
import { traceEndpoints } from './trace-endpoints.js';

function recorded() {
  const { random } = makeEnv({ random: seededRandom(3) });
  const clock = fakeClock();
  const recorder = new TraceRecorder({ clock, random }, { ratio: 1, errors: true, slowMs: 1000 });
  const [list, one] = traceEndpoints(recorder);
  for (const name of ['GET /items', 'GET /orders']) {
    const { span } = recorder.start(name, 'server', undefined, clock.now());
    span?.end(clock.now(), name === 'GET /orders' ? { type: 'E_X', message: 'failed' } : undefined);
  }
  const ask = (query: Record<string, string>) =>
    list?.handle({ parameter: undefined, query, body: undefined }) as { readonly traces: readonly RecentTrace[] };
  const names = (query: Record<string, string>) => ask(query).traces.map(({ name }) => name);
  return { ask, names, one, recorder, clock };
}

describe('recent traces', () => {
  test('are listed with what is kept, the latest first, and narrowed by the query', () => {
    const { ask, names } = recorded();
    expect(ask({})).toMatchObject({ sampling: { ratio: 1, errors: true, slowMs: 1000 }, openTelemetry: false });
    expect(names({})).toEqual(['GET /orders', 'GET /items']);
    expect(names({ failed: 'true' })).toEqual(['GET /orders']);
    expect(names({ failed: 'false' })).toEqual(['GET /items']);
    expect(names({ name: 'items', because: 'sampled', limit: '5' })).toEqual(['GET /items']);
    expect(names({ minDurationMs: '0.5' })).toEqual([]);
    expect(names({ since: '2023-11-14T22:13:21Z' })).toEqual([]);
  });

  test('are narrowed to those in which a service was called, or an operation served or called', () => {
    const { names, recorder, clock } = recorded();
    const root = recorder.start('GET /checkout', 'server', undefined, clock.now());
    root.span?.set('fwk.operation', 'shop.checkout');
    const { span } = recorder.start('payments.pay', 'internal', root, clock.now());
    span?.set('service.peer.name', 'payments');
    span?.set('fwk.operation', 'payments.pay');
    span?.end(clock.now());
    root.span?.end(clock.now());
    expect(names({ service: 'payments' })).toEqual(['GET /checkout']);
    expect(names({ service: 'payment' })).toEqual([]);
    expect(names({ operation: 'shop.checkout' })).toEqual(['GET /checkout']);
    expect(names({ operation: 'payments.pay', service: 'payments' })).toEqual(['GET /checkout']);
    expect(names({ operation: 'payments.pay', failed: 'true' })).toEqual([]);
    expect(names({ operation: 'fwk.operation' })).toEqual([]);
  });

  test('are found by the id of their trace', () => {
    const { ask, one } = recorded();
    const [trace] = ask({}).traces;
    expect(one?.handle({ parameter: trace?.traceId, query: {}, body: undefined })).toEqual({ traces: [trace] });
    const unknown = { parameter: '0'.repeat(32), query: {}, body: undefined };
    expect(() => one?.handle(unknown)).toThrow(expect.objectContaining({ status: 404 }));
  });

  test.each([
    ['limit', '0'],
    ['limit', 'x'],
    ['limit', '1e9'],
    ['failed', 'yes'],
    ['because', 'luck'],
    ['since', 'yesterday'],
    ['minDurationMs', '-1'],
    ['nmae', 'x'],
  ])('are refused for a query with %s=%s', (name, value) => {
    const { ask } = recorded();
    expect(() => ask({ [name]: value })).toThrow(expect.objectContaining({ status: 400 }));
  });
});
