import {
  background,
  cancellable,
  type Env,
  eventBus,
  type Live,
  type Logger,
  makeEnv,
  noLogger,
  type StandardIssue,
  type StandardSchema,
} from '@fwk/kernel';
import { leakGuard, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../app/load-config.js';
import { ConfigInvalidError } from '../errors.js';
import { settings } from '../settings/settings.js';
import { memorySource } from '../sources/memory.js';
import type { ConfigTree } from '../tree/tree.js';
import type { ConfigOptions } from './options.js';

type Shop = { shop: { maxItems: number; name: string }; password?: string };

/** Refuses what is no positive number of items; `later` answers asynchronously. */
function shopSchema(later = false): StandardSchema<unknown, Shop> {
  const check = (value: unknown) => {
    const shop = (value as Partial<Shop>).shop;
    const issues: StandardIssue[] = [];
    if (typeof shop?.maxItems !== 'number') issues.push({ message: 'expected a number', path: ['shop', 'maxItems'] });
    if (shop?.name === 'bad') issues.push({ message: 'bad name', path: ['shop', { key: 'name' }] });
    return issues.length > 0 ? { issues } : { value: value as Shop };
  };
  const validate = later ? async (value: unknown) => check(value) : check;
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

/** A schema that answers what `check` answers: undefined for yes, text for no. */
function schemaOf<T>(check: (value: unknown) => string | undefined): StandardSchema<unknown, T> {
  const validate = (value: unknown) => {
    const message = check(value);
    return message === undefined ? { value: value as T } : { issues: [{ message }] };
  };
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

async function loaded<T = ConfigTree>(first: object, options: ConfigOptions<T> = {}) {
  const guard = leakGuard();
  const events = recordEvents();
  const lines: string[] = [];
  const write = (_: object, message: string) => void lines.push(message);
  const logger: Logger = { ...noLogger, info: write, warn: write, error: write };
  const env: Env = makeEnv({ clock: guard.clock, events, logger });
  const source = memorySource('store', first);
  const config = await loadConfig<T>({ environment: false, sources: [source], ...options }, env);
  /** Waits until the pass that a change started has come to its end, its second look included. */
  const pass = () => guard.clock.advance(100);
  return { guard, events, lines, env, source, config, pass };
}

const good = { shop: { maxItems: 5, name: 'lamp' }, password: 'hunter2' };

describe('a schema that answers without end', () => {
  const circle: Record<string, unknown> = {};
  circle.inner = [circle];
  const answering = (value: unknown): StandardSchema<unknown, ConfigTree> => ({
    '~standard': { version: 1, vendor: 'test', validate: () => ({ value: value as ConfigTree }) },
  });

  test('is refused, at the start and later', async () => {
    const refused = { code: 'FWK_CONFIG_TOO_DEEP', message: expect.stringContaining('the schema answered') };
    await expect(loaded({}, { schema: answering(circle) })).rejects.toMatchObject(refused);
    const { config } = await loaded({});
    expect(() => config.section(settings('a', answering(circle)))).toThrow(expect.objectContaining(refused));
  });
});

describe('loading', () => {
  test('lays defaults lowest, then sources in order, then the environment', async () => {
    const config = await loadConfig({
      defaults: { a: 1, b: 1, c: 1, d: 1 },
      sources: [memorySource('low', { b: 2, c: 2, d: 2 }), memorySource('high', { c: 3, d: 3 })],
      environment: { source: { FWK_D: '4' } },
    });
    expect(config.current.value).toEqual({ a: 1, b: 2, c: 3, d: 4 });
    expect(config.sources.map(({ name }) => name)).toEqual(['defaults', 'low', 'high', 'environment', 'overrides']);
    await config[Symbol.asyncDispose]();
  });

  test.each([false, true])(
    'checks the whole (schema asynchronous: %s) and takes what the schema answers',
    async (later) => {
      const { config } = await loaded<Shop>(good, { schema: shopSchema(later) });
      expect(config.current.value.shop.maxItems).toBe(5);
      expect(Object.isFrozen(config.current.value.shop)).toBe(true);
    },
  );

  test.each([false, true])(
    'fails with every issue, where it was set, and no secret (asynchronous: %s)',
    async (later) => {
      const error = await loaded<Shop>(
        { shop: { maxItems: 'many', name: 'bad' } },
        { schema: shopSchema(later) },
      ).catch((caught) => caught);
      expect(error).toBeInstanceOf(ConfigInvalidError);
      expect(error.issues).toEqual([
        { path: 'shop.maxItems', message: 'expected a number', origin: { source: 'store' } },
        { path: 'shop.name', message: 'bad name', origin: { source: 'store' } },
      ]);
      expect(error.message).toBe(
        'configuration is invalid: shop.maxItems: expected a number (store); shop.name: bad name (store)',
      );
    },
  );

  test('masks the values of secrets in what the schema says', async () => {
    const schema = schemaOf<Shop>((value) => `cannot use ${JSON.stringify(value)}`);
    const error = await loaded<Shop>(good, { schema }).catch((caught) => caught);
    expect(JSON.stringify([error.message, error.details])).not.toContain('hunter2');
    expect(error.message).toContain('lamp');
  });

  test('names the source when it throws something of its own, and stops watching', async () => {
    const source = memorySource('store', {});
    source.fail(new Error('disk on fire'));
    await expect(loadConfig({ sources: [source] })).rejects.toMatchObject({
      code: 'FWK_CONFIG_SOURCE_FAILED',
      message: expect.stringContaining('store: the source failed: disk on fire'),
    });
    expect(source.watchers).toBe(0);
  });

  test('says so when the schema throws, without the words of what was thrown', async () => {
    const schema = schemaOf<Shop>(() => {
      throw new TypeError('hunter2 is not a function');
    });
    const error = await loaded<Shop>(good, { schema }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'FWK_CONFIG_SCHEMA_FAILED', cause: expect.any(TypeError) });
    expect(error.message).not.toContain('hunter2');
  });

  test('ends with the caller’s reason when the caller gives up, also round a source that never answers', async () => {
    const stuck = { name: 'stuck', load: () => new Promise<never>(() => {}), watch: () => ({ [Symbol.dispose]() {} }) };
    const guard = leakGuard();
    const { context, cancel } = guard.context();
    const loading = loadConfig({ sources: [stuck] }, makeEnv({ clock: guard.clock }), context);
    const reason = new Error('enough');
    cancel(reason);
    await expect(loading).rejects.toBe(reason);
    guard.check();
  });

  test('ends with the caller’s reason when the caller gives up while the schema thinks', async () => {
    const slow: StandardSchema<unknown, Shop> = {
      '~standard': { version: 1, vendor: 'test', validate: () => new Promise(() => {}) },
    };
    const guard = leakGuard();
    const { context, cancel } = guard.context();
    const loading = loadConfig({ schema: slow }, makeEnv({ clock: guard.clock }), context);
    await guard.clock.settle();
    const reason = new Error('enough');
    cancel(reason);
    await expect(loading).rejects.toBe(reason);
    guard.check();
  });

  test('is given up after loadTimeoutMs, saying which limit it was', async () => {
    const stuck = { name: 'stuck', load: () => new Promise<never>(() => {}), watch: () => ({ [Symbol.dispose]() {} }) };
    const guard = leakGuard();
    const loading = loadConfig({ sources: [stuck], loadTimeoutMs: 300 }, makeEnv({ clock: guard.clock }));
    const failed = expect(loading).rejects.toMatchObject({
      code: 'FWK_CONFIG_LOAD_TIMEOUT',
      details: { limitMs: 300 },
    });
    await guard.clock.advance(300);
    await failed;
    guard.check();
  });

  test('refuses options that are out of range, all at once', async () => {
    const wrong: ConfigOptions = JSON.parse('{"debounceMs":0,"files":[1],"watch":"yes","colour":"red"}');
    await expect(loadConfig(wrong)).rejects.toMatchObject({ code: 'FWK_KERNEL_OPTIONS_INVALID' });
    const problems = await loadConfig(wrong).catch((error) => error.problems);
    expect(problems).toHaveLength(4);
  });

  test('follows a change that falls between the first reading and its end', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const schema: StandardSchema<unknown, ConfigTree> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          await gate;
          return { value: value as ConfigTree };
        },
      },
    };
    const source = memorySource('store', { a: 1 });
    const guard = leakGuard();
    const loading = loadConfig({ sources: [source], schema, environment: false }, makeEnv({ clock: guard.clock }));
    await guard.clock.settle();
    source.set({ a: 2 });
    release();
    const config = await loading;
    await guard.clock.settle();
    expect(config.current.value).toEqual({ a: 2 });
    await config[Symbol.asyncDispose]();
    guard.check();
  });
});

