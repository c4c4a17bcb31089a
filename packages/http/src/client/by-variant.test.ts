/** A feature flag chooses the options of a client's policy: split, shadow, limits, for each call by its variant. */
import { createMeter } from '@fwk/core';
import type { Env } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { flagByHand } from '../fixtures/flag-by-hand.js';
import { startFleet } from '../fixtures/fleet.js';
import type { ClientRouting } from './client-routing.js';

const versions = { old: { version: '1.4.0' }, canary: { version: '1.5.0' } };
const toOld: ClientRouting = { version: '1.4.0' };
const trial = {
  usual: {},
  canary: { routing: { version: '1.5.0' } },
  halves: { routing: { split: { '1.4.0': 1, '1.5.0': 1 } } },
};

/** @param options - of the variants; null for no flag. */
async function start(options: Readonly<Record<string, unknown>> | null = trial, parts: Partial<Env> = {}) {
  const flags = flagByHand(options ?? undefined);
  const events = recordEvents();
  const fleet = await startFleet(versions, { flags, routing: toOld }, { events, ...parts });
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const ask = async (key: string, calls = 1) => {
    const ids: string[] = [];
    for (let call = 0; call < calls; call++) ids.push((await fleet.client.who({}, { route: { key } })).id);
    return ids;
  };
  return { flags, fleet, ask, events, counted: () => flags.ended.map(({ variant, outcome }) => [variant, outcome]) };
}

