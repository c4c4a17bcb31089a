/** Health in an application: where checks come from, which settings they follow, and what is shown of them. */
import { type CallContext, type HealthIndicator, type HealthReport, liveValue, token } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import { inject } from '../container/inject.js';
import { healthToken } from '../health/health.js';
import { HealthCheck } from '../health/health-check.js';
import { testApp } from '../testing/test-app.js';
import { createApp } from './app.js';

class Database {
  async ping(context: CallContext): Promise<void> {
    if (context.cancelled) throw new Error('cancelled');
  }
}

const quiet = {
  name: 'shop',
  version: '1.0.0',
  owner: 'us',
  signals: false,
  logging: { level: 'silent' },
  shutdown: { propagationDelayMs: 0 },
} as const;

/** A class of a check, which the container builds. */
class DatabaseHealth implements HealthIndicator {
  readonly name = 'database';
  readonly groups = ['readiness', 'deep'];
  readonly #database = inject(Database);

  async check(context: CallContext): Promise<HealthReport> {
    await this.#database.ping(context);
    return { status: 'UP' };
  }
}

test('checks are objects, classes that the container builds, methods and components', async () => {
  class Prices {
    @HealthCheck('prices', { groups: ['deep'], optional: true })
    isFresh() {
      return false;
    }
  }
  await using app = await testApp({
    checks: [{ name: 'queue', check: () => true }, DatabaseHealth],
    providers: [Database, Prices],
    use: [{ name: 'mail', health: () => [{ name: 'mail', check: () => ({ status: 'DEGRADED' }) }] }],
  });
  const { components } = app.get(healthToken).report();
  expect(components).toMatchObject({
    queue: { status: 'UP', groups: ['readiness'] },
    database: { status: 'UP', groups: ['readiness', 'deep'] },
    prices: { status: 'DOWN', groups: ['deep'], optional: true },
    mail: { status: 'DEGRADED' },
  });
  expect(Object.keys(app.get(healthToken).report('deep').components)).toEqual(['prices', 'database']);
});

test('the process itself is checked, without anybody asking for it and without holding the start', async () => {
  await using app = await testApp();
  const health = app.get(healthToken);
  await vi.waitFor(() => {
    const { components } = health.report();
    expect(components['event-loop']?.details).toHaveProperty('utilization');
    expect(components.memory?.details).toHaveProperty('heapLimitBytes');
    expect(components.disk?.details).toHaveProperty('freeBytes');
  });
  expect(health.report().components).not.toHaveProperty('overload');
  expect(health.probe('readiness', true).body.components).toEqual({
    application: expect.objectContaining({ status: 'UP' }),
  });
});

test('a check of the application goes before a built-in one of its name', async () => {
  await using app = await testApp({
    checks: [{ name: 'memory', check: () => ({ status: 'UP', details: { own: 1 } }) }],
  });
  expect(app.get(healthToken).report().components.memory?.details).toEqual({ own: 1 });
});

describe('settings', () => {
  const live = token<ReturnType<typeof liveValue<unknown>>>('settings');

  test('are found once the components have started, and followed', async () => {
    const source = liveValue<unknown>(undefined);
    const clock = fakeClock();
    let runs = 0;
    await using app = await testApp({
      env: { clock, random: () => 1 },
      use: [
        {
          name: 'config',
          provide: (provision) => provision.value(live, source),
          start: () => source.set({ checks: { db: { intervalMs: 100 }, disk: { enabled: false } } }),
        },
      ],
      checks: [{ name: 'db', check: () => void runs++ }],
      health: (resolver) => resolver.get(live),
    });
    await clock.advance(1000);
    expect(runs).toBe(11);
    expect(app.get(healthToken).report().components).not.toHaveProperty('disk');
    source.set({ overload: { inFlight: 1000 } });
    await clock.advance(1000);
    expect(runs).toBe(11);
    expect(app.get(healthToken).report().components.overload?.details).toMatchObject({ inFlight: 0 });
  });

  test('that are wrong fail the making, or the start where they are found later', async () => {
    const invalid = { code: 'FWK_KERNEL_OPTIONS_INVALID', message: expect.stringContaining('jitter must be') };
    expect(() => createApp({ ...quiet, health: { jitter: 5 } })).toThrow(expect.objectContaining(invalid));
    expect(() => createApp({ ...quiet, checks: 'db' as never })).toThrow(/checks must be a list of health checks/);
    await expect(testApp({ health: () => ({ jitter: 5 }) })).rejects.toMatchObject({
      message: expect.stringContaining('jitter must be'),
    });
  });

  test('that name no check are told of when the application is ready', async () => {
    const lines: string[] = [];
    await using _app = await testApp({
      logging: { level: 'warn', destination: { write: (line) => void lines.push(line) } },
      health: { checks: { databse: { enabled: false } } },
    });
    await vi.waitFor(() => expect(lines.join('')).toContain('databse'));
  });
});

