import { describe, expect, onTestFinished, test } from 'vitest';
import { traceCases } from './cases.js';
import { carried, keepsTrace, newTrace, noMember, spansDiffer } from './judges.js';
import { runCases } from './run-cases.js';
import { startService } from './service.js';

const [trace, span] = ['a'.repeat(32), 'b'.repeat(16)];
const sent = (traceparent: string, tracestate = '') => [{ traceparent: [traceparent], tracestate: [tracestate] }];

test('our service passes every case of W3C trace context', async () => {
  const service = await startService();
  onTestFinished(() => service[Symbol.asyncDispose]());
  const results = await runCases(traceCases, service.url);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect(results.length).toBeGreaterThanOrEqual(90);
}, 60_000);

test('a service that sends nothing on passes no case', async () => {
  const { createServer } = await import('node:http');
  const server = createServer((_, response) => response.end('null')).listen(0);
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const results = await runCases(traceCases.slice(0, 3), `http://127.0.0.1:${port}/test`);
  expect(results.map(({ ok, problem }) => [ok, problem])).toEqual(
    Array(3).fill([false, '0 requests were sent on, not 1']),
  );
});

describe('judges find what is wrong', () => {
  test.each([
    ['a trace that was to be left', newTrace(trace), sent(`00-${trace}-${span}-01`)],
    ['another trace', keepsTrace('c'.repeat(32), ''), sent(`00-${trace}-${span}-01`)],
    ['the span of the caller', keepsTrace(trace, span), sent(`00-${trace}-${span}-01`)],
    ['no traceparent', newTrace(), [{ traceparent: [], tracestate: [] }]],
    ['two of them', newTrace(), [{ traceparent: ['a', 'b'], tracestate: [] }]],
    ['a malformed one', newTrace(), sent(`00-${trace}-${span}-1`)],
    ['a member that was to be dropped', noMember('foo'), sent(`00-${trace}-${span}-01`, 'bar=1,foo=1')],
    ['a member that is missing', carried('foo=1', 'bar=2'), sent(`00-${trace}-${span}-01`, 'foo=1')],
    [
      'one span for several calls',
      spansDiffer(''),
      [...sent(`00-${trace}-${span}-01`), ...sent(`00-${trace}-${span}-01`)],
    ],
  ])('%s', (_, judge, headers) => {
    expect(judge(headers)).toEqual(expect.any(String));
  });
});
