import { describe, expect, test } from 'vitest';
import { background } from '../context/call-context.js';
import type { Layer, Service } from './service.js';
import { serviceOf } from './service-of.js';
import { stack } from './stack.js';

function keeping(role: string, dispose: Partial<AsyncDisposable & Disposable>): Layer<string, string> {
  return {
    role,
    wrap: (next) => ({ call: (request, context) => next.call(request, context), status: () => 'ready', ...dispose }),
  };
}

function failing(message: string): Disposable {
  return {
    [Symbol.dispose]() {
      throw new Error(message);
    },
  };
}

test('disposes of its layers from the outside in, of each but the service inside, although one cannot let go', async () => {
  const disposed: string[] = [];
  const passing: Layer<string, string> = { role: 'passing', wrap: (next) => next };
  const inner = { ...serviceOf<string, string>(() => ''), [Symbol.dispose]: () => void disposed.push('inner') };
  const service = stack<string, string>()
    .use(keeping('a', { [Symbol.asyncDispose]: async () => void disposed.push('a') }))
    .use(keeping('b', {}))
    .use(keeping('c', failing('c holds on')))
    .use(keeping('d', { [Symbol.dispose]: () => void disposed.push('d') }))
    .use(passing)
    .into(inner);
  await expect(service[Symbol.asyncDispose]()).rejects.toThrow('c holds on');
  expect(disposed).toEqual(['a', 'd']);
});

test('waits for each layer before it disposes of the next', async () => {
  const log: string[] = [];
  const slow = (name: string) =>
    keeping(name, {
      async [Symbol.asyncDispose]() {
        log.push(`${name} begins`);
        await Promise.resolve();
        log.push(`${name} ends`);
      },
    });
  const service = stack<string, string>()
    .use(slow('a'))
    .use(slow('b'))
    .into(() => '');
  await service[Symbol.asyncDispose]();
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('tells all failures when several layers cannot let go, whether they throw or reject', async () => {
  const rejecting = { [Symbol.asyncDispose]: () => Promise.reject(new Error('b holds on')) };
  const service = stack<string, string>()
    .use(keeping('a', failing('a holds on')))
    .use(keeping('b', rejecting))
    .into(() => '');
  const error = await service[Symbol.asyncDispose]().catch((reason: unknown) => reason);
  expect((error as AggregateError).errors.map((each: Error) => each.message)).toEqual(['a holds on', 'b holds on']);
});

test('disposes of each layer once, however often it is asked', async () => {
  let disposed = 0;
  const service = stack<string, string>()
    .use(keeping('a', { [Symbol.dispose]: () => void disposed++ }))
    .into(() => '');
  await Promise.all([service[Symbol.asyncDispose](), service[Symbol.asyncDispose]()]);
  await service[Symbol.asyncDispose]();
  expect(disposed).toBe(1);
});

describe('refuses to build what cannot be called', () => {
  const notServices: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'service'],
    ['an object without call', { status: () => 'ready' }],
    ['an object whose call is no function', { call: 'me', status: () => 'ready' }],
    ['a promise', Promise.resolve(serviceOf(() => ''))],
  ];

  test.each([...notServices, ['a function', () => '']])('of a layer that answers %s', (_what, answer) => {
    const layer: Layer<string, string> = { role: 'my-layer', wrap: () => answer as Service<string, string> };
    expect(() =>
      stack<string, string>()
        .use(layer)
        .into(async () => ''),
    ).toThrow(
      expect.objectContaining({
        code: 'FWK_KERNEL_SERVICE_INVALID',
        message: expect.stringContaining("layer 'my-layer' answered no service"),
        details: { role: 'my-layer' },
      }),
    );
  });

  test.each(notServices)('round %s', (_what, given) => {
    expect(() => stack<string, string>().into(given as Service<string, string>)).toThrow(
      expect.objectContaining({ code: 'FWK_KERNEL_SERVICE_INVALID' }),
    );
  });

  test('and lets go of the layers that were built already', async () => {
    const disposed: string[] = [];
    const stacked = stack<string, string>()
      .use({
        role: 'broken',
        wrap() {
          throw new Error('not built');
        },
      })
      .use(keeping('a', { [Symbol.dispose]: () => void disposed.push('a') }))
      .use(keeping('b', failing('b holds on')))
      .use(keeping('c', { [Symbol.asyncDispose]: async () => void disposed.push('c') }));
    expect(() => stacked.into(async () => '')).toThrow('not built');
    await Promise.resolve();
    await Promise.resolve();
    expect(disposed).toEqual(['a', 'c']);
  });

  test('and calls what it built', async () => {
    class Answering implements Service<string, string> {
      status() {
        return 'ready' as const;
      }
      async call(request: string) {
        return request;
      }
    }
    expect(await stack<string, string>().into(new Answering()).call('request', background)).toBe('request');
  });
});
