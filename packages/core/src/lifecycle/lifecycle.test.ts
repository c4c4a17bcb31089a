import { cancellable, sleep } from '@fwk/kernel';
import { leakGuard } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDrain } from './drain.js';
import { onStopSignal, type SignalHost } from './signals.js';
import { runStep } from './step.js';

let guard: ReturnType<typeof leakGuard>;
beforeEach(() => {
  guard = leakGuard();
});
afterEach(() => guard.check());

describe('a step', () => {
  const step = { component: 'registry', step: 'start', limitMs: 100 };

  test('ends with its work and leaves no timer', async () => {
    let ended = false;
    const done = runStep(guard.clock, step, async (call) => {
      await sleep(guard.clock, 50, call);
      ended = true;
    });
    await guard.clock.advance(50);
    await done;
    expect(ended).toBe(true);
  });

  test('that hangs is given up by name, and its work is told', async () => {
    let told: unknown;
    const done = expect(
      runStep(guard.clock, step, (call) => {
        call.onCancel((reason) => {
          told = reason;
        });
        return new Promise(() => {});
      }),
    ).rejects.toMatchObject({
      code: 'FWK_CORE_STEP_TIMEOUT',
      message: expect.stringContaining('"registry" did not finish its step "start" within 100 ms'),
      details: { component: 'registry', step: 'start', limitMs: 100 },
    });
    await guard.clock.advance(100);
    await done;
    expect(told).toMatchObject({ code: 'FWK_CORE_STEP_TIMEOUT' });
  });

  test('that throws is named, with the error as its cause, whether it throws at once or later', async () => {
    const cause = new Error('no route');
    const named = { code: 'FWK_CORE_STEP_FAILED', message: '"registry" failed in its step "start": no route', cause };
    await expect(
      runStep(guard.clock, step, () => {
        throw cause;
      }),
    ).rejects.toMatchObject(named);
    await expect(runStep(guard.clock, step, () => Promise.reject(cause))).rejects.toMatchObject(named);
  });

  test('is given up at once with its caller’s own reason', async () => {
    const parent = guard.context();
    const reason = new Error('stopping');
    const done = expect(runStep(guard.clock, step, () => new Promise(() => {}), parent.context)).rejects.toBe(reason);
    parent.cancel(reason);
    await done;
  });

  test('tells its work the deadline', async () => {
    await runStep(guard.clock, step, (call) => expect(call.deadlineMs).toBe(100), cancellable().context);
  });
});

describe('a drain', () => {
  test('counts calls once, however often they are disposed', async () => {
    const drain = createDrain(guard.clock);
    const one = drain.track();
    const other = drain.track();
    expect(drain.active).toBe(2);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    expect(drain.active).toBe(1);
    other[Symbol.dispose]();
    expect(await drain.idle(1000)).toBe(0);
  });

  test('waits for the last call in flight', async () => {
    const drain = createDrain(guard.clock);
    const call = drain.track();
    const idle = drain.idle(1000);
    await guard.clock.advance(500);
    call[Symbol.dispose]();
    expect(await idle).toBe(0);
  });

  test('gives the wait up in time and says how many are left', async () => {
    const drain = createDrain(guard.clock);
    drain.track();
    drain.track();
    const idle = drain.idle(1000);
    await guard.clock.advance(1000);
    expect(await idle).toBe(2);
  });

  test('says what the calls in flight are, whichever of them end', () => {
    const drain = createDrain(guard.clock);
    const calls = ['a', 'b', undefined, 'a', 'c'].map((what) => drain.track(what));
    expect(drain.inFlight()).toEqual({ a: 2, b: 1, c: 1, unnamed: 1 });
    for (const index of [4, 0, 2, 2]) calls[index]?.[Symbol.dispose]();
    expect(drain.inFlight()).toEqual({ a: 1, b: 1 });
    for (const call of calls) call[Symbol.dispose]();
    expect([drain.inFlight(), drain.active]).toEqual([{}, 0]);
  });

  test('tells everybody once that draining began, late comers at once, and those who left not at all', () => {
    const drain = createDrain(guard.clock);
    const told: string[] = [];
    drain.onDrain(() => told.push('first'));
    drain.onDrain(() => told.push('gone'))[Symbol.dispose]();
    expect(drain.draining).toBe(false);
    drain.begin();
    drain.begin();
    drain.onDrain(() => told.push('late'));
    expect(told).toEqual(['first', 'late']);
    expect(drain.draining).toBe(true);
  });

  test('waits for all who stop accepting, also when one fails', async () => {
    const drain = createDrain(guard.clock);
    const log: string[] = [];
    drain.onClose(() => {
      throw new Error('socket gone');
    });
    drain.onClose(async () => {
      await Promise.resolve();
      log.push('closed');
    });
    expect(drain.closers).toBe(2);
    await expect(drain.close()).rejects.toThrow('socket gone');
    expect(log).toEqual(['closed']);
    expect(drain.closers).toBe(0);
  });
});

