import {
  background,
  type CallContext,
  type CallNotes,
  DeadlineExceededError,
  idempotentKey,
  liveValue,
  makeEnv,
  notesKey,
  runInContext,
  type Service,
  serviceOf,
} from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { bulkhead } from '../bulkhead/bulkhead.js';
import { attemptTimeout } from '../deadline/attempt-timeout.js';
import { type CoalesceOptions, coalesce } from './coalesce.js';

const keyOf = (request: string) => request;

function build(options: Partial<CoalesceOptions> = {}) {
  const guard = leakGuard();
  const inner = scriptedService<string, object>();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, events, path: 'shop' });
  const service: Service<string, object> = coalesce({ keyOf, ...options }).wrap(inner, env);
  return { guard, clock: guard.clock, inner, events, env, service };
}

const outcomeOf = <T>(call: Promise<T>) => call.catch((error: unknown) => error);
const answer = { price: 3 };

describe('coalesce', () => {
  test('sends one call for all who ask the same thing at the same time, and others for other things', async () => {
    const { inner, service } = build();
    const calls = ['apples', 'apples', 'pears', 'apples'].map((sku) => service.call(sku, background));
    expect(inner.calls.map(({ request }) => request)).toEqual(['apples', 'pears']);
    inner.calls[0]?.succeed(answer);
    inner.calls[1]?.succeed({});
    const [first, second, , third] = await Promise.all(calls);
    expect([first, second, third].every((got) => got === answer)).toBe(true);
  });

  test('keeps nothing once the call has ended, neither an answer nor an error', async () => {
    const { inner, service } = build();
    const down = new Error('down');
    inner.script(down, answer, {});
    const failed = [outcomeOf(service.call('apples', background)), outcomeOf(service.call('apples', background))];
    expect(await Promise.all(failed)).toEqual([down, down]);
    expect(await service.call('apples', background)).toBe(answer);
    expect(await service.call('apples', background)).not.toBe(answer);
  });

  test('lets a caller ask anew in the very moment in which it gets its answer', async () => {
    const { inner, service } = build();
    inner.script(answer, {});
    const again = service.call('apples', background).then(() => service.call('apples', background));
    expect(await again).not.toBe(answer);
  });

  test('tells who joined', async () => {
    const { inner, service } = build();
    const notes: CallNotes[] = [{}, {}];
    const calls = notes.map((kept) => service.call('apples', background.with({ values: [notesKey.of(kept)] })));
    inner.calls[0]?.succeed(answer);
    await Promise.all(calls);
    expect(notes).toEqual([{}, { coalesced: true }]);
  });

  test('lets one caller leave at once with its own reason while the others wait on', async () => {
    const { guard, clock, inner, service } = build();
    const [first, second] = [guard.context(), guard.context()];
    const calls = [service.call('apples', first.context), service.call('apples', second.context)];
    const left = outcomeOf(calls[0]!);
    const reason = new Error('no longer needed');
    first.cancel(reason);
    expect(await left).toBe(reason);
    await clock.settle();
    expect(inner.waiting).toHaveLength(1);
    inner.calls[0]?.succeed(answer);
    expect(await calls[1]).toBe(answer);
    guard.check();
  });

  test('cancels the shared call when the last caller leaves, and starts anew for the next', async () => {
    const { guard, env } = build();
    const contexts: CallContext[] = [];
    const deaf = serviceOf<string, object>((_, context) => {
      contexts.push(context);
      return new Promise(() => {});
    });
    const service: Service<string, object> = coalesce({ keyOf }).wrap(deaf, env);
    const callers = [guard.context(), guard.context(), guard.context()];
    const calls = callers.map(({ context }) => outcomeOf(service.call('apples', context)));
    const reasons = callers.map((_, index) => new Error(`reason ${index}`));
    callers.forEach(({ cancel }, index) => {
      cancel(reasons[index]);
    });
    expect(await Promise.all(calls)).toEqual(reasons);
    expect(contexts[0]?.reason).toBe(reasons[2]);
    service.call('apples', background).catch(() => {});
    expect(contexts).toHaveLength(2);
    guard.check();
  });

  test('ends each wait by the caller’s own deadline', async () => {
    const { guard, clock, inner, service } = build();
    const [patient, hasty] = [300, 100].map((deadlineMs) =>
      outcomeOf(service.call('apples', guard.context({ deadlineMs }).context)),
    );
    await clock.advance(100);
    expect(await hasty).toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
    expect(inner.waiting).toHaveLength(1);
    inner.calls[0]?.succeed(answer);
    expect(await patient).toBe(answer);
    guard.check();
  });

  test('goes on for who has more time when the time of the one who had sent it is over', async () => {
    const { guard, clock, inner, env } = build();
    const limited = attemptTimeout({ timeoutMs: 250 }).wrap(inner, env);
    const service: Service<string, object> = coalesce({ keyOf }).wrap(limited, env);
    const [hasty, patient] = [100, 300].map((deadlineMs) =>
      outcomeOf(service.call('apples', guard.context({ deadlineMs }).context)),
    );
    await clock.advance(100);
    expect(await hasty).toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
    await clock.advance(100);
    expect(inner.calls.map(({ context }) => context.cancelled)).toEqual([false]);
    inner.calls[0]?.succeed(answer);
    expect(await patient).toBe(answer);
    guard.check();
  });

  test('ends the shared call with the time of the last who waits', async () => {
    const { guard, clock, inner, service } = build();
    const calls = [100, 200].map((deadlineMs) =>
      outcomeOf(service.call('apples', guard.context({ deadlineMs }).context)),
    );
    await clock.advance(200);
    expect(await Promise.all(calls)).toMatchObject([{ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' }, {}]);
    expect(inner.calls.map(({ context }) => context.cancelled)).toEqual([true]);
    guard.check();
  });

  test('gives all the error when the callee had a shorter limit of its own', async () => {
    const { inner, service } = build();
    const tooSlow = new DeadlineExceededError('callee', 10);
    inner.script(tooSlow);
    const calls = [100, 300].map((deadlineMs) => outcomeOf(service.call('apples', background.with({ deadlineMs }))));
    expect(await Promise.all(calls)).toEqual([tooSlow, tooSlow]);
    expect(inner.calls).toHaveLength(1);
  });

  test('does not start what is too late already', async () => {
    const { clock, inner, service } = build();
    await clock.advance(50);
    const late = service.call('apples', background.with({ deadlineMs: 50 }));
    await expect(late).rejects.toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
    expect(inner.calls).toHaveLength(0);
  });

  test('never shares what must not run twice: two such calls mean two effects', async () => {
    const { guard, inner, service } = build();
    const effect = background.with({ values: [idempotentKey.of(false)] });
    const calls = [service.call('order', effect), service.call('order', effect)];
    expect(inner.calls).toHaveLength(2);
    for (const call of inner.waiting) call.succeed(answer);
    await Promise.all(calls);
    guard.check();
  });

  test('sends calls on their own while as many keys as allowed are in flight, and says so', async () => {
    const maxKeys = liveValue(1);
    const { inner, service, events } = build({ maxKeys });
    const ask = (...skus: string[]) => {
      for (const sku of skus) service.call(sku, background);
    };
    ask('apples', 'pears', 'pears', 'apples');
    expect(inner.calls.map(({ request }) => request)).toEqual(['apples', 'pears', 'pears']);
    expect(events.names).toEqual(['coalesce.overflowed', 'coalesce.overflowed']);
    maxKeys.set(2);
    ask('pears', 'pears');
    expect(inner.calls).toHaveLength(4);
  });

  test('tells the caller when the key function throws, with its error as cause', async () => {
    const cause = new Error('no sku');
    const { inner, service } = build({
      keyOf: () => {
        throw cause;
      },
    });
    await expect(service.call('q', background)).rejects.toMatchObject({ code: 'FWK_RESILIENCE_KEY_INVALID', cause });
    expect(inner.calls).toHaveLength(0);
  });

  test('refuses what is no key function, and unknown fields', () => {
    expect(() => coalesce({ keyOf: 'sku', maxkeys: 1, maxKeys: 0 } as never)).toThrowError(
      /unknown option "maxkeys", did you mean "maxKeys"\? .*; keyOf must be a function, not "sku"; maxKeys must be .* not 0/,
    );
  });
});

describe('a coalesced function', () => {
  test('is called once for callers with equal arguments, and keeps `this`', async () => {
    const shop = {
      asked: 0,
      price: coalesce({ keyOf: (_: number, sku: string) => sku }).wrap(async function (
        this: { asked: number },
        amount: number,
        sku: string,
      ) {
        this.asked++;
        return `${amount} ${sku}`;
      }),
    };
    expect(await Promise.all([shop.price(1, 'apples'), shop.price(2, 'apples')])).toEqual(['1 apples', '1 apples']);
    expect(shop.asked).toBe(1);
  });

  test('keeps the place of its last caller in a bulkhead until it ends, although nobody waits any more', async () => {
    const { guard, clock, env } = build();
    let end = (): void => {};
    const work = new Promise<void>((resolve) => {
      end = resolve;
    });
    const shared = coalesce({ keyOf }).wrap((_: string) => work, env);
    const call = bulkhead({ maxConcurrent: 1 }).wrap(shared, env);
    const ask = (context = background) => outcomeOf(runInContext(context, () => call('apples')));
    const { context, cancel } = guard.context();
    const left = ask(context);
    cancel('left');
    expect(await left).toBe('left');
    expect(await ask()).toMatchObject({ code: 'FWK_RESILIENCE_BULKHEAD_FULL' });
    end();
    await clock.settle();
    expect(await ask()).toBeUndefined();
    guard.check();
  });
});

test('settles every one of many callers who come, leave and run out of time, and leaves nothing behind', async () => {
  const { guard, clock, inner, service } = build();
  const random = seededRandom(11);
  const ended: Promise<string>[] = [];
  for (let step = 0; step < 2000; step++) {
    const { context, cancel } = guard.context(random() < 0.5 ? { deadlineMs: clock.now() + random() * 50 } : undefined);
    const reason = new Error('left');
    const call = service.call(`key ${Math.floor(random() * 5)}`, context);
    ended.push(
      call.then(
        () => 'answered',
        (error) => (error === reason ? 'left' : (error.code ?? 'failed')),
      ),
    );
    if (random() < 0.3) clock.setTimer(() => cancel(reason), random() * 30);
    if (random() < 0.2) inner.waiting[0]?.succeed(answer);
    if (random() < 0.05) inner.waiting[0]?.fail(new Error('down'));
    if (random() < 0.3) await clock.advance(random() * 10);
  }
  for (const call of inner.waiting) call.succeed(answer);
  await clock.advance(100);
  const kinds = new Set(await Promise.all(ended));
  expect([...kinds].sort()).toEqual(['FWK_KERNEL_DEADLINE_EXCEEDED', 'answered', 'failed', 'left']);
  expect(inner.waiting).toHaveLength(0);
  guard.check();
});
