import assert from 'node:assert/strict';
import type { CallContext } from '../context/call-context.js';
import { makeEnv } from '../service/env.js';
import type { Env, Layer, Service } from '../service/service.js';
import { leakGuard } from './leak-guard.js';
import { type ScriptedService, scriptedService } from './scripted-service.js';
import { seededRandom } from './seeded-random.js';

/** What the suite needs to know of the layer under test. */
export interface LayerContract<Req, Res, NextReq = Req, NextRes = Res> {
  /** Makes a fresh layer. With its settings one plain call must reach the inner service once and succeed. */
  layer(): Layer<Req, Res, NextReq, NextRes>;
  readonly request: Req;
  /** What the inner service answers. */
  readonly answer: NextRes;
  /** Parts of the environment that the layer needs. */
  readonly env?: Partial<Env>;
  /** True for a layer that answers a failed call itself (fallback). @defaultValue false */
  readonly hidesErrors?: boolean;
}

/** One promise that every layer keeps; hand it to any test runner. */
export interface LayerContractCase {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * The promises that every layer keeps, as test cases.
 * @example for (const { name, run } of layerContract({ layer: () => retry(), request: 1, answer: 2 })) test(name, run);
 */
export function layerContract<Req, Res, NextReq = Req, NextRes = Res>(
  contract: LayerContract<Req, Res, NextReq, NextRes>,
): readonly LayerContractCase[] {
  const build = () => {
    const guard = leakGuard();
    const inner: ScriptedService<NextReq, NextRes> = scriptedService();
    const env = makeEnv({ clock: guard.clock, random: seededRandom(1), ...contract.env });
    const wrap = (next: Service<NextReq, NextRes>) => contract.layer().wrap(next, env);
    return { guard, inner, wrap, service: wrap(inner) };
  };
  const reason = new Error('the caller gave up');

  return [
    {
      name: 'passes a call through and its answer back',
      async run() {
        const { guard, inner, service } = build();
        const result = outcomeOf(service.call(contract.request, guard.context().context));
        await guard.clock.settle();
        inner.waiting[0]?.succeed(contract.answer);
        assert.equal((await result).kind, 'resolved');
        assert.equal(inner.calls.length, 1);
        guard.check();
      },
    },
    {
      name: 'refuses an already cancelled call with the caller’s own reason and does not reach the inner service',
      async run() {
        const { guard, inner, service } = build();
        const { context, cancel } = guard.context();
        cancel(reason);
        assert.deepEqual(await outcomeOf(service.call(contract.request, context)), { kind: 'rejected', error: reason });
        assert.ok(inner.waiting.length === 0, 'a call is still waiting inside');
        guard.check();
      },
    },
    {
      name: 'ends a call cancelled in flight at once, with the caller’s own reason, and cancels the inner call',
      async run() {
        const { guard, inner, service } = build();
        const { context, cancel } = guard.context();
        const result = outcomeOf(service.call(contract.request, context));
        await guard.clock.settle();
        assert.equal(inner.waiting.length, 1, 'the inner service was not reached');
        cancel(reason);
        assert.deepEqual(await result, { kind: 'rejected', error: reason });
        assert.equal(inner.waiting.length, 0, 'the inner call was not cancelled');
        guard.check();
      },
    },
    {
      name: 'never throws synchronously, also when the inner service does',
      async run() {
        const { guard, wrap } = build();
        const broken = wrap({
          call: () => {
            throw new Error('thrown, not rejected');
          },
          status: () => 'ready',
        });
        let result: ReturnType<typeof outcomeOf> | undefined;
        assert.doesNotThrow(() => {
          result = outcomeOf(broken.call(contract.request, guard.context().context));
        });
        await drain(guard.clock, result);
        if (!contract.hidesErrors) assert.equal((await result)?.kind, 'rejected');
        guard.check();
      },
    },
    {
      name: 'leaves no timer and no listener after a failed call',
      async run() {
        const { guard, wrap } = build();
        const failing = wrap({ call: () => Promise.reject(new Error('inner failure')), status: () => 'ready' });
        const result = outcomeOf(failing.call(contract.request, guard.context().context));
        await drain(guard.clock, result);
        if (!contract.hidesErrors) assert.equal((await result).kind, 'rejected');
        guard.check();
      },
    },
    {
      name: 'forwards the inner status',
      async run() {
        const { inner, service } = build();
        for (const status of ['ready', 'busy', 'closed'] as const) {
          inner.setStatus(status);
          assert.equal(service.status(), status);
        }
      },
    },
    {
      name: 'keeps the values of the context on the way in',
      async run() {
        const { guard, inner, service } = build();
        const { context } = guard.context();
        const key = { name: 'probe', defaultValue: 0, of: (value: number) => ({ key, value }) };
        const marked: CallContext = context.with({ values: [key.of(7)] });
        const result = outcomeOf(service.call(contract.request, marked));
        await guard.clock.settle();
        assert.equal(inner.calls[0]?.context.get(key), 7);
        inner.waiting[0]?.succeed(contract.answer);
        await result;
        guard.check();
      },
    },
  ];
}

type Settled = { kind: 'resolved'; value: unknown } | { kind: 'rejected'; error: unknown };

function outcomeOf(promise: Promise<unknown>): Promise<Settled> {
  return promise.then(
    (value) => ({ kind: 'resolved', value }),
    (error) => ({ kind: 'rejected', error }),
  );
}

/** Backoff and the like may wait on the clock; run it until the call has settled, but not for ever. */
async function drain(clock: { runNext(): Promise<boolean> }, result: Promise<unknown> | undefined): Promise<void> {
  let settled = false;
  result?.then(() => {
    settled = true;
  });
  for (let step = 0; step < 1000 && !settled; step++) {
    const ran = await clock.runNext();
    if (!ran) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(settled, 'the call never settled');
}
