import { eventBus, type FwkEvent, liveValue, makeEnv } from '@fwk/kernel';
import { fakeClock, leakGuard, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import { policy } from './policy.js';
import { policyRegistry } from './policy-registry.js';

const options = { retry: { maxAttempts: 2, baseDelayMs: 0 }, breaker: { consecutiveFailures: 2 } } as const;
const down = async () => {
  throw new Error('down');
};

async function failing(call: () => Promise<unknown>, clock = fakeClock()) {
  const ended = call().catch(() => {});
  await clock.settle();
  while (await clock.runNext());
  await ended;
}

describe('who listens to a policy', () => {
  test('hears of its layers, each event under its name, and so does the application', async () => {
    const { clock } = leakGuard();
    const events = recordEvents();
    const layer = policy('quote', options, makeEnv({ clock, events, path: 'shop' }));
    const heard: FwkEvent[] = [];
    layer.on('retry.scheduled', (event) => heard.push(event));
    layer.on('breaker.*', (event) => heard.push(event));
    await failing(layer.wrap(down), clock);
    expect(heard.map(({ name, data }) => [name, data.path])).toEqual([
      ['retry.scheduled', 'shop/quote'],
      ['breaker.opened', 'shop/quote'],
    ]);
    expect(heard[0]?.atMs).toBe(clock.wallTime());
    expect(events.names).toEqual(['retry.scheduled', 'breaker.opened', 'retry.exhausted']);
  });

  test('hears nothing of other policies, and nothing once it has stopped', async () => {
    const { clock } = leakGuard();
    const env = makeEnv({ clock });
    const [one, other] = [policy('one', options, env), policy('other', options, env)];
    const heard = vi.fn();
    const subscription = one.on('*', heard);
    await failing(other.wrap(down), clock);
    expect(heard).not.toHaveBeenCalled();
    subscription[Symbol.dispose]();
    await failing(one.wrap(down), clock);
    expect(heard).not.toHaveBeenCalled();
  });

  test('hears of all stacks, those that come later and those of a changed configuration too', async () => {
    const { clock } = leakGuard();
    const policies = liveValue<unknown>({ quote: { retry: { maxAttempts: 2, baseDelayMs: 0 } } });
    const layer = policyRegistry(makeEnv({ clock }), policies).named('quote');
    const heard: string[] = [];
    layer.on('*', ({ name }) => heard.push(name));
    await failing(layer.wrap(down), clock);
    policies.set({ quote: { breaker: { consecutiveFailures: 1 } } });
    await failing(layer.wrap(down), clock);
    expect(heard).toEqual(['retry.scheduled', 'retry.exhausted', 'breaker.opened']);
  });

  test('and throws disturbs neither the call nor other listeners', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { clock } = leakGuard();
    const application = eventBus({ clock });
    const toldToAll = vi.fn();
    application.on('*', toldToAll);
    const layer = policy(
      'quote',
      { retry: { maxAttempts: 2, baseDelayMs: 0 } },
      makeEnv({ clock, events: application }),
    );
    layer.on('*', () => {
      throw new Error('a bug');
    });
    const heard = vi.fn();
    layer.on('*', heard);
    let attempts = 0;
    const call = layer.wrap(async () => {
      attempts++;
      if (attempts === 1) throw new Error('down');
      return 'answer';
    });
    const answer = call();
    await clock.settle();
    while (await clock.runNext());
    expect(await answer).toBe('answer');
    expect(heard).toHaveBeenCalledOnce();
    expect(toldToAll).toHaveBeenCalledOnce();
    expect(warned).toHaveBeenCalled();
    warned.mockRestore();
  });
});
