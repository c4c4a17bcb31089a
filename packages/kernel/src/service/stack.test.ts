import { expect, test } from 'vitest';
import { background } from '../context/call-context.js';
import { liveValue } from '../live/live-source.js';
import { fakeClock } from '../testing/fake-clock.js';
import { scriptedService } from '../testing/scripted-service.js';
import type { Env, Layer } from './service.js';
import { serviceOf } from './service-of.js';
import { formatStack, stack } from './stack.js';

/** Writes its name round what it sees, on the way in and on the way out. */
function tagging(tag: string): Layer<string, string> {
  return {
    role: 'tagging',
    describe: () => ({ tag }),
    wrap: (next) => ({
      call: async (request, context) => `${tag}(${await next.call(`${request}${tag}`, context)})`,
      status: (request) => next.status(request),
    }),
  };
}

test('lets the first layer listed see the request first and the answer last', async () => {
  const service = stack<string, string>()
    .use(tagging('a'))
    .use(tagging('b'))
    .into(async (request) => request);
  expect(await service.call('>', background)).toBe('a(b(>ab))');
});

test('hands the request and the context to the innermost service', async () => {
  const inner = scriptedService<string, string>('answer');
  const context = background.with({ deadlineMs: 5 });
  expect(await stack<string, string>().into(inner).call('request', context)).toBe('answer');
  expect(inner.calls[0]).toMatchObject({ request: 'request', context: { deadlineMs: 5 } });
});

test('answers a new stack from use and leaves the old one as it was', async () => {
  const base = stack<string, string>().use(tagging('a'));
  base.use(tagging('b'));
  expect(base.describe()).toHaveLength(1);
  expect(await base.into(async (request) => request).call('', background)).toBe('a(a)');
});

test('wraps each layer once a build, so that two services built of one stack share no state', async () => {
  let wrapped = 0;
  const counting: Layer<string, number> = {
    role: 'counting',
    wrap() {
      wrapped++;
      let calls = 0;
      return serviceOf(() => ++calls);
    },
  };
  const stacked = stack<string, number>().use(counting);
  expect(wrapped).toBe(0);
  const [first, second] = [stacked.into(async () => 0), stacked.into(async () => 0)];
  await first.call('', background);
  expect(await first.call('', background)).toBe(2);
  expect(await second.call('', background)).toBe(1);
  expect(wrapped).toBe(2);
});

test('builds every layer with the environment of the stack, defaults where nothing was given', () => {
  const clock = fakeClock();
  const seen: Env[] = [];
  const looking: Layer<string, string> = {
    role: 'looking',
    wrap(next, env) {
      seen.push(env);
      return next;
    },
  };
  stack<string, string>({ clock, path: 'checkout/inventory' })
    .use(looking)
    .into(async () => '');
  expect(seen[0]).toMatchObject({ clock, path: 'checkout/inventory' });
  expect(seen[0]?.random()).toBeGreaterThanOrEqual(0);
  expect(Object.isFrozen(seen[0])).toBe(true);
});

test('turns what a plain function throws into a rejection', async () => {
  const service = stack<string, string>().into(() => {
    throw new Error('thrown at once');
  });
  await expect(service.call('', background)).rejects.toThrow('thrown at once');
  expect(service.status()).toBe('ready');
});

test('disposes of its layers from the outside in, of each but the service inside, although one cannot let go', async () => {
  const disposed: string[] = [];
  const keeping = (name: string, dispose: Partial<AsyncDisposable & Disposable>): Layer<string, string> => ({
    role: name,
    wrap: (next) => ({ call: (request, context) => next.call(request, context), status: () => 'ready', ...dispose }),
  });
  const passing: Layer<string, string> = { role: 'passing', wrap: (next) => next };
  const inner = { ...serviceOf<string, string>(() => ''), [Symbol.dispose]: () => void disposed.push('inner') };
  const service = stack<string, string>()
    .use(keeping('a', { [Symbol.asyncDispose]: async () => void disposed.push('a') }))
    .use(tagging('b'))
    .use(
      keeping('c', {
        [Symbol.dispose]() {
          throw new Error('c holds on');
        },
      }),
    )
    .use(keeping('d', { [Symbol.dispose]: () => void disposed.push('d') }))
    .use(passing)
    .into(inner);
  await expect(service[Symbol.asyncDispose]()).rejects.toThrow('c holds on');
  expect(disposed).toEqual(['a', 'd']);
});

test('hands the request on when asked for the status', () => {
  const service = stack<string, string>()
    .use(tagging('a'))
    .into({ call: async () => '', status: (request) => (request === 'report' ? 'busy' : 'ready') });
  expect([service.status('report'), service.status('stock'), service.status()]).toEqual(['busy', 'ready', 'ready']);
});

test('describes its layers outermost first, without settings for those that tell none', () => {
  const silent: Layer<string, string> = { role: 'silent', wrap: (next) => next };
  const described = stack<string, string>().use(tagging('a')).use(silent).describe();
  expect(described).toEqual([
    { role: 'tagging', settings: { tag: 'a' } },
    { role: 'silent', settings: {} },
  ]);
  expect(formatStack(described)).toBe('tagging(tag=a)\nsilent()');
});

test('prints live settings by their current value and objects by their fields', () => {
  const limit = liveValue(3);
  const description = [{ role: 'retry', settings: { maxAttempts: limit, budget: { ratio: 0.2 }, name: undefined } }];
  limit.set(5);
  expect(formatStack(description)).toBe('retry(maxAttempts=5, budget={ ratio: 0.2 }, name=undefined)');
});
