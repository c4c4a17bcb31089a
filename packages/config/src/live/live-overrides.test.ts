import { checkOptions, type Env, integerIn, makeEnv, noteFollower, type StandardSchema } from '@fwk/kernel';
import { leakGuard, recordEvents } from '@fwk/kernel/testing';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../app/load-config.js';
import { memorySource } from '../sources/memory.js';
import type { ConfigTree } from '../tree/tree.js';

const Shop = v.object({ shop: v.object({ maxItems: v.pipe(v.number(), v.maxValue(100)), name: v.string() }) });
const values = { shop: { maxItems: 5, name: 'lamp' } };
const ann = { actor: 'ann', reason: 'sale' };

async function loaded<T = ConfigTree>(schema?: StandardSchema<unknown, T>, first: object = values) {
  const guard = leakGuard();
  const events = recordEvents();
  const env: Env = makeEnv({ clock: guard.clock, events });
  const store = memorySource('store', first);
  const config = await loadConfig<T>({ schema, sources: [store], environment: false }, env);
  return { config, guard, events, store };
}

const overridden = ({ all }: ReturnType<typeof recordEvents>) =>
  all.filter(({ name }) => name === 'config.overridden').map(({ data }) => data as { kind: string });

describe('an override', () => {
  test('wins over all sources at once, says by whom and why, and is lifted again', async () => {
    const { config, events, guard } = await loaded(Shop);
    await config.overrides.set('shop.maxItems', 50, ann);
    expect(config.current.value.shop.maxItems).toBe(50);
    expect(config.explain('shop.maxItems').winner?.where).toBe('overrides, key shop.maxItems by ann: sale');
    expect(overridden(events)).toMatchObject([{ path: 'shop.maxItems', kind: 'set', ...ann }]);
    expect(await config.overrides.lift('shop.maxItems', ann)).toBe(true);
    expect(await config.overrides.lift('shop.maxItems', ann)).toBe(false);
    expect(config.current.value).toEqual(values);
    expect(config.sources.map(({ name }) => name)).toEqual(['defaults', 'store', 'overrides']);
    await config[Symbol.asyncDispose]();
    guard.check();
  });

  test('that does not fit is refused with the reason, and changes nothing', async () => {
    const { config } = await loaded(Shop);
    await expect(config.overrides.set('shop.maxItems', 500, ann)).rejects.toMatchObject({
      code: 'FWK_CONFIG_OVERRIDE_REFUSED',
      message: expect.stringContaining('shop.maxItems'),
    });
    expect([config.current.value, config.overrides.active, config.version]).toEqual([values, [], 1]);
    config.section({ prefix: 'shop.name', schema: v.picklist(['lamp', 'chair']), defaults: {} });
    await expect(config.overrides.set('shop.name', 'table', ann)).rejects.toMatchObject({
      code: 'FWK_CONFIG_OVERRIDE_REFUSED',
    });
    expect(config.overrides.active).toEqual([]);
  });

  test('ends by itself, and holds no timer once it has', async () => {
    const { config, guard } = await loaded(Shop);
    await config.overrides.set('shop.maxItems', 50, { ...ann, forMs: 60_000 });
    await guard.clock.advance(59_999);
    expect(config.current.value.shop.maxItems).toBe(50);
    await guard.clock.advance(1);
    await config.reload();
    expect(config.current.value.shop.maxItems).toBe(5);
    expect(config.overrides.active).toEqual([]);
    await config.overrides.set('shop.maxItems', 50, { ...ann, forMs: 60_000 });
    await config[Symbol.asyncDispose]();
    guard.check();
  });

  test('stays through edits of other settings, and takes the place of those above and below it', async () => {
    const { config, store } = await loaded();
    await config.overrides.set('shop.maxItems', 50, ann);
    store.set({ shop: { maxItems: 6, name: 'chair' } });
    await config.reload();
    expect(config.current.value).toEqual({ shop: { maxItems: 50, name: 'chair' } });
    await config.overrides.set('shop', { name: 'table' }, ann);
    expect(config.current.value).toEqual({ shop: { maxItems: 6, name: 'table' } });
    expect(config.overrides.active.map(({ path }) => path)).toEqual(['shop']);
    expect(config.explain('shop.name').winner?.where).toContain('by ann: sale');
  });

  test('can be tried without effect: what differs, masked, and which sections would be told', async () => {
    const { config } = await loaded(undefined, { ...values, db: { password: 'hunter2' } });
    config.section({ prefix: 'shop', schema: v.object({ maxItems: v.number() }), defaults: {} });
    config.section({ prefix: 'db', schema: v.object({ password: v.string() }), defaults: {} });
    expect(await config.overrides.preview('shop.maxItems', 50, ann)).toMatchObject({
      changes: [{ path: 'shop.maxItems', before: 5, after: 50 }],
      sections: ['shop'],
    });
    expect(await config.overrides.preview('shop.name', 'chair', ann)).toMatchObject({ sections: [] });
    expect(await config.overrides.preview('db.password', 'hunter3', ann)).toMatchObject({
      changes: [{ path: 'db.password', before: '******', after: '******' }],
      sections: ['db'],
    });
    expect([config.current.value.shop, config.overrides.active, config.version]).toEqual([values.shop, [], 1]);
  });

  test('is undone step by step', async () => {
    const { config, events } = await loaded();
    await config.overrides.set('shop.maxItems', 50, ann);
    await config.overrides.set('shop.maxItems', 60, ann);
    await config.overrides.lift('shop.maxItems', ann);
    const seen: unknown[] = [];
    for (let step = 0; step < 4; step++) {
      seen.push([await config.overrides.undo(ann), (config.current.value.shop as { maxItems: number }).maxItems]);
    }
    expect(seen).toEqual([
      ['shop.maxItems', 60],
      ['shop.maxItems', 50],
      ['shop.maxItems', 5],
      [undefined, 5],
    ]);
    expect(overridden(events).map(({ kind }) => kind)).toEqual(['set', 'set', 'lifted', 'undone', 'undone', 'undone']);
  });

  test.each<[string, string, unknown, object]>([
    ['nobody', 'a', 1, { reason: 'x' }],
    ['no reason', 'a', 1, { actor: 'ann', reason: ' ' }],
    ['too long a reason', 'a', 1, { actor: 'ann', reason: 'x'.repeat(201) }],
    ['no value', 'a', undefined, ann],
    ['a reference', 'a', `${'$'}{env:HOME}`, ann],
    ['a reference within', 'a', { b: [`${'$'}{file:/etc/passwd}`] }, ann],
    ['no time', 'a', 1, { ...ann, forMs: 0 }],
    ['an endless time', 'a', 1, { ...ann, forMs: Number.POSITIVE_INFINITY }],
  ])('with %s is refused', async (_, path, value, options) => {
    const { config } = await loaded();
    await expect(config.overrides.set(path, value, options as typeof ann)).rejects.toMatchObject({
      code: 'FWK_CONFIG_OVERRIDE_REFUSED',
    });
  });

  test('can reach no prototype, and there are at most a hundred', async () => {
    const { config } = await loaded();
    await expect(config.overrides.set('a.__proto__.b', 1, ann)).rejects.toMatchObject({
      code: 'FWK_CONFIG_OVERRIDE_REFUSED',
    });
    await expect(config.overrides.set('a', JSON.parse('{"__proto__": 1}'), ann)).rejects.toMatchObject({
      code: 'FWK_CONFIG_OVERRIDE_REFUSED',
    });
    for (let index = 0; index < 100; index++) await config.overrides.set(`a${index}`, index, ann);
    await expect(config.overrides.set('b', 1, ann)).rejects.toMatchObject({
      message: expect.stringContaining('100 already'),
    });
  });

  test('and edits at the same time all take effect, none half', async () => {
    const { config, store } = await loaded();
    const torn: unknown[] = [];
    config.onChange(({ after }) => {
      if (!('shop' in after)) torn.push(after);
    });
    await Promise.all([
      ...Array.from({ length: 20 }, (_, index) => config.overrides.set(`o${index}`, index, ann)),
      ...Array.from({ length: 20 }, async (_, index) => {
        store.set({ ...values, edit: index });
        await config.reload();
      }),
    ]);
    expect(config.current.value).toMatchObject({ o0: 0, o19: 19, edit: 19 });
    expect(torn).toEqual([]);
  });
});

