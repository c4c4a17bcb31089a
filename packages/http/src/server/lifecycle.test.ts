/** Whole applications with a real server: how they start, what their log says of a call, and a handler that stops them. */
import { type App, createApp, eventBusToken } from '@fwk/core';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { deferred } from '../fixtures/deferred.js';
import { send } from '../fixtures/raw-request.js';
import { http } from './http.js';
import { served } from './served.js';

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

async function start(handlers: { stop?: () => unknown; work?: () => unknown; slow?: () => unknown } = {}) {
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
    shutdown: { propagationDelayMs: 0 },
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

test('the log line of a call that ran out of time carries the trace that its caller sent', async () => {
  const { url, lines } = await start({ slow: () => new Promise(() => {}) });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  expect((await send(`${url}/slow`, { headers })).status).toBe(504);
  await app?.stop();
  const line = lines.find(({ operation, status }) => operation === 'control.slow' && status === 504);
  expect(JSON.stringify(line)).toContain(traceId);
});
