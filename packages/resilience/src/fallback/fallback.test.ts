import { background, type CallNotes, FwkError, liveValue, makeEnv, notesKey, type Service } from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { fallback } from './fallback.js';
import { FallbackFailedError } from './fallback-error.js';
import type { FallbackHandler, FallbackOptions } from './fallback-options.js';

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

  test.each([[0], [''], [undefined], [null], [[]]])('answers with the plain value %j', async (value) => {
    const guard = leakGuard();
    const inner = scriptedService<string, unknown>();
    const env = makeEnv({ clock: guard.clock });
    inner.script(down);
    const notes: CallNotes = {};
    const service = fallback({ value }).wrap(inner, env);
    expect(await service.call('q', background.with({ values: [notesKey.of(notes)] }))).toBe(value);
    expect(notes.fallback).toBe('value');
  });

  test('answers with what a live value holds at the moment', async () => {
    const value = liveValue('old');
    const call = fallback({ value }).wrap(async (): Promise<string> => {
      throw down;
    });
    expect(await call()).toBe('old');
    value.set('new');
    expect(await call()).toBe('new');
  });

  test('lets `when` see the call that failed', async () => {
    const { inner, service } = build(() => 'instead', { when: (_, { args }) => args[0] === 'apples' });
    inner.script(down, down);
    expect(await service.call('apples', background)).toBe('instead');
    await expect(service.call('pears', background)).rejects.toBe(down);
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

  test('of a chain is asked about the error of the call, whatever the ones before it failed with', async () => {
    const { inner, env } = build(() => undefined);
    const when = (error: unknown) => error instanceof RangeError;
    const failing: FallbackHandler = () => {
      throw new Error('also down');
    };
    const chain: Service<string, string> = fallback((error) => (error as Error).message, { when }).wrap(
      fallback(failing, { when }).wrap(inner, env),
      env,
    );
    inner.script(new RangeError('out of range'));
    expect(await chain.call('q', background)).toBe('out of range');
  });

  test('tells of all in a chain that failed, but not of those that did not want to answer', async () => {
    const { inner, env } = build(() => undefined);
    const failing = (name: string, options?: Partial<FallbackOptions>) =>
      fallback(
        () => {
          throw new Error(`${name} is down`);
        },
        { name, ...options },
      );
    const first: Service<string, string> = failing('first').wrap(inner, env);
    const second: Service<string, string> = failing('second', { when: () => false }).wrap(first, env);
    const third: Service<string, string> = failing('third').wrap(second, env);
    inner.script(down);
    const error = (await third.call('q', background).catch((thrown: unknown) => thrown)) as FallbackFailedError;
    expect(error.message).toBe(
      'shop: the call failed (down) and so did its fallback "first" (first is down), then "third" (third is down)',
    );
    expect(error).toMatchObject({ original: down, cause: { message: 'third is down' } });
    expect(error.failures.map(({ fallback: name }) => name)).toEqual(['first', 'third']);
  });

  test('leaves the failure of the one before it when it rethrows the error it was asked about', async () => {
    const { inner, env } = build(() => undefined);
    const first = fallback(() => {
      throw new Error('also down');
    }).wrap(inner, env);
    const service = fallback((error) => {
      throw error;
    }).wrap(first, env);
    inner.script(down);
    await expect(service.call('q', background)).rejects.toMatchObject({
      original: down,
      cause: { message: 'also down' },
    });
  });

  test('passes on the failures of its chain also past one that did not want to answer', async () => {
    const { inner, env } = build(() => undefined);
    const failing = (name: string, options?: Partial<FallbackOptions>) =>
      fallback(
        () => {
          throw new Error(`${name} is down`);
        },
        { name, ...options },
      );
    const first: Service<string, string> = failing('first').wrap(inner, env);
    const second: Service<string, string> = failing('second', { when: () => false }).wrap(first, env);
    const third: Service<string, string> = failing('third', { when: () => false }).wrap(second, env);
    const fourth: Service<string, string> = failing('fourth').wrap(third, env);
    inner.script(down);
    const error = (await fourth.call('q', background).catch((thrown: unknown) => thrown)) as FallbackFailedError;
    expect(error.failures.map(({ fallback: name }) => name)).toEqual(['first', 'fourth']);
    expect(error.original).toBe(down);
  });

  test('takes the failed fallback of a policy that the function calls for the error of the call', async () => {
    const cause = new Error('nothing kept');
    const price = fallback(() => {
      throw cause;
    }).wrap(async () => {
      throw down;
    });
    const when = (error: unknown) => error instanceof FallbackFailedError;
    const answering = fallback(() => 'instead', { when }).wrap(async () => price());
    expect(await answering()).toBe('instead');
    const failing = fallback(
      () => {
        throw new Error('also down');
      },
      { name: 'outer' },
    ).wrap(async () => price());
    const error = (await failing().catch((thrown: unknown) => thrown)) as FallbackFailedError;
    expect(error.failures.map(({ fallback: name }) => name)).toEqual(['outer']);
    expect(error.original).toMatchObject({ original: down, cause });
  });

  test('answers for a policy inside whose fallback failed over an error that is ignored', async () => {
    const ignored = new FwkError('FWK_TEST_NOT_FOUND', 'no such thing', { traits: { outcome: 'ignored' } });
    const price = fallback(
      () => {
        throw new Error('nothing kept');
      },
      { when: () => true },
    ).wrap(async (): Promise<string> => {
      throw ignored;
    });
    expect(await fallback(() => 'instead').wrap(async () => price())()).toBe('instead');
  });

  test('refuses what is neither a function nor a plain value', () => {
    expect(() => fallback('instead' as never)).toThrowError(/handler must be a function or { value }, not string/);
    expect(() => fallback({ value: 1, when: () => true } as never)).toThrowError(/a function or { value }/);
    expect(() => fallback(liveValue(1) as never)).toThrowError(/a function or { value }, not object/);
    expect(() => fallback({} as never)).toThrowError(/a function or { value }/);
    expect(() => fallback(() => 1, { name: '' })).toThrowError(/name must be a non-empty string/);
  });
});