describe('signals', () => {
  function host() {
    const listeners = new Map<string, () => void>();
    const exits: number[] = [];
    const fake: SignalHost = {
      on: (signal, listener) => listeners.set(signal, listener),
      off: (signal) => listeners.delete(signal),
      exit: (code) => void exits.push(code),
    };
    return { fake, exits, listeners, send: (signal: string) => listeners.get(signal)?.() };
  }

  test('stop once and exit with 0 when it went well', async () => {
    const { fake, exits, send } = host();
    const reasons: string[] = [];
    onStopSignal(async (signal) => {
      reasons.push(signal);
      return 0;
    }, fake);
    send('SIGTERM');
    await guard.clock.settle();
    expect([reasons, exits]).toEqual([['SIGTERM'], [0]]);
  });

  test('exit with 1 when the stop failed', async () => {
    const { fake, exits, send } = host();
    onStopSignal(() => Promise.reject(new Error('x')), fake);
    send('SIGINT');
    await guard.clock.settle();
    expect(exits).toEqual([1]);
  });

  test('exit at once when there is a second one', () => {
    const { fake, exits, send } = host();
    onStopSignal(() => new Promise(() => {}), fake);
    send('SIGTERM');
    expect(exits).toEqual([]);
    send('SIGINT');
    expect(exits).toEqual([130]);
  });

  test('that come again within a tenth of a second are one, and later ones exit at once', async () => {
    const { fake, exits, send } = host();
    const reasons: string[] = [];
    onStopSignal((signal) => new Promise(() => reasons.push(signal)), fake, guard.clock);
    send('SIGINT');
    send('SIGINT');
    await guard.clock.advance(100);
    send('SIGINT');
    expect([reasons, exits]).toEqual([['SIGINT'], []]);
    await guard.clock.advance(100);
    send('SIGINT');
    expect(exits).toEqual([130]);
  });

  test('of another kind are a second one however soon', () => {
    const { fake, exits, send } = host();
    onStopSignal(() => new Promise(() => {}), fake, guard.clock);
    send('SIGINT');
    send('SIGTERM');
    expect(exits).toEqual([143]);
  });

  test('the message of PM2 is a signal as well, and what is answered is the exit code', async () => {
    const { fake, exits, send } = host();
    const reasons: string[] = [];
    onStopSignal(async (signal) => reasons.push(signal), fake);
    send('shutdown');
    await guard.clock.settle();
    expect([reasons, exits]).toEqual([['shutdown'], [1]]);
  });

  test('end the process once all its applications have stopped', async () => {
    const { fake, exits } = host();
    const listeners: (() => void)[] = [];
    const shared: SignalHost = { ...fake, on: (signal, listener) => signal === 'SIGTERM' && listeners.push(listener) };
    let finish = (_: number) => {};
    onStopSignal(async () => 0, shared);
    onStopSignal(() => new Promise((resolve) => (finish = resolve)), shared);
    for (const listener of listeners) listener();
    await guard.clock.settle();
    expect(exits).toEqual([]);
    finish(0);
    await guard.clock.settle();
    expect(exits).toEqual([0]);
  });

  test('are let go when the application stopped for another reason', () => {
    const { fake, listeners } = host();
    onStopSignal(async () => 0, fake)[Symbol.dispose]();
    expect(listeners.size).toBe(0);
  });
});
