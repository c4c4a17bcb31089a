import { expect, test } from 'vitest';
import type { InjectionKey, Resolver } from '../component/token.js';
import { followersOf } from '../live/followers.js';
import { type LiveSource, liveValue } from '../live/live-source.js';
import { integerIn } from '../options/rules.js';
import { makeEnv } from '../service/env.js';
import { recordEvents } from '../testing/record-events.js';
import { followTunable, settingsToken, type Tunable } from './tunable.js';

const limit = {
  path: 'shop.limit',
  defaultValue: 10,
  rule: integerIn(1, 100),
  summary: 'A limit.',
} satisfies Tunable<number>;

/** A container whose settings are one live value at every path. */
function withSettings(live: LiveSource<unknown>, loaded = true) {
  const asked: string[] = [];
  const get = (path: string) => {
    asked.push(path);
    return live;
  };
  const find: Resolver['find'] = <T>(key: InjectionKey<T>) =>
    key === settingsToken ? ({ loaded, get } as T) : undefined;
  return { resolver: { find }, asked };
}

test('is what is configured, else what the code says, else the default', () => {
  const live = liveValue<unknown>(undefined);
  const { resolver } = withSettings(live);
  const plain = followTunable(resolver, limit, { component: 'shop' });
  const own = followTunable(resolver, limit, { component: 'shop', fallback: 20 });
  expect([plain.value, own.value]).toEqual([10, 20]);
  live.set(30);
  expect([plain.value, own.value]).toEqual([30, 30]);
  live.set(null);
  expect([plain.value, own.value]).toEqual([10, 20]);
});

test('a later value that does not fit is not taken, and told of by name', async () => {
  const live = liveValue<unknown>(30);
  const events = recordEvents();
  const followed = followTunable(withSettings(live).resolver, limit, { component: 'shop', env: makeEnv({ events }) });
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  live.set(1000);
  expect(followed.value).toBe(30);
  expect((await warned).message).toContain(
    'shop: shop.limit must be a whole number from 1 to 100, not 1000; it stays 30',
  );
  expect(events.names).toEqual(['option.refused']);
  live.set(40);
  expect(followed.value).toBe(40);
});

test('what does not fit at the start is refused', () => {
  const { resolver } = withSettings(liveValue<unknown>('many'));
  expect(() => followTunable(resolver, limit, { component: 'shop' })).toThrow(
    'shop: shop.limit must be a whole number from 1 to 100',
  );
});

test('without settings, or before they are loaded, it is what the code says', () => {
  const none: Pick<Resolver, 'find'> = { find: () => undefined };
  expect(followTunable(none, limit, { component: 'shop', fallback: 7 }).value).toBe(7);
  const { resolver, asked } = withSettings(liveValue<unknown>(30), false);
  expect(followTunable(resolver, limit, { component: 'shop' }).value).toBe(10);
  expect(asked).toEqual([]);
});

test('a name stands in the path, with its dots escaped', () => {
  const { resolver, asked } = withSettings(liveValue<unknown>(30));
  followTunable(resolver, { ...limit, path: 'checks.NAME.limit' }, { component: 'shop', name: 'a.b' });
  expect(asked).toEqual(['checks.a\\.b.limit']);
});

test('whoever follows is known by name, and says what it would not take', () => {
  const live = liveValue<unknown>(30);
  followTunable(withSettings(live).resolver, limit, { component: 'shop' });
  const [follower] = followersOf(live);
  expect(follower).toMatchObject({ kind: 'component', name: 'shop' });
  expect(follower?.touches?.(50)).toEqual([]);
  expect(() => follower?.touches?.(500)).toThrow('shop.limit must be a whole number from 1 to 100');
});
