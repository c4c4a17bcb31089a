/** A breaker's state as it goes out and comes back, here or in another process. */
import { background, makeEnv, type Service, serviceOf } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerStateRecord, OpeningRecord } from './breaker-state.js';
import { circuitBreaker } from './circuit-breaker.js';

/** A breaker in a process that has run for so long; wall time is the same everywhere. */
function breaker(options: Partial<BreakerOptions> = {}, upForMs = 0) {
  const clock = fakeClock(upForMs);
  const events = recordEvents();
  let next: string | Error = '';
  const inner = serviceOf<string, string>(async () => {
    if (next instanceof Error) throw next;
    return next;
  });
  const layer = circuitBreaker({ openJitter: 0, successesToClose: 1, minimumCalls: 4, ...options });
  const service: Service<string, string> = layer.wrap(inner, makeEnv({ clock, events }));
  const call = (answer: string | Error) => {
    next = answer;
    return service.call('q', background).catch((error: Error) => error.name);
  };
  return { clock, events, service, call, handle: layer.latest! };
}

const down = new Error('down');
const through = (record: BreakerStateRecord): BreakerStateRecord => JSON.parse(JSON.stringify(record));

describe('a breaker that takes over an exported state', () => {
  test('goes on measuring where the other was', async () => {
    const first = breaker();
    for (const answer of ['good', down, down]) await first.call(answer);
    const second = breaker({}, 5000);
    second.handle.import(through(first.handle.export()));
    expect(second.handle.snapshot()).toMatchObject({ state: 'closed', calls: 3, failures: 2, consecutiveFailures: 2 });
    await second.call(down);
    expect(second.handle.opening).toMatchObject({ rule: 'failure-ratio', measured: 0.75 });
  });

  test('stays open until the time at which the other would have probed', async () => {
    const first = breaker({ openMs: 5000, openGrowth: 2 });
    for (let at = 0; at < 4; at++) await first.call(down);
    await first.clock.advance(2000);
    const record = through(first.handle.export());
    const second = breaker({ openMs: 5000, openGrowth: 2 }, 1_000_000);
    await second.clock.advance(2000);
    second.handle.import(record);
    expect(second.handle.opening).toEqual(first.handle.opening);
    expect(await second.call('too early')).toBe('BreakerOpenError');
    await second.clock.advance(2999);
    expect(await second.call('too early')).toBe('BreakerOpenError');
    await second.clock.advance(1);
    expect(await second.call(down)).toBe('Error');
    expect(second.handle.opening).toMatchObject({ rule: 'probe-failed', times: 2, openForMs: 10_000 });
  });

  test('probes anew where the other was probing', async () => {
    const first = breaker({ openMs: 100, successesToClose: 2 });
    for (let at = 0; at < 4; at++) await first.call(down);
    await first.clock.advance(100);
    await first.call('good');
    const record = through(first.handle.export());
    expect(record.state).toBe('half-open');
    const second = breaker({ successesToClose: 2 });
    second.handle.import(record);
    await second.call('good');
    expect(second.handle.state).toBe('half-open');
    await second.call('good');
    expect(second.handle.state).toBe('closed');
  });

  test('stays open no longer for openings that the other has recovered from', async () => {
    const first = breaker({ openMs: 1000 });
    for (let at = 0; at < 4; at++) await first.call(down);
    await first.clock.advance(1000);
    await first.call('good');
    const second = breaker({ openMs: 1000 });
    second.handle.import(through(first.handle.export()));
    expect(second.handle).toMatchObject({ state: 'closed', opening: { times: 1 } });
    for (let at = 0; at < 4; at++) await second.call(down);
    expect(second.handle.opening).toMatchObject({ times: 1, openForMs: 1000 });
  });

  test('forgets the counts of a window that has passed', async () => {
    const first = breaker({ windowMs: 1000 });
    await first.call(down);
    const second = breaker({ windowMs: 1000 });
    await second.clock.advance(1000);
    second.handle.import(first.handle.export());
    expect(second.handle.snapshot().calls).toBe(0);
  });

  test('takes over the last calls in proportion when fewer fit', async () => {
    const first = breaker({ windowCalls: 20, minimumCalls: 20 });
    for (let at = 0; at < 16; at++) await first.call(at < 12 ? 'good' : down);
    const second = breaker({ windowCalls: 8 });
    second.handle.import(first.handle.export());
    expect(second.handle.snapshot()).toMatchObject({ calls: 8, failures: 2 });
  });

  test('keeps a state that was set by hand, and says so', () => {
    const [first, second] = [breaker(), breaker()];
    first.handle.force('forced-open');
    second.handle.import(through(first.handle.export()));
    expect(second.handle.state).toBe('forced-open');
    expect(second.events.names).toEqual(['breaker.imported', 'breaker.forced']);
  });

  test.each<[string, Partial<BreakerOptions>, Error]>([
    ['an empty trace id', { traceIdOf: () => '' }, down],
    ['a trace id that is no string', { traceIdOf: () => ({}) as never }, down],
    ['an endless trace id', { traceIdOf: () => 'x'.repeat(1e6) }, down],
    ['an error whose name is no string', {}, Object.assign(new Error('down'), { name: 5 })],
    ['an error with an endless code', {}, Object.assign(new Error('down'), { code: 'x'.repeat(1e6) })],
  ])('takes what another recorded that met %s', async (_, options, error) => {
    const first = breaker(options);
    for (let at = 0; at < 4; at++) await first.call(error);
    const second = breaker();
    second.handle.import(through(first.handle.export()));
    expect(second.handle.opening?.topErrors).toEqual([{ error: 'Error', count: 4 }]);
    expect(second.handle.opening?.firstTraceId).toBeUndefined();
  });

  test('does not blame what it had seen itself for a state that it has taken over', async () => {
    const first = breaker();
    for (let at = 0; at < 4; at++) await first.call(down);
    const second = breaker();
    await second.call(new Error('of another story'));
    second.handle.import(through(first.handle.export()));
    const refused: unknown = await second.service.call('q', background).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'FWK_RESILIENCE_BREAKER_OPEN' });
    expect(refused).not.toHaveProperty('cause');
  });

  test('does not let a far future keep it open longer than it was to be', async () => {
    const first = breaker({ openMs: 100 });
    for (let at = 0; at < 4; at++) await first.call(down);
    const record = first.handle.export();
    const second = breaker();
    second.handle.import({ ...record, opening: { ...record.opening!, nextProbeAtMs: 8e15 } });
    await second.clock.advance(100);
    expect(await second.call('probe')).toBe('probe');
  });
});

