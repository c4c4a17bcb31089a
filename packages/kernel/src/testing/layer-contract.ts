/**
 * The promises that every layer keeps, written once: a layer that is wrong in one of these ways works in every test of
 * its own purpose and loses a call, a reason or a listener in production. The cases use `node:assert`, so that they run
 * under any test runner, and fail rather than hang when a call never settles.
 */
import assert from 'node:assert/strict';
import { contextKey } from '../context/context-key.js';
import type { Status } from '../service/service.js';
import { LayerBench, type LayerContract, type Outcome } from './layer-bench.js';

/** One promise that every layer keeps; hand it to any test runner. */
export interface LayerContractCase {
  readonly name: string;
  run(): Promise<void>;
}

const probeKey = contextKey('layer contract probe', 0);
const reason = new Error('the caller gave up');

/**
 * The promises that every layer keeps, as test cases.
 * @example for (const { name, run } of layerContract({ layer: () => retry(), request: 1, answer: 2 })) test(name, run);
 */
export function layerContract<Req, Res, NextReq = Req, NextRes = Res>(
  contract: LayerContract<Req, Res, NextReq, NextRes>,
): readonly LayerContractCase[] {
  /** A case with a fresh layer, and with a look at what it left behind. */
  const promise = (name: string, check: (bench: LayerBench<Req, Res, NextReq, NextRes>) => Promise<void>) => ({
    name,
    async run() {
      const bench = new LayerBench(contract);
      await check(bench);
      bench.guard.check();
    },
  });

  return [
    promise('passes a call through and its answer back', async (bench) => {
      const outcome = bench.call();
      await bench.clock.settle();
      assert.equal(bench.inner.calls.length, 1, 'the inner service was not called once');
      await bench.answer();
      bench.assertAnswered(outcome);
    }),

    promise('refuses an already cancelled call with the caller’s own reason', async (bench) => {
      const { context, cancel } = bench.guard.context();
      cancel(reason);
      const outcome = bench.call(context);
      await bench.clock.settle();
      assertEndedByCaller(outcome);
      assert.equal(bench.inner.waiting.length, 0, 'a call is still waiting inside');
    }),

    promise(
      'ends a call cancelled in flight at once, with the caller’s own reason, and cancels the inner call',
      async (bench) => {
        const { context, cancel } = bench.guard.context();
        const outcome = bench.call(context);
        await bench.clock.settle();
        assert.equal(bench.inner.waiting.length, 1, 'the inner service was not reached');
        cancel(reason);
        await bench.clock.settle();
        assertEndedByCaller(outcome);
        assert.equal(bench.inner.waiting.length, 0, 'the inner call was not cancelled');
      },
    ),

    promise('leaves a call alone when another is cancelled', async (bench) => {
      const { context, cancel } = bench.guard.context();
      const [cancelled, other] = [bench.call(context), bench.call()];
      await bench.clock.settle();
      cancel(reason);
      await bench.answer();
      assertEndedByCaller(cancelled);
      bench.assertAnswered(other);
    }),

    promise('never throws synchronously, also when the inner service does', async (bench) => {
      const broken = bench.wrap({
        call: () => {
          throw new Error('thrown, not rejected');
        },
        status: () => 'ready',
      });
      let outcome: Outcome | undefined;
      assert.doesNotThrow(() => {
        outcome = bench.call(undefined, broken);
      });
      await bench.assertFails(outcome as Outcome);
    }),

    promise('leaves no timer and no listener after a failed call', async (bench) => {
      const failing = bench.wrap({ call: () => Promise.reject(new Error('inner failure')), status: () => 'ready' });
      await bench.assertFails(bench.call(undefined, failing));
    }),

    promise('leaves no listener when the inner service read the signal', async (bench) => {
      const { context, cancellation } = bench.guard.context();
      // The caller's own signal is one listener, whether or not the layer derives a context of its own.
      assert.equal(context.signal.aborted, false);
      const reading = bench.wrap({
        call: async (_request, { signal }) => {
          assert.equal(signal.aborted, false);
          return bench.contract.answer;
        },
        status: () => 'ready',
      });
      const outcome = bench.call(context, reading);
      await bench.clock.settle();
      assert.ok(outcome.settled, 'the call never settled');
      assert.equal(cancellation.listenerCount, 1, 'a listener of the inner call stays with the caller’s context');
      cancellation[Symbol.dispose]();
    }),
    promise('forwards the inner status', async ({ inner, service }) => {
      for (const status of ['ready', 'busy', 'closed'] satisfies Status[]) {
        inner.setStatus(status);
        assert.equal(service.status(), status);
      }
    }),

    promise('keeps the values of the context on the way in, and never moves its deadline away', async (bench) => {
      const deadlineMs = bench.clock.now() + 1_000_000;
      const { context } = bench.guard.context({ deadlineMs });
      const outcome = bench.call(context.with({ values: [probeKey.of(7)] }));
      await bench.clock.settle();
      const inside = bench.inner.calls[0]?.context;
      assert.equal(inside?.get(probeKey), 7, 'a value of the context was lost');
      const kept = inside.deadlineMs <= deadlineMs;
      const free = bench.contract.sharesCalls === true && inside.deadlineMs === Number.POSITIVE_INFINITY;
      assert.ok(kept || free, `the deadline moved from ${deadlineMs} to ${inside.deadlineMs} ms`);
      await bench.answer();
      bench.assertAnswered(outcome);
    }),

    promise('says for which request it asks the inner status', async (bench) => {
      let asked: unknown;
      const service = bench.wrap({
        call: () => new Promise(() => {}),
        status(request) {
          asked = request;
          return 'ready';
        },
      });
      service.status(bench.contract.request);
      assert.ok(asked !== undefined, 'the inner status was asked without a request');
    }),
  ];
}

function assertEndedByCaller({ settled }: Outcome): void {
  assert.ok(settled, 'the cancelled call did not end at once');
  assert.ok(settled.kind === 'rejected', 'the cancelled call was answered');
  assert.equal(settled.error, reason, 'the cancelled call did not end with the caller’s own reason');
}
