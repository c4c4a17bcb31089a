import { describe, expect, expectTypeOf, test } from 'vitest';
import { abandonOnCancel } from '../context/abandon.js';
import { background, type CallContext, cancellable } from '../context/call-context.js';
import { sleep } from '../context/sleep.js';
import type { Env, Layer, Service } from '../service/service.js';
import { serviceOf } from '../service/service-of.js';
import type { LayerContract } from './layer-bench.js';
import { layerContract } from './layer-contract.js';

type Next = Service<string, number>;

/** A layer that is right but for how it calls. */
function calling(call: (next: Next, request: string, context: CallContext, env: Env) => Promise<number>) {
  return (): Layer<string, number> => ({
    role: 'broken',
    wrap: (next, env) => ({
      call: (request, context) => call(next, request, context, env),
      status: (request) => next.status(request),
    }),
  });
}

const [answers, refuses, ends, apart, throws, cleans, signals, status, context, asking] = layerContract({
  layer: calling(async () => 0),
  request: '',
  answer: 0,
}).map(({ name }) => name) as [string, string, string, string, string, string, string, string, string, string];

async function failures(layer: () => Layer<string, number>, more: Partial<LayerContract<string, number>> = {}) {
  const failed: string[] = [];
  for (const { name, run } of layerContract({ layer, request: 'request', answer: 7, ...more })) {
    await run().catch(() => failed.push(name));
  }
  return failed;
}

describe('a correct layer', () => {
  const passing = calling(async (next, request, context) => next.call(request, context));

  for (const { name, run } of layerContract({ layer: passing, request: 'request', answer: 7 })) test(name, run);

  test('may retry, give up waiting and derive contexts', async () => {
    const layer = calling(async (next, request, context, env) => {
      const attempt = async () => {
        using own = cancellable(context);
        return await abandonOnCancel(context, next.call(request, own.context));
      };
      try {
        return await attempt();
      } catch (error) {
        if (context.cancelled) throw error;
        await sleep(env.clock, 100, context);
        return attempt();
      }
    });
    expect(await failures(layer)).toEqual([]);
  });

  test('may change the types, and then says what it makes of the answer', async () => {
    const layer = (): Layer<string, string, number, number> => ({
      role: 'text',
      wrap: (next) => ({
        call: async (request, context) => String(await next.call(request.length, context)),
        status: (request) => next.status(request?.length),
      }),
    });
    const contract = { layer, request: 'request', answer: 7, expected: '7' };
    expectTypeOf(contract).toExtend<LayerContract<string, string, number, number>>();
    for (const { run } of layerContract(contract)) await run();
  });

  test('may answer failed calls itself when it says so', async () => {
    const layer = calling(async (next, request, context) => {
      try {
        return await next.call(request, context);
      } catch (error) {
        if (context.cancelled) throw error;
        return 0;
      }
    });
    expect(await failures(layer)).toEqual([throws, cleans]);
    expect(await failures(layer, { hidesErrors: true })).toEqual([]);
  });
});

