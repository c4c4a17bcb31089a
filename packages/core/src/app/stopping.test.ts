/** Stopping: which time belongs to whom, and who may ask for it. */
import { readFile } from 'node:fs/promises';
import {
  type Component,
  type ComponentContext,
  cancellable,
  type EventSink,
  operationKey,
  runInContext,
  sleep,
} from '@fwk/kernel';
import { fakeClock, leakGuard, recordEvents } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { healthToken } from '../health/health.js';
import { type Drain, drainToken } from '../lifecycle/drain.js';
import { testApp } from '../testing/test-app.js';
import { type App, createApp } from './app.js';

/** A server as `http()` is one: it has closed when its last call is answered. */
async function serving(
  options: {
    shutdown?: object;
    stepTimeoutMs?: number;
    closesEarly?: boolean;
    more?: readonly Component[];
    events?: EventSink;
  } = {},
) {
  const clock = fakeClock();
  const { closesEarly = true, more = [], events, ...rest } = options;
  const open = new Set<Promise<unknown>>();
  let drain: Drain | undefined;
  const closed = async () => {
    while (open.size > 0) await Promise.allSettled(open);
  };
  const app = await testApp({
    env: { clock, ...(events && { events }) },
    use: [
      ...more,
      {
        name: 'server',
        start(context) {
          drain = context.get(drainToken);
          if (closesEarly) drain.onClose(closed);
        },
        stop: closesEarly ? undefined : closed,
      },
    ],
    ...rest,
  });
  const call = (durationMs: number, what?: string) => {
    const inFlight = drain?.track(what);
    const work = sleep(clock, durationMs, cancellable().context).finally(() => {
      open.delete(work);
      inFlight?.[Symbol.dispose]();
    });
    open.add(work);
  };
  return { app, clock, call };
}

const settled = (promise: Promise<void>) => {
  const state = { how: 'waiting' as unknown };
  promise.then(
    () => (state.how = 'stopped'),
    (error: unknown) => (state.how = error),
  );
  return state;
};

const long = { drainTimeoutMs: 60_000, totalMs: 90_000 };

test.each([true, false])(
  'calls have the time for draining, not that of a step (server closes early: %s)',
  async (closesEarly) => {
    const { app, clock, call } = await serving({ shutdown: long, closesEarly });
    call(14_000);
    const stop = settled(app.stop());
    await clock.advance(13_900);
    expect(stop.how).toBe('waiting');
    await clock.advance(200);
    expect(stop.how).toBe('stopped');
  },
);

test('a call that comes on an open connection while servers close is waited for as well', async () => {
  const { app, clock, call } = await serving({ shutdown: long, stepTimeoutMs: 100 });
  call(5000);
  const stop = settled(app.stop());
  await clock.advance(4000);
  call(14_000);
  await clock.advance(13_000);
  call(2000);
  await clock.advance(2900);
  expect(stop.how).toBe('stopped');
});

test('calls longer than the time for draining are given up and counted, without a failed step', async () => {
  const { app, clock, call } = await serving({ shutdown: { drainTimeoutMs: 3000 } });
  call(8000);
  const stop = settled(app.stop());
  await clock.advance(2900);
  expect(stop.how).toBe('waiting');
  await clock.advance(200);
  expect(stop.how).toBe('stopped');
});

test('a server that hangs with no call in flight has the time of a step', async () => {
  const { app, clock } = await serving({ shutdown: long, stepTimeoutMs: 500 });
  app.get(drainToken).onClose(() => new Promise(() => {}));
  const stop = settled(app.stop());
  await clock.advance(600);
  expect(stop.how).toMatchObject({ code: 'FWK_CORE_STOP_FAILED', message: expect.stringContaining('500 ms') });
});

test('leaving has a budget of its own, and what hangs there costs the calls nothing', async () => {
  const hanging = { name: 'registry', drain: () => new Promise<void>(() => {}) };
  const { app, clock, call } = await serving({ more: [hanging], shutdown: { leaveTimeoutMs: 2000 } });
  call(6000);
  const stop = settled(app.stop());
  await clock.advance(1900);
  expect(app.get(healthToken).probe('readiness').status).toBe(503);
  await clock.advance(5000);
  expect(stop.how).toMatchObject({ code: 'FWK_CORE_STOP_FAILED' });
  expect(app.stopReport).toMatchObject({ cutOff: ['registry drain'], abandoned: 0, durationMs: 6000 });
});

test('time in which the process stood still is no time in which others learn that it leaves', async () => {
  const { clock: real } = leakGuard();
  let frozenMs = 0;
  const clock = { ...real, now: () => real.now() + frozenMs };
  const app = await testApp({ env: { clock }, shutdown: { propagationDelayMs: 1000 } });
  const stop = settled(app.stop());
  await real.advance(450);
  frozenMs = 5000;
  await real.advance(450);
  expect(stop.how).toBe('waiting');
  await real.advance(100);
  expect(stop.how).toBe('stopped');
});

