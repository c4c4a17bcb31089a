/** Whole applications with a real server: how they start, what their log says of a call, and a handler that stops them. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type App, createApp, eventBusToken } from '@fwk/core';
import { discovery, memoryRegistry, registryToken } from '@fwk/discovery';
import type { Component } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { freePort } from '../fixtures/free-port.js';
import { send } from '../fixtures/raw-request.js';
import { served } from '../serving/served.js';
import { http } from './http.js';

const control = contract('control', {
  version: '1.0.0',
  operations: {
    stop: post('/stop', { response: z.string() }),
    work: get('/work', { response: z.string() }),
    slow: get('/slow', { response: z.string(), timeoutMs: 30 }),
  },
});

let app: App | undefined;
afterEach(() => app?.stop());

async function start(
  handlers: { stop?: () => unknown; work?: () => unknown; slow?: () => unknown } = {},
  drainTimeoutMs = 10_000,
) {
  const lines: Record<string, unknown>[] = [];
  const events: string[] = [];
  const all = { stop: () => 'no', work: () => 'done', slow: () => 'slow', ...handlers };
  let port = 0;
  const made = createApp({
    name: 'control',
    version: '1.0.0',
    owner: 'tests',
    management: false,
    signals: false,
    logging: { level: 'debug', destination: { write: (line: string) => void lines.push(JSON.parse(line)) } },
    shutdown: { propagationDelayMs: 0, drainTimeoutMs },
    use: [
      http({ serve: [served(control, all as never)] }),
      {
        name: 'ear',
        ready({ announcements }) {
          port = announcements[0]?.port ?? 0;
        },
      },
      discovery({ registry: memoryRegistry() }),
    ],
  });
  app = made;
  made.get(eventBusToken).on('*', (event) => {
    const { name, data } = event;
    events.push(name === 'health.changed' ? `${name} ${data.status}` : name);
  });
  await made.start();
  return { app: made, url: `http://127.0.0.1:${port}`, lines, events };
}

test('health is UP after a healthy start with a registry, and no change of it was announced', async () => {
  const { url, events } = await start();
  const probe = await send(`${url}/readyz`);
  expect([probe.status, probe.json]).toMatchObject([200, { status: 'UP' }]);
  expect(events).toContain('app.started');
  expect(events.filter((name) => name.startsWith('health.changed'))).toEqual([]);
});

test('a handler that stops its application and waits for that is answered, and so are the calls beside it', async () => {
  const begun = deferred<void>();
  const finish = deferred<string>();
  const started = await start({
    stop: async () => {
      await started.app.stop('asked by a caller');
      return started.app.state;
    },
    work: () => {
      begun.resolve();
      return finish.promise;
    },
  });
  const beside = send(`${started.url}/work`);
  await begun.promise;
  const asked = await send(`${started.url}/stop`, { method: 'POST' });
  expect([asked.status, asked.json]).toEqual([200, 'draining']);
  finish.resolve('finished');
  expect((await beside).json).toBe('finished');
  await started.app.stop();
  expect(started.app.state).toBe('stopped');
});

test.each(['http', 'mux'] as const)('a call over %s that the server cuts off is told as one that was', async (wire) => {
  const begun = deferred<void>();
  const started = await start({ work: () => [begun.resolve(), new Promise(() => {})][1] }, 50);
  const client = createClient(control, { endpoints: [started.url], wire, retry: false });
  const call = client.work().then(
    () => 'answered',
    () => 'failed',
  );
  await begun.promise;
  await started.app.stop();
  expect(await call).toBe('failed');
  // A Mux session whose calls are not over counts beside them.
  expect(started.app.stopReport?.abandoned).toBeGreaterThan(0);
  expect(started.app.stopReport?.abandonedCalls).toMatchObject({ 'control.work': 1 });
  expect(started.lines.map(({ message }) => message)).toContain(
    'calls were still in flight when the wait for them ended',
  );
  await client[Symbol.asyncDispose]();
});

test('the log line of a call that ran out of time carries the trace that its caller sent', async () => {
  const { url, lines } = await start({ slow: () => new Promise(() => {}) });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  expect((await send(`${url}/slow`, { headers })).status).toBe(504);
  await app?.stop();
  const line = lines.find(({ operation, status }) => operation === 'control.slow' && status === 504);
  expect(JSON.stringify(line)).toContain(traceId);
});

describe('a start that fails before discovery has started, though discovery was asked for', () => {
  test('takes out what was registered by hand', async () => {
    const hub = memoryRegistry();
    const { instances } = hub.watch('control');
    const seen: number[] = [];
    instances.subscribe(({ length }) => seen.push(length));
    const facts = { id: 'control-1', service: 'control', version: '1.0.0', address: '127.0.0.1', port: 1 } as const;
    const early: Component = {
      name: 'early',
      async start(context) {
        await context.get(registryToken).register({ ...facts, startedAtMs: 0, status: 'UP' });
        throw new Error('no database');
      },
    };
    const use = [early, discovery({ registry: hub })];
    const made = createApp({ name: 'control', version: '1.0.0', owner: 'us', management: false, signals: false, use });
    await expect(made.start()).rejects.toThrow('no database');
    expect(seen).toEqual([1, 0]);
  });

  test('lets the process end', async () => {
    const program = `
      import { createApp } from '@fwk/core';
      import { discovery, localRegistry, membershipsToken } from '@fwk/discovery';
      const registry = localRegistry({ port: ${await freePort()} });
      const early = {
        name: 'early',
        start(context) {
          context.get(membershipsToken).of('pricing');
          throw new Error('no database');
        },
      };
      const app = createApp({ name: 'control', version: '1.0.0', owner: 'us', use: [early, discovery({ registry })] });
      await app.start().catch((error) => console.log('refused: ' + error.message));`;
    const folder = fileURLToPath(new URL('.', import.meta.url));
    const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
      timeout: 15_000,
    });
    expect(ended.stdout).toMatch(/refused: .*no database/);
  });
});
