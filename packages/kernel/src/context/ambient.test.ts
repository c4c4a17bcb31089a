import { expect, test } from 'vitest';
import { eventBus } from '../events/event-bus.js';
import { liveValue } from '../live/live-source.js';
import { contextScope, currentContext, currentScope, detached, runInContext } from './ambient.js';
import { background, type CallContext } from './call-context.js';

const context = background.with({ deadlineMs: 5 });
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('is the background outside any call', () => {
  expect(currentContext()).toBe(background);
});

test('is the call’s own context in all that the call awaits, and gone afterwards', async () => {
  const seen = await runInContext(context, async () => {
    await turn();
    return currentContext();
  });
  expect(seen).toBe(context);
  expect(currentContext()).toBe(background);
});

test('keeps calls apart that run at the same time, and inner ones from outer ones', async () => {
  const other = background.with({ deadlineMs: 6 });
  const look = async () => {
    await null;
    return currentContext();
  };
  const nested = runInContext(context, async () => [await runInContext(other, look), await look()]);
  expect(await Promise.all([runInContext(other, look), nested])).toEqual([other, [other, context]]);
});

test('can be entered again by what several calls share, until the call is over', async () => {
  expect(currentScope()).toBeUndefined();
  let scope = currentScope();
  await runInContext(context, async () => {
    scope = currentScope();
    const seen = detached(() => [currentContext(), scope?.run(() => currentContext())]);
    expect(seen).toEqual([background, context]);
  });
  expect(scope?.run(() => currentContext())).toBe(background);
});

test('passes through what the body gives and throws', () => {
  expect(runInContext(context, () => 7)).toBe(7);
  expect(() =>
    runInContext(context, () => {
      throw new Error('thrown inside');
    }),
  ).toThrow('thrown inside');
  expect(currentContext()).toBe(background);
});

test.each([
  ['answers at once', () => {}],
  ['answers a promise', () => turn()],
  ['rejects', () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
])('is the background for what a call that %s leaves behind', async (_how, body) => {
  const seen: CallContext[] = [];
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const leaveBehind = () => {
    const timer = setInterval(() => {
      if (seen.push(currentContext()) < 2) return;
      clearInterval(timer);
      resolve();
    }, 5);
  };
  const run = async () =>
    runInContext(context, () => {
      leaveBehind();
      return body();
    });
  await run().catch(() => {});
  await promise;
  expect(seen).toEqual([background, background]);
});

test('stays with a promise that is not Node’s own, which is asked for nothing', async () => {
  let asked = 0;
  // biome-ignore lint/suspicious/noThenProperty: such as the lazy queries of query builders
  const lazy = { then: () => asked++ };
  let later: Promise<CallContext> | undefined;
  runInContext(context, () => {
    later = turn().then(() => currentContext());
    return lazy;
  });
  expect([await later, asked]).toEqual([context, 0]);
});

test('of a scope ends when its owner says so', async () => {
  const scope = contextScope(context);
  const looks = scope.run(() => [turn().then(currentContext), turn().then(turn).then(currentContext)]);
  expect(await looks[0]).toBe(context);
  scope.end();
  expect(await looks[1]).toBe(background);
  expect(scope.run(currentContext)).toBe(background);
});

test('is the background in what runs detached, at once and later, and the call’s own again after it', async () => {
  await runInContext(context, async () => {
    const inside = detached(async () => [currentContext(), await turn().then(currentContext)]);
    expect(currentContext()).toBe(context);
    expect(await inside).toEqual([background, background]);
  });
  expect(detached(() => 7)).toBe(7);
});

test('is the background for listeners of live values and events, whoever changes the value or emits', () => {
  const seen: CallContext[] = [];
  const live = liveValue(1);
  const bus = eventBus();
  live.subscribe(() => seen.push(currentContext()));
  live.map((value) => value * 2).subscribe(() => seen.push(currentContext()));
  bus.on('*', () => seen.push(currentContext()));
  runInContext(context, () => {
    live.set(2);
    bus.emit('it.happened', {});
    expect(currentContext()).toBe(context);
  });
  expect(seen).toEqual([background, background, background]);
});
