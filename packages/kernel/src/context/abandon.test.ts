import { expect, test } from 'vitest';
import { leakGuard } from '../testing/leak-guard.js';
import { abandonOnCancel } from './abandon.js';

const reason = new Error('the caller gave up');
const never = new Promise<never>(() => {});

test('settles like the work and leaves no listener', async () => {
  const guard = leakGuard();
  const { context } = guard.context();
  await expect(abandonOnCancel(context, Promise.resolve(7))).resolves.toBe(7);
  const error = new Error('work failed');
  await expect(abandonOnCancel(context, Promise.reject(error))).rejects.toBe(error);
  guard.check();
});

test('rejects with the caller’s own reason as soon as it is cancelled', async () => {
  const guard = leakGuard();
  const { context, cancel } = guard.context();
  const abandoned = abandonOnCancel(context, never);
  cancel(reason);
  await expect(abandoned).rejects.toBe(reason);
  guard.check();
});

test('does not wait for work when the call is cancelled already', async () => {
  const guard = leakGuard();
  const { context, cancel } = guard.context();
  cancel(reason);
  await expect(abandonOnCancel(context, never)).rejects.toBe(reason);
  guard.check();
});

test('swallows what abandoned work throws later', async () => {
  const guard = leakGuard();
  const { context, cancel } = guard.context();
  let fail: (error: unknown) => void = () => {};
  const work = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const unhandled: unknown[] = [];
  const record = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', record);
  try {
    const abandoned = abandonOnCancel(context, work);
    cancel(reason);
    await expect(abandoned).rejects.toBe(reason);
    fail(new Error('too late'));
    await guard.clock.settle();
    await guard.clock.settle();
  } finally {
    process.off('unhandledRejection', record);
  }
  expect(unhandled).toEqual([]);
});
