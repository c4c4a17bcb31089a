/** Files that change under way, in each of the ways in which they do. */
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeEnv } from '../service/env.js';
import { type FakeClock, fakeClock } from '../testing/fake-clock.js';
import { recordEvents } from '../testing/record-events.js';
import { testAuthority } from '../testing/test-authority.js';
import { systemClock } from '../time/system-clock.js';
import { type FollowedTls, followTls, tlsLookMs } from './follow-tls.js';
import type { TlsSources } from './tls-options.js';

const authority = testAuthority();
const first = authority.issue({ names: ['first'] });
const second = authority.issue({ names: ['second'] });
const files = { certFile: 'tls.crt', keyFile: 'tls.key' };

let folder: string;
let clock: FakeClock;
let events: ReturnType<typeof recordEvents>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-tls-'));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  clock = fakeClock(0, systemClock.wallTime());
  events = recordEvents();
});

const at = (name: string) => join(folder, name);
const put = (name: string, text: string) => writeFile(at(name), text);

async function follow(sources: TlsSources = files): Promise<FollowedTls> {
  if (sources === files) {
    await put('tls.crt', first.cert);
    await put('tls.key', first.key);
  }
  const absolute = Object.fromEntries(Object.entries(sources).map(([field, name]) => [field, at(name as string)]));
  const followed = followTls('server', absolute, makeEnv({ clock, events }));
  onTestFinished(() => followed[Symbol.dispose]());
  return followed;
}

const told = (name: string) => events.all.filter((event) => event.name === name).map(({ data }) => data);

const subjectOf = ({ material }: FollowedTls) => material.value.certificate?.subject;

/** Lets looks happen until a condition holds: they read real files. */
async function until(condition: () => void): Promise<void> {
  await vi.waitFor(
    async () => {
      await clock.advance(tlsLookMs);
      condition();
    },
    { timeout: 10_000, interval: 5 },
  );
}

describe('files that were replaced are taken up', () => {
  test.each<[string, () => Promise<void>]>([
    [
      'by writing over them',
      async () => {
        await put('tls.crt', second.cert);
        await put('tls.key', second.key);
      },
    ],
    [
      'by renaming others over them',
      async () => {
        await put('new.crt', second.cert);
        await put('new.key', second.key);
        await rename(at('new.crt'), at('tls.crt'));
        await rename(at('new.key'), at('tls.key'));
      },
    ],
    [
      'by taking them away and putting others there later',
      async () => {
        await rm(at('tls.crt'));
        await clock.advance(tlsLookMs);
        await put('tls.key', second.key);
        await clock.advance(tlsLookMs);
        await put('tls.crt', second.cert);
      },
    ],
    [
      'by others of the same size and time',
      async () => {
        const known = new Date(clock.wallTime());
        for (const [name, text] of [
          ['tls.crt', second.cert],
          ['tls.key', second.key],
        ] as const) {
          await put(name, text);
          await utimes(at(name), known, known);
        }
      },
    ],
  ])('%s', async (_how, replace) => {
    const followed = await follow();
    const before = followed.material.value;
    await replace();
    await until(() => expect(subjectOf(followed)).toBe('CN=second'));
    expect(followed.material.value).not.toBe(before);
    expect(followed.material.stale).toBeUndefined();
    expect(followed.health().status).toBe('UP');
    expect(told('tls.reloaded').at(-1)).toMatchObject({ owner: 'server', subject: 'CN=second' });
  });

  test('by swapping the link that leads to them, as Kubernetes does', async () => {
    const release = async (name: string, { cert, key }: typeof first) => {
      await mkdir(at(name));
      await put(`${name}/tls.crt`, cert);
      await put(`${name}/tls.key`, key);
      await symlink(name, at('..data_tmp'));
      await rename(at('..data_tmp'), at('..data'));
    };
    await release('..2026_01', first);
    await symlink('..data/tls.crt', at('linked.crt'));
    await symlink('..data/tls.key', at('linked.key'));
    const followed = await follow({ certFile: 'linked.crt', keyFile: 'linked.key' });
    await release('..2026_02', second);
    await rm(at('..2026_01'), { recursive: true });
    await until(() => expect(subjectOf(followed)).toBe('CN=second'));
  });

  test('in a folder of authorities, too', async () => {
    await mkdir(at('ca'));
    await put('ca/first.pem', authority.ca);
    const followed = await follow({ caFolder: 'ca' });
    const before = followed.material.value;
    await put('ca/second.pem', testAuthority().ca);
    await until(() => expect(followed.material.value).not.toBe(before));
  });
});

