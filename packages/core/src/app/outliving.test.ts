/** What a bounded phase begins and leaves behind has none of its limits; what it awaits has them. */
import {
  background,
  type CallContext,
  type Component,
  currentContext,
  eventBus,
  runInContext,
  type Timer,
} from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { containerToken } from '../container/container.js';
import { createContainer } from '../container/create-container.js';
import { Injectable } from '../container/injectable.js';
import { testApp } from '../testing/test-app.js';

const tick = (seen: CallContext[]) => setInterval(() => seen.push(currentContext()), 2);
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test('steps of starting and stopping lend their limit to what they await, and to nothing that they leave behind', async () => {
  const inside: number[] = [];
  const seen: Record<string, CallContext[]> = {};
  const timers: NodeJS.Timeout[] = [];
  const step = (name: string) => async () => {
    await null;
    inside.push(currentContext().deadlineMs);
    const left: CallContext[] = [];
    seen[name] = left;
    timers.push(tick(left));
  };
  const component: Component = {
    name: 'poller',
    start: step('start'),
    ready: step('ready'),
    drain: step('drain'),
    stop: step('stop'),
  };
  const app = await testApp({ use: [component] });
  await app.stop();
  const from = Object.fromEntries(Object.entries(seen).map(([name, left]) => [name, left.length]));
  await until(() => Object.entries(seen).every(([name, left]) => left.length > (from[name] ?? 0) + 1));
  for (const timer of timers) clearInterval(timer);
  expect(inside.map(Number.isFinite)).toEqual([true, true, true, true]);
  for (const [name, left] of Object.entries(seen)) expect([name, left.at(-1)]).toEqual([name, background]);
});

test('a check that calls others is up long after the start, and so is a loop that a step began', async () => {
  const clock = fakeClock();
  const deadlines: number[] = [];
  let timer: Timer | undefined;
  const loop = () => {
    deadlines.push(currentContext().deadlineMs);
    timer = clock.setTimer(loop, 1000);
  };
  const app = await testApp({
    env: { clock },
    use: [
      {
        name: 'caller',
        start: loop,
        health: () => [
          { name: 'callee', check: () => ({ status: currentContext().deadlineMs > clock.now() ? 'UP' : 'DOWN' }) },
        ],
      },
    ],
  });
  await clock.advance(60_000);
  expect(deadlines.length).toBeGreaterThan(50);
  expect(deadlines.slice(1).every((deadline) => deadline === Number.POSITIVE_INFINITY)).toBe(true);
  clock.clearTimer(timer as Timer);
  await app.stop();
});

test('a singleton that is first needed in a request is built and started as a part of no request', async () => {
  const seen: CallContext[] = [];
  let started: CallContext | undefined;
  @Injectable()
  class Inner {
    readonly at = seen.push(currentContext());
  }
  @Injectable()
  class Prices {
    readonly at = seen.push(currentContext());
    constructor() {
      container.get(Inner);
    }
    onStart(context: CallContext) {
      started = context;
      expect(currentContext()).toBe(context);
    }
  }
  @Injectable({ scope: 'request' })
  class Basket {
    readonly at = seen.push(currentContext());
  }
  const container = createContainer();
  await container.start();
  const request = background.with({ deadlineMs: 5 });
  await runInContext(request, async () => {
    container.get(Prices);
    container.createScope().get(Basket);
  });
  expect(seen).toEqual([background, background, request]);
  expect(started?.deadlineMs).toBeGreaterThan(5);
  await container.dispose();
});

test('onStart of what lives for one request has the limit of the request', async () => {
  let deadlineMs: number | undefined;
  @Injectable({ scope: 'request' })
  class Basket {
    onStart() {
      deadlineMs = currentContext().deadlineMs;
    }
  }
  await using app = await testApp();
  const request = background.with({ deadlineMs: app.env.clock.now() + 300 });
  await runInContext(request, async () => {
    const scope = app.get(containerToken).createScope();
    scope.get(Basket);
    await scope.start();
  });
  expect(deadlineMs).toBe(request.deadlineMs);
});

test('handlers below /manage have a limit of their own, and leave none behind', async () => {
  const seen: CallContext[] = [];
  let timer: NodeJS.Timeout | undefined;
  const inside: number[] = [];
  const component: Component = {
    name: 'poller',
    manage: () => [
      {
        path: 'poll',
        handle: () => {
          inside.push(currentContext().deadlineMs);
          timer ??= tick(seen);
          return {};
        },
      },
    ],
  };
  await using app = await testApp({ use: [component], management: {} });
  expect((await fetch(`${app.managementUrl}/manage/poll`)).status).toBe(200);
  const from = seen.length;
  await until(() => seen.length > from + 2);
  clearInterval(timer);
  expect(inside[0]).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(seen.at(-1)).toBe(background);
});

test('a start that is asked for in a call is no part of it', async () => {
  const seen: CallContext[] = [];
  const bus = eventBus();
  bus.on('app.started', () => seen.push(currentContext()));
  const request = background.with({ deadlineMs: 1 });
  const app = await runInContext(request, () => testApp({ env: { events: bus } }));
  expect([app.state, ...seen]).toEqual(['ready', background]);
  await app.stop();
});
