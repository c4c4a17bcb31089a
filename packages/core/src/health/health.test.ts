import { type HealthReport, type HealthStatus, makeEnv } from '@fwk/kernel';
import { leakGuard, recordEvents } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHealth } from './create-health.js';
import type { HealthControl } from './health.js';
import { HealthCheck } from './health-check.js';
import { healthJson } from './health-json.js';
import { probeStatus, worstOf } from './status.js';

let guard: ReturnType<typeof leakGuard>;
let events: ReturnType<typeof recordEvents>;
let health: HealthControl;

beforeEach(() => {
  guard = leakGuard();
  events = recordEvents();
  health = createHealth(makeEnv({ clock: guard.clock, events, random: () => 1 }));
});

afterEach(() => {
  health[Symbol.dispose]();
  guard.check();
});

const up = { status: 'UP' } as const;

describe('checks', () => {
  test('are unknown until they have run, and then answer at once from the last result with its age', async () => {
    let answer: HealthReport = up;
    health.add({ name: 'db', check: () => answer, intervalMs: 1000 });
    expect(health.probe('readiness')).toEqual({ status: 200, body: { status: 'UNKNOWN' } });
    await health.start();
    expect(health.probe('readiness')).toEqual({ status: 200, body: { status: 'UP' } });
    answer = { status: 'DOWN', details: { error: 'no connection' } };
    await guard.clock.advance(999);
    expect(health.probe('readiness').status).toBe(200);
    await guard.clock.advance(1);
    expect(health.probe('readiness')).toEqual({ status: 503, body: { status: 'DOWN' } });
    await guard.clock.advance(250);
    expect(health.report().components.db).toMatchObject({ status: 'DOWN', ageMs: 250, details: answer.details });
  });

  test('run side by side, and start() ends when the slowest has answered or passed its limit', async () => {
    health.add({ name: 'quick', check: () => up });
    health.add({ name: 'hung', timeoutMs: 100, check: () => new Promise<HealthReport>(() => {}) });
    let ended = false;
    void health.start().then(() => {
      ended = true;
    });
    await guard.clock.advance(99);
    expect(ended).toBe(false);
    expect(health.report().components.quick?.status).toBe('UP');
    await guard.clock.advance(1);
    expect(ended).toBe(true);
    expect(health.report().components.hung).toMatchObject({
      status: 'DOWN',
      details: { error: 'no answer within 100 ms' },
    });
  });

  test('that hang are cancelled and not started again until they have ended', async () => {
    let running = 0;
    let cancelled = 0;
    let finish = () => {};
    health.add({
      name: 'hung',
      timeoutMs: 100,
      intervalMs: 100,
      check: (context) => {
        running++;
        context.onCancel(() => {
          cancelled++;
        });
        return new Promise<HealthReport>((resolve) => {
          finish = () => resolve(up);
        });
      },
    });
    void health.start();
    await guard.clock.advance(5000);
    expect([running, cancelled]).toEqual([1, 1]);
    finish();
    await guard.clock.advance(100);
    expect(running).toBe(2);
    expect(health.report().components.hung?.status).toBe('DOWN');
    finish();
    await guard.clock.settle();
    expect(health.report().components.hung?.status).toBe('UP');
  });

  test('that throw, at once or later, or answer nonsense are DOWN and say why', async () => {
    health.add({
      name: 'throws',
      check: () => {
        throw new Error('at once');
      },
    });
    health.add({ name: 'rejects', check: () => Promise.reject(new Error('later')) });
    health.add({ name: 'nonsense', check: () => ({ status: 'GREAT' as HealthStatus }) });
    await health.start();
    const { components } = health.report();
    expect(components.throws).toMatchObject({ status: 'DOWN', details: { error: 'at once' } });
    expect(components.rejects).toMatchObject({ status: 'DOWN', details: { error: 'later' } });
    expect(components.nonsense?.status).toBe('DOWN');
  });

  test('count for their own probes only', async () => {
    health.add({ name: 'downstream', check: () => ({ status: 'DOWN' }) });
    health.add({ name: 'deadlock', groups: ['liveness', 'startup'], check: () => ({ status: 'DEGRADED' }) });
    await health.start();
    expect(health.probe('liveness')).toEqual({ status: 200, body: { status: 'DEGRADED' } });
    expect(health.probe('readiness').status).toBe(503);
    expect(Object.keys(health.probe('startup', true).body.components ?? {})).toEqual(['application', 'deadlock']);
    expect(health.report().status).toBe('DOWN');
  });

  test('tell when their status changes, and only then', async () => {
    const answers: HealthStatus[] = ['UP', 'UP', 'DOWN', 'DOWN', 'UP'];
    health.add({ name: 'db', intervalMs: 10, check: () => ({ status: answers.shift() ?? 'UP' }) });
    await health.start();
    await health.ready();
    await guard.clock.advance(45);
    expect(events.all.map((event) => [event.name, event.data.previous, event.data.status])).toEqual([
      ['health.changed', 'UP', 'DOWN'],
      ['health.changed', 'DOWN', 'UP'],
    ]);
  });

  test('announce nothing of a start that ends well, although a check is UP only once the application is ready', async () => {
    const answers: HealthStatus[] = ['DEGRADED', 'UP'];
    health.add({ name: 'registry', check: () => ({ status: answers.shift() ?? 'UP' }) });
    await health.start();
    await health.ready();
    expect([health.report().status, events.names]).toEqual(['UP', []]);
  });

  test('announce what is still not UP when the application is ready, once', async () => {
    health.add({ name: 'registry', check: () => ({ status: 'DEGRADED' }) });
    await health.start();
    await guard.clock.advance(6000);
    expect(events.names).toEqual([]);
    await health.ready();
    await guard.clock.advance(20_000);
    expect(events.all.map(({ data }) => [data.name, data.previous, data.status])).toEqual([
      ['registry', 'UNKNOWN', 'DEGRADED'],
    ]);
  });

  test.each([true, false])(
    'that hang hold a start for a second, not for their limit (ends when cancelled: %s)',
    async (ends) => {
      health.add({
        name: 'hung',
        timeoutMs: 30_000,
        check: (context) =>
          new Promise<HealthReport>((_, reject) => {
            if (ends) context.onCancel(reject);
          }),
      });
      const started = health.start().then(() => health.ready());
      let ended = false;
      void started.then(() => {
        ended = true;
      });
      await guard.clock.advance(1000);
      expect(ended).toBe(true);
      expect(health.report().components.hung?.status).toBe('UNKNOWN');
      await guard.clock.advance(29_000);
      expect(events.all.map(({ data }) => data.status)).toEqual(['DOWN']);
    },
  );

  test('that gave no answer in time are not waited for a second time when the application is ready', async () => {
    let runs = 0;
    health.add({
      name: 'hung',
      timeoutMs: 400,
      check: (context) =>
        new Promise<HealthReport>((_, reject) => {
          runs++;
          context.onCancel(reject);
        }),
    });
    void health.start();
    await guard.clock.advance(400);
    await health.ready();
    expect([runs, events.all.map(({ data }) => data.status)]).toEqual([1, ['DOWN']]);
  });

  test('added late run at once; removed ones are forgotten and their name is free', async () => {
    await health.start();
    const added = health.add({ name: 'late', check: () => ({ status: 'DOWN' }) });
    await guard.clock.settle();
    expect(health.probe('readiness').status).toBe(503);
    expect(() => health.add({ name: 'late', check: () => up })).toThrow(
      expect.objectContaining({ code: 'FWK_CORE_DUPLICATE_INDICATOR' }),
    );
    added[Symbol.dispose]();
    expect(health.probe('readiness').status).toBe(200);
    health.add({ name: 'late', check: () => up });
  });

  test('say what the application itself is', () => {
    let own: HealthStatus = 'OUT_OF_SERVICE';
    const ofApp = createHealth({}, (group) => (group === 'liveness' ? 'UP' : own));
    expect(ofApp.probe('readiness')).toEqual({ status: 503, body: { status: 'OUT_OF_SERVICE' } });
    expect(ofApp.probe('liveness').status).toBe(200);
    own = 'UP';
    expect(ofApp.probe('readiness').status).toBe(200);
  });
});

