import { createServer } from 'node:http';
import { type CallContext, type Component, type ComponentContext, ownerOf, sleep, token } from '@fwk/kernel';
import { leakGuard, recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { inject } from '../container/inject.js';
import { Injectable } from '../container/injectable.js';
import { healthToken } from '../health/health.js';
import { HealthCheck } from '../health/health-check.js';
import { drainToken } from '../lifecycle/drain.js';
import { createApp } from './app.js';
import type { AppOptions } from './app-options.js';

const base = { name: 'shop', version: '1.0.0', owner: 'us', use: [], management: false, signals: false } as const;
const quiet = { ...base, logging: { level: 'silent' } } satisfies AppOptions;

/** A component that writes down its steps; some of them may do more. */
function noting(name: string, log: string[], more: Partial<Component> = {}): Component {
  const step = (what: 'start' | 'ready' | 'drain' | 'stop') => async (context: ComponentContext) => {
    log.push(`${name} ${what}`);
    await more[what]?.(context);
  };
  return {
    name,
    provide(provision, app) {
      log.push(`${name} provide`);
      more.provide?.(provision, app);
    },
    start: step('start'),
    ready: step('ready'),
    drain: step('drain'),
    stop: step('stop'),
  };
}

function steady(log: string[], options: Partial<AppOptions> = {}) {
  const { clock } = leakGuard();
  const events = recordEvents();
  const app = createApp({ ...quiet, env: { clock, events }, ...options, use: options.use ?? [noting('only', log)] });
  return { app, clock, events };
}

describe('the order of things', () => {
  test('components are shown each instance that the application holds, once, with its owner', async () => {
    @Injectable()
    class Shelf {}
    @Injectable({ scope: 'transient' })
    class Slip {}
    const [builtFirst, builtNext]: object[][] = [[], []];
    const { app } = steady([], {
      use: [
        { name: 'first', built: (instance) => void builtFirst?.push(instance) },
        { name: 'next', built: (instance) => void builtNext?.push(instance) },
      ],
      providers: [Shelf, Slip],
      shutdown: { propagationDelayMs: 0 },
    });
    await app.start();
    const shelf = app.get(Shelf);
    app.get(Slip);
    const shown = (list: object[] = []) => list.filter((each) => each instanceof Shelf || each instanceof Slip);
    expect([shown(builtFirst), shown(builtNext)]).toEqual([[shelf], [shelf]]);
    expect(ownerOf(shelf)).toBeDefined();
    await app.stop();
  });

  test('provide, start and ready go forwards; drain and stop backwards, the delay in between', async () => {
    const log: string[] = [];
    const { app, clock, events } = steady(log, { use: [noting('config', log), noting('server', log)] });
    expect(log.splice(0)).toEqual(['config provide', 'server provide']);
    expect(app.state).toBe('created');
    await app.start();
    expect(app.state).toBe('ready');
    expect(log.splice(0)).toEqual(['config start', 'server start', 'config ready', 'server ready']);
    const stopped = app.stop();
    await clock.settle();
    expect(app.state).toBe('draining');
    expect(log.splice(0)).toEqual(['server drain', 'config drain']);
    await clock.advance(999);
    expect(log).toEqual([]);
    await clock.advance(1);
    await stopped;
    expect(log).toEqual(['server stop', 'config stop']);
    expect(app.state).toBe('stopped');
    // On a busy machine the event loop is late, and its health check says so.
    const steps = events.names.filter((name) => name !== 'health.changed');
    expect(steps).toEqual(['app.started', 'drain.began', 'drain.ended', 'app.stopped']);
    expect(clock.pending).toBe(0);
  });

  test('readiness is what probes need: not before the start has ended, and gone before all else when it stops', async () => {
    const log: string[] = [];
    const seen: Record<string, number> = {};
    const look = (name: string) => (context: ComponentContext) => {
      seen[name] = context.get(healthToken).probe('readiness').status;
    };
    const watcher = noting('watcher', log, {
      start: look('start'),
      ready: look('ready'),
      drain: look('drain'),
      stop: look('stop'),
    });
    const { app, clock } = steady(log, { use: [watcher] });
    await app.start();
    await expect(app.start()).rejects.toThrow('because it is ready; start() is called once: leave this call out');
    expect(app.get(healthToken).probe('readiness').status).toBe(200);
    const stopped = app.stop();
    await clock.advance(1000);
    await stopped;
    expect(seen).toEqual({ start: 503, ready: 503, drain: 503, stop: 503 });
    expect(app.get(healthToken).probe('liveness').status).toBe(200);
  });

  test('servers stop accepting after the delay, and components stop when the calls in flight are answered', async () => {
    const log: string[] = [];
    const server = noting('server', log, {
      start(context) {
        const drain = context.get(drainToken);
        drain.onDrain(() => log.push('server says close'));
        drain.onClose(() => void log.push('server stops accepting'));
      },
    });
    const { app, clock, events } = steady(log, { use: [server] });
    await app.start();
    log.length = 0;
    const call = app.get(drainToken).track();
    const stopped = app.stop();
    await clock.advance(1000);
    expect(log).toEqual(['server says close', 'server drain', 'server stops accepting']);
    await clock.advance(5000);
    expect(log).toHaveLength(3);
    call[Symbol.dispose]();
    await stopped;
    expect(log.at(-1)).toBe('server stop');
    expect(events.all.find((event) => event.name === 'drain.ended')?.data).toEqual({ abandoned: 0 });
  });

  test('calls that never end are given up in time and counted', async () => {
    const log: string[] = [];
    const { app, clock, events } = steady(log, { shutdown: { drainTimeoutMs: 3000 } });
    await app.start();
    app.get(drainToken).track();
    const stopped = app.stop();
    await clock.advance(4000);
    await stopped;
    expect(events.all.at(-1)?.data).toMatchObject({ abandoned: 1, durationMs: 4000, failures: [] });
  });

  test('a component reaches what others provide, and what servers announce', async () => {
    const greeting = token<string>('greeting');
    const log: string[] = [];
    const provider = noting('provider', log, { provide: (provision) => provision.value(greeting, 'hello') });
    const server = noting('server', log, {
      start: (context) => context.announce({ address: '127.0.0.1', port: 80, contracts: [context.get(greeting)] }),
    });
    const reader = noting('reader', log, {
      ready: (context) => void log.push(`${context.app.name} ${context.announcements[0]?.contracts[0]}`),
    });
    const { app } = steady(log, { use: [provider, server, reader], shutdown: { propagationDelayMs: 0 } });
    await app.start();
    expect(log.at(-1)).toBe('shop hello');
    await app.stop();
  });
});

describe('what the container builds', () => {
  test('is started before the application is ready, disposed in reverse, and its checks count', async () => {
    const log: string[] = [];
    @Injectable()
    class Store {
      async onStart() {
        log.push('store started');
      }
      [Symbol.dispose]() {
        log.push('store disposed');
      }
    }
    class Desk {
      readonly store = inject(Store);
      @HealthCheck('desk')
      isOpen() {
        return false;
      }
      async [Symbol.asyncDispose]() {
        log.push('desk disposed');
      }
    }
    const { app } = steady(log, { providers: [Desk], shutdown: { propagationDelayMs: 0 } });
    await app.start();
    expect(log).toEqual(['only provide', 'only start', 'store started', 'only ready']);
    expect(app.get(healthToken).report().components.desk?.status).toBe('DOWN');
    log.length = 0;
    await app.stop();
    expect(log).toEqual(['only drain', 'only stop', 'desk disposed', 'store disposed']);
  });

  test('an override wins over what a component provides', () => {
    const price = token<number>('price');
    const { app } = steady([], {
      use: [{ name: 'prices', provide: (provision) => provision.value(price, 1) }],
      overrides: [[price, { useValue: 2 }]],
    });
    expect(app.get(price)).toBe(2);
  });
});

describe('a start that fails', () => {
  test('stops what had started, in reverse, and rejects with the step’s name', async () => {
    const log: string[] = [];
    const broken = noting('broken', log, {
      start() {
        throw new Error('no disk');
      },
    });
    const { app, events, clock } = steady(log, {
      use: [noting('first', log), noting('second', log), broken, noting('never', log)],
    });
    await expect(app.start()).rejects.toMatchObject({
      code: 'FWK_CORE_STEP_FAILED',
      message: '"broken" failed in its step "start": no disk',
    });
    expect(log.slice(4)).toEqual(['first start', 'second start', 'broken start', 'second stop', 'first stop']);
    expect(app.state).toBe('failed');
    expect(events.names).toContain('app.failed');
    expect(clock.pending).toBe(0);
    await app.stop();
    await expect(app.start()).rejects.toMatchObject({
      code: 'FWK_CORE_WRONG_STATE',
      message: '"shop" cannot be started, because its start has failed; make a new one with createApp()',
    });
  });

  test('names the step that hangs, after its limit, and cancels it', async () => {
    const log: string[] = [];
    let call: CallContext | undefined;
    const hanging = noting('registry', log, {
      start: (context) => {
        call = context.call;
        return new Promise(() => {});
      },
    });
    const { app, clock } = steady(log, { use: [hanging], stepTimeoutMs: 500 });
    const failed = expect(app.start()).rejects.toMatchObject({
      code: 'FWK_CORE_STEP_TIMEOUT',
      details: { component: 'registry', step: 'start', limitMs: 500 },
    });
    await clock.advance(500);
    await failed;
    expect(call?.cancelled).toBe(true);
  });

  test('because it was stopped meanwhile ends at once', async () => {
    const log: string[] = [];
    const slow = noting('slow', log, { start: (context) => sleep(clock, 5000, context.call) });
    const { app, clock, events } = steady(log, { use: [noting('first', log), slow] });
    const failed = expect(app.start()).rejects.toMatchObject({
      code: 'FWK_CORE_START_STOPPED',
      message: '"shop" was stopped before its start had ended (changed my mind); what had started was stopped again',
    });
    await clock.advance(10);
    await app.stop('changed my mind');
    await failed;
    expect(app.state).toBe('stopped');
    expect(events.names).toEqual(expect.arrayContaining(['app.stopped']));
    expect(events.names).not.toContain('app.failed');
    expect(log.slice(-1)).toEqual(['first stop']);
    expect(clock.pending).toBe(0);
  });

  test('a check that needs longer than a step may take does not fail it', async () => {
    const { app, clock } = steady([], {
      use: [
        {
          name: 'slow',
          health: () => [{ name: 'db', timeoutMs: 60_000, check: () => new Promise(() => {}) }],
        },
      ],
      stepTimeoutMs: 100,
      shutdown: { propagationDelayMs: 0 },
    });
    const started = app.start();
    await clock.advance(100);
    await started;
    expect(app.get(healthToken).report().components.db?.status).toBe('UNKNOWN');
    await app.stop();
    expect(clock.pending).toBe(0);
  });
});

describe('a stop that fails', () => {
  test('tries everything, and then says all that went wrong', async () => {
    const log: string[] = [];
    const failing = (name: string) =>
      noting(name, log, {
        stop() {
          throw new Error(`${name} is stuck`);
        },
      });
    const { app } = steady(log, {
      use: [failing('first'), noting('second', log), failing('third')],
      shutdown: { propagationDelayMs: 0 },
    });
    await app.start();
    log.length = 0;
    await expect(app.stop()).rejects.toMatchObject({
      code: 'FWK_CORE_STOP_FAILED',
      errors: [{ code: 'FWK_CORE_STEP_FAILED' }, { code: 'FWK_CORE_STEP_FAILED' }],
      message: expect.stringMatching(/third is stuck.*first is stuck/),
    });
    expect(log).toEqual(['third drain', 'second drain', 'first drain', 'third stop', 'second stop', 'first stop']);
    expect(app.state).toBe('stopped');
  });

  test('is over when the total time is over, and has begun every step by then', async () => {
    const log: string[] = [];
    const hanging = (name: string) => noting(name, log, { stop: () => new Promise<void>(() => {}) });
    const { app, clock } = steady(log, {
      use: [hanging('first'), hanging('second'), hanging('third')],
      stepTimeoutMs: 1000,
      shutdown: { propagationDelayMs: 0, totalMs: 1500 },
    });
    await app.start();
    log.length = 0;
    const begunMs = clock.now();
    const failed = expect(app.stop()).rejects.toMatchObject({
      errors: [{ details: { limitMs: 1000 } }, { details: { limitMs: 500 } }, { details: { limitMs: 0 } }],
    });
    await clock.advance(1500);
    await failed;
    expect(clock.now() - begunMs).toBe(1500);
    expect(log.slice(3)).toEqual(['third stop', 'second stop', 'first stop']);
  });

  test('asked twice is done once', async () => {
    const log: string[] = [];
    const { app } = steady(log, { shutdown: { propagationDelayMs: 0 } });
    await app.start();
    log.length = 0;
    await Promise.all([app.stop(), app.stop(), app[Symbol.asyncDispose]()]);
    expect(log).toEqual(['only drain', 'only stop']);
  });

  test('of an application that never started disposes what was built', async () => {
    const log: string[] = [];
    class Thing {
      [Symbol.dispose]() {
        log.push('disposed');
      }
    }
    const { app } = steady([], { use: [], providers: [Thing] });
    app.get(Thing);
    await app.stop();
    expect(log).toEqual(['disposed']);
    expect(app.state).toBe('stopped');
  });
});

test('an application needs no components', async () => {
  const { use: _, ...alone } = base;
  for (const options of [alone, { ...alone, use: undefined }] as AppOptions[]) {
    await using app = createApp({ ...options, logging: { level: 'silent' }, shutdown: { propagationDelayMs: 0 } });
    await app.start();
    expect(app.state).toBe('ready');
  }
});

describe('what is wrong is said before anything runs', () => {
  const cases: [string, Partial<AppOptions>, string, RegExp][] = [
    ['a name with blanks', { name: 'my shop' }, 'FWK_KERNEL_OPTIONS_INVALID', /name must be letters/],
    [
      'components that are no list',
      { use: null as never },
      'FWK_KERNEL_OPTIONS_INVALID',
      /use must be a list of components/,
    ],
    [
      'a misspelt option',
      { porviders: [] } as never,
      'FWK_KERNEL_OPTIONS_INVALID',
      /unknown option "porviders", did you mean "providers"\?/,
    ],
    [
      'a version of two numbers',
      { version: '1.0' },
      'FWK_KERNEL_OPTIONS_INVALID',
      /version must be a semantic version such as "1\.4\.0" or .*, not "1\.0"/,
    ],
    ['a step limit of 0', { stepTimeoutMs: 0 }, 'FWK_KERNEL_OPTIONS_INVALID', /stepTimeoutMs must be a number from 1/],
    ['a wrong shutdown', { shutdown: { totalMs: -1 } }, 'FWK_KERNEL_OPTIONS_INVALID', /totalMs must be/],
    ['a wrong level', { logging: { level: 'loud' as 'info' } }, 'FWK_KERNEL_OPTIONS_INVALID', /level must be one of/],
    ['two of one name', { use: [{ name: 'x' }, { name: 'x' }] }, 'FWK_CORE_DUPLICATE_COMPONENT', /named "x"/],
    ['an open address', { management: { host: '0.0.0.0' } }, 'FWK_CORE_MANAGEMENT_EXPOSED', /"0\.0\.0\.0" could be/],
    ['a wrong port', { management: { port: 70_000 } }, 'FWK_KERNEL_OPTIONS_INVALID', /port must be a whole number/],
  ];
  test.each(cases)('%s', (_, options, code, message) => {
    const make = () => createApp({ ...quiet, ...options });
    expect(make).toThrow(expect.objectContaining({ code }));
    expect(make).toThrow(message);
  });

  const discovery = () => ({ name: 'discovery' });
  class Shelf {
    readonly name = 'shelf';
  }
  test.each<[string, object, string]>([
    [
      'a function that was not called',
      { use: [discovery] },
      'use[0] must be a component, not a function: call it, discovery()',
    ],
    [
      'a class in the place of an instance',
      { use: [{ name: 'x' }, Shelf] },
      'use[1] must be a component, not the class Shelf: give an instance',
    ],
    [
      'a server of Node.js',
      { use: [createServer()] },
      'use[0] must be a component, not a server or an application of another framework: give protect(it) of @fwk/http/protect',
    ],
    [
      'an application of Express, which is a function',
      { use: [Object.assign(() => {}, { listen: () => {} })] },
      'use[0] must be a component, not a server or an application of another framework: give protect(it) of @fwk/http/protect',
    ],
    ['a promise', { use: [Promise.resolve(discovery())] }, 'use[0] must be a component, not a promise: await it'],
    [
      'nothing',
      { use: [undefined] },
      'use[0] must be a component, an object with a name, not undefined; either it is misspelt',
    ],
    ['an object without a name', { use: [{}] }, 'use[0] must be a component, an object with a name, not an object'],
    [
      'an instance in the place of its class',
      { providers: [new Shelf()] },
      'providers[0] must be a class or a pair [key, provider], not an instance of Shelf; for an instance that exists give [Shelf, { useValue: it }]',
    ],
    ['half a pair', { overrides: [[Shelf]] }, 'overrides[0] must be a class or a pair [key, provider], not an array'],
    [
      'a misspelt part of the environment',
      { env: { clok: {} } },
      'env has an unknown part "clok", did you mean "clock"? (known: clock, random,',
    ],
    ['a name of a check', { checks: ['db'] }, 'checks[0] must be a health check or a class of one, not "db"'],
  ])('%s among the lists, with what to write in its place', (_, lists, message) => {
    expect(() => createApp({ ...quiet, ...lists } as AppOptions)).toThrow(message);
  });

  test('a token that is too short, without quoting it', () => {
    const make = () => createApp({ ...quiet, management: { host: '0.0.0.0', token: 'hunter2' } });
    expect(make).toThrow('token must be 16 to 1024 visible ASCII characters');
    expect(make).not.toThrow(/hunter2/);
  });

  test('a component that cannot provide, by name', () => {
    const key = token('twice');
    const provide: Component['provide'] = (provision) => provision.value(key, 1);
    expect(() =>
      createApp({
        ...quiet,
        use: [
          { name: 'one', provide },
          { name: 'two', provide },
        ],
      }),
    ).toThrow(/"two" failed in its step "provide": twice is registered already/);
  });
});

describe('management of an application', () => {
  test('listens while it runs, with the endpoints of its components', async () => {
    const app = createApp({
      ...quiet,
      management: {},
      shutdown: { propagationDelayMs: 0 },
      use: [{ name: 'extra', manage: () => [{ path: 'extra', handle: () => ({ here: true }) }] }],
    });
    expect(app.managementUrl).toBeUndefined();
    await app.start();
    const url = `${app.managementUrl}/manage`;
    expect(await (await fetch(`${url}/extra`)).json()).toEqual({ here: true });
    expect(await (await fetch(`${url}/info`)).json()).toMatchObject({ name: 'shop', state: 'ready' });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('target_info{');
    await app.stop();
    expect(app.managementUrl).toBeUndefined();
    await expect(fetch(`${url}/info`)).rejects.toThrow();
  });

  test('on a taken port fails the start, by name', async () => {
    const one = createApp({ ...quiet, management: {}, shutdown: { propagationDelayMs: 0 } });
    await one.start();
    const port = Number(new URL(one.managementUrl ?? '').port);
    const two = createApp({ ...quiet, management: { port } });
    await expect(two.start()).rejects.toMatchObject({
      code: 'FWK_CORE_STEP_FAILED',
      details: { component: 'management', step: 'start' },
      cause: { code: 'FWK_CORE_PORT_TAKEN' },
    });
    await one.stop();
  });
});

test('asks a component once for the steps of this application, and says who failed to make them', async () => {
  const asked: string[] = [];
  const component: Component = {
    name: 'counter',
    start: () => asked.push('never') as never,
    forApplication: (app) => {
      asked.push(app.name);
      return { start: () => void asked.push('start'), stop: () => void asked.push('stop') };
    },
  };
  const app = createApp({ ...quiet, name: 'shop', use: [component] });
  await app.start();
  await app.stop();
  expect(asked).toEqual(['shop', 'start', 'stop']);
  const broken: Component = {
    name: 'broken',
    forApplication: () => {
      throw new Error('no');
    },
  };
  expect(() => createApp({ ...quiet, use: [broken] })).toThrow(
    expect.objectContaining({
      code: 'FWK_CORE_STEP_FAILED',
      message: '"broken" failed in its step "forApplication": no',
    }),
  );
});
