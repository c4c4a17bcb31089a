/** What nobody has caught: told, bounded, and ended in order. */
import { type Logger, noLogger } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { type FaultHost, type FaultKind, type FaultOptions, faultDefaults, onFaults } from './faults.js';

function build(options: Partial<FaultOptions> = {}) {
  const clock = fakeClock();
  const events = recordEvents();
  const listeners = new Map<FaultKind, (fault: unknown) => void>();
  const exits: number[] = [];
  const log: string[] = [];
  const host: FaultHost = {
    on: (kind, listener) => listeners.set(kind, listener),
    off: (kind) => listeners.delete(kind),
    exit: (code) => void exits.push(code),
  };
  const logger: Logger = { ...noLogger, error: (_, message) => void log.push(message) };
  let finish = () => {};
  const stops: string[] = [];
  const watching = onFaults(
    { ...faultDefaults, ...options },
    {
      ...{ clock, events, logger },
      stop: (reason) => {
        stops.push(reason);
        return new Promise<void>((resolve) => (finish = resolve));
      },
      flush: async () => void log.push('flushed'),
    },
    host,
  );
  const raise = (kind: FaultKind, fault: unknown) => listeners.get(kind)?.(fault);
  return { clock, events, listeners, exits, log, stops, watching, raise, finish: () => finish() };
}

test('stop in order: the fault is told with its cause, and the process exits with 1 once all has stopped', async () => {
  const { raise, stops, exits, log, events, finish, clock } = build();
  raise('uncaughtException', new Error('out of luck'));
  expect([stops, exits]).toEqual([['uncaughtException: out of luck'], []]);
  expect(log).toEqual(['an error was thrown that nobody caught: out of luck']);
  expect(events.all[0]).toMatchObject({
    name: 'app.faulted',
    data: { kind: 'uncaughtException', policy: 'stop', error: 'out of luck' },
  });
  finish();
  await clock.settle();
  expect(exits).toEqual([1]);
});

test('another fault while the application stops is told and changes nothing', async () => {
  const { raise, stops, exits, log, finish, clock, watching, listeners } = build();
  raise('unhandledRejection', 'first');
  raise('uncaughtException', new Error('second'));
  watching[Symbol.dispose]();
  expect([stops.length, log.length, listeners.size]).toEqual([1, 2, 2]);
  finish();
  await clock.settle();
  expect(exits).toEqual([1]);
});

test('exit at once writes the log first', async () => {
  const { raise, stops, exits, log, clock } = build({ uncaughtException: 'exit' });
  raise('uncaughtException', new Error('no'));
  await clock.settle();
  expect([stops, log.at(-1), exits]).toEqual([[], 'flushed', [1]]);
});

test('log goes on, and a fault that comes again and again is told ten times, then once a second, with the number of the rest', async () => {
  const { raise, stops, exits, log, events, clock } = build({ unhandledRejection: 'log' });
  for (let count = 0; count < 1000; count++) raise('unhandledRejection', new Error('again'));
  expect([log.length, stops, exits]).toEqual([10, [], []]);
  await clock.advance(1000);
  raise('unhandledRejection', new Error('again'));
  expect(log).toHaveLength(11);
  expect(events.all.at(-1)?.data).toMatchObject({ untold: 990 });
});

test('node leaves it to Node, and without a fault all listeners go', () => {
  const left = build({ uncaughtException: 'node', unhandledRejection: 'node' });
  expect(left.listeners.size).toBe(0);
  const { watching, listeners } = build();
  expect(listeners.size).toBe(2);
  watching[Symbol.dispose]();
  expect(listeners.size).toBe(0);
});

test.each([undefined, null, 'text', 5, Object.create(null), { toString: () => 1 }, 'x'.repeat(1_000_000)])(
  'whatever is thrown is told (%#)',
  (fault) => {
    const { raise, log } = build();
    raise('unhandledRejection', fault);
    expect(log[0]?.length).toBeLessThan(1000);
  },
);
