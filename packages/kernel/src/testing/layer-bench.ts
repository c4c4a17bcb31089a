import assert from 'node:assert/strict';
import type { CallContext } from '../context/call-context.js';
import { makeEnv } from '../service/env.js';
import type { Env, Layer, Service } from '../service/service.js';
import type { FakeClock } from './fake-clock.js';
import { type LeakGuard, leakGuard } from './leak-guard.js';
import { type ScriptedService, scriptedService } from './scripted-service.js';
import { seededRandom } from './seeded-random.js';

/** What the suite needs to know of the layer under test. */
export interface LayerContract<Req, Res, NextReq = Req, NextRes = Res> {
  /** Makes a fresh layer. With its settings two plain calls at once must reach the inner service and succeed. */
  layer(): Layer<Req, Res, NextReq, NextRes>;
  readonly request: Req;
  /** What the inner service answers. */
  readonly answer: NextRes;
  /** What the caller then gets. @defaultValue `answer`; a layer that changes the type of answers must say */
  readonly expected?: Res;
  /** Parts of the environment that the layer needs. */
  readonly env?: Partial<Env>;
  /** True for a layer that answers a failed call itself (fallback). @defaultValue false */
  readonly hidesErrors?: boolean;
  /** True for a layer whose inner call is shared by several callers, and so has no deadline of one (coalesce). @defaultValue false */
  readonly sharesCalls?: boolean;
}

/** One layer built round a scripted service, with everything watched for leaks. */
export class LayerBench<Req, Res, NextReq, NextRes> {
  readonly contract: LayerContract<Req, Res, NextReq, NextRes>;
  readonly guard: LeakGuard = leakGuard();
  readonly inner: ScriptedService<NextReq, NextRes> = scriptedService();
  readonly service: Service<Req, Res>;

  constructor(contract: LayerContract<Req, Res, NextReq, NextRes>) {
    this.contract = contract;
    this.service = this.wrap(this.inner);
  }

  get clock(): FakeClock {
    return this.guard.clock;
  }

  wrap(next: Service<NextReq, NextRes>): Service<Req, Res> {
    const { layer, env } = this.contract;
    return layer().wrap(next, makeEnv({ clock: this.clock, random: seededRandom(1), ...env }));
  }

  call(context: CallContext = this.guard.context().context, service: Service<Req, Res> = this.service): Outcome {
    return new Outcome(service.call(this.contract.request, context));
  }

  /** Answers all calls that have reached the inner service, and lets the layer take the answers. */
  async answer(): Promise<void> {
    for (const call of this.inner.waiting) call.succeed(this.contract.answer);
    await this.clock.settle();
  }

  assertAnswered(outcome: Outcome): void {
    const { answer, expected = answer } = this.contract;
    assert.deepEqual(outcome.settled, { kind: 'resolved', value: expected });
  }

  /** Backoff and the like may wait on the clock: runs it until the call has failed, but not for ever. */
  async assertFails(outcome: Outcome): Promise<void> {
    await this.clock.settle();
    for (let step = 0; step < 1000 && !outcome.settled; step++) await this.clock.runNext();
    assert.ok(outcome.settled, 'the call never settled');
    if (!this.contract.hidesErrors) assert.equal(outcome.settled.kind, 'rejected');
  }
}

type Settled = { kind: 'resolved'; value: unknown } | { kind: 'rejected'; error: unknown };

/** How a call ended, to be looked at without waiting for it. */
export class Outcome {
  settled: Settled | undefined;

  constructor(promise: Promise<unknown>) {
    promise.then(
      (value) => {
        this.settled = { kind: 'resolved', value };
      },
      (error) => {
        this.settled = { kind: 'rejected', error };
      },
    );
  }
}