describe('while a source is broken, an override', () => {
  test('is set, tried, undone and lifted all the same, and what was refused stays refused', async () => {
    const { config, store, events, guard } = await loaded(Shop);
    store.fail(new Error('half a file'));
    await guard.clock.advance(1000);
    const refusal = config.lastRefusal;
    expect(refusal?.reason).toContain('half a file');
    expect((await config.overrides.preview('shop.maxItems', 60, ann)).changes).toHaveLength(1);
    await config.overrides.set('shop.maxItems', 50, ann);
    expect([config.current.value.shop.maxItems, config.lastRefusal]).toEqual([50, refusal]);
    expect(config.current.stale).toMatchObject({ reason: refusal?.reason, sinceMs: refusal?.atMs });
    expect(await config.overrides.lift('shop.maxItems', ann)).toBe(true);
    expect(await config.overrides.undo(ann)).toBe('shop.maxItems');
    expect(config.current.value.shop.maxItems).toBe(50);
    expect(events.all.some(({ name }) => name === 'config.recovered')).toBe(false);
    store.set({ shop: { maxItems: 6, name: 'chair' } });
    await config.reload();
    expect([config.current.value, config.lastRefusal]).toEqual([{ shop: { maxItems: 50, name: 'chair' } }, undefined]);
    await config[Symbol.asyncDispose]();
  });

  test('ends when its time is over', async () => {
    const { config, store, guard } = await loaded(Shop);
    await config.overrides.set('shop.maxItems', 50, { ...ann, forMs: 60_000 });
    store.fail(new Error('half a file'));
    await guard.clock.advance(60_000);
    await config.reload();
    expect(config.current.value.shop.maxItems).toBe(5);
    expect(config.explain('shop.maxItems').winner?.where).toBe('store');
    expect(config.lastRefusal?.reason).toContain('half a file');
    await config[Symbol.asyncDispose]();
    guard.check();
  });

  test('that an edit does not fit with gives way to it once it is lifted, or has ended', async () => {
    const { config, store, guard } = await loaded(undefined, { hosts: ['a', 'b'] });
    for (const end of [() => config.overrides.lift('hosts.1', ann), () => guard.clock.advance(60_000)]) {
      store.set({ hosts: ['a', 'b'] });
      await config.reload();
      await config.overrides.set('hosts.1', 'c', { ...ann, forMs: 60_000 });
      store.set({ hosts: [] });
      await guard.clock.advance(1000);
      expect(config.lastRefusal?.reason).toContain('"hosts" is a list of 0 items');
      await end();
      await guard.clock.advance(1000);
      expect([config.current.value, config.lastRefusal]).toEqual([{ hosts: [] }, undefined]);
    }
    await config[Symbol.asyncDispose]();
    guard.check();
  });

  test('that is only tried is never listed', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let slow = false;
    const schema: StandardSchema<unknown, ConfigTree> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          slow ? answered.then(() => ({ value: value as ConfigTree })) : { value: value as ConfigTree },
      },
    };
    const { config } = await loaded(schema);
    slow = true;
    const preview = config.overrides.preview('shop.maxItems', 50, ann);
    await Promise.resolve();
    expect([config.overrides.active, config.view().overrides]).toEqual([[], []]);
    answer();
    expect((await preview).changes).toHaveLength(1);
  });
});

