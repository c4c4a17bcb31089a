import { background, type CallNotes, FwkError, makeEnv, notesKey, type Service } from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { type FallbackHandler, type FallbackOptions, fallback } from './fallback.js';
import type { FallbackFailedError } from './fallback-error.js';

function build(handler: FallbackHandler, options?: Partial<FallbackOptions>) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const env = makeEnv({ clock: guard.clock, events, path: 'shop' });
  const service: Service<string, string> = fallback(handler, options).wrap(inner, env);
  return { guard, inner, events, env, service };
}

const down = new Error('down');

describe('fallback', () => {
  test('answers instead of a call that failed, knowing the error and the request', async () => {
    const { inner, service, events } = build((error, { args }) => `${args[0]} after ${(error as Error).message}`, {
      name: 'last price',
    });
    inner.script(down);
    const notes: CallNotes = {};
    expect(await service.call('apples', background.with({ values: [notesKey.of(notes)] }))).toBe('apples after down');
    expect(notes.fallback).toBe('last price');
    expect(events.all.map(({ name, data }) => [name, data.fallback])).toEqual([['fallback.answered', 'last price']]);
  });

  test('is not asked when the call succeeds', async () => {
    const { inner, service } = build(() => 'instead');
    inner.script('answer');
    expect(await service.call('q', background)).toBe('answer');
  });

  test('gives the arguments and the object of a wrapped method', async () => {
    const shop = {
      name: 'shop',
      price: fallback((_, { args, self }) => [(self as { name: string }).name, ...args]).wrap(async function (
        this: { name: string },
        ..._: [number, string]
      ): Promise<unknown> {
        throw down;
      }),
    };
    expect(await shop.price(1, 'x')).toEqual(['shop', 1, 'x']);
  });

  test('leaves alone what the classifier ignores: another answer would not help a wrong request', async () => {
    const { inner, service } = build(() => 'instead');
    const ignored = new FwkError('FWK_TEST_NOT_FOUND', 'no such thing', { traits: { outcome: 'ignored' } });
    inner.script(ignored);
    await expect(service.call('q', background)).rejects.toBe(ignored);
  });

  test('answers only what `when` chooses', async () => {
    const { inner, service } = build(() => 'instead', { when: (error) => error === down });
    const other = new Error('other');
    inner.script(down, other);
    expect(await service.call('q', background)).toBe('instead');
    await expect(service.call('q', background)).rejects.toBe(other);
  });

  test('tells both errors when it fails itself', async () => {
    const cause = new Error('cache is empty');
    const { inner, service, events } = build(
      () => {
        throw cause;
      },
      { name: 'cache' },
    );
    inner.script(down);
    const error = (await service.call('q', background).catch((thrown: unknown) => thrown)) as FallbackFailedError;
    expect(error).toMatchObject({ code: 'FWK_RESILIENCE_FALLBACK_FAILED', cause, original: down });
    expect(error.message).toBe('shop: the call failed (down) and so did its fallback "cache" (cache is empty)');
    expect(events.names).toEqual(['fallback.failed']);
  });

  test('tells the call’s error as the original one when `when` throws', async () => {
    const cause = new Error('broken filter');
    const { inner, service } = build(() => 'instead', {
      when: () => {
        throw cause;
      },
    });
    inner.script(down);
    await expect(service.call('q', background)).rejects.toMatchObject({ cause, original: down });
  });

  test('ends at once when the caller cancels while it works', async () => {
    const { guard, inner, service } = build(() => new Promise(() => {}));
    inner.script(down);
    const { context, cancel } = guard.context();
    const outcome = service.call('q', context).catch((error: unknown) => error);
    await guard.clock.settle();
    const reason = new Error('gave up');
    cancel(reason);
    expect(await outcome).toBe(reason);
    guard.check();
  });

  test('must answer within the time that remains', async () => {
    const { guard, inner, service } = build(() => new Promise(() => {}));
    inner.script(down);
    const outcome = service.call('q', background.with({ deadlineMs: 100 })).catch((error: unknown) => error);
    await guard.clock.advance(100);
    expect(await outcome).toMatchObject({ original: down, cause: { code: 'FWK_KERNEL_DEADLINE_EXCEEDED' } });
  });

  test('stands in a chain: the innermost is asked first', async () => {
    const { inner, env } = build(() => undefined);
    const asked: string[] = [];
    const failing: FallbackHandler = () => {
      asked.push('first');
      throw new Error('also down');
    };
    const answering: FallbackHandler = () => {
      asked.push('second');
      return 'instead';
    };
    const service: Service<string, string> = fallback(answering).wrap(fallback(failing).wrap(inner, env), env);
    inner.script(down);
    expect(await service.call('q', background)).toBe('instead');
    expect(asked).toEqual(['first', 'second']);
  });

  test('refuses what is no function', () => {
    expect(() => fallback('instead' as never)).toThrowError(/handler must be a function, not string/);
    expect(() => fallback(() => 1, { name: '' })).toThrowError(/name must be a non-empty string/);
  });
});
