/**
 * The breaker against a model that keeps every call in a list and recomputes everything from it. Commands are drawn by
 * fast-check: calls that stay open and end later in any order, time passing, manual states. After each command the state
 * and the counts must agree.
 */
import { background, makeEnv, type Service } from '@fwk/kernel';
import { type FakeClock, fakeClock, type ScriptedService, scriptedService } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BreakerHandle, BreakerState, ManualState } from './breaker-state.js';
import { circuitBreaker } from './circuit-breaker.js';

const SIZE = 6;
const MINIMUM = 4;
const RATIO = 0.5;
const ROW = 4;
const OPEN_MS = 100;
const PERMITS = 2;
const TO_CLOSE = 2;
const PROBE_TIMEOUT_MS = 1000;

/** A call that has not ended. */
interface Open {
  readonly epoch: number;
  readonly startMs: number;
}

/** What the breaker must do, said as plainly as possible. */
class Model {
  state: BreakerState = 'closed';
  epoch = 0;
  ended: boolean[] = [];
  inARow = 0;
  times = 0;
  probeAtMs = 0;
  probing = 0;
  probed = 0;
  lastProbeMs = 0;

  to(state: BreakerState): void {
    this.state = state;
    this.epoch++;
    this.probing = 0;
    this.probed = 0;
    if (state === 'closed') {
      this.ended = [];
      this.inARow = 0;
      this.times = 0;
    }
  }

  open(nowMs: number): void {
    this.probeAtMs = nowMs + Math.min(60_000, OPEN_MS * 2 ** this.times);
    this.times++;
    this.to('open');
  }

  admits(nowMs: number): boolean {
    if (this.state === 'open' && nowMs >= this.probeAtMs) this.to('half-open');
    if (this.state === 'half-open') {
      if (this.probing < PERMITS) {
        this.probing++;
        this.lastProbeMs = nowMs;
        return true;
      }
      if (nowMs - this.lastProbeMs > PROBE_TIMEOUT_MS) this.open(nowMs);
      return false;
    }
    return this.state !== 'open' && this.state !== 'forced-open';
  }

  ends(failed: boolean, { epoch, startMs }: Open, nowMs: number): void {
    if (epoch !== this.epoch || this.state === 'disabled') return;
    this.inARow = failed ? this.inARow + 1 : 0;
    if (this.state === 'half-open') {
      this.probing--;
      if (failed || nowMs - startMs > PROBE_TIMEOUT_MS) this.open(nowMs);
      else if (++this.probed === TO_CLOSE) this.to('closed');
      return;
    }
    this.ended = [...this.ended, failed].slice(-SIZE);
    const failures = this.ended.filter(Boolean).length;
    const broken = this.inARow >= ROW || (this.ended.length >= MINIMUM && failures / this.ended.length >= RATIO);
    if (broken && this.state === 'closed') this.open(nowMs);
    else if (broken && this.state === 'metrics-only') {
      this.ended = [];
      this.inARow = 0;
    }
  }
}

interface Real {
  readonly clock: FakeClock;
  readonly inner: ScriptedService<number, string>;
  readonly service: Service<number, string>;
  readonly breaker: BreakerHandle;
  readonly open: (Open & { readonly end: (failed: boolean) => Promise<void> })[];
}

type Command = fc.AsyncCommand<Model, Real>;

function agree(model: Model, { breaker }: Real): void {
  const { state, calls, failures, probesInFlight, consecutiveFailures } = breaker.snapshot();
  expect({ state, calls, failures, probesInFlight, consecutiveFailures }).toEqual({
    state: model.state,
    calls: model.ended.length,
    failures: model.ended.filter(Boolean).length,
    probesInFlight: model.probing,
    consecutiveFailures: model.inARow,
  });
}

const begin = (): Command => ({
  check: () => true,
  toString: () => 'begin',
  async run(model, real) {
    const reached = real.inner.calls.length;
    const call = real.service.call(0, background).catch((error: Error) => error);
    const admitted = model.admits(real.clock.now());
    expect(real.inner.calls.length - reached).toBe(admitted ? 1 : 0);
    if (admitted) {
      const pending = real.inner.calls[reached]!;
      const end = async (failed: boolean) => {
        if (failed) pending.fail(new Error('down'));
        else pending.succeed('answer');
        await call;
      };
      real.open.push({ epoch: model.epoch, startMs: real.clock.now(), end });
    } else await call;
    agree(model, real);
  },
});

const finish = (at: number, failed: boolean): Command => ({
  check: () => true,
  toString: () => `finish ${at} ${failed ? 'failed' : 'succeeded'}`,
  async run(model, real) {
    if (real.open.length === 0) return;
    const [call] = real.open.splice(at % real.open.length, 1);
    await call!.end(failed);
    model.ends(failed, call!, real.clock.now());
    agree(model, real);
  },
});

const pass = (ms: number): Command => ({
  check: () => true,
  toString: () => `pass ${ms} ms`,
  async run(model, real) {
    await real.clock.advance(ms);
    agree(model, real);
  },
});

const force = (state: ManualState | 'reset'): Command => ({
  check: () => true,
  toString: () => `force ${state}`,
  async run(model, real) {
    if (state === 'reset') {
      real.breaker.reset();
      model.to('closed');
    } else {
      real.breaker.force(state);
      if (model.state !== state) model.to(state);
    }
    agree(model, real);
  },
});

const anyCommand = [
  fc.constant(begin()),
  fc.tuple(fc.nat(20), fc.boolean()).map(([at, failed]) => finish(at, failed)),
  fc.tuple(fc.nat(20), fc.constant(true)).map(([at, failed]) => finish(at, failed)),
  fc.oneof(fc.nat(50), fc.nat(2000)).map(pass),
  fc
    .constantFrom<ManualState | 'reset'>('forced-open', 'forced-closed', 'disabled', 'metrics-only', 'reset', 'reset')
    .map(force),
];

test('does what the model does, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(anyCommand, { maxCommands: 120, size: 'max' }), async (commands) => {
      const setup = () => {
        const clock = fakeClock();
        const inner = scriptedService<number, string>();
        const layer = circuitBreaker({
          windowCalls: SIZE,
          minimumCalls: MINIMUM,
          failureRatio: RATIO,
          consecutiveFailures: ROW,
          openMs: OPEN_MS,
          openJitter: 0,
          halfOpenPermits: PERMITS,
          successesToClose: TO_CLOSE,
          probeTimeoutMs: PROBE_TIMEOUT_MS,
        });
        const service: Service<number, string> = layer.wrap(inner, makeEnv({ clock }));
        return {
          model: new Model(),
          real: { clock, inner, service, breaker: layer.latest as BreakerHandle, open: [] },
        };
      };
      await fc.asyncModelRun(setup, commands);
    }),
    { numRuns: 300 },
  );
});