describe('live values', () => {
  test('of a selection change only when it does, and listeners get both states, version and paths', async () => {
    const { config, store } = await loaded(Shop);
    const items: number[] = [];
    const changes: unknown[] = [];
    const limit = config.live((settings) => settings.shop.maxItems);
    limit.subscribe((value) => void items.push(value));
    using _listening = config.onChange((change) => void changes.push(change));
    store.set({ shop: { maxItems: 5, name: 'chair' } });
    await config.reload();
    store.set({ shop: { maxItems: 6, name: 'chair' } });
    await config.reload();
    await config.reload();
    expect([limit.value, items]).toEqual([6, [6]]);
    expect(changes).toEqual([
      { version: 2, before: values, after: { shop: { maxItems: 5, name: 'chair' } }, paths: ['shop.name'] },
      {
        version: 3,
        before: { shop: { maxItems: 5, name: 'chair' } },
        after: { shop: { maxItems: 6, name: 'chair' } },
        paths: ['shop.maxItems'],
      },
    ]);
  });

  test('have a hash that is the same for the same settings, and tells nothing of secrets', async () => {
    const one = await loaded(undefined, { a: 1, b: { c: 2, d: 3 }, password: 'hunter2' });
    const other = await loaded(undefined, { password: 'hunter3', b: { d: 3, c: 2 }, a: 1 });
    const third = await loaded(undefined, { a: 1, b: { c: 2, d: 4 }, password: 'hunter2' });
    expect(one.config.hash).toMatch(/^[0-9a-f]{12}$/);
    expect(other.config.hash).toBe(one.config.hash);
    expect(third.config.hash).not.toBe(one.config.hash);
  });
});