describe('@HealthCheck', () => {
  class Base {
    @HealthCheck('inherited')
    inherited() {}
  }
  class Checked extends Base {
    readonly #why = 'its own this';

    @HealthCheck('own', { group: 'liveness', timeoutMs: 10, intervalMs: 20 })
    own() {
      return { status: 'DEGRADED', details: { why: this.#why } };
    }

    @HealthCheck('no')
    no() {
      return false;
    }
  }

  test('finds the methods of an instance and of the classes above, and calls them on it', async () => {
    health.addDeclared(new Checked());
    health.addDeclared('not an object');
    await health.start();
    const { components } = health.report();
    expect(components.own).toMatchObject({
      status: 'DEGRADED',
      details: { why: 'its own this' },
      groups: ['liveness'],
    });
    expect(components.no?.status).toBe('DOWN');
    expect(components.inherited).toMatchObject({ status: 'UP', groups: ['readiness'] });
  });
});

describe('statuses', () => {
  const order: HealthStatus[] = ['DOWN', 'OUT_OF_SERVICE', 'DEGRADED', 'UNKNOWN', 'UP'];

  test('the worst of several wins, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...order), { minLength: 1 }), (statuses) => {
        const worst = Math.min(...statuses.map((status) => order.indexOf(status)));
        expect(worstOf(statuses)).toBe(order[worst]);
      }),
    );
    expect(worstOf([])).toBe('UP');
  });

  test('only DOWN and OUT_OF_SERVICE answer 503', () => {
    expect(order.map(probeStatus)).toEqual([503, 503, 200, 200, 200]);
  });
});

describe('application/health+json', () => {
  test('says pass, warn or fail, and when each was found', async () => {
    health.add({ name: 'db', check: () => ({ status: 'DOWN', details: { error: 'no connection' } }) });
    health.add({ name: 'cache', check: () => ({ status: 'DEGRADED' }) });
    await health.start();
    await guard.clock.advance(1000);
    const app = { name: 'shop', version: '1.0.0', owner: 'us', instanceId: 'shop-1' };
    expect(healthJson(health.report(), app, 1_700_000_001_000)).toEqual({
      status: 'fail',
      version: '1.0.0',
      releaseId: '1.0.0',
      serviceId: 'shop',
      description: 'shop-1',
      checks: {
        'application:responseTime': [{ componentType: 'component', status: 'pass' }],
        'db:responseTime': [
          {
            componentType: 'component',
            status: 'fail',
            observedValue: 0,
            observedUnit: 'ms',
            time: '2023-11-14T22:13:20.000Z',
            output: 'no connection',
          },
        ],
        'cache:responseTime': [
          {
            componentType: 'component',
            status: 'warn',
            observedValue: 0,
            observedUnit: 'ms',
            time: '2023-11-14T22:13:20.000Z',
          },
        ],
      },
    });
  });
});