describe('a good edit', () => {
  test('takes effect whole, raises the version, and is told with the paths that changed', async () => {
    const { config, source, events, pass } = await loaded<Shop>(good, { schema: shopSchema() });
    source.set({ ...good, shop: { maxItems: 6, name: 'lamp' } });
    await pass();
    expect(config.current.value.shop.maxItems).toBe(6);
    expect(config.version).toBe(2);
    expect(events.all).toEqual([{ name: 'config.changed', atMs: 0, data: { version: 2, paths: ['shop.maxItems'] } }]);
  });

  test('calls only those who listen to what has changed', async () => {
    const { config, source, pass } = await loaded({ a: { x: 1 }, b: { list: [1, { y: 2 }] } });
    const heard: string[] = [];
    const listen = (name: string, live: Live<unknown>) =>
      live.subscribe((value) => heard.push(`${name}=${JSON.stringify(value)}`));
    listen('a', config.get('a'));
    listen('a.x', config.get('a.x'));
    listen('b', config.get('b'));
    listen('b.list.1', config.get('b.list.1'));
    listen(
      'mapped b',
      config.current.map((tree) => tree.b),
    );
    listen('missing', config.get('nowhere.at.all'));
    source.set({ a: { x: 2 }, b: { list: [1, { y: 2 }] } });
    await pass();
    expect(heard.sort()).toEqual(['a.x=2', 'a={"x":2}']);
  });

  test('that changes nothing is not told, and keeps identity and version', async () => {
    const { config, source, events, pass } = await loaded(good);
    const before = config.current.value;
    source.set(structuredClone(good));
    await pass();
    expect(config.current.value).toBe(before);
    expect(config.version).toBe(1);
    expect(events.names).toEqual([]);
  });

  test('reaches all listeners when one of them throws, and the throwing one is logged', async () => {
    const { config, source, lines, pass } = await loaded({ a: 1 });
    const heard: unknown[] = [];
    config.get('a').subscribe(() => {
      throw new Error('listener');
    });
    config.get('a').subscribe((value) => heard.push(value));
    source.set({ a: 2 });
    await pass();
    expect(heard).toEqual([2]);
    expect(config.current.value).toEqual({ a: 2 });
    expect(lines).toContain('a listener of the configuration threw; the others were told');
  });

  test('is in effect in every part when any listener looks', async () => {
    const definition = settings(
      'b',
      schemaOf<{ x: number }>(() => undefined),
    );
    const { config, source, pass } = await loaded({ a: 1, b: { x: 1 } });
    const section = config.section(definition);
    const seen: unknown[] = [];
    config.get('a').subscribe((a) => seen.push([a, section.value.x, config.version]));
    section.subscribe((value) => seen.push([config.get('a').value, value.x, config.version]));
    source.set({ a: 2, b: { x: 2 } });
    await pass();
    expect(seen).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
  });

  test('may be reloaded for from within a listener', async () => {
    const { config, source, pass } = await loaded({ a: 1 });
    let again: Promise<void> | undefined;
    config.get('a').subscribe(() => {
      again = config.reload();
    });
    source.set({ a: 2 });
    await pass();
    await again;
    expect(config.current.value).toEqual({ a: 2 });
  });

  test('of many at once is loaded for no more than twice', async () => {
    const { source, config, pass } = await loaded({ a: 0 });
    const before = source.loads;
    for (let a = 1; a <= 50; a++) source.set({ a });
    await pass();
    expect(config.current.value).toEqual({ a: 50 });
    expect(source.loads - before).toBeLessThanOrEqual(2);
  });
});

