/** How checks run: jitter, settings that change, frozen processes, and what checks answer that answer badly. */
import { type HealthReport, liveValue, makeEnv } from '@fwk/kernel';
import { leakGuard, recordEvents, seededRandom } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHealth } from './create-health.js';
import type { HealthControl } from './health.js';
import { keptTransitions } from './health-history.js';
import { checkHealthSettings, type HealthOptions } from './health-settings.js';

let guard: ReturnType<typeof leakGuard>;
let events: ReturnType<typeof recordEvents>;
let health: HealthControl;
let random: () => number;

beforeEach(() => {
  guard = leakGuard();
  events = recordEvents();
  random = () => 1;
  health = createHealth(makeEnv({ clock: guard.clock, events, random: () => random() }));
});

afterEach(() => {
  health[Symbol.dispose]();
  guard.check();
});

const never = () => new Promise<HealthReport>(() => {});
const settings = (options: HealthOptions) => checkHealthSettings(options);

describe('jitter', () => {
  test('makes pauses shorter by at most its share, and never longer', async () => {
    const atMs: number[] = [];
    random = seededRandom(7);
    health.add({ name: 'db', intervalMs: 1000, check: () => void atMs.push(guard.clock.now()) });
    await health.start();
    await guard.clock.advance(60_000);
    const pauses = atMs.slice(1).map((ms, index) => ms - (atMs[index] ?? 0));
    expect(pauses.length).toBeGreaterThanOrEqual(60);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(900);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1000);
    expect(new Set(pauses).size).toBeGreaterThan(50);
  });
});

describe('settings that change', () => {
  test('take effect at once: a shorter interval ends a long pause, a longer one makes it last', async () => {
    let runs = 0;
    health.add({ name: 'db', intervalMs: 3_600_000, check: () => void runs++ });
    const live = liveValue(settings({}));
    health.follow(live);
    await health.start();
    await guard.clock.advance(10_000);
    expect(runs).toBe(1);
    live.set(settings({ checks: { db: { intervalMs: 2000 } } }));
    await guard.clock.settle();
    await guard.clock.advance(0);
    expect(runs).toBe(2);
    live.set(settings({ checks: { db: { intervalMs: 60_000 } } }));
    await guard.clock.advance(59_000);
    expect(runs).toBe(2);
    await guard.clock.advance(1000);
    expect(runs).toBe(3);
  });

  test('give a check another limit, other groups and another weight', async () => {
    health.add({ name: 'db', intervalMs: 1000, check: never });
    const live = liveValue(settings({ checks: { db: { timeoutMs: 50 } } }));
    health.follow(live);
    void health.start();
    await guard.clock.advance(50);
    expect(health.probe('readiness').status).toBe(503);
    live.set(settings({ checks: { db: { optional: true } } }));
    expect([health.probe('readiness').status, health.report().status]).toEqual([200, 'DEGRADED']);
    live.set(settings({ checks: { db: { groups: ['deep'] } } }));
    expect([health.probe('readiness').status, health.probe('deep').status]).toEqual([200, 503]);
    expect(health.groups).toEqual(['liveness', 'readiness', 'startup', 'deep']);
  });

  test('turn a check off, so that it neither runs nor shows, and on again', async () => {
    let runs = 0;
    health.add({ name: 'db', intervalMs: 100, check: () => ++runs < 0 });
    const live = liveValue(settings({}));
    health.follow(live);
    await health.start();
    expect(health.probe('readiness').status).toBe(503);
    live.set(settings({ checks: { db: { enabled: false } } }));
    await guard.clock.advance(5000);
    expect([runs, health.probe('readiness').status, Object.keys(health.report().components)]).toEqual([
      1,
      200,
      ['application'],
    ]);
    live.set(settings({}));
    await guard.clock.settle();
    expect([runs, health.probe('readiness').status]).toEqual([2, 503]);
  });

  test('do not start a check a second time that still hangs from before', async () => {
    let runs = 0;
    health.add({
      name: 'db',
      intervalMs: 100,
      check: () => {
        runs++;
        return never();
      },
    });
    const live = liveValue(settings({}));
    health.follow(live);
    void health.start();
    for (const enabled of [false, true, false, true]) live.set(settings({ checks: { db: { enabled } } }));
    await guard.clock.advance(10_000);
    expect(runs).toBe(1);
  });
});

