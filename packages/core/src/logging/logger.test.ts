import {
  background,
  callerKey,
  FwkError,
  type LogFields,
  mask,
  operationKey,
  runInContext,
  traceKey,
} from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { createLogger } from './logger.js';
import type { LoggerOptions } from './logger-options.js';

function recorded(options: Partial<LoggerOptions> = {}) {
  const clock = fakeClock();
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ clock, destination, bindings: { service: 'shop' }, ...options });
  return { clock, logger, lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1, tracestate: '' };
const traced = background.with({ values: [traceKey.of(trace)] });

describe('the logger', () => {
  test('writes each line at once, with its own time, trace and level', async () => {
    const { clock, logger, lines } = recorded();
    logger.info({ order: 1 }, 'first');
    await clock.advance(20);
    runInContext(traced, () => logger.warn({}, 'second'));
    expect(lines()).toEqual([
      { level: 'info', time: '2023-11-14T22:13:20.000Z', service: 'shop', order: 1, message: 'first' },
      {
        level: 'warn',
        time: '2023-11-14T22:13:20.020Z',
        service: 'shop',
        traceId: trace.traceId,
        spanId: trace.spanId,
        message: 'second',
      },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('says of the call that a line belongs to its operation and its caller, once', () => {
    const { logger, lines } = recorded();
    const call = traced.with({ values: [operationKey.of('orders.place'), callerKey.of('storefront')] });
    runInContext(call, () => {
      logger.info({ operation: 'orders.place', caller: 'somebody else' }, 'in the call');
      logger.child({ operation: 'payment.charge' }).info({}, 'by a child');
    });
    logger.info({ operation: 'nightly' }, 'outside');
    expect(lines()).toMatchObject([
      { operation: 'orders.place', caller: 'storefront', _caller: 'somebody else', traceId: trace.traceId },
      { operation: 'orders.place', _operation: 'payment.charge', caller: 'storefront' },
      { operation: 'nightly' },
    ]);
    expect(lines()[2]).not.toHaveProperty('caller');
  });

  test('writes nothing below its level, and follows a change of it, children included', async () => {
    const { logger, lines } = recorded({ level: 'warn' });
    const child = logger.child({ component: 'registry' }).child({ zone: 'a' });
    child.info({}, 'too quiet');
    child.warn({}, 'heard');
    logger.level = 'debug';
    child.debug({ more: true }, 'now heard');
    logger.level = 'silent';
    child.error({}, 'never');
    await logger.flush();
    expect(lines()).toMatchObject([
      { message: 'heard', component: 'registry', zone: 'a' },
      { message: 'now heard', level: 'debug', more: true, component: 'registry' },
    ]);
  });

  test('writes plain fields as it writes others: no key twice, secrets masked, odd numbers as texts', () => {
    const { logger, lines } = recorded({ bindings: { service: 'shop', caller: 'bound' } });
    const fields = {
      a: 1,
      b: 'x"\\\n',
      c: true,
      password: 'hunter2',
      pin: 1234,
      nan: Number.NaN,
      service: 'other',
      e: '',
    };
    const call = traced.with({ values: [callerKey.of('storefront')] });
    for (const more of [{}, { deep: {} }]) runInContext(call, () => logger.info({ ...fields, ...more }, 'said'));
    const [plain, { deep, ...careful } = {}] = lines();
    expect(deep).toEqual({});
    expect(plain).toEqual(careful);
    expect(plain).toMatchObject({
      b: 'x"\\\n',
      password: mask,
      pin: mask,
      nan: 'NaN',
      _service: 'other',
      caller: 'storefront',
    });
  });

  test('writes errors with their message, code and cause, and survives circles', async () => {
    const { logger, lines } = recorded();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    logger.error({ err: Object.assign(new Error('broken'), { code: 'E_BROKEN' }), circle }, 'failed');
    await logger.flush();
    expect(lines()[0]).toMatchObject({ message: 'failed', err: { message: 'broken', code: 'E_BROKEN' } });
  });

  test('writes no key twice, keeps what the line says of itself, and loses no field', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const bindings = { service: 'shop', instance: 'shop-1', version: '1', level: 'x' };
    const logger = createLogger({ clock: fakeClock(), destination, bindings });
    const child = logger.child({ component: 'a', service: 'sub', zone: 'x' }).child({ component: 'b' });
    const fields = {
      service: 'other',
      _instance: 1,
      instance: 2,
      level: 5,
      time: 6,
      message: 7,
      msg: 8,
      traceId: 9,
      zone: 'y',
    };
    runInContext(traced, () => child.warn(fields, 'said'));
    logger.info({ method: 'GET', headers: {}, socket: {} }, 'like a request');
    await logger.flush();
    for (const line of lines) {
      const keys = [...line.matchAll(/"(\w+)":/g)].map(([, key]) => key);
      expect(new Set(keys).size).toBe(keys.length);
    }
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: '2023-11-14T22:13:20.000Z',
      ...{ service: 'shop', instance: 'shop-1', version: '1', component: 'b', zone: 'y' },
      ...{ _service: 'other', _instance: 1, __instance: 2, _level: 5, _time: 6, _message: 7, msg: 8, _traceId: 9 },
      traceId: trace.traceId,
      spanId: trace.spanId,
      message: 'said',
    });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ service: 'shop', method: 'GET', headers: {}, socket: {} });
  });

  test('never throws into the caller, whatever is logged and wherever it goes', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    const { logger, lines } = recorded();
    const bad = [
      {
        get a() {
          return broken();
        },
      },
      new Proxy({}, { ownKeys: broken }),
      new Proxy({}, { getPrototypeOf: broken, has: broken, get: broken, ownKeys: broken }),
      { toJSON: broken },
      new Error('x'),
      5,
      null,
      undefined,
    ];
    for (const each of bad) logger.warn(each as LogFields, 'warned');
    logger.child(new Proxy({}, { get: broken, ownKeys: broken })).info({}, Symbol('x') as unknown as string);
    await logger.flush();
    for (const each of bad) logger.warn(each as LogFields, undefined as unknown as string);
    expect(lines()).toHaveLength(2 * bad.length + 1);
    expect(lines()[0]).toMatchObject({ a: '[unreadable]', message: 'warned' });
    const lost = createLogger({ destination: { write: broken } });
    lost.info({}, 'lost');
    await lost.flush();
    expect(() => lost.error({}, 'lost too')).not.toThrow();
  });

  test('masks secrets by name and by form: in fields, errors, causes, headers, children and messages', async () => {
    const { logger, lines } = recorded();
    const cause = new Error('no redis://:hunter2@cache');
    const err = new FwkError('FWK_X_Y', 'failed', { cause, details: { apiKey: 'hunter2', limit: 5 } });
    const headers = { authorization: 'Bearer hunter2', cookie: 'sid=hunter2', 'set-cookie': ['sid=hunter2'] };
    logger
      .child({ token: 'hunter2' })
      .error({ err, headers, user: [{ password: 'hunter2', maxTokens: 5 }] }, 'no ?sig=hunter2');
    await logger.flush();
    expect(JSON.stringify(lines())).not.toContain('hunter2');
    expect(lines()[0]).toMatchObject({
      err: { code: 'FWK_X_Y', details: { limit: 5 } },
      user: [{ maxTokens: 5 }],
      message: `no ?sig=${mask}`,
    });
  });

  test('writes what was logged as it was then', async () => {
    const { logger, lines } = recorded();
    const order = { id: 1 };
    logger.info({ order }, 'placed');
    order.id = 2;
    await logger.flush();
    expect(lines()[0]).toMatchObject({ order: { id: 1 } });
  });

  test('bounds a line whatever is logged: huge texts, long lists, deep causes and errors in circles', () => {
    const { logger, lines } = recorded();
    const errors = Array.from({ length: 500 }, (_, index) => new Error(`${index} ${'x'.repeat(1_000_000)}`));
    const all = new AggregateError(errors, 'y'.repeat(1_000_000));
    all.cause = all;
    let deep = new Error('bottom');
    for (let level = 0; level < 100; level++) deep = new Error(`level ${level}`, { cause: deep });
    logger.error({ err: all, deep, list: errors.map(String) }, 'z'.repeat(1_000_000));
    const [line = {}] = lines();
    expect(JSON.stringify(line).length).toBeLessThan(150_000);
    expect(line).toMatchObject({ err: { type: 'AggregateError', cause: '[circular]' } });
  });

  test('writes the errors and causes of an AggregateError, each with its message and code', () => {
    const { logger, lines } = recorded();
    const refused = Object.assign(new Error('refused', { cause: new Error('port closed') }), { code: 'ECONNREFUSED' });
    logger.error({ err: new AggregateError([refused, 'a text'], 'all failed') }, 'failed');
    expect(lines()[0]).toMatchObject({
      err: {
        type: 'AggregateError',
        message: 'all failed',
        errors: [{ message: 'refused', code: 'ECONNREFUSED', cause: { message: 'port closed' } }, 'a text'],
      },
    });
  });

  test('escapes characters that a terminal might obey, also where JSON allows them', () => {
    const written: string[] = [];
    const logger = createLogger({ destination: { write: (line) => void written.push(line) } });
    const hostile = 'a\u001b[2Jb\u009b2Jc\u007f\u2028{"level":"info"}\n{"level":"error"}\u202egpj';
    logger.info({ [hostile]: hostile }, hostile);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ message: hostile, [hostile]: hostile });
  });

  test.each([
    ['long', 'n'.repeat(300), `${'n'.repeat(299)}m`],
    ['masked', 'Bearer abcdef1', 'Bearer abcdef2'],
  ])('has no name twice where two names are %s and one then', (_, one, other) => {
    const written: string[] = [];
    const logger = createLogger({ destination: { write: (line) => void written.push(line) } });
    logger.info({ [one]: 1, [other]: 2 }, 'two');
    const names = [...(written[0] ?? '').matchAll(/"([^"]*)":/g)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe(4);
  });

  test.each([
    ['level', { level: 'loud' }, /level must be one of debug, info/],
    ['levels', { levels: { http: 'loud' } }, /levels must be an object of logger names/],
    ['levels', { levels: { 'a b': 'info' } }, /levels must be an object of logger names/],
    ['sampling', { sampling: { first: 0 } }, /sampling must be false, or an object with first/],
    ['format', { format: 'xml' }, /format must be one of auto, json, pretty/],
    ['destination', { destination: 'file' }, /destination must be "stdout" or something with write/],
  ])('refuses a wrong %s: %j', (_, options, message) => {
    expect(() => createLogger(options as Partial<LoggerOptions>)).toThrow(message);
  });
});