describe('a dry run', () => {
  test('tells no secret, not even in the reasons of those who would not take it', async () => {
    const { config } = await loaded(undefined, { db: { password: 'hunter2' } });
    const rule = (value: unknown) => (value === 'hunter2' ? undefined : 'as it was');
    checkOptions<{ secret: unknown }>('stall', { secret: config.get('db.password') }, {}, { secret: rule });
    const preview = await config.overrides.preview('db.password', 'swordfish', ann);
    expect(preview.problems).toEqual([expect.stringContaining('secret must be as it was')]);
    expect(JSON.stringify(preview)).not.toMatch(/swordfish|hunter2/);
  });

  const dryRun = (config: Awaited<ReturnType<typeof loaded>>['config'], path: string, value: unknown) =>
    config.overrides.preview(path, value, ann);

  test('names those who listen, and nobody whose part stays', async () => {
    const { config } = await loaded();
    const limits = config.live((settings) => (settings.shop as ConfigTree).maxItems);
    using _own = limits.subscribe(() => {});
    using _path = config.get('shop.name').subscribe(() => {});
    using _all = config.onChange(function audit() {});
    config.live((settings) => settings.shop);
    expect(await dryRun(config, 'shop.maxItems', 6)).toMatchObject({
      listeners: ['onChange(audit)', '(settings) => settings.shop.maxItems'],
      policies: [],
      components: [],
      problems: [],
    });
    expect((await dryRun(config, 'shop.name', 'chair')).listeners).toEqual(['onChange(audit)', 'get("shop.name")']);
    expect((await dryRun(config, 'shop.name', 'lamp')).listeners).toEqual([]);
  });

  test('names components and policies, also behind values that were derived', async () => {
    const { config } = await loaded();
    noteFollower(config.get('shop'), {
      kind: 'component',
      name: 'stall',
      touches: (next) => [{ kind: 'policy', name: `of ${(next as ConfigTree).maxItems}` }],
    });
    noteFollower(
      config.live(({ shop }) => shop).map((shop) => (shop as ConfigTree).name),
      { kind: 'policy', name: 'names' },
    );
    noteFollower(config.current, { kind: 'component', name: 'mirror' });
    expect(await dryRun(config, 'shop.maxItems', 6)).toMatchObject({
      components: ['mirror', 'stall'],
      policies: ['of 6', 'names'],
    });
    expect((await dryRun(config, 'other', 6)).components).toEqual(['mirror']);
  });

  test('says why a follower would not take it; then the change itself is refused, and taking back never is', async () => {
    const { config, store } = await loaded();
    await config.overrides.set('shop.maxItems', 7, ann);
    const guarded = checkOptions<{ limit: unknown }>(
      'stall',
      { limit: config.get('shop.maxItems') },
      {},
      { limit: integerIn(5, 50) },
    );
    expect(await dryRun(config, 'shop.maxItems', 500)).toMatchObject({
      components: ['stall'],
      problems: ['limit must be a whole number from 5 to 50, not 500'],
    });
    await expect(config.overrides.set('shop.maxItems', 500, ann)).rejects.toMatchObject({
      code: 'FWK_CONFIG_OVERRIDE_REFUSED',
      message: 'the override was refused: limit must be a whole number from 5 to 50, not 500',
    });
    expect(config.current.value).toEqual({ shop: { maxItems: 7, name: 'lamp' } });
    store.set({ shop: { maxItems: 1, name: 'lamp' } });
    await config.reload();
    expect(await config.overrides.undo(ann)).toBe('shop.maxItems');
    expect([config.get('shop.maxItems').value, guarded.limit]).toMatchObject([1, { value: 7 }]);
  });
});