describe('a check that knows when what it looks at changes', () => {
  test('runs again as soon as it has changed, not only when its interval is over', async () => {
    const connected = liveValue(false);
    health.add({ name: 'registry', changes: connected, check: () => connected.value });
    await health.start();
    expect(health.probe('readiness').status).toBe(503);
    connected.set(true);
    await guard.clock.advance(100);
    expect(health.probe('readiness').status).toBe(200);
  });

  test('runs again after a run during which it has changed', async () => {
    const connected = liveValue(false);
    const seen: boolean[] = [];
    const check = async () => {
      seen.push(connected.value);
      await new Promise<void>((resolve) => void guard.clock.setTimer(resolve, 300));
      return seen.at(-1) === true;
    };
    health.add({ name: 'registry', changes: connected, check });
    const started = health.start();
    await guard.clock.advance(50);
    connected.set(true);
    await guard.clock.advance(250);
    await started;
    expect([seen, health.probe('readiness').status]).toEqual([[false], 503]);
    await guard.clock.advance(400);
    expect([seen, health.probe('readiness').status]).toEqual([[false, true], 200]);
  });

  test('runs at most once in 100 ms, also when it changes what it looks at by itself', async () => {
    const counted = liveValue(0);
    health.add({ name: 'pool', changes: counted, intervalMs: 60_000, check: () => counted.set(counted.value + 1) });
    await health.start();
    for (let change = 0; change < 1000; change++) await guard.clock.advance(1);
    expect(counted.value).toBe(11);
  });

  test('listens from the start until it is removed, and does not run while it is turned off', async () => {
    const state = liveValue(0);
    let runs = 0;
    const added = health.add({ name: 'pool', changes: state, intervalMs: 60_000, check: () => void runs++ });
    state.set(1);
    await guard.clock.advance(1000);
    expect(runs).toBe(0);
    await health.start();
    const live = liveValue(settings({ checks: { pool: { enabled: false } } }));
    health.follow(live);
    state.set(2);
    await guard.clock.advance(1000);
    expect(runs).toBe(1);
    live.set(settings({}));
    await guard.clock.advance(1000);
    expect(runs).toBe(2);
    added[Symbol.dispose]();
    state.set(3);
    await guard.clock.advance(1000);
    expect(runs).toBe(2);
  });

  test('is refused when what it names is no live value', () => {
    const changes = 'registry' as never;
    expect(() => health.add({ name: 'registry', changes, check: () => true })).toThrow(/changes must be a live value/);
  });
});

describe('what the application can do without', () => {
  test('is shown as it is, counts for no probe, and makes the whole DEGRADED at most', async () => {
    health.add({ name: 'adverts', optional: true, check: () => false });
    health.add({ name: 'deep-adverts', optional: true, groups: ['deep', 'liveness'], check: () => false });
    await health.start();
    expect(health.probe('readiness', true).body).toMatchObject({ status: 'UP', components: { application: {} } });
    expect(health.probe('liveness').status).toBe(200);
    expect(health.report()).toMatchObject({
      status: 'DEGRADED',
      components: { adverts: { status: 'DOWN', optional: true } },
    });
    expect(health.probe('deep').status).toBe(503);
  });
});

