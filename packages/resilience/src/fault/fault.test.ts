import {
  background,
  type CallContext,
  type Classifier,
  defaultClassifier,
  liveValue,
  makeEnv,
  noLogger,
  noMeter,
  type Service,
  verdicts,
} from '@fwk/kernel';
import { leakGuard, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import { bulkhead } from '../bulkhead/bulkhead.js';
import { policy } from '../policy/policy.js';
import { retry } from '../retry/retry.js';
import { faultInjection } from './fault.js';
import type { FaultOptions } from './fault-options.js';

/** Switched on and meeting every call, unless told otherwise. */
function build(options: Partial<FaultOptions>) {
  const guard = leakGuard();
  const inner = scriptedService<string, string>();
  const events = recordEvents();
  const warnings: string[] = [];
  const state: number[] = [];
  const metrics = { ...noMeter, gauge: () => ({ add() {}, set: (value: number) => void state.push(value) }) };
  const logger = {
    ...noLogger,
    warn: (_: object, message: string) => void warnings.push(message),
    error: (_: object, message: string) => void warnings.push(message),
  };
  const env = makeEnv({ clock: guard.clock, random: seededRandom(5), events, metrics, logger, path: 'shop' });
  const layer = faultInjection({ enabled: true, ratio: 1, ...options });
  const service: Service<string, string> = layer.wrap(inner, env);
  const call = (context: CallContext = guard.context().context) =>
    service.call('q', context).catch((error: unknown) => error);
  return { guard, clock: guard.clock, inner, events, warnings, state, env, layer, service, call };
}

const injected = { code: 'FWK_RESILIENCE_FAULT_INJECTED' };

describe('a fault', () => {
  test('of latency makes the call wait before it is sent', async () => {
    const { guard, clock, inner, call } = build({ latencyMs: 300 });
    inner.script('answer');
    const outcome = call();
    await clock.advance(299);
    expect(inner.calls).toHaveLength(0);
    await clock.advance(1);
    expect(await outcome).toBe('answer');
    guard.check();
  });

  test('of error fails the call, which is not sent', async () => {
    const { guard, inner, call } = build({ error: true });
    expect(await call()).toMatchObject(injected);
    expect(inner.calls).toHaveLength(0);
    guard.check();
  });

  test.each([[{ id: 1 }], [null], ['']])('of result answers %j, and the call is not sent', async (result) => {
    const { guard, inner, call, events } = build({ result });
    expect(await call()).toBe(result);
    expect(inner.calls).toHaveLength(0);
    expect(events.all.at(-1)).toMatchObject({ name: 'fault.injected', data: { result: true, error: false } });
    guard.check();
  });

  test('of result that never comes ends with the call', async () => {
    const { guard, call } = build({ result: () => new Promise(() => {}) });
    const { context, cancel } = guard.context();
    const outcome = call(context);
    cancel('gone');
    expect(await outcome).toBe('gone');
    guard.check();
  });

  test('of result may be made for the request, come late, and be judged by the layers above', async () => {
    const { guard, clock, call } = build({ result: (request: string) => `fake ${request}`, latencyMs: 20 });
    const outcome = call();
    await clock.advance(19);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await outcome).toBe('fake q');
    guard.check();
    const classifier: Classifier = { ...defaultClassifier, ofResult: () => verdicts.failure };
    const layer = policy('quote', {
      fault: { enabled: true, ratio: 1, result: ([sku]: [string]) => ({ status: 503, sku }) },
      breaker: { consecutiveFailures: 1 },
      classifier,
    });
    const quote = layer.wrap(async (_sku: string): Promise<unknown> => 'never asked');
    expect(await quote('apples')).toEqual({ status: 503, sku: 'apples' });
    expect(layer.breakers[0]?.state).toBe('open');
  });

  test('of error may be any error, and come late', async () => {
    const own = new Error('made for this test');
    const { guard, clock, call } = build({ error: () => own, latencyMs: 20 });
    const outcome = call();
    await clock.advance(19);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await outcome).toBe(own);
    guard.check();
  });

  test('of abort sends the call and cuts it off', async () => {
    const { guard, clock, inner, call } = build({ abort: true, latencyMs: 20 });
    const outcome = call();
    await clock.advance(19);
    expect(inner.waiting).toHaveLength(1);
    await clock.advance(1);
    expect(await outcome).toMatchObject(injected);
    expect(inner.calls[0]?.context.reason).toBe(await outcome);
    guard.check();
  });

  test('of abort drops an answer that came before', async () => {
    const { guard, clock, inner, call } = build({ abort: true, latencyMs: 20 });
    inner.script('answer');
    const outcome = call();
    await clock.advance(20);
    expect(await outcome).toMatchObject(injected);
    guard.check();
  });

  test.each<[string, Partial<FaultOptions>]>([
    ['latency', { latencyMs: 300 }],
    ['a late error', { latencyMs: 300, error: true }],
    ['a late abort', { latencyMs: 300, abort: true }],
  ])('of %s ends at once with the reason of a caller who leaves', async (_, options) => {
    const { guard, clock, inner, call } = build(options);
    const { context, cancel } = guard.context();
    const outcome = call(context);
    await clock.advance(100);
    const reason = new Error('gave up');
    cancel(reason);
    expect(await outcome).toBe(reason);
    expect(inner.waiting).toHaveLength(0);
    guard.check();
  });

  test('lasts no longer than the deadline', async () => {
    const { guard, clock, inner, call } = build({ latencyMs: 300 });
    const outcome = call(guard.context({ deadlineMs: 100 }).context);
    await clock.advance(100);
    expect(await outcome).toMatchObject({ code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
    expect(inner.calls).toHaveLength(0);
    guard.check();
  });

  test('keeps the place of a function that was cut off but runs on', async () => {
    const { guard, env } = build({ abort: true });
    const endless = () => new Promise<string>(() => {});
    const ask = bulkhead({ maxConcurrent: 1 }).wrap(
      faultInjection({ enabled: true, ratio: 1, abort: true }).wrap(endless, env),
      env,
    );
    await expect(ask()).rejects.toMatchObject(injected);
    await expect(ask()).rejects.toMatchObject({ code: 'FWK_RESILIENCE_BULKHEAD_FULL' });
    guard.check();
  });

  test('is one that retry mends', async () => {
    const ratio = liveValue(1);
    const { guard, clock, inner, env, service } = build({ error: true, ratio });
    inner.script('answer');
    const outcome = retry({ baseDelayMs: 10 }).wrap(service, env).call('q', guard.context().context);
    await clock.settle();
    ratio.set(0);
    await clock.runNext();
    expect(await outcome).toBe('answer');
  });
});

describe('which calls are met', () => {
  test('are a share of them, the same ones for the same seed', async () => {
    const met = async () => {
      const { inner, call } = build({ error: true, ratio: 0.3 });
      inner.script(...Array.from({ length: 200 }, () => 'answer'));
      const outcomes: boolean[] = [];
      for (let n = 0; n < 200; n++) outcomes.push((await call()) !== 'answer');
      return outcomes;
    };
    const first = await met();
    expect(await met()).toEqual(first);
    const share = first.filter(Boolean).length / 200;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
  });

  test('are only those that match', async () => {
    const { inner, service } = build({ error: true, match: (request: string) => request === 'unlucky' });
    inner.script('answer');
    expect(await service.call('lucky', background)).toBe('answer');
    await expect(service.call('unlucky', background)).rejects.toMatchObject(injected);
  });

  test('of a wrapped function are chosen by its arguments', async () => {
    const layer = faultInjection({ enabled: true, ratio: 1, error: true, match: ([sku]: [string]) => sku === 'pears' });
    const price = layer.wrap(async (sku: string) => sku);
    expect(await price('apples')).toBe('apples');
    await expect(price('pears')).rejects.toMatchObject(injected);
  });

  test('are none when `match` throws, and that is told', async () => {
    const { inner, call, events, warnings } = build({
      error: true,
      match: () => {
        throw new Error('broken match');
      },
    });
    inner.script('answer');
    expect(await call()).toBe('answer');
    expect(events.names).toEqual(['fault.switched-on', 'fault.match-failed']);
    expect(warnings[1]).toMatch(/left alone/);
  });
});

describe('fault injection is', () => {
  test('off unless it is switched on, and quiet then', async () => {
    const { inner, call, events, warnings } = build({ enabled: undefined, error: true });
    inner.script('answer');
    expect(await call()).toBe('answer');
    expect([...events.names, ...warnings]).toEqual([]);
  });

  test('loud when it is on: a warning as soon as it is built, an event for each fault', async () => {
    const { call, events, warnings } = build({ error: true, latencyMs: 0 });
    expect(warnings).toEqual(['fault injection is on: calls will be disturbed on purpose']);
    await call();
    expect(events.all.map(({ name, data }) => [name, data])).toEqual([
      [
        'fault.switched-on',
        { path: 'shop', enabled: true, ratio: 1, latencyMs: 0, error: true, result: false, abort: false },
      ],
      ['fault.injected', { path: 'shop', latencyMs: 0, error: true, result: false, abort: false }],
    ]);
  });

  test('switched by a live value, and says so each time', async () => {
    const enabled = liveValue(false);
    const { inner, call, events, warnings, layer } = build({ enabled, error: true });
    inner.script('before', 'after');
    expect(await call()).toBe('before');
    enabled.set(true);
    expect(layer.describe()).toMatchObject({ enabled: true });
    expect(await call()).toMatchObject(injected);
    enabled.set(false);
    expect(await call()).toBe('after');
    expect(events.names).toEqual(['fault.switched-on', 'fault.injected', 'fault.switched-off']);
    expect(warnings).toHaveLength(2);
  });

  test('said to be on or off as soon as it is switched, called or not', () => {
    const enabled = liveValue(false);
    const { events, warnings, state } = build({ enabled, error: true });
    enabled.set(true);
    expect([events.names, warnings.length, state]).toEqual([['fault.switched-on'], 1, [1]]);
    enabled.set(false);
    expect([events.names.at(-1), state]).toEqual(['fault.switched-off', [1, 0]]);
  });

  test('loud also where nobody set up a log: the process warns', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    faultInjection({ ratio: 1, error: true }).wrap(async () => 1);
    expect(warn).not.toHaveBeenCalled();
    faultInjection({ enabled: true, ratio: 1, error: true }).wrap(async () => 1);
    expect(warn.mock.calls).toEqual([
      ['fault injection is on: calls will be disturbed on purpose', { type: 'FwkFaultWarning' }],
    ]);
    policy('quote', { fault: { enabled: true, ratio: 1, error: true } }).wrap(async () => 1);
    expect(warn.mock.calls[1]?.[0]).toBe('quote: fault injection is on: calls will be disturbed on purpose');
    warn.mockRestore();
  });

  test('refused when there is nothing to inject, or what excludes itself', () => {
    expect(() => faultInjection({ ratio: 1 })).toThrowError(/one of latencyMs, error, result and abort/);
    expect(() => faultInjection({ ratio: 1, error: true, abort: true })).toThrowError(/exclude each other/);
    expect(() => faultInjection({ ratio: 1, error: true, result: 0 })).toThrowError(/error and result exclude/);
    expect(() => faultInjection({ ratio: 1, result: liveValue(1) })).toThrowError(/result must be a value/);
    expect(() => faultInjection({ latencyMs: -1, enabled: 1, error: 'x' } as never)).toThrowError(
      /enabled must be true or false, not 1; ratio must be .* not undefined; latencyMs must be .* not -1; error must/,
    );
  });

  test('refused with a live value where it is read only once', () => {
    const fixed = { error: liveValue(false), abort: liveValue(false), match: liveValue(() => true) };
    expect(() => faultInjection({ enabled: true, ratio: 1, latencyMs: 1, ...fixed } as never)).toThrowError(
      /error must be .* not a live value of false; abort must be .* not a live value of false; match must be a function, not/,
    );
  });
});
