import { background, cancellable, makeEnv } from '@fwk/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../app/load-config.js';
import { parseScalar } from '../format/scalar.js';
import { configSourceContract } from '../testing/source-contract.js';
import type { ConfigTree } from '../tree/tree.js';
import { environmentSource } from './environment.js';
import { memorySource } from './memory.js';

const load = (source: Record<string, string>, below: ConfigTree = {}, options = {}) =>
  environmentSource({ source, ...options }).load({ call: background, env: makeEnv(), below });
const treeOf = async (source: Record<string, string>, below: ConfigTree = {}) => (await load(source, below)).tree;

for (const { name, run } of configSourceContract({
  open: () => ({
    source: environmentSource({ source: { FWK_CHECKOUT__MAX_ITEMS: '5', FWK_NAME: 'x', HOME: '/root' } }),
    says: { checkout: { maxItems: 5 }, name: 'x' },
  }),
})) {
  test(`environment: ${name}`, run);
}

describe('names of variables', () => {
  test('become camelCase where nothing below knows them', async () => {
    expect(await treeOf({ FWK_CHECKOUT__MAX_ITEMS: '1', FWK_HTTP2__KEEP__ALIVE_MS: '2' })).toEqual({
      checkout: { maxItems: 1 },
      http2: { keep: { aliveMs: 2 } },
    });
  });

  test('take the spelling that the sources below use, level by level', async () => {
    const below = { check_out: { 'max-items': 1, URLPath: 'a' } };
    expect(await treeOf({ FWK_CHECKOUT__MAX_ITEMS: '2', FWK_CHECK_OUT__URL_PATH: 'b' }, below)).toEqual({
      check_out: { 'max-items': 2, URLPath: 'b' },
    });
  });

  test('prefer camelCase when two names below fold to the same', async () => {
    expect(await treeOf({ FWK_MAX_ITEMS: '2' }, { max_items: 1, maxItems: 1 })).toEqual({ maxItems: 2 });
  });

  test('without the prefix, or with an empty part, set nothing', async () => {
    expect(await treeOf({ MAX: '1', FWK_: '1', FWK___A: '1', FWK_A__: '1', fwk_a: '1' })).toEqual({});
  });

  test('that the framework reads are no settings, whatever the prefix and whatever else is ignored', async () => {
    const own = { FWK_REGISTRY_PORT: '4810', FWK_REGISTRY_TOKEN: 'secret', FWK_REGISTRY_HOSTS: 'a' };
    expect(await treeOf({ ...own, FWK_PORT: '1' })).toEqual({ port: 1 });
    const { tree } = await load({ ...own, FWK_PORT: '1', FWK_A: '1' }, {}, { ignore: ['FWK_A'] });
    expect(tree).toEqual({ port: 1 });
    expect((await load({ ...own, FWK_X: '1' }, {}, { prefix: 'FWK_R' })).tree).toEqual({});
  });

  test('use another prefix when told so', async () => {
    const { tree } = await load({ SHOP_PORT: '1', FWK_PORT: '2' }, {}, { prefix: 'SHOP_' });
    expect(tree).toEqual({ port: 1 });
  });

  test.each([
    [{ FWK_A: '1', FWK_A__B: '2' }, 'FWK_A__B', 'FWK_A'],
    [{ FWK_MAX_ITEMS: '1', FWK_MAXITEMS: '2' }, 'FWK_MAX_ITEMS', 'FWK_MAXITEMS'],
  ])('that contradict each other are refused, and both are named: %j', async (variables, one, other) => {
    const failure = expect(load(variables as Record<string, string>, { maxItems: 0 })).rejects;
    await failure.toMatchObject({ code: 'FWK_CONFIG_NAME_CONFLICT' });
    const message = await load(variables as Record<string, string>, { maxItems: 0 }).catch((error) => error.message);
    expect(message).toContain(one);
    expect(message).toContain(other);
  });

  test('that reach for the prototype are refused', async () => {
    for (const [variable, path] of [
      ['FWK_CONSTRUCTOR__A', 'constructor'],
      ['FWK_A__PROTOTYPE', 'a.prototype'],
    ] as const) {
      await expect(load({ [variable]: '1' })).rejects.toMatchObject({
        code: 'FWK_CONFIG_KEY_REFUSED',
        message: expect.stringContaining(`variable ${variable}: `),
        details: { path },
      });
    }
    expect(await treeOf({ FWK___PROTO____POLLUTED: '1' })).toEqual({});
    expect('polluted' in {}).toBe(false);
  });

  test('that nest without end are refused', async () => {
    await expect(load({ [`FWK_${Array(40).fill('A').join('__')}`]: '1' })).rejects.toMatchObject({
      code: 'FWK_CONFIG_TOO_DEEP',
    });
  });

  test('are known afterwards as the origin of what they set', async () => {
    const { originOf } = await load({ FWK_A__B: '1' });
    expect(originOf?.(['a', 'b'])).toEqual({ source: 'environment', variable: 'FWK_A__B' });
  });
});