describe('a client whose policy a flag chooses', () => {
  test('sends the calls of each variant by the options of that variant, and all others by the policy as it is', async () => {
    const { flags, ask } = await start();
    expect(flags.asked).toEqual(['fleet']);
    expect(await ask('nobody', 3)).toEqual(['old', 'old', 'old']);
    expect(flags.ended).toEqual([]);
    expect(await ask('canary', 3)).toEqual(['canary', 'canary', 'canary']);
    expect(await ask('usual', 2)).toEqual(['old', 'old']);
    expect(new Set(await ask('halves', 40)).size).toBe(1);
  });

  test('says how each call under a variant ended, and how long it took', async () => {
    const { flags, fleet, ask, counted } = await start();
    await ask('canary');
    await ask('usual');
    fleet.down.add('canary');
    await expect(ask('canary')).rejects.toMatchObject({ status: 500 });
    expect(counted()).toEqual([
      ['canary', 'success'],
      ['usual', 'success'],
      ['canary', 'failure'],
    ]);
    for (const { tookMs } of flags.ended) expect(tookMs).toBeGreaterThan(0);
    const given = AbortSignal.abort(new Error('gone'));
    await expect(fleet.client.who({}, { route: { key: 'canary' }, signal: given })).rejects.toThrow('gone');
    expect(counted()).toHaveLength(3);
  });

  test('takes the key by which splits are sticky where the call says none', async () => {
    const { fleet } = await start();
    fleet.configure({ routing: { key: 'query:user' } });
    expect(await fleet.ask(3, { user: 'canary' })).toEqual(['canary', 'canary', 'canary']);
    expect(await fleet.ask(2, { user: 'nobody' })).toEqual(['old', 'old']);
    expect(await fleet.ask(1)).toEqual(['old']);
  });

  test('follows the flag: new options, a variant more, and none any more', async () => {
    const { flags, ask } = await start(null);
    expect(await ask('canary')).toEqual(['old']);
    flags.set(trial);
    await vi.waitFor(async () => expect(await ask('canary')).toEqual(['canary']));
    flags.set({ ...trial, canary: { routing: toOld }, late: { routing: { version: '1.5.0' } } });
    await vi.waitFor(async () => expect(await ask('late')).toEqual(['canary']));
    expect(await ask('canary')).toEqual(['old']);
    flags.set(undefined);
    await vi.waitFor(async () => expect(await ask('late')).toEqual(['old']));
  });

  test('keeps what a variant has measured while an edit leaves its options alone', async () => {
    const { flags, fleet, ask } = await start();
    const picks = () => fleet.known.monitor.report().clients.map(({ path }) => path);
    await ask('canary', 4);
    expect(picks()).toEqual(['fleet', 'fleet/canary', 'fleet/halves']);
    const measured = () =>
      fleet.known.monitor
        .report()
        .endpoints.find(({ client, endpoint }) => client === 'fleet/canary' && endpoint === 'canary')?.picks;
    expect(measured()).toBe(4);
    flags.set({ ...trial, halves: { timeoutMs: 500 }, more: { timeoutMs: 900 } });
    await vi.waitFor(() => expect(picks()).toContain('fleet/more'));
    expect(measured()).toBe(4);
    flags.set({ usual: {} });
    await vi.waitFor(() => expect(picks()).toEqual(['fleet']));
    expect(await ask('canary')).toEqual(['old']);
  });

  test('lets calls under way end by the options with which they began', async () => {
    const retry = { maxAttempts: 10, backoff: 'fixed', baseDelayMs: 30, budget: false };
    const { flags, fleet, ask, events, counted } = await start({ slow: { retry } });
    fleet.down.add('old');
    const call = ask('slow');
    await vi.waitFor(() => expect(events.all.map(({ name }) => name)).toContain('retry.scheduled'), { interval: 1 });
    flags.set(undefined);
    await Promise.resolve();
    fleet.down.delete('old');
    expect(await call).toEqual(['old']);
    expect(counted()).toEqual([['slow', 'success']]);
    await vi.waitFor(() => expect(fleet.known.monitor.report().clients.map(({ path }) => path)).toEqual(['fleet']));
  });

  test('takes the options of a variant over those of the code, and what an operator sets over both', async () => {
    const { fleet } = await start({ canary: { routing: { version: '1.5.0' }, timeoutMs: 300 } });
    const settings = () => {
      const { uses } = fleet.policies.inspect('fleet');
      return uses.map(({ variant, settings }) => [
        variant?.variant,
        ...settings.filter(({ setting }) => setting === 'timeoutMs' || setting === 'routing.version'),
      ]);
    };
    expect(settings()).toEqual([
      [
        undefined,
        { setting: 'timeoutMs', value: 1000, from: 'built-in' },
        { setting: 'routing.version', value: '1.4.0', from: 'call-site' },
      ],
      [
        'canary',
        { setting: 'timeoutMs', value: 300, from: 'flag' },
        { setting: 'routing.version', value: '1.5.0', from: 'flag' },
      ],
    ]);
    fleet.policies.override('fleet', { timeoutMs: 70 });
    for (const [, timeout] of settings()) expect(timeout).toMatchObject({ value: 70, from: 'override' });
  });

  test.each([
    ['an option that there is not', { routting: {} }, /variant "bad": .*unknown option "routting"/],
    ['a value that is none', { timeoutMs: -1 }, /variant "bad": timeoutMs: timeoutMs must be/],
    [
      'options that contradict those of the policy',
      { shadow: { share: 0.5 } },
      /variant "bad": .*needs a version or tags/,
    ],
    ['what is no object', 'fast', /variant "bad": options must be an object/],
    ['a dangerous key', JSON.parse('{"__proto__": {"timeoutMs": 5}}'), /variant "bad": .*__proto__/],
  ])('chooses nothing while a variant has %s, and says so', async (_, bad, problem) => {
    const { flags, fleet, ask, events } = await start();
    flags.set({ ...trial, bad });
    await vi.waitFor(() => expect(flags.refused.join()).toMatch(problem));
    expect(await ask('canary', 2)).toEqual(['old', 'old']);
    expect(flags.ended).toEqual([]);
    expect(events.all.filter(({ name }) => name === 'variant.refused')).toHaveLength(1);
    expect(fleet.policies.inspect('fleet').uses).toHaveLength(1);
    flags.set(trial);
    await vi.waitFor(async () => expect(await ask('canary')).toEqual(['canary']));
  });

  test('takes the flag up once an edit of the policy has mended it, and tells of a problem once', async () => {
    const clock = fakeClock();
    const { flags, fleet, ask, events } = await start({ ...trial, copied: { shadow: { share: 1 } } }, { clock });
    const told = () => events.all.filter(({ name }) => name === 'variant.refused').length;
    expect([flags.refused.length, told()]).toEqual([1, 1]);
    await clock.advance(2000);
    expect(await ask('canary')).toEqual(['old']);
    fleet.configure({ shadow: { version: '1.5.0' } });
    expect(await ask('canary')).toEqual(['old']);
    await clock.advance(2000);
    expect(await ask('canary')).toEqual(['canary']);
    expect([flags.refused.length, told()]).toEqual([0, 1]);
  });

  test.each(['the flag', 'the policy'])('takes an edit of both, of which %s is told first', async (first) => {
    const { flags, fleet, ask, events } = await start(null);
    const options = () =>
      fleet.policies
        .inspect('fleet')
        .uses.map(({ settings }) => settings.find(({ setting }) => setting === 'shadow.share')?.value);
    const both = (flag: () => void, policy: () => void) => (first === 'the flag' ? [flag, policy] : [policy, flag]);
    for (const change of both(
      () => flags.set({ canary: { routing: { version: '1.5.0' }, shadow: { share: 1 } } }),
      () => fleet.configure({ shadow: { version: '1.5.0' } }),
    )) {
      change();
    }
    await vi.waitFor(async () => expect(await ask('canary')).toEqual(['canary']));
    expect(options()).toEqual([0, 1]);
    for (const change of both(
      () => flags.set({ canary: { routing: { version: '1.5.0' } } }),
      () => fleet.configure({ shadow: { share: 0 } }),
    )) {
      change();
    }
    await vi.waitFor(() => expect(options()).toEqual([0, 0]));
    expect(await ask('canary')).toEqual(['canary']);
    expect(events.all.filter(({ name }) => name.endsWith('.refused'))).toEqual([]);
  });

  test('is no obstacle for the policy: a flag that a changed policy cannot take chooses nothing', async () => {
    const { flags, fleet, ask, events } = await start(null);
    fleet.configure({ shadow: { version: '1.5.0' } });
    flags.set({ canary: { routing: { version: '1.5.0' }, shadow: { share: 0.5 } } });
    await vi.waitFor(async () => expect(await ask('canary')).toEqual(['canary']));
    fleet.configure({ timeoutMs: 700 });
    await vi.waitFor(async () => expect(await ask('canary')).toEqual(['old']));
    expect(flags.refused.join()).toMatch(/variant "canary": shadow: it needs a version or tags/);
    expect(fleet.policies.refusal).toBeUndefined();
    expect(fleet.policies.inspect('fleet').uses[0]?.settings).toContainEqual({
      setting: 'timeoutMs',
      value: 700,
      from: 'policy',
    });
    expect(events.all.filter(({ name }) => name === 'variant.refused')).toHaveLength(1);
    expect(() => fleet.policies.override('fleet', { shadow: { share: 1 } })).toThrow(/needs a version/);
  });

  test('copies calls of the variant that has a shadow, and of no other', async () => {
    const metrics = createMeter();
    const { flags, ask } = await start({ usual: {}, copied: { shadow: { version: '1.5.0', share: 1 } } }, { metrics });
    const copies = () =>
      metrics
        .collect()
        .find(({ name }) => name === 'http.client.shadow.copies')
        ?.samples.reduce((sum, { value }) => sum + value, 0) ?? 0;
    expect(await ask('usual', 3)).toEqual(['old', 'old', 'old']);
    expect(await ask('copied', 4)).toEqual(['old', 'old', 'old', 'old']);
    await vi.waitFor(() => expect(copies()).toBe(4));
    expect(flags.refused).toEqual([]);
  });

  test('is closed with all its variants', async () => {
    const { fleet, ask } = await start();
    await ask('canary');
    await fleet[Symbol.asyncDispose]();
    expect(fleet.known.monitor.report().clients).toEqual([]);
    await expect(ask('canary')).rejects.toMatchObject({ code: 'FWK_HTTP_CLIENT_CLOSED' });
    expect(fleet.policies.list()).toEqual([]);
  });
});
