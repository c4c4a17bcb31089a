import { currentContext, makeEnv, type Service, serviceOf } from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from '../policy/policy.js';
import { policyRegistry } from '../policy/policy-registry.js';
import { attemptTimeout } from './attempt-timeout.js';
import { TimeoutError } from './timeout-error.js';

const outcomeOf = (call: Promise<unknown>) => call.catch((error: unknown) => error);

/** Work that decides itself when it ends, whatever its context says. */
function stubborn() {
  const guard = leakGuard();
  const events = recordEvents();
  let end: { resolve: (value: string) => void; reject: (error: unknown) => void } | undefined;
  const told: unknown[] = [];
  const inner = serviceOf<string, string>((_request, context) => {
    context.onCancel((reason) => told.push(reason));
    return new Promise((resolve, reject) => {
      end = { resolve, reject };
    });
  });
  const env = makeEnv({ clock: guard.clock, events, path: 'shop' });
  const service: Service<string, string> = attemptTimeout({ timeoutMs: 100, mode: 'cooperative' }).wrap(inner, env);
  const begin = (context = guard.context().context) => outcomeOf(service.call('q', context));
  return { guard, clock: guard.clock, events, begin, told, end: () => end! };
}

describe('a cooperative timeout', () => {
  test('tells the work when its time is over, waits for it, and takes what it answers', async () => {
    const { guard, clock, events, begin, told, end } = stubborn();
    const outcome = begin();
    await clock.advance(99);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([expect.any(TimeoutError)]);
    await clock.advance(5000);
    end().resolve('late but whole');
    expect(await outcome).toBe('late but whole');
    expect(events.names).toEqual(['attempt.timed-out']);
    guard.check();
  });

  test('ends with a TimeoutError when the work fails after it was told, whatever it fails with', async () => {
    const { guard, clock, begin, told, end } = stubborn();
    const outcome = begin();
    await clock.advance(100);
    const own = new Error('AbortError');
    end().reject(own);
    expect(await outcome).toBe(told[0]);
    expect(await outcome).toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT', cause: own });
    guard.check();
  });

  test('ends at once with work that listens', async () => {
    const guard = leakGuard();
    const inner = scriptedService<string, string>();
    const layer = attemptTimeout({ timeoutMs: 100, mode: 'cooperative' });
    const service = layer.wrap<string, string>(inner, makeEnv({ clock: guard.clock }));
    const outcome = outcomeOf(service.call('q', guard.context().context));
    await guard.clock.advance(100);
    expect(await outcome).toBeInstanceOf(TimeoutError);
    expect(((await outcome) as Error).cause).toBeUndefined();
    guard.check();
  });

  test('leaves alone what ends in time, error or answer', async () => {
    for (const answer of ['answer', new Error('down')]) {
      const { guard, begin, told, end, clock } = stubborn();
      const outcome = begin();
      await clock.advance(50);
      if (answer instanceof Error) end().reject(answer);
      else end().resolve(answer);
      expect(await outcome).toBe(answer);
      await clock.advance(100);
      expect(told).toEqual([]);
      guard.check();
    }
  });

  test.each([50, 500])('ends at once when its caller cancels after %d ms, before the limit or after it', async (ms) => {
    const { guard, clock, begin, end } = stubborn();
    const { context, cancel } = guard.context();
    const outcome = begin(context);
    await clock.advance(ms);
    const reason = new Error('gone');
    cancel(reason);
    expect(await outcome).toBe(reason);
    end().resolve('nobody waits');
    await clock.settle();
    guard.check();
  });

  test.each([70, 250])('gives up at a deadline after %d ms, before the limit or after it', async (deadlineMs) => {
    const { guard, clock, begin, end } = stubborn();
    const outcome = begin(guard.context().context.with({ deadlineMs }));
    await clock.advance(deadlineMs - 1);
    expect(await Promise.race([outcome, clock.settle()])).toBeUndefined();
    await clock.advance(1);
    expect(await outcome).toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
    end().resolve('nobody waits');
    await clock.settle();
    guard.check();
  });

  test('gives a wrapped function its signal, and keeps its place while it ends', async () => {
    const guard = leakGuard();
    const layer = policy(
      'quote',
      { timeoutMs: 100, timeoutMode: 'cooperative', bulkhead: { maxConcurrent: 1 }, deadlineMs: 10_000 },
      makeEnv({ clock: guard.clock }),
    );
    const ended: string[] = [];
    const call = layer.wrap(async () => {
      const { signal } = currentContext();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      ended.push('told');
      await new Promise((resolve) => guard.clock.setTimer(() => resolve(undefined), 50));
      ended.push('tidied up');
      return 'half an answer';
    });
    const outcome = outcomeOf(call());
    await guard.clock.advance(100);
    expect(ended).toEqual(['told']);
    expect(await outcomeOf(call())).toMatchObject({ code: 'FWK_RESILIENCE_BULKHEAD_FULL' });
    await guard.clock.advance(50);
    expect(await outcome).toBe('half an answer');
    expect(layer.bulkheads[0]?.snapshot().inUse).toBe(0);
    expect(layer.print()).toContain('attempt-timeout(timeoutMs=100, mode=cooperative)');
    guard.check();
  });

  test('ends in a policy by the deadline when the function never ends', async () => {
    const guard = leakGuard();
    const options = { timeoutMs: 100, timeoutMode: 'cooperative', deadlineMs: 300 } as const;
    const call = policy('quote', options, makeEnv({ clock: guard.clock })).wrap(() => new Promise(() => {}));
    const outcome = outcomeOf(call());
    await guard.clock.advance(300);
    expect(await outcome).toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
  });

  test('comes from configuration, over its defaults, and says where it was set', () => {
    const policies = { quote: { timeoutMode: 'cooperative' }, pay: {} } as const;
    const registry = policyRegistry(undefined, policies, { timeoutMs: 500 });
    expect(registry.named('quote').settings).toEqual([
      { setting: 'timeoutMs', value: 500, from: 'defaults' },
      { setting: 'timeoutMode', value: 'cooperative', from: 'policy' },
    ]);
    expect(registry.named('pay').settings).toEqual([{ setting: 'timeoutMs', value: 500, from: 'defaults' }]);
  });

  test('is refused without a limit, and so is another mode', () => {
    expect(() => policy('quote', { timeoutMode: 'cooperative' })).toThrowError(/give a timeoutMs as well/);
    expect(() => policy('quote', { timeoutMs: 1, timeoutMode: 'kill' as never })).toThrowError(
      /timeoutMs: mode must be one of give-up, cooperative/,
    );
  });
});