describe('values of variables', () => {
  test.each([
    ...[
      ['12', 12],
      ['-1.5e3', -1500],
      ['0x1f', 31],
      ['0o17', 15],
      [' 7 ', 7],
      ['true', true],
      ['False', false],
    ],
    ...[
      ['yes', 'yes'],
      ['null', 'null'],
      ['~', '~'],
      ['', ''],
      ['007', '007'],
      ['1.2.3', '1.2.3'],
      ['[1]', '[1]'],
    ],
    ...[
      ['12345678901234567890', '12345678901234567890'],
      ["'12'", '12'],
      ['"true"', 'true'],
      ['1e999', '1e999'],
    ],
    ...[
      ['.inf', '.inf'],
      ['2001-01-01', '2001-01-01'],
      ['-', '-'],
      ['.', '.'],
    ],
  ] as [string, unknown][])('%j is read as %j', (given, value) => expect(parseScalar(given)).toBe(value));

  test('that are read as numbers or booleans are what YAML reads', () => {
    const text = fc.oneof(
      fc.stringMatching(/^[-+]?[0-9.eE]{1,6}$/),
      fc.double().map(String),
      fc.constantFrom('TRUE', 'tRUE'),
    );
    fc.assert(
      fc.property(text, (given) => {
        const value = parseScalar(given);
        if (typeof value !== 'string') expect(value).toBe(parse(given));
      }),
    );
  });

  test('stay text where a source below has text', async () => {
    expect(await treeOf({ FWK_VERSION: '2.0', FWK_PORT: '2' }, { version: '1.0', port: 1 })).toEqual({
      version: '2.0',
      port: 2,
    });
    expect(await treeOf({ FWK_VERSION: '"2.0"' }, { version: '1.0' })).toEqual({ version: '2.0' });
  });
});

test('loading for a cancelled caller ends with the caller’s reason', async () => {
  const reason = new Error('gone');
  const { context: call, cancel } = cancellable();
  cancel(reason);
  await expect(environmentSource({ source: {} }).load({ call, env: makeEnv(), below: {} })).rejects.toBe(reason);
});

describe('items of lists', () => {
  const below = {
    servers: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
  };
  const effective = async (source: Record<string, string>, defaults: object = below) => {
    const config = await loadConfig({ defaults, environment: { source } });
    return { value: config.current.value, where: (path: string) => config.explain(path).winner?.where };
  };

  test('are set by their place, and all else of the list stays', async () => {
    const { value, where } = await effective({ FWK_SERVERS__1__HOST: 'c' });
    expect(value).toEqual({
      servers: [
        { host: 'a', port: 1 },
        { host: 'c', port: 2 },
      ],
    });
    expect(where('servers.1.host')).toBe('variable FWK_SERVERS__1__HOST');
    expect([where('servers.1.port'), where('servers.0.host')]).toEqual(['defaults', 'defaults']);
  });

  test('are added behind the last, also several and more than ten', async () => {
    const ports = Array.from({ length: 12 }, (_, at) => [`FWK_PORTS__${at}`, `${8000 + at}`]);
    const { value } = await effective(Object.fromEntries(ports), { ports: [1] });
    expect(value).toEqual({ ports: Array.from({ length: 12 }, (_, at) => 8000 + at) });
  });

  test('make a list where there is none', async () => {
    const source = { FWK_SERVERS__0__HOST: 'a', FWK_SERVERS__1__HOST: 'b', FWK_GRID__0__0: '1', FWK_CODES__404: 'x' };
    expect((await effective(source, {})).value).toEqual({
      servers: [{ host: 'a' }, { host: 'b' }],
      grid: [[1]],
      codes: { 404: 'x' },
    });
    expect((await effective({ FWK_SERVERS__0__HOST: 'a' }, { servers: null })).value).toEqual({
      servers: [{ host: 'a' }],
    });
  });

  test('keep an object an object', async () => {
    expect((await effective({ FWK_LIMITS__0: '5' }, { limits: { 0: 1, 7: 2 } })).value).toEqual({
      limits: { 0: 5, 7: 2 },
    });
  });

  test.each([
    ['FWK_SERVERS__7__HOST', '"servers.7"'],
    ['FWK_SERVERS__HOST', '"servers.host"'],
    ['FWK_SERVERS__01__HOST', '"servers.01"'],
  ])('%s names none of two, which is refused', async (variable, path) => {
    await expect(effective({ [variable]: 'x' })).rejects.toMatchObject({
      code: 'FWK_CONFIG_NAME_CONFLICT',
      message: `variable ${variable}: sets ${path}, and "servers" is a list of 2 items; the next one is "servers.2"`,
    });
  });

  test('are reached by a variable over those of a file of variables', async () => {
    const lower = memorySource('store', { servers: { 0: { port: 5 } } });
    const config = await loadConfig({
      defaults: below,
      sources: [lower],
      environment: { source: { FWK_SERVERS__0__HOST: 'z' } },
      arguments: ['--set', 'servers.2.host=new'],
    });
    expect(config.current.value).toEqual({
      servers: [{ host: 'z', port: 5 }, { host: 'b', port: 2 }, { host: 'new' }],
    });
  });

  test('are overridden by operators, and come back', async () => {
    const config = await loadConfig({ defaults: below, environment: false });
    const change = { actor: 'ann', reason: 'test' };
    await config.overrides.set('servers.0.host', 'z', change);
    expect(config.current.value).toEqual({
      servers: [
        { host: 'z', port: 1 },
        { host: 'b', port: 2 },
      ],
    });
    await expect(config.overrides.set('servers.5.host', 'z', change)).rejects.toThrow('the next one is "servers.2"');
    await config.overrides.undo(change);
    expect(config.current.value).toEqual(below);
    await config[Symbol.asyncDispose]();
  });
});
