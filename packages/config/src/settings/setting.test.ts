import {
  buildWith,
  envToken,
  type InjectionKey,
  type Logger,
  makeEnv,
  noLogger,
  type Resolver,
  type StandardSchema,
  setOwner,
} from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../app/load-config.js';
import { memorySource } from '../sources/memory.js';
import { type Config, configToken } from './config.js';
import { Setting, setting } from './setting.js';
import { settings, settingsOf } from './settings.js';

class Checkout {
  usual = 20;
  defaultsRead = 0;
  readonly limit = setting('checkout.limit', 7);

  @Setting('checkout.maxItems') get maxItems() {
    this.defaultsRead++;
    return this.usual;
  }

  @Setting('checkout.anything') get anything(): unknown {
    return undefined;
  }

  @Setting('checkout.tags') get tags(): readonly string[] {
    return [];
  }
}

async function running(values: object) {
  const warnings: string[] = [];
  const logger: Logger = { ...noLogger, warn: (_, message) => void warnings.push(message) };
  const source = memorySource('store', values);
  const config = await loadConfig({ sources: [source], environment: false, watch: false });
  const known = new Map<InjectionKey<unknown>, unknown>([
    [configToken, config],
    [envToken, makeEnv({ logger })],
  ]);
  const resolver = resolverOf(known);
  const build = <T extends object>(make: () => T): T => {
    const made = buildWith(resolver, make);
    setOwner(made, resolver);
    return made;
  };
  const change = (next: object) => {
    source.set(next);
    return config.reload();
  };
  return { config, resolver, build, change, warnings };
}

function resolverOf(known: ReadonlyMap<InjectionKey<unknown>, unknown>): Resolver {
  const find = <T>(key: InjectionKey<T>) => known.get(key) as T | undefined;
  return {
    find,
    get(key) {
      const found = find(key);
      if (found === undefined) throw new Error(`nothing under ${key.name}`);
      return found;
    },
  };
}

describe('@Setting', () => {
  test('answers the setting as it is now', async () => {
    const { build, change } = await running({ checkout: { maxItems: 5 } });
    const checkout = build(() => new Checkout());
    expect(checkout.maxItems).toBe(5);
    await change({ checkout: { maxItems: 6 } });
    expect(checkout.maxItems).toBe(6);
    await change({});
    expect(checkout.maxItems).toBe(20);
  });

  test('answers the body, as it is now, in an object made by plain new', () => {
    const checkout = new Checkout();
    expect(checkout.maxItems).toBe(20);
    checkout.usual = 21;
    expect(checkout.maxItems).toBe(21);
  });

  test('answers the body in a container without configuration', () => {
    const checkout = new Checkout();
    setOwner(checkout, resolverOf(new Map()));
    expect(checkout.maxItems).toBe(20);
  });

  test('answers the setting also in the constructor of what a container builds', async () => {
    const { build } = await running({ checkout: { maxItems: 5 } });
    class Early extends Checkout {
      readonly atBirth = this.maxItems;
    }
    expect(build(() => new Early()).atBirth).toBe(5);
  });

  test('does not run the body again while the setting stays', async () => {
    const { build } = await running({ checkout: { maxItems: 5 } });
    const checkout = build(() => new Checkout());
    for (let reading = 0; reading < 10; reading++) expect(checkout.maxItems).toBe(5);
    expect(checkout.defaultsRead).toBe(1);
  });

  test('keeps its default against a value of another kind, and says so once, with where it was set', async () => {
    const { build, change, warnings } = await running({ checkout: { maxItems: 'many', tags: 'a,b' } });
    const checkouts = [build(() => new Checkout()), build(() => new Checkout())];
    for (const checkout of checkouts)
      expect([checkout.maxItems, checkout.maxItems, checkout.tags]).toEqual([20, 20, []]);
    expect(warnings).toEqual([
      'Checkout.maxItems keeps its default: "checkout.maxItems" must be a number, not a string (store)',
      'Checkout.tags keeps its default: "checkout.tags" must be a list, not a string (store)',
    ]);
    await change({ checkout: { maxItems: 9, tags: ['x'] } });
    for (const checkout of checkouts) expect([checkout.maxItems, checkout.tags]).toEqual([9, ['x']]);
  });

  test('never logs the value that it refused', async () => {
    const { build, warnings } = await running({ checkout: { maxItems: 'hunter2' } });
    expect(build(() => new Checkout()).maxItems).toBe(20);
    expect(warnings.join()).not.toContain('hunter2');
  });

  test('takes any kind where the default is undefined', async () => {
    const { build } = await running({ checkout: { anything: { a: 1 } } });
    expect(build(() => new Checkout()).anything).toEqual({ a: 1 });
  });

  test('on anything but a getter is an error that says what to write', () => {
    const decorate = Setting('a.b');
    const place = { kind: 'method', name: 'run' };
    const legacy = () => decorate({}, 'run', { value: () => 1 });
    expect(legacy).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_DECORATOR_MISPLACED' }));
    expect(() => Reflect.apply(decorate, undefined, [() => 1, place])).toThrow('which is no getter; write get run()');
    expect(() => Reflect.apply(decorate, undefined, [{}, 'field'])).toThrow('which is no getter; write get field()');
  });

  test('with a malformed path fails where it is written', () => {
    expect(() => Setting('a..b')).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_PATH_INVALID' }));
    expect(() => setting('', 1)).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_PATH_INVALID' }));
  });
});

describe('setting()', () => {
  test('fills a field with a live value that follows edits', async () => {
    const { build, change } = await running({ checkout: { limit: 5 } });
    const { limit } = build(() => new Checkout());
    const heard: number[] = [];
    limit.subscribe((value) => heard.push(value));
    await change({ checkout: { limit: 6 } });
    await change({ checkout: { limit: 'none' } });
    expect(heard).toEqual([6, 7]);
  });

  test('is its default outside a container', () => {
    expect(new Checkout().limit.value).toBe(7);
  });
});

describe('settingsOf()', () => {
  const port: StandardSchema<unknown, { port: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const given = (value as { port?: unknown }).port;
        return typeof given === 'number'
          ? { value: { port: given } }
          : { issues: [{ message: 'no port', path: ['port'] }] };
      },
    },
  };
  const made = <T>(key: { factory?: (resolver: Resolver) => T }, resolver: Resolver): T | undefined =>
    key.factory?.(resolver);

  test('is one key for one definition, and the live section behind it', async () => {
    const { resolver, change } = await running({ http: { port: 1 } });
    const definition = settings('http', port);
    expect(settingsOf(definition)).toBe(settingsOf(definition));
    const live = made(settingsOf(definition), resolver);
    expect(live?.value).toEqual({ port: 1 });
    await change({ http: { port: 2 } });
    expect(live?.value).toEqual({ port: 2 });
  });

  test('is the checked defaults where there is no configuration', () => {
    const nothing = resolverOf(new Map());
    expect(made(settingsOf(settings('http', port, { port: 3 })), nothing)?.value).toEqual({ port: 3 });
    expect(() => made(settingsOf(settings('http', port)), nothing)).toThrow(
      'settings "http" is invalid: http.port: no port (set by no source)',
    );
  });

  test('types what it answers by the schema', () => {
    const key: { readonly factory?: (resolver: Resolver) => { readonly value: { port: number } } } = settingsOf(
      settings('http', port),
    );
    expect(key).toBeDefined();
  });
});

test('a configuration is found under its token as what it is', async () => {
  const { resolver } = await running({ a: 1 });
  const config: Config = resolver.get(configToken);
  expect(config.get('a').value).toBe(1);
});