describe('a record', () => {
  const good = breaker().handle.export();
  const opening: OpeningRecord = {
    rule: 'failure-ratio',
    measured: 1,
    threshold: 0.5,
    calls: 4,
    failures: 4,
    slow: 0,
    topErrors: [],
    firstTraceId: undefined,
    atMs: 0,
    openForMs: 1000,
    nextProbeAtMs: 1000,
    times: 1,
  };
  const open = (changed: Partial<OpeningRecord>) => ({ ...good, state: 'open', opening: { ...opening, ...changed } });

  test.each<[string, unknown, RegExp]>([
    ['that is none', 'open', /breaker "breaker": options must be an object/],
    ['of another format', { ...good, version: 2 }, /version must be 1/],
    ['with an unknown state', { ...good, state: 'ajar' }, /state must be one of closed, open/],
    ['with counts that cannot be', { ...good, calls: 1, failures: 2 }, /of 1 calls not 2 can have failed/],
    ['that lacks a count', { ...good, slow: undefined }, /slow must be a whole number/],
    ['that is open for no reason', { ...good, state: 'open' }, /must say how it opened/],
    ['with a broken opening', { ...good, state: 'open', opening: { rule: 'luck' } }, /opening: rule must be one of/],
    ['with an endless measure', open({ measured: Number.POSITIVE_INFINITY }), /measured must be a number/],
    ['with an endless error', open({ topErrors: [{ error: 'x'.repeat(1e6), count: 1 }] }), /topErrors must be a list/],
    ['with more than an error', open({ topErrors: [{ error: 'x', count: 1, more: 1 } as never] }), /topErrors must be/],
    ['with an endless trace id', open({ firstTraceId: 'x'.repeat(1e6) }), /firstTraceId must be/],
    ['of another breaker', { ...good, name: 'tenants:b' }, /name must be "breaker", not "tenants:b"/],
    ['with more than it may hold', JSON.parse('{"__proto__": {"state": "open"}}'), /unknown option "__proto__"/],
  ])('%s is refused and changes nothing', (_, record, message) => {
    const { handle, events } = breaker();
    expect(() => handle.import(record as BreakerStateRecord)).toThrowError(message);
    expect([handle.state, events.names]).toEqual(['closed', []]);
  });
});