describe('probes', () => {
  test('answer at once when every check hangs, and each is told of', async () => {
    for (let index = 0; index < 200; index++) {
      health.add({ name: `hung-${index}`, timeoutMs: 500, intervalMs: 100, check: never });
    }
    const started = health.start().then(() => health.ready());
    await guard.clock.advance(1000);
    await started;
    for (let probe = 0; probe < 100; probe++) expect(health.probe('readiness', true).status).toBe(503);
    expect(health.probe('liveness').status).toBe(200);
    expect(events.all.filter(({ data }) => data.status === 'DOWN')).toHaveLength(200);
  });

  test('tell no details, whatever checks say; reports do', async () => {
    health.add({ name: 'db', check: () => ({ status: 'DOWN', details: { host: 'db-7.internal' } }) });
    await health.start();
    expect(JSON.stringify(health.probe('readiness', true))).not.toContain('db-7');
    expect(health.probe('readiness', true).body.components?.db).toMatchObject({ status: 'DOWN', ageMs: 0 });
    expect(health.report('readiness').components.db?.details).toEqual({ host: 'db-7.internal' });
  });
});

describe('bad answers', () => {
  const hostile = {
    get status(): string {
      throw new Error('no');
    },
  };
  const circular: Record<string, unknown> = { status: 'UP', details: {} };
  Object.assign(circular.details as object, { self: circular });
  const trap = new Proxy({}, { get: (_, key) => (key === 'then' ? undefined : Reflect.ownKeys(null as never)) });

  test.each([
    ['a getter that throws', hostile],
    ['a proxy that throws', trap],
    ['text', 'UP'],
    ['null', null],
    ['a number', 1],
    ['a list', ['UP']],
    ['a status of another form', { status: { toString: () => 'UP' } }],
  ])('%s is DOWN, and the check goes on running', async (_, answer) => {
    let runs = 0;
    health.add({
      name: 'odd',
      intervalMs: 100,
      check: () => {
        runs++;
        return answer as HealthReport;
      },
    });
    await health.start();
    expect(health.report().components.odd).toMatchObject({
      status: 'DOWN',
      details: { error: 'the check answered neither a report nor true or false' },
    });
    await guard.clock.advance(1000);
    expect(runs).toBe(11);
  });

  test('details are bounded, without secrets, and always fit into JSON', async () => {
    const details = {
      text: 'x'.repeat(1_000_000),
      list: Array.from({ length: 100_000 }, (_, index) => index),
      password: 'hunter2',
      url: 'postgres://shop:hunter2@db/shop',
      big: 10n,
      circular,
      get broken(): never {
        throw new Error('no');
      },
    };
    health.add({ name: 'huge', check: () => ({ status: 'UP', details }) });
    health.add({ name: 'loud', check: () => Promise.reject(new Error(`no ${'x'.repeat(1_000_000)}`)) });
    await health.start();
    const text = JSON.stringify(health.report());
    expect(text.length).toBeLessThan(10_000);
    expect(text).not.toContain('hunter2');
    expect(health.report().components.huge?.status).toBe('UP');
  });

  test('an answer that comes after the limit is dropped, and the next run counts', async () => {
    let finish = (_: HealthReport) => {};
    health.add({
      name: 'late',
      timeoutMs: 100,
      intervalMs: 1000,
      check: () => new Promise<HealthReport>((resolve) => (finish = resolve)),
    });
    void health.start();
    await guard.clock.advance(150);
    finish({ status: 'UP' });
    await guard.clock.settle();
    expect(health.report().components.late?.status).toBe('DOWN');
    await guard.clock.advance(1000);
    finish({ status: 'UP' });
    await guard.clock.settle();
    expect(health.report().components.late?.status).toBe('UP');
  });

  test('an answer that mutates later changes nothing', async () => {
    const details: Record<string, unknown> = { connections: 1 };
    health.add({ name: 'pool', check: () => ({ status: 'UP', details }) });
    await health.start();
    details.connections = 2;
    expect(health.report().components.pool?.details).toEqual({ connections: 1 });
  });

  test.each([
    ['no name', { name: '' }],
    ['a name without end', { name: 'x'.repeat(1000) }],
    ['no check', { name: 'a', check: undefined as never }],
    ['an interval of 0', { intervalMs: 0 }],
    ['a limit that is no number', { timeoutMs: Number.NaN }],
    ['a group that is a path', { groups: ['a/b'] }],
    ['the group of the history', { groups: ['history'] }],
    ['groups that are no list', { groups: 'readiness' as never }],
  ])('a check with %s is refused', (_, part) => {
    expect(() => health.add({ name: 'a', check: () => true, ...part })).toThrow(
      expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }),
    );
  });
});