test('calls that never end leave time for what comes after them', async () => {
  const steps: number[] = [];
  const slow = { name: 'db', stop: ({ call }: ComponentContext) => void steps.push(call.deadlineMs - clock.now()) };
  const { app, clock, call } = await serving({
    more: [slow],
    shutdown: { drainTimeoutMs: 60_000, totalMs: 10_000, reserveMs: 2000 },
  });
  call(100_000);
  const stop = settled(app.stop());
  await clock.advance(8000);
  expect(stop.how).toBe('stopped');
  expect(steps).toEqual([2000]);
});

test('the reserve is never more than a quarter of the whole', async () => {
  const { app, clock, call } = await serving({
    shutdown: { drainTimeoutMs: 60_000, totalMs: 1000, reserveMs: 60_000 },
  });
  call(100_000);
  const stop = settled(app.stop());
  await clock.advance(740);
  expect(stop.how).toBe('waiting');
  await clock.advance(20);
  expect(stop.how).toBe('stopped');
});

test('a report says what was cut off: steps by name and limit, calls by operation, and how long each step took', async () => {
  const events = recordEvents();
  const stuck = { name: 'db', stop: () => new Promise<void>(() => {}) };
  const { app, clock, call } = await serving({
    more: [stuck],
    events,
    stepTimeoutMs: 500,
    shutdown: { drainTimeoutMs: 1000 },
  });
  call(90_000, 'shop.order');
  call(90_000, 'shop.order');
  call(90_000);
  const stop = settled(app.stop('a test'));
  await clock.advance(3000);
  expect(stop.how).toMatchObject({ code: 'FWK_CORE_STOP_FAILED' });
  expect(app.stopReport).toMatchObject({
    reason: 'a test',
    durationMs: 1500,
    cutOff: ['db stop'],
    abandoned: 3,
    abandonedCalls: { 'shop.order': 2, unnamed: 1 },
    failures: [expect.stringContaining('within 500 ms')],
  });
  expect(app.stopReport?.steps).toContainEqual({ component: 'db', step: 'stop', durationMs: 500, outcome: 'cut off' });
  expect(events.all.at(-1)).toMatchObject({ name: 'app.stopped', data: { cutOff: ['db stop'], abandoned: 3 } });
});

test('a call that asks for the stop hears that it has begun, and is waited for like any other', async () => {
  const { app, clock } = await serving();
  const drain = app.get(drainToken);
  const inFlight = drain.track();
  const handler = cancellable(undefined, { values: [operationKey.of('shop.stop')] });
  let state = '';
  const answered = runInContext(handler.context, async () => {
    await app.stop('asked by a caller');
    state = app.state;
    await sleep(clock, 300, handler.context);
  }).finally(() => inFlight[Symbol.dispose]());
  const stop = settled(app.stop());
  await clock.advance(200);
  expect(stop.how).toBe('waiting');
  await clock.advance(200);
  await answered;
  expect(state).toBe('draining');
  expect(stop.how).toBe('stopped');
});

test.each(['start', 'ready', 'drain', 'stop'] as const)(
  'the step %s may ask for the stop and wait for it',
  async (step) => {
    const clock = fakeClock();
    let asked = 0;
    const app: App = createApp({
      name: 'shop',
      version: '1.0.0',
      owner: 'us',
      management: false,
      signals: false,
      logging: { level: 'silent' },
      shutdown: { propagationDelayMs: 0 },
      env: { clock },
      use: [
        {
          name: 'quitter',
          [step]() {
            asked++;
            return app.stop();
          },
        },
      ],
    });
    const start = app.start().catch((error: unknown) => error);
    if (step === 'start' || step === 'ready') expect(await start).toMatchObject({ code: 'FWK_CORE_START_STOPPED' });
    else await start;
    await app.stop();
    expect(asked).toBe(1);
    expect([app.state, clock.pending]).toEqual(['stopped', 0]);
  },
);

test('a handler below /manage gets its answer from an application that it stops', async () => {
  let app: App | undefined;
  const component = {
    name: 'switch',
    manage: () => [
      {
        path: 'stop',
        method: 'POST' as const,
        handle: async () => {
          await app?.stop('asked by an operator');
          return { state: app?.state };
        },
      },
    ],
  };
  app = await testApp({ use: [component], management: {} });
  const answer = await fetch(`${app.managementUrl}/manage/stop`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await readFile(app.managementTokenFile ?? '', 'utf8')}`,
    },
  });
  expect(await answer.json()).toEqual({ state: 'draining' });
  await app.stop();
  expect(app.state).toBe('stopped');
});

test('a health check may ask for the stop and wait for it', async () => {
  const { promise, resolve } = deferredState();
  let app: App | undefined;
  let asked = false;
  app = await testApp({
    use: [
      {
        name: 'watchdog',
        health: () => [
          {
            name: 'watchdog',
            intervalMs: 5,
            async check() {
              if (app && !asked) {
                asked = true;
                await app.stop();
                resolve(app.state);
              }
              return { status: 'UP' };
            },
          },
        ],
      },
    ],
  });
  expect(await promise).toBe('stopped');
});

function deferredState() {
  let resolve = (_state: string) => {};
  const promise = new Promise<string>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