test('readiness of an instance that is overloaded is 503 for as long as settings say, liveness stays', async () => {
  const clock = fakeClock();
  await using app = await testApp({
    env: { clock, random: () => 1 },
    health: { overload: { inFlight: 1, afterMs: 2000, backAfterMs: 2000 } },
  });
  const health = app.get(healthToken);
  const { drainToken } = await import('../lifecycle/drain.js');
  const calls = [app.get(drainToken).track(), app.get(drainToken).track()];
  await clock.advance(1500);
  expect(health.probe('readiness').status).toBe(200);
  await clock.advance(2000);
  expect([health.probe('readiness').status, health.probe('liveness').status]).toEqual([503, 200]);
  for (const call of calls) call[Symbol.dispose]();
  await clock.advance(5000);
  expect(health.probe('readiness').status).toBe(200);
  expect(health.history.map(({ name, status }) => `${name} ${status}`)).toContain('overload OUT_OF_SERVICE');
});

describe('/manage/health', () => {
  const ask = async (url: string, accept = '*/*') => {
    const answer = await fetch(url, { headers: { accept } });
    const json = (await answer.json()) as Record<string, Record<string, unknown>>;
    return { status: answer.status, type: answer.headers.get('content-type'), json };
  };

  test('has a page for each group, one for the history, and names the groups to those who miss', async () => {
    await using app = await testApp({
      management: {},
      checks: [
        { name: 'db', groups: ['readiness', 'deep'], check: () => true },
        { name: 'adverts', groups: ['deep'], check: () => Promise.reject(new Error('gone')) },
      ],
    });
    const page = `${app.managementUrl}/manage/health`;
    expect(await ask(`${page}/readiness`)).toMatchObject({ status: 200, json: { status: 'UP' } });
    const deep = await ask(`${page}/deep`);
    expect(deep).toMatchObject({ status: 503, json: { status: 'DOWN', components: { db: { status: 'UP' } } } });
    expect(deep.json.components?.adverts).toMatchObject({ details: { error: 'gone' }, sinceMs: expect.any(Number) });
    const standard = await ask(`${page}/deep`, 'application/json;q=0.5, application/health+json');
    expect(standard).toMatchObject({ status: 503, type: 'application/health+json' });
    expect(standard.json).toMatchObject({ status: 'fail', checks: { 'adverts:responseTime': [{ output: 'gone' }] } });
    expect((await ask(`${page}/history`)).json.transitions).toContainEqual(
      expect.objectContaining({ name: 'adverts', previous: 'UNKNOWN', status: 'DOWN', cause: 'gone' }),
    );
    const missed = await ask(`${page}/depp`);
    expect(missed.status).toBe(404);
    expect(missed.json.known).toContain('/manage/health/deep');
  });

  test('answers at once while every check hangs', async () => {
    const checks = Array.from({ length: 50 }, (_, index) => {
      return { name: `hung-${index}`, check: () => new Promise<HealthReport>(() => {}) };
    });
    const clock = fakeClock();
    const app = createApp({ ...quiet, env: { clock }, management: {}, checks });
    const started = app.start();
    await vi.waitFor(() => expect(app.managementUrl).toBeDefined());
    const page = `${app.managementUrl}/manage/health`;
    expect((await ask(`${page}/readiness`)).status).toBe(503);
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect(app.state).toBe('ready');
    });
    await started;
    expect((await ask(`${page}/readiness`)).json).toMatchObject({ status: 'DOWN' });
    expect((await ask(`${page}/liveness`)).status).toBe(200);
    await app.stop();
    expect(clock.pending).toBe(0);
  });

  test('takes the token where one is configured, for every page', async () => {
    const token = 'a-token-of-some-length';
    await using app = await testApp({ management: { token } });
    for (const path of ['', '/readiness', '/history', '/nothing']) {
      const url = `${app.managementUrl}/manage/health${path}`;
      expect((await fetch(url)).status).toBe(401);
    }
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${app.managementUrl}/manage/health/history`, { headers })).status).toBe(200);
  });
});