describe('what was read before stays in use, and health says why', () => {
  test.each<[string, () => Promise<void>, RegExp]>([
    ['while a file is gone', () => rm(at('tls.crt')), /certFile .*tls\.crt: there is no such file/],
    ['while a file is empty', () => put('tls.key', ''), /keyFile .*it is empty/],
    ['while a file is half written', () => put('tls.crt', second.cert.slice(0, 400)), /certificate 1 has no end/],
    ['while one of two has been replaced', () => put('tls.crt', second.cert), /not the key of the first certificate/],
    [
      'while a folder stands in its place',
      async () => {
        await rm(at('tls.key'));
        await mkdir(at('tls.key'));
      },
      /keyFile .*a directory/,
    ],
  ])('%s', async (_what, spoil, reason) => {
    const followed = await follow();
    const before = followed.material.value;
    await spoil();
    await until(() => expect(followed.material.stale?.reason).toMatch(reason));
    expect(followed.material.value).toBe(before);
    expect(followed.health()).toMatchObject({
      status: 'DEGRADED',
      details: { subject: 'CN=first', notUsed: expect.stringMatching(reason), notUsedSince: expect.any(String) },
    });
    await clock.advance(20 * tlsLookMs);
    expect(told('tls.refused')).toHaveLength(1);

    await rm(at('tls.key'), { recursive: true, force: true });
    await put('tls.key', second.key);
    await put('tls.crt', second.cert);
    await until(() => expect(subjectOf(followed)).toBe('CN=second'));
    expect(followed.health()).toMatchObject({ status: 'UP' });
  });

  test('and recovers when the old files come back', async () => {
    const followed = await follow();
    await rename(at('tls.crt'), at('away'));
    await until(() => expect(followed.health().status).toBe('DEGRADED'));
    await rename(at('away'), at('tls.crt'));
    await until(() => expect(followed.health().status).toBe('UP'));
    expect(subjectOf(followed)).toBe('CN=first');
  });
});

describe('health warns of a certificate', () => {
  const dayMs = 86_400_000;
  const hourMs = 3_600_000;

  test.each<[string, number, number, RegExp | undefined]>([
    ['of a year with a month left', -335 * dayMs, 30 * dayMs, undefined],
    ['of a year with 13 days left', -352 * dayMs, 13 * dayMs, /expires in 1[23] days/],
    ['of a day with 5 hours left', -19 * hourMs, 5 * hourMs, undefined],
    ['of a day with 3 hours left', -21 * hourMs, 3 * hourMs, /expires in [23] hours/],
    ['of an hour with 9 minutes left', -51 * 60_000, 9 * 60_000, /expires in \d+ minutes/],
    ['that has expired', -9 * dayMs, -3 * dayMs, /has expired [23] days ago/],
    ['that does not hold yet', 3 * hourMs, 9 * dayMs, /valid only in [23] hours/],
  ])('%s', (_what, fromMs, toMs, warning) => {
    const now = clock.wallTime();
    const made = authority.issue({ validFromMs: now + fromMs, validToMs: now + toMs });
    const followed = followTls('server', made, makeEnv({ clock }));
    onTestFinished(() => followed[Symbol.dispose]());
    const { status, details } = followed.health();
    expect(status).toBe(warning ? 'DEGRADED' : 'UP');
    if (warning) expect(details?.warning).toMatch(warning);
    else expect(details).not.toHaveProperty('warning');
  });

  test('by the earliest end in its chain', () => {
    const now = clock.wallTime();
    const between = authority.issue({ validToMs: now - 1000 });
    const followed = followTls('server', { ...first, cert: first.cert + between.cert }, makeEnv({ clock }));
    onTestFinished(() => followed[Symbol.dispose]());
    expect(followed.health().details?.warning).toMatch(/has expired/);
  });
});

test('leaves no timer behind, and reads nothing more, once it is disposed of', async () => {
  const followed = await follow();
  followed[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

test('sets no timer where there are only texts', () => {
  const followed = followTls('server', { ca: authority.ca, ...first }, makeEnv({ clock }));
  onTestFinished(() => followed[Symbol.dispose]());
  expect(clock.pending).toBe(0);
});

test('tells the meter when the certificate ends, and no more once it is disposed of', () => {
  const dispose = vi.fn();
  const observe = vi.fn((_kind, _spec, _labels, _read: () => number) => ({ [Symbol.dispose]: dispose }));
  const metrics = { ...makeEnv().metrics, observe };
  const validToMs = Date.UTC(2040, 0, 1);
  const followed = followTls('server', authority.issue({ validToMs }), makeEnv({ clock, metrics }));
  const [kind, spec, labels, read] = observe.mock.calls[0] ?? [];
  expect([kind, spec.name, labels, read?.()]).toEqual([
    'gauge',
    'tls.certificate.expires',
    { owner: 'server' },
    validToMs / 1000,
  ]);
  followed[Symbol.dispose]();
  expect(dispose).toHaveBeenCalledOnce();
});