describe('finds a layer that', () => {
  test('changes the answer', async () => {
    const layer = calling(async (next, request, context) => (await next.call(request, context)) + 1);
    expect(await failures(layer)).toEqual([answers, apart, context]);
  });

  test('calls the inner service twice', async () => {
    const layer = calling(async (next, request, context) => {
      const [first] = await Promise.all([next.call(request, context), next.call(request, context)]);
      return first as number;
    });
    expect(await failures(layer)).toEqual([answers, ends]);
  });

  test('hides cancellation from the inner service', async () => {
    const layer = calling(async (next, request, context) => {
      const values = background.with({ deadlineMs: context.deadlineMs });
      return abandonOnCancel(context, next.call(request, values));
    });
    expect(await failures(layer)).toEqual([refuses, ends, context]);
  });

  test('does not end until the inner service does', async () => {
    const layer = calling(async (next, request) => next.call(request, background));
    expect(await failures(layer)).toEqual([refuses, ends, apart, context]);
  });

  test('replaces the caller’s reason', async () => {
    const layer = calling(async (next, request, context) => {
      try {
        return await next.call(request, context);
      } catch {
        throw new Error('replaced');
      }
    });
    expect(await failures(layer)).toEqual([refuses, ends, apart]);
  });

  test('cancels all calls with one', async () => {
    const layer = (): Layer<string, number> => ({
      role: 'broken',
      wrap(next) {
        const shared = cancellable();
        return {
          async call(request, context) {
            using own = cancellable(context);
            using _fromCaller = context.onCancel((reason) => shared.cancel(reason));
            using _fromShared = shared.context.onCancel((reason) => own.cancel(reason));
            return await next.call(request, own.context);
          },
          status: (request) => next.status(request),
        };
      },
    });
    expect(await failures(layer)).toEqual([apart]);
  });

  test('lets a synchronous throw through', async () => {
    const layer = calling((next, request, context) => next.call(request, context));
    expect(await failures(layer)).toEqual([throws]);
  });

  test('never settles after a synchronous throw inside', async () => {
    const layer = calling(
      (next, request, context) =>
        new Promise((resolve, reject) => {
          queueMicrotask(() => {
            try {
              next.call(request, context).then(resolve, reject);
            } catch {
              // Swallowed: this is the defect.
            }
          });
        }),
    );
    expect(await failures(layer)).toEqual([throws]);
  });

  test('leaves a listener behind', async () => {
    const layer = calling(async (next, request, context) => {
      context.onCancel(() => {});
      return next.call(request, context);
    });
    // Cancelled calls have called all their listeners: only those that ended otherwise show the leak.
    expect(await failures(layer)).toEqual([answers, apart, throws, cleans, signals, context]);
  });

  test('keeps a context that it derived for the inner service', async () => {
    const layer = calling(async (next, request, context) => next.call(request, cancellable(context).context));
    expect(await failures(layer)).toEqual([signals]);
  });

  test('leaves a timer behind when the call fails', async () => {
    const layer = calling(async (next, request, context, env) => {
      const timer = env.clock.setTimer(() => {}, 1000);
      const answer = await next.call(request, context);
      env.clock.clearTimer(timer);
      return answer;
    });
    expect(await failures(layer)).toEqual([refuses, ends, apart, throws, cleans]);
  });

  test('makes up a status of its own', async () => {
    const layer = (): Layer<string, number> => ({
      role: 'broken',
      wrap: (next) => serviceOf((request, context) => next.call(request, context)),
    });
    expect(await failures(layer)).toEqual([status, asking]);
  });

  test('asks for the inner status without saying for which request', async () => {
    const layer = (): Layer<string, number> => ({
      role: 'broken',
      wrap: (next) => ({
        call: async (request, context) => next.call(request, context),
        status: () => next.status(),
      }),
    });
    expect(await failures(layer)).toEqual([asking]);
  });

  test('loses the values of the context', async () => {
    const layer = calling(async (next, request, context) => {
      const own = cancellable(background, { deadlineMs: context.deadlineMs });
      using _subscription = context.onCancel(own.cancel);
      return await next.call(request, own.context);
    });
    expect(await failures(layer)).toEqual([context]);
  });

  test('moves the deadline away', async () => {
    const layer = calling(async (next, request, context) => {
      const longer: CallContext = Object.create(context, { deadlineMs: { value: context.deadlineMs + 1 } });
      return next.call(request, new Proxy(longer, { get: (target, name) => take(target, context, name) }));
    });
    expect(await failures(layer)).toEqual([context]);
  });
});

/** A context whose methods still run on the original: its private fields forbid a plain prototype. */
function take(target: CallContext, original: CallContext, name: string | symbol): unknown {
  if (name === 'deadlineMs') return target.deadlineMs;
  const value: unknown = Reflect.get(original, name);
  return typeof value === 'function' ? value.bind(original) : value;
}
