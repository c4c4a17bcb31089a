/**
 * A caller whose event loop is late, because it was busy or stopped, must not take answers that have arrived for time-outs,
 * nor hold its own lateness against a healthy callee. Real processes on the built package.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Twenty calls at once, each limited to 300 ms unless said otherwise; `meanwhile` runs when they are on their way. */
const caller = (url: string, meanwhile: string, timeoutMs = 300) => `
  import { contract, createClient, get } from '@fwk/http';
  const events = [];
  const any = { '~standard': { version: 1, vendor: 'fixture', validate: (value) => ({ value }) } };
  const stock = contract('stock', { version: '1.0.0', operations: {
    count: get('/count', { response: any }), warm: get('/warm', { response: any, timeoutMs: 10_000 }),
  } });
  const client = createClient(stock, {
    endpoints: ['${url}'], timeoutMs: ${timeoutMs}, deadlineMs: 10_000, retry: false, breaker: { minimumCalls: 5 },
    env: { events: { emit: (name, data) => events.push(name) } },
  });
  const warm = await Promise.all(Array.from({ length: 20 }, () => client.warm()));
  const calls = Array.from({ length: 20 }, () => client.count().then(() => 'answered', (error) => error.code + ' ' + !!error.traits.noticedLate));
  await new Promise((resolve) => setTimeout(resolve, 30));
  process.stdout.write('sent\\n');
  ${meanwhile}
  const ends = await Promise.all(calls);
  const after = await client.warm().then(() => 'answered', (error) => error.code);
  process.stdout.write(JSON.stringify({ ends: [...new Set(ends)], after, events: events.filter((name) => /breaker|ejected/.test(name)) }));
  await client[Symbol.asyncDispose]();
`;

const busy = 'const until = performance.now() + 700; while (performance.now() < until);';

async function run(source: string, whenSent: (child: ChildProcess) => Promise<void> = async () => {}) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closing.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the caller ended before it sent its calls')));
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {});
  await whenSent(child);
  if (child.exitCode === null) await once(child, 'close');
  return JSON.parse(output.slice(output.indexOf('{')));
}

async function stopped(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  await wait(1500);
  child.kill('SIGCONT');
}

describe.each([
  ['was busy for 700 ms', busy, undefined],
  ['was stopped and continued', '', stopped],
] as const)('a caller that %s', (_what, meanwhile, whenSent) => {
  test('reads the answers that arrived meanwhile', async () => {
    const url = await serve((_request, response) => {
      setTimeout(() => response.setHeader('content-type', 'application/json').end('1'), 50);
    });
    expect(await run(caller(url, meanwhile), whenSent)).toEqual({ ends: ['answered'], after: 'answered', events: [] });
  }, 30_000);

  test('holds what it noticed late against nobody', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/warm') response.setHeader('content-type', 'application/json').end('1');
    });
    const { ends, after, events } = await run(caller(url, meanwhile), whenSent);
    expect(ends.every((end: string) => end.endsWith(' true'))).toBe(true);
    expect({ after, events }).toEqual({ after: 'answered', events: [] });
  }, 30_000);
});

/** Rounds of one call each, in which the caller is busy for longer than the call's limit of 100 ms. */
const alwaysBusy = (url: string) => `
  import { contract, createClient, get } from '@fwk/http';
  const any = { '~standard': { version: 1, vendor: 'fixture', validate: (value) => ({ value }) } };
  const stock = contract('stock', { version: '1.0.0', operations: {
    count: get('/count', { response: any, timeoutMs: 100 }), warm: get('/warm', { response: any }),
  } });
  const events = [];
  const client = createClient(stock, {
    endpoints: ['${url}'], timeoutMs: 10_000, deadlineMs: 10_000, retry: false,
    breaker: { consecutiveFailures: 3, openMs: 60_000, maxOpenMs: 60_000 }, env: { events: { emit: (name) => events.push(name) } },
  });
  await client.warm();
  process.stdout.write('sent\\n');
  const ends = [];
  for (let round = 0; round < 10; round++) {
    const call = client.count().then(() => 'answered', (error) => error.code);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const until = performance.now() + 200;
    while (performance.now() < until);
    ends.push(await call);
  }
  process.stdout.write(JSON.stringify({ ends: [...new Set(ends)], events: events.filter((name) => /breaker/.test(name)) }));
  await client[Symbol.asyncDispose]();
`;

describe('a caller that is busy in every call', () => {
  test('opens the breaker of a callee that never answers', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/warm') response.setHeader('content-type', 'application/json').end('1');
    });
    const { ends, events } = await run(alwaysBusy(url));
    expect(ends).toEqual(['FWK_RESILIENCE_TIMEOUT', 'FWK_RESILIENCE_BREAKER_OPEN']);
    expect(events).toEqual(['breaker.opened']);
  }, 30_000);

  test('keeps calling one that answers', async () => {
    const url = await serve((_request, response) => {
      setTimeout(() => response.setHeader('content-type', 'application/json').end('1'), 20);
    });
    const { ends, events } = await run(alwaysBusy(url));
    // One answer may come late by itself on a machine that has other work.
    expect(ends).toContain('answered');
    expect(events).toEqual([]);
  }, 30_000);
});

test('a caller that is not late holds time-outs against the callee', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/warm') response.setHeader('content-type', 'application/json').end('1');
  });
  const { ends, events } = await run(caller(url, '', 2000));
  expect(ends).toEqual(['FWK_RESILIENCE_TIMEOUT false']);
  expect(events).toContain('breaker.opened');
}, 30_000);
