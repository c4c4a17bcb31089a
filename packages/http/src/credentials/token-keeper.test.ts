import { inspect } from 'node:util';
import { background, cancellable, type Env, makeEnv } from '@fwk/kernel';
import { leakGuard, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { type FetchedToken, type RefreshOptions, refreshDefaults, TokenKeeper } from './token-keeper.js';

interface Asked {
  readonly signal: AbortSignal;
  answer(token: FetchedToken): void;
  fail(error: unknown): void;
}

/** A keeper whose fetches are answered by hand. */
function keeper(options: Partial<RefreshOptions> = {}) {
  const guard = leakGuard();
  const asked: Asked[] = [];
  const events = recordEvents();
  const wall = { jumpMs: 0 };
  const clock = { ...guard.clock, wallTime: () => guard.clock.wallTime() + wall.jumpMs };
  const env: Env = makeEnv({ clock, events, random: () => 1 });
  const kept = new TokenKeeper(
    {
      service: 'bank',
      kind: 'bearer',
      env,
      fetch: (signal) =>
        new Promise((answer, fail) => {
          asked.push({ signal, answer, fail });
        }),
    },
    { ...refreshDefaults, ...options },
  );
  const last = () => asked.at(-1) as Asked;
  return { kept, asked, last, guard, clock: guard.clock, events, wall };
}

test('many calls wait for one fetch, and later ones get its token at once', async () => {
  const { kept, asked, last, guard } = keeper();
  const calls = [kept.get(background), kept.get(background), kept.get(background)];
  last().answer({ token: 'one', expiresInMs: 600_000 });
  expect(await Promise.all(calls)).toEqual(['one', 'one', 'one']);
  expect(kept.get(background)).toBe('one');
  expect(asked).toHaveLength(1);
  guard.check();
});

test('a token is fetched anew before it runs out, once, and calls go on with the old one meanwhile', async () => {
  const { kept, asked, last, clock } = keeper({ refreshAheadMs: 60_000 });
  const first = kept.get(background);
  last().answer({ token: 'one', expiresInMs: 600_000 });
  await first;
  await clock.advance(539_999);
  kept.get(background);
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  expect([kept.get(background), kept.get(background)]).toEqual(['one', 'one']);
  expect(asked).toHaveLength(2);
  last().answer({ token: 'two', expiresInMs: 600_000 });
  await clock.advance(0);
  expect(kept.get(background)).toBe('two');
});

test('a short life is refreshed in its second half', async () => {
  const { kept, asked, last, clock } = keeper({ refreshAheadMs: 60_000 });
  const first = kept.get(background);
  last().answer({ token: 'one', expiresInMs: 10_000 });
  await first;
  await clock.advance(4999);
  kept.get(background);
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  kept.get(background);
  expect(asked).toHaveLength(2);
  last().fail(new Error('down'));
  await clock.advance(0);
  expect(kept.get(background), 'the old one still holds').toBe('one');
  await clock.advance(5000);
  const renewed = kept.get(background);
  last().answer({ token: 'two', expiresInMs: 10_000 });
  expect(await renewed).toBe('two');
});

test('a wall clock that jumps changes nothing', async () => {
  const { kept, asked, last, wall } = keeper();
  const first = kept.get(background);
  last().answer({ token: 'one', expiresInMs: 600_000 });
  await first;
  wall.jumpMs = 10 * 3_600_000;
  expect(kept.get(background)).toBe('one');
  wall.jumpMs = -20 * 3_600_000;
  expect(kept.get(background)).toBe('one');
  expect(asked).toHaveLength(1);
});

test('a caller that leaves ends its own wait only', async () => {
  const { kept, last } = keeper();
  const leaving = cancellable();
  const left = kept.get(leaving.context);
  const stays = kept.get(background);
  leaving.cancel(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(last().signal.aborted).toBe(false);
  last().answer({ token: 'one' });
  expect(await stays).toBe('one');
});

test('a fetch that hangs is given up, and nobody asks again at once', async () => {
  const { kept, asked, last, clock, events, guard } = keeper({ timeoutMs: 3000 });
  const call = kept.get(background);
  const failed = expect(call).rejects.toMatchObject({
    code: 'FWK_HTTP_CREDENTIALS_FAILED',
    message: expect.stringContaining('took longer than 3000 ms'),
    traits: { refusedBy: 'caller', notProcessed: true, retryable: true, retryAfterMs: 500 },
  });
  await clock.advance(3000);
  await failed;
  expect(last().signal.aborted).toBe(true);
  await clock.advance(400);
  await expect(kept.get(background)).rejects.toMatchObject({ traits: { retryAfterMs: 100 } });
  expect(asked).toHaveLength(1);
  expect(events.all).toMatchObject([{ name: 'credentials.failed', data: { service: 'bank', failures: 1 } }]);
  await clock.advance(100);
  const again = kept.get(background);
  expect(asked).toHaveLength(2);
  last().answer({ token: 'late' });
  expect(await again).toBe('late');
  guard.check();
});

test('pauses grow up to half a minute', async () => {
  const { kept, last, clock } = keeper();
  const waits: unknown[] = [];
  for (let index = 0; index < 9; index++) {
    const call = Promise.resolve(kept.get(background)).catch((error) => error);
    last().fail(new Error('down'));
    const { retryAfterMs } = (await call).traits;
    waits.push(retryAfterMs);
    await clock.advance(retryAfterMs);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test.each<[string, unknown, string]>([
  ['is no object', undefined, 'is no token'],
  ['is empty', { token: '' }, 'is no token'],
  ['is no text', { token: 7 }, 'is no token'],
  ['has run out', { token: 'x', expiresInMs: -5 }, 'had run out when it arrived (it holds for -5 ms)'],
  ['has no life', { token: 'x', expiresInMs: 0 }, 'had run out'],
  ['has a life that is no number', { token: 'x', expiresInMs: Number.NaN }, 'must be a number'],
  ['has a life that is text', { token: 'x', expiresInMs: '60' }, 'must be a number'],
])('a token that %s is refused, and not shown', async (_what, fetched, why) => {
  const { kept, last } = keeper();
  const call = kept.get(background);
  last().answer(fetched as FetchedToken);
  await expect(call).rejects.toThrow(why);
});

test('a token that came so late that it has run out is refused', async () => {
  const { kept, last, clock } = keeper();
  const call = kept.get(background);
  await clock.advance(2000);
  last().answer({ token: 'x', expiresInMs: 1000 });
  await expect(call).rejects.toThrow('had run out when it arrived');
});

describe('a token that the callee refuses', () => {
  test('is fetched anew, once for all who had it', async () => {
    const { kept, asked, last } = keeper();
    const first = kept.get(background);
    last().answer({ token: 'one', expiresInMs: 600_000 });
    await first;
    expect(kept.refused('one')).toBe(true);
    const second = kept.get(background);
    expect(kept.refused('one'), 'one that comes later finds the refresh').toBe(true);
    const third = kept.get(background);
    expect(asked).toHaveLength(2);
    last().answer({ token: 'two', expiresInMs: 600_000 });
    expect(await Promise.all([second, third])).toEqual(['two', 'two']);
    expect(kept.refused('one'), 'a straggler has the new one').toBe(true);
    expect(kept.get(background)).toBe('two');
  });

  test('is not fetched for each call when the account itself is refused', async () => {
    const { kept, asked, last, clock } = keeper();
    const first = kept.get(background);
    last().answer({ token: 'one' });
    await first;
    kept.refused('one');
    const second = kept.get(background);
    last().answer({ token: 'two' });
    await second;
    expect(kept.refused('two')).toBe(false);
    expect(kept.get(background)).toBe('two');
    await clock.advance(10_000);
    expect(kept.refused('two')).toBe(true);
    void Promise.resolve(kept.get(background)).catch(() => {});
    expect(asked).toHaveLength(3);
    last().answer({ token: 'three' });
  });
});

test('nobody sees a secret who prints what keeps it, or what failed', async () => {
  const { kept, last } = keeper();
  const first = kept.get(background);
  last().answer({ token: 'hunter2', expiresInMs: 10 });
  await first;
  expect(inspect(kept, { depth: 9, showHidden: true })).not.toContain('hunter2');
  const failing = keeper();
  const call = Promise.resolve(failing.kept.get(background)).catch((error) => error);
  failing.last().fail(new Error('password hunter2 was refused'));
  expect((await call).message).not.toContain('hunter2');
  expect(JSON.stringify(failing.events.all)).not.toContain('hunter2');
});