describe('what was', () => {
  test('is kept with time and cause, newest first, and the present says since when', async () => {
    const answers: HealthReport[] = [
      { status: 'UP' },
      { status: 'DOWN', details: { error: 'no connection' } },
      { status: 'DOWN', details: { error: 'no connection' } },
      { status: 'DEGRADED', details: { reason: 'slow' } },
    ];
    health.add({ name: 'db', intervalMs: 1000, check: () => answers.shift() ?? true });
    await health.start();
    const beganMs = guard.clock.wallTime();
    await guard.clock.advance(2500);
    expect(health.report().components.db).toMatchObject({ sinceMs: beganMs + 1000, ageMs: 500 });
    await guard.clock.advance(1500);
    expect(health.history).toEqual([
      { atMs: beganMs + 4000, name: 'db', previous: 'DEGRADED', status: 'UP', cause: undefined },
      { atMs: beganMs + 3000, name: 'db', previous: 'DOWN', status: 'DEGRADED', cause: 'slow' },
      { atMs: beganMs + 1000, name: 'db', previous: 'UP', status: 'DOWN', cause: 'no connection' },
      { atMs: beganMs, name: 'db', previous: 'UNKNOWN', status: 'UP', cause: undefined },
    ]);
  });

  test('is bounded for each component, so that one that flaps pushes out no others', async () => {
    let up = false;
    health.add({ name: 'calm', check: () => true });
    health.add({
      name: 'flapping',
      intervalMs: 10,
      check: () => {
        up = !up;
        return up;
      },
    });
    await health.start();
    await guard.clock.advance(4000);
    const names = health.history.map(({ name }) => name);
    expect(names.filter((name) => name === 'flapping')).toHaveLength(keptTransitions);
    expect(names).toContain('calm');
  });
});

describe('a process that was frozen', () => {
  test('runs each check once when it goes on, however many runs it has missed', async () => {
    // A clock that jumps: nothing rings meanwhile, and what is due rings once it goes on.
    const { clock } = guard;
    let jumpedMs = 0;
    const frozen = createHealth(makeEnv({ clock: { ...clock, now: () => clock.now() + jumpedMs }, random: () => 1 }));
    let runs = 0;
    frozen.add({ name: 'db', intervalMs: 1000, check: () => void runs++ });
    await frozen.start();
    jumpedMs = 3_600_000;
    await clock.advance(1000);
    expect(runs).toBe(2);
    await clock.advance(999);
    expect(runs).toBe(2);
    frozen[Symbol.dispose]();
  });
});

describe('whoever wants to know of changes', () => {
  test('is told when a status has changed, and only then; a listener that throws stops nobody', async () => {
    const answers = [true, true, false, false, true];
    const told: string[] = [];
    health.add({ name: 'db', intervalMs: 10, check: () => answers.shift() ?? true });
    const warned: string[] = [];
    const listen = (warning: Error) => void warned.push(warning.name);
    process.on('warning', listen);
    health.onChange(() => {
      throw new Error('broken listener');
    });
    const watching = health.onChange(() => void told.push(health.probe('readiness').body.status));
    await health.start();
    await guard.clock.advance(45);
    expect(told).toEqual(['UP', 'DOWN', 'UP']);
    watching[Symbol.dispose]();
    process.off('warning', listen);
    expect(warned).toContain('FwkListenerWarning');
  });
});