describe('a bad edit', () => {
  const bad = { shop: { maxItems: 'many', name: 'lamp' }, password: 'hunter2' };

  test('leaves the last good settings in effect, marks them stale and says why, once', async () => {
    const { config, source, events, lines, pass } = await loaded<Shop>(good, { schema: shopSchema() });
    const before = config.current.value;
    source.set(bad);
    await pass();
    source.set(structuredClone(bad));
    await pass();
    expect(config.current.value).toBe(before);
    expect(config.version).toBe(1);
    expect(config.current.stale).toEqual({ sinceMs: expect.any(Number), reason: config.lastRefusal?.reason });
    expect(config.lastRefusal).toMatchObject({ code: 'FWK_CONFIG_INVALID', source: 'store' });
    expect(events.names).toEqual(['config.refused']);
    expect(events.all[0]?.data).toEqual({
      code: 'FWK_CONFIG_INVALID',
      reason: 'configuration is invalid: shop.maxItems: expected a number (store); the last good one stays',
      path: 'store',
      issues: [{ path: 'shop.maxItems', message: 'expected a number' }],
    });
    expect(lines.filter((line) => line.includes('refused'))).toHaveLength(1);
    expect(config.sources.at(-2)).toMatchObject({ name: 'store', problem: config.lastRefusal?.reason });
  });

  test('followed by a good one is over: fresh again, and told', async () => {
    const { config, source, events, pass } = await loaded<Shop>(good, { schema: shopSchema() });
    source.set(bad);
    await pass();
    source.set({ ...good, shop: { maxItems: 7, name: 'lamp' } });
    await pass();
    expect(events.names).toEqual(['config.refused', 'config.changed', 'config.recovered']);
    expect(config.current.stale).toBeUndefined();
    expect(config.lastRefusal).toBeUndefined();
  });

  test('taken back is over without a change', async () => {
    const { config, source, events, pass } = await loaded<Shop>(good, { schema: shopSchema() });
    source.set(bad);
    await pass();
    source.set(structuredClone(good));
    await pass();
    expect(events.names).toEqual(['config.refused', 'config.recovered']);
    expect(config.version).toBe(1);
    expect(config.current.stale).toBeUndefined();
  });

  test('that is mended within the second look is never told', async () => {
    const { source, events, guard, config } = await loaded<Shop>(good, { schema: shopSchema() });
    source.set(bad);
    await guard.clock.advance(60);
    source.set({ ...good, shop: { maxItems: 8, name: 'lamp' } });
    await guard.clock.advance(100);
    expect(events.names).toEqual(['config.changed']);
    expect(config.current.value.shop.maxItems).toBe(8);
  });

  test('of one source holds back the good edits of others until it is mended', async () => {
    const other = memorySource('other', { b: 1 });
    const { source, config, pass } = await loaded({ a: 1 }, {});
    await config[Symbol.asyncDispose]();
    const guard = leakGuard();
    const both = await loadConfig({ sources: [source, other], environment: false }, makeEnv({ clock: guard.clock }));
    source.fail(new Error('broken'));
    other.set({ b: 2 });
    await guard.clock.advance(300);
    expect(both.current.value).toEqual({ a: 1, b: 1 });
    source.set({ a: 2 });
    await guard.clock.advance(300);
    expect(both.current.value).toEqual({ a: 2, b: 2 });
    await pass();
  });

  test('that hangs is refused after loadTimeoutMs', async () => {
    let hang = false;
    const schema: StandardSchema<unknown, ConfigTree> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => (hang ? new Promise(() => {}) : { value: value as ConfigTree }),
      },
    };
    const { config, source, guard } = await loaded({ a: 1 }, { schema, loadTimeoutMs: 500 });
    hang = true;
    source.set({ a: 2 });
    await guard.clock.advance(1200);
    expect(config.lastRefusal?.code).toBe('FWK_CONFIG_LOAD_TIMEOUT');
    expect(config.current.value).toEqual({ a: 1 });
  });
});

