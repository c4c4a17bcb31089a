import { background, FwkError, liveValue, makeEnv, type Service } from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BulkheadFullError } from '../bulkhead/bulkhead-full-error.js';
import { dropRatio } from './drop-ratio.js';
import { type ThrottleOptions, throttle } from './throttle.js';

const overloaded = new FwkError('FWK_TEST_OVERLOADED', 'too much', { traits: { overloaded: true } });
const refused = new FwkError('FWK_TEST_REFUSED', 'nobody listens', { traits: { notProcessed: true } });
const breakerOpen = new FwkError('FWK_RESILIENCE_BREAKER_OPEN', 'open', {
  traits: { notProcessed: true, refusedBy: 'caller' },
});
const notFound = new FwkError('FWK_TEST_NOT_FOUND', 'no such thing', { traits: { outcome: 'ignored' } });

function build(options?: Partial<ThrottleOptions>) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  /** What the next draw says: a call is dropped when this is below its drop ratio. */
  const draw = { next: 0 };
  const env = makeEnv({ clock: guard.clock, events, random: () => draw.next, path: 'shop' });
  const service: Service<string, string> = throttle(options).wrap(inner, env);
  /** One call; answered like this if it is sent. */
  const call = (answer: string | Error) => {
    const outcome = service.call('request', background).catch((error: Error) => error);
    const [sent] = inner.waiting;
    if (answer instanceof Error) sent?.fail(answer);
    else sent?.succeed(answer);
    return outcome;
  };
  /** Why a call is dropped now that is dropped whatever the share; undefined when none is. */
  const measured = async () => {
    draw.next = 0;
    const outcome = await call('sent');
    return outcome instanceof FwkError ? outcome.details : undefined;
  };
  /** Has calls sent, whatever the share. */
  const send = async (times: number, answer: string | Error) => {
    draw.next = 1;
    for (let sent = 0; sent < times; sent++) await call(answer);
  };
  return { guard, clock: guard.clock, inner, events, draw, service, call, measured, send };
}

describe('throttling', () => {
  test('sends everything while the callee takes one call in two', async () => {
    const { send, measured } = build();
    await send(10, 'answer');
    await send(10, overloaded);
    expect(await measured()).toBeUndefined();
  });

  test('drops by the share that is refused, and says why', async () => {
    const { send, service, draw, events } = build();
    await send(10, 'answer');
    await send(30, overloaded);
    draw.next = 20 / 41 - 1e-9;
    await expect(service.call('dropped', background)).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_THROTTLED',
      message:
        'shop: the callee took 10 of 41 calls in the last 120 s, so 49 % are not sent; wait until it has recovered',
      details: { requests: 41, accepted: 10, dropRatio: 20 / 41 },
      traits: { overloaded: true, notProcessed: true },
    });
    expect(events.names).toEqual(['throttle.rejected']);
  });

  test('counts dropped calls as wanted', async () => {
    const { send, measured } = build();
    await send(3, overloaded);
    expect((await measured())?.dropRatio).toBe(3 / 4);
    expect((await measured())?.dropRatio).toBe(4 / 5);
  });

  test.each([
    ['an answer', 'answer', true],
    ['a failure of the work itself', new Error('broken'), true],
    ['an error that is the caller’s own', notFound, true],
    ['overload', overloaded, false],
    ['a call that was not processed', refused, false],
  ])('takes %s for accepted or not', async (_what, answer, accepted) => {
    const { send, measured } = build();
    await send(4, answer);
    expect((await measured())?.dropRatio).toBe(accepted ? undefined : 4 / 5);
  });

  test.each([
    ['breaker', breakerOpen],
    ['bulkhead', new BulkheadFullError('shop', 1, 0)],
  ])('takes calls that a %s below refused out of the counts', async (_layer, refusal) => {
    const { send, measured } = build();
    await send(4, refusal);
    expect(await measured()).toBeUndefined();
  });

  test('takes calls that their caller cancelled out of the counts', async () => {
    const { guard, service, send, measured } = build();
    await send(3, overloaded);
    for (let call = 0; call < 5; call++) {
      const { context, cancel } = guard.context();
      const outcome = service.call('cancelled', context).catch((error: Error) => error.message);
      cancel(new Error('gave up'));
      expect(await outcome).toBe('gave up');
    }
    expect((await measured())?.requests).toBe(4);
    guard.check();
  });

  test('lets a burst through before the first answer is there', async () => {
    const { inner, service, draw } = build();
    draw.next = 0;
    for (let call = 0; call < 1000; call++) void service.call('burst', background);
    expect(inner.calls).toHaveLength(1000);
  });

  test('still sends some calls to a callee that takes none', async () => {
    const { send, measured, draw, call } = build({ maxDropRatio: 0.9 });
    await send(1000, overloaded);
    expect((await measured())?.dropRatio).toBe(0.9);
    draw.next = 0.9;
    expect(await call('recovered')).toBe('recovered');
  });

  test('forgets what is older than its window', async () => {
    const { send, measured, clock } = build({ windowMs: 1000 });
    await send(50, overloaded);
    await clock.advance(1000);
    expect(await measured()).toBeUndefined();
  });

  test('throttles a callee that refuses, whatever number of older calls hang', async () => {
    const { inner, measured, service, clock, draw } = build({ windowMs: 1000 });
    draw.next = 1;
    for (let call = 0; call < 1000; call++) void service.call('hangs', background);
    await clock.advance(1500);
    inner.script(...Array.from({ length: 10 }, () => overloaded));
    for (let call = 0; call < 10; call++) await service.call('refused', background).catch(() => {});
    expect((await measured())?.dropRatio).toBe(10 / 11);
  });

  test('takes a call that is cancelled after the window out of no later count', async () => {
    const { guard, service, send, measured, clock } = build({ windowMs: 1000 });
    const calls = Array.from({ length: 100 }, () => guard.context());
    const outcomes = calls.map(({ context }) => service.call('hangs', context).catch(() => {}));
    await clock.advance(1500);
    for (const { cancel } of calls) cancel(new Error('gave up'));
    await Promise.all(outcomes);
    await send(4, overloaded);
    expect((await measured())?.dropRatio).toBe(4 / 5);
    guard.check();
  });

  test('drops exactly the calls that the formula says, whatever the order of answers', async () => {
    const step = fc.record({
      draw: fc.double({ min: 0, max: 0.999, noNaN: true }),
      kind: fc.constantFrom('begin', 'begin', 'accept', 'refuse'),
      which: fc.nat(100),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, inner, service, draw } = build();
        let [requests, accepted, dropped] = [0, 0, 0];
        for (const { draw: drawn, kind, which } of steps) {
          const { waiting } = inner;
          if (kind === 'begin') {
            const expected = dropRatio(requests, waiting.length, accepted, 2);
            draw.next = drawn;
            service.call('call', background).catch(() => {});
            requests++;
            if (drawn < Math.min(expected, 0.99)) dropped++;
          } else if (waiting.length > 0) {
            const pending = waiting[which % waiting.length];
            if (kind === 'accept') pending?.succeed('answer');
            else pending?.fail(overloaded);
            if (kind === 'accept') accepted++;
            await clock.settle();
          }
          expect(requests - inner.calls.length).toBe(dropped);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('refuses options that make no sense, all at once', () => {
    expect(() => throttle({ multiplier: 0.5, maxDropRatio: 2, windowMs: Number.NaN })).toThrowError(
      /multiplier .* not 0.5; maxDropRatio .* not 2; windowMs .* not NaN/,
    );
    expect(() => throttle({ windowMs: liveValue(5000) as never })).toThrowError(/windowMs .* not a live value of 5000/);
  });
});
