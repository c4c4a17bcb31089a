import { expect, test } from 'vitest';
import { currentContext, runInContext } from './ambient.js';
import { background } from './call-context.js';

const context = background.with({ deadlineMs: 5 });

test('is the background outside any call', () => {
  expect(currentContext()).toBe(background);
});

test('is the call’s own context in all that the call awaits, and gone afterwards', async () => {
  const seen = await runInContext(context, async () => {
    await new Promise((resolve) => setImmediate(resolve));
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

test('passes through what the body gives and throws', () => {
  expect(runInContext(context, () => 7)).toBe(7);
  expect(() =>
    runInContext(context, () => {
      throw new Error('thrown inside');
    }),
  ).toThrow('thrown inside');
  expect(currentContext()).toBe(background);
});