describe('a section', () => {
  const positive = schemaOf<{ max: number; note?: string }>((value) =>
    (value as { max: number }).max > 0 ? undefined : 'max must be above 0',
  );

  test('is what the sources say over its own defaults', async () => {
    const { config } = await loaded({ a: { b: { max: 3 } } });
    expect(config.section(settings('a.b', positive, { max: 1, note: 'x' })).value).toEqual({ max: 3, note: 'x' });
    expect(config.section(settings('nowhere', positive, { max: 1 })).value).toEqual({ max: 1 });
  });

  test('that does not fit is refused where it is asked for', async () => {
    const { config } = await loaded({ a: { max: 0 } });
    expect(() => config.section(settings('a', positive))).toThrow(
      'settings "a" is invalid: a: max must be above 0 (store)',
    );
  });

  test('takes part in the checks of every later edit, which is refused whole', async () => {
    const { config, source, pass } = await loaded({ a: { max: 3 }, other: 1 });
    const live = config.section(settings('a', positive));
    source.set({ a: { max: 0 }, other: 2 });
    await pass();
    expect(live.value).toEqual({ max: 3 });
    expect(config.current.value).toMatchObject({ other: 1 });
    expect(config.lastRefusal?.reason).toContain('max must be above 0');
  });

  test('is the same live value for the same definition, and silent about edits elsewhere', async () => {
    const { config, source, pass } = await loaded({ a: { max: 3 }, other: 1 });
    const definition = settings('a', positive);
    const live = config.section(definition);
    expect(config.section(definition)).toBe(live);
    const heard: unknown[] = [];
    live.subscribe((value) => heard.push(value));
    source.set({ a: { max: 3 }, other: 2 });
    await pass();
    source.set({ a: { max: 4 }, other: 2 });
    await pass();
    expect(heard).toEqual([{ max: 4 }]);
  });

  test('with an asynchronous schema is refused with what to do', async () => {
    const { config } = await loaded({});
    const later: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: async (value) => ({ value }) },
    };
    expect(() => config.section(settings('a', later))).toThrow(
      expect.objectContaining({ code: 'FWK_CONFIG_SETTINGS_ASYNC' }),
    );
  });

  test('sees what the sources say, not what the schema of the whole made of it', async () => {
    const whole: StandardSchema<unknown, ConfigTree> = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ value: { a: { max: -1 } } }) },
    };
    const { config } = await loaded<ConfigTree>({ a: { max: 3 } }, { schema: whole });
    expect(config.section(settings('a', positive)).value).toEqual({ max: 3 });
  });
});

