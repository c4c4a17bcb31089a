import { describe, expect, test } from 'vitest';
import { background } from '../context/call-context.js';
import { fakeClock } from '../testing/fake-clock.js';
import { scriptedService } from '../testing/scripted-service.js';
import type { Env, Layer } from './service.js';
import { serviceOf } from './service-of.js';
import { type Stack, stack } from './stack.js';

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

test('hands the request on when asked for the status', () => {
  const service = stack<string, string>()
    .use(tagging('a'))
    .into({ call: async () => '', status: (request) => (request === 'report' ? 'busy' : 'ready') });
  expect([service.status('report'), service.status('stock'), service.status()]).toEqual(['busy', 'ready', 'ready']);
});

describe('addresses layers by their role', () => {
  const named = (role: string): Layer<string, string> => ({ ...tagging(role), role });
  const base = stack<string, string>().use(named('a')).use(named('b')).use(named('c'));
  const roles = (stacked: Stack<string, string>) => stacked.describe().map(({ role }) => role);

  test.each([
    ['just outside it', base.before('b', named('x')), ['a', 'x', 'b', 'c']],
    ['before the outermost', base.before('a', named('x')), ['x', 'a', 'b', 'c']],
    ['just inside it', base.after('b', named('x')), ['a', 'b', 'x', 'c']],
    ['after the innermost', base.after('c', named('x')), ['a', 'b', 'c', 'x']],
    ['in its place', base.replace('b', named('x')), ['a', 'x', 'c']],
    ['in its place under the same role', base.replace('b', named('b')), ['a', 'b', 'c']],
    ['nowhere, and takes it out', base.without('b'), ['a', 'c']],
    ['by one that was put there so', base.after('a', named('x')).after('x', named('y')), ['a', 'x', 'y', 'b', 'c']],
    ['again once only one is left', base.use(named('b')).replace('c', named('x')), ['a', 'b', 'x', 'b']],
  ])('and puts another %s', async (_where, stacked, expected) => {
    expect(roles(stacked)).toEqual(expected);
    expect(await stacked.into(async (request) => request).call('', background)).toBe(
      `${expected.join('(')}(${expected.join('')}${')'.repeat(expected.length)}`,
    );
    expect(roles(base)).toEqual(['a', 'b', 'c']);
  });

  test('and can be emptied', async () => {
    const empty = base.without('a').without('b').without('c');
    expect(await empty.into(async (request) => request).call('request', background)).toBe('request');
  });

  const methods = (stacked: Stack<string, string>, role: string): [string, () => unknown][] => [
    ['before', () => stacked.before(role, named('x'))],
    ['after', () => stacked.after(role, named('x'))],
    ['replace', () => stacked.replace(role, named('x'))],
    ['without', () => stacked.without(role)],
  ];

  test.each(methods(base, 'retry'))('and refuses a role that it does not have, in %s', (_method, change) => {
    expect(change).toThrow(
      expect.objectContaining({
        code: 'FWK_KERNEL_ROLE_UNKNOWN',
        message: "the stack has no layer of the role 'retry'; it has, outermost first: a, b, c",
        details: { role: 'retry', roles: ['a', 'b', 'c'] },
      }),
    );
  });

  test.each(methods(base.use(named('a')), 'a'))('and refuses a role that stands twice, in %s', (_method, change) => {
    expect(change).toThrow(
      expect.objectContaining({
        code: 'FWK_KERNEL_ROLE_AMBIGUOUS',
        message: expect.stringContaining("2 layers of the role 'a'"),
        details: { role: 'a', roles: ['a', 'b', 'c', 'a'] },
      }),
    );
  });

  test.each(['', 'toString', '__proto__', 'A', ' a', undefined, null, 0])('and takes %j for no role', (role) => {
    expect(() => base.without(role as string)).toThrow(expect.objectContaining({ code: 'FWK_KERNEL_ROLE_UNKNOWN' }));
  });

  test('and says so when it has none at all', () => {
    expect(() => stack<string, string>().without('retry')).toThrow(
      "the stack has no layer of the role 'retry'; it has no layers",
    );
  });
});

describe('refuses what is no layer', () => {
  const notLayers: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'retry'],
    ['a function', () => tagging('a')],
    ['an object without a role', { wrap: () => serviceOf(() => '') }],
    ['an object without wrap', { role: 'retry' }],
    ['an object whose wrap is no function', { role: 'retry', wrap: true }],
    ['a service', serviceOf(() => '')],
    ['a stack', stack<string, string>()],
  ];
  const base = stack<string, string>().use(tagging('a'));

  test.each(notLayers)('where it is put in: %s', (_what, given) => {
    const layer = given as Layer<string, string>;
    const role = 'tagging';
    for (const put of [
      () => base.use(layer),
      () => base.before(role, layer),
      () => base.after(role, layer),
      () => base.replace(role, layer),
    ]) {
      expect(put).toThrow(expect.objectContaining({ code: 'FWK_KERNEL_LAYER_INVALID' }));
    }
  });

  test('and names the role that it has', () => {
    const nameless = { role: 'my-retry' } as unknown as Layer<string, string>;
    expect(() => base.use(nameless)).toThrow("the layer 'my-retry' is no layer: it has no wrap function");
  });
});
