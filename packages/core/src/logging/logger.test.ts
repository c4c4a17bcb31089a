import { background, runInContext } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import { traceKey } from '../tracing/trace-context.js';
import { createLogger, type LoggerOptions } from './logger.js';

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
  test('keeps lines until pino is there, then writes each with its own time, trace and level', async () => {
    const { clock, logger, lines } = recorded();
    logger.info({ order: 1 }, 'first');
    await clock.advance(20);
    runInContext(traced, () => logger.warn({}, 'second'));
    expect(lines()).toEqual([]);
    await clock.advance(30);
    await vi.waitFor(() => expect(lines()).toHaveLength(2));
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
    runInContext(traced, () => logger.error({}, 'third'));
    logger.info({}, 'fourth');
    expect(lines().map((line) => [line.message, line.traceId])).toEqual([
      ['first', undefined],
      ['second', trace.traceId],
      ['third', trace.traceId],
      ['fourth', undefined],
    ]);
    expect(clock.pending).toBe(0);
  });

  test('writes what it keeps when it is flushed, and nothing twice', async () => {
    const { clock, logger, lines } = recorded();
    logger.info({}, 'kept');
    await Promise.all([logger.flush(), logger.flush()]);
    await clock.advance(1000);
    expect(lines()).toHaveLength(1);
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

  test('writes errors with their message, code and cause, and survives circles', async () => {
    const { logger, lines } = recorded();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    logger.error({ err: Object.assign(new Error('broken'), { code: 'E_BROKEN' }), circle }, 'failed');
    await logger.flush();
    expect(lines()[0]).toMatchObject({ message: 'failed', err: { message: 'broken', code: 'E_BROKEN' } });
  });

  test('refuses a level that does not exist', () => {
    expect(() => createLogger({ level: 'loud' as 'info' })).toThrow(/level must be one of debug, info/);
  });
});