describe('the end', () => {
  test('leaves no watcher, timer or listener, and interrupts a pass that waits', async () => {
    const { config, source, guard, events } = await loaded<Shop>(good, { schema: shopSchema() });
    source.set({ shop: {} });
    await guard.clock.settle();
    await config[Symbol.asyncDispose]();
    await config[Symbol.asyncDispose]();
    expect(source.watchers).toBe(0);
    expect(events.names).toEqual([]);
    expect(config.current.value).toEqual(good);
    guard.check();
  });

  test('with watch off nothing is watched, and reload reads on demand', async () => {
    const { config, source } = await loaded({ a: 1 }, { watch: false });
    expect(source.watchers).toBe(0);
    source.set({ a: 2 });
    await config.reload();
    expect(config.current.value).toEqual({ a: 2 });
  });
});

describe('explaining', () => {
  test('a value says who won and whom it overrode, the strongest first', async () => {
    const config = await loadConfig({
      defaults: { shop: { maxItems: 1 } },
      sources: [memorySource('low', { shop: { maxItems: 2 } }), memorySource('mid', { shop: { name: 'x' } })],
      environment: { source: { FWK_SHOP__MAX_ITEMS: '3' } },
      watch: false,
    });
    const { winner, candidates, value } = config.explain('shop.maxItems');
    expect(value).toBe(3);
    expect(winner).toMatchObject({ source: 'environment', variable: 'FWK_SHOP__MAX_ITEMS', value: 3 });
    expect(candidates.map(({ where, role }) => [where, role])).toEqual([
      ['variable FWK_SHOP__MAX_ITEMS', 'winner'],
      ['low', 'overridden'],
      ['defaults', 'overridden'],
    ]);
    expect(config.explain('shop').candidates.map(({ role }) => role)).toEqual(['winner', 'part', 'part', 'part']);
    await config[Symbol.asyncDispose]();
  });

  test('a value below something that a higher source replaced says that it is overridden', async () => {
    const low = memorySource('low', { db: { host: 'a' } });
    const config = await loadConfig({
      sources: [low, memorySource('high', { db: 'none' })],
      environment: false,
      watch: false,
    });
    expect(config.explain('db.host')).toMatchObject({ found: false, winner: undefined });
    expect(config.explain('db.host').candidates).toMatchObject([{ source: 'low', role: 'overridden' }]);
    expect(config.view().origins).toEqual({ db: 'high' });
    await config[Symbol.asyncDispose]();
  });

  test('masks secrets, by name and by declaration, everywhere', async () => {
    const { config } = await loaded({ ...good, billing: { account: 'DE123456' } }, { secrets: ['billing.account'] });
    expect(config.explain('password')).toMatchObject({
      secret: true,
      value: '******',
      candidates: [{ value: '******' }],
    });
    const shown = JSON.stringify([config.view(), config.explain('billing'), config.explain('billing.account')]);
    expect(shown).not.toMatch(/hunter2|DE123456/);
    expect(shown).toContain('lamp');
  });

  test('says that the schema supplied what no source did', async () => {
    const schema: StandardSchema<unknown, ConfigTree> = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ value: { port: 80 } }) },
    };
    const { config } = await loaded<ConfigTree>({}, { schema });
    expect(config.explain('port')).toMatchObject({ found: true, value: 80, winner: undefined, candidates: [] });
    expect(config.view().origins).toEqual({ port: 'schema' });
  });
});

test('events reach a bus under their documented names', async () => {
  const names: string[] = [];
  const bus = eventBus();
  bus.on('config.*', (event) => names.push(event.name));
  const source = memorySource('store', { a: 1 });
  const config = await loadConfig(
    { sources: [source], environment: false, watch: false },
    makeEnv({ events: bus }),
    background,
  );
  source.set({ a: 2 });
  await config.reload();
  await config[Symbol.asyncDispose]();
  expect(names).toEqual(['config.changed']);
});

test('a cancelled caller does not end what others have loaded', async () => {
  const { context, cancel } = cancellable();
  const source = memorySource('store', { a: 1 });
  const config = await loadConfig({ sources: [source], environment: false, watch: false }, makeEnv(), context);
  cancel(new Error('the start is over'));
  source.set({ a: 2 });
  await config.reload();
  expect(config.current.value).toEqual({ a: 2 });
  await config[Symbol.asyncDispose]();
});
