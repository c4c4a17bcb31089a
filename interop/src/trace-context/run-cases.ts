/** Runs cases against a service: sends each its request, and listens for what the service sends on. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TraceCase } from './cases.js';
import type { SentHeaders } from './judges.js';

/** What came of a case. */
export interface TraceResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was wrong. */
  readonly problem?: string;
}

/** Longest wait for one answer, in milliseconds. */
const limitMs = 10_000;

/** Runs all cases, one after the other. @param serviceUrl - takes a list of `{ url, arguments }` by POST. */
export async function runCases(cases: readonly TraceCase[], serviceUrl: string): Promise<readonly TraceResult[]> {
  let sent: SentHeaders[] = [];
  const listener = createServer((incoming, response) => {
    sent.push({ traceparent: valuesOf(incoming, 'traceparent'), tracestate: valuesOf(incoming, 'tracestate') });
    incoming.resume().on('end', () => response.setHeader('content-type', 'application/json').end('null'));
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const callback = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/case`;
  const results: TraceResult[] = [];
  try {
    for (const { name, headers, times, judge } of cases) {
      sent = [];
      const problem = await ask(
        serviceUrl,
        headers,
        Array.from({ length: times }, () => ({ url: callback, arguments: [] })),
      )
        .then((status) => (status < 300 ? undefined : `the service answered ${status}`))
        .catch((error: unknown) => `the service did not answer: ${error}`);
      const found =
        problem ?? (sent.length === times ? judge(sent) : `${sent.length} requests were sent on, not ${times}`);
      results.push({ name, ok: found === undefined, ...(found !== undefined && { problem: found }) });
    }
  } finally {
    listener.closeAllConnections();
    listener.close();
  }
  return results;
}

function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

function ask(url: string, headers: TraceCase['headers'], body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const all = [...headers, ['Content-Type', 'application/json'], ['Content-Length', String(text.length)]];
    const sent = request(url, { method: 'POST', agent: false, timeout: limitMs });
    for (const name of new Set(all.map(([each = '']) => each))) {
      const values = all.filter(([each]) => each === name).map(([, value = '']) => value);
      sent.setHeader(name, values.length === 1 ? (values[0] ?? '') : values);
    }
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${limitMs} ms`)));
    sent.on('error', reject);
    sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)));
    sent.end(text);
  });
}
