import { liveValue } from '@fwk/kernel';
import { fakeClock, leakGuard } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { createLogger } from './logger.js';
import { type LevelChange, maxLoggers } from './logger-levels.js';
import type { LoggerOptions } from './logger-options.js';

function recorded(options: Partial<LoggerOptions> = {}) {
  const clock = fakeClock();
  const lines: string[] = [];
  const changes: LevelChange[] = [];
  const logger = createLogger({ clock, destination: { write: (line) => void lines.push(line) }, ...options });
  logger.onLevelChange = (change) => void changes.push(change);
  const said = () => lines.splice(0).map((line) => (JSON.parse(line) as { readonly message: string }).message);
  return { clock, logger, said, changes };
}

describe('levels by name', () => {
  test('hold for loggers of that name and below, the nearest first, and for loggers made before and after', () => {
    const { logger, said } = recorded({ levels: { http: 'debug', 'http.server': 'error' } });
    const [http, client, server] = ['http', 'http.client', 'http.server'].map((name) => logger.child({ logger: name }));
    for (const [name, each] of Object.entries({ http, client, server, root: logger })) each?.debug({}, name);
    server?.child({ route: '/a' }).warn({}, 'a child of server');
    logger.child({ logger: 'httpx' }).debug({}, 'another name');
    expect(said()).toEqual(['http', 'client']);
    logger.levels.set('http.server', 'debug');
    server?.child({ route: '/a' }).debug({}, 'a child of server');
    logger.level = 'debug';
    logger.debug({}, 'root');
    expect(said()).toEqual(['a child of server', 'root']);
  });

  test('that are set by hand win until their time is over, and each change is told', async () => {
    const { clock, logger, said, changes } = recorded({ levels: { http: 'warn' } });
    const http = logger.child({ logger: 'http' });
    logger.levels.set('http', 'debug', 60_000);
    expect(logger.levels.list()).toMatchObject({
      http: { level: 'debug', from: 'hand', untilMs: clock.wallTime() + 60_000 },
    });
    http.debug({}, 'heard');
    await clock.advance(59_999);
    http.debug({}, 'still heard');
    await clock.advance(1);
    http.debug({}, 'not heard');
    expect(said()).toEqual(['heard', 'still heard']);
    expect(changes).toMatchObject([
      { logger: 'http', level: 'debug', was: 'warn', because: 'hand' },
      { logger: 'http', level: 'warn', was: 'debug', because: 'expired' },
    ]);
  });

  test('that are set again start their time anew, and may be taken back', async () => {
    const { clock, logger } = recorded();
    logger.levels.set('a', 'debug', 100);
    await clock.advance(99);
    logger.levels.set('a', 'error', 100);
    await clock.advance(99);
    expect(logger.levels.levelOf('a').level).toBe('error');
    expect(logger.levels.reset('a')).toBe(true);
    expect(logger.levels.reset('a')).toBe(false);
    expect(logger.levels.levelOf('a')).toEqual({ level: 'info', from: 'default', inherits: 'root' });
    expect(clock.pending).toBe(0);
  });

  test('follow a live value, and one that goes from it is as if it had never been there', () => {
    const live = liveValue<object | undefined>({ http: 'debug' });
    const { logger, said, changes } = recorded({ levels: live as LoggerOptions['levels'] });
    const http = logger.child({ logger: 'http' });
    http.debug({}, 'first');
    live.set({ root: 'error' });
    http.warn({}, 'second');
    live.set(undefined);
    http.info({}, 'third');
    expect(said()).toEqual(['first', 'third']);
    expect(changes.map(({ logger: name, level, because }) => [name, level, because])).toEqual([
      ['http', 'error', 'configuration'],
      ['root', 'error', 'configuration'],
      ['root', 'info', 'configuration'],
    ]);
  });

  test('that are invalid in a live value leave the last valid ones', () => {
    const live = liveValue<unknown>({ http: 'debug' });
    const { logger } = recorded({ levels: live as LoggerOptions['levels'] });
    live.set({ http: 'loud' });
    expect(logger.levels.levelOf('http').level).toBe('debug');
    live.set({ http: 'error' });
    expect(logger.levels.levelOf('http').level).toBe('error');
  });

  test.each([
    ['a name with blanks', 'a b', 'info', undefined],
    ['an empty name', '', 'info', undefined],
    ['a name of nine words', 'a.a.a.a.a.a.a.a.a', 'info', undefined],
    ['an unknown level', 'a', 'loud', undefined],
    ['no time', 'a', 'info', 0],
    ['a time that no timer can wait', 'a', 'info', 2 ** 31],
  ])('refuse %s', (_, name, level, forMs) => {
    const { logger } = recorded();
    expect(() => logger.levels.set(name, level as 'info', forMs)).toThrow(
      expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }),
    );
  });

  test('are bounded, whoever names loggers', () => {
    const { logger, said } = recorded();
    for (let index = 0; index < 2 * maxLoggers; index++) logger.child({ logger: `user-${index}` }).info({}, 'hello');
    expect(Object.keys(logger.levels.list()).length).toBeLessThanOrEqual(maxLoggers);
    said();
    logger.level = 'silent';
    logger.child({ logger: `user-${2 * maxLoggers}` }).error({}, 'as the root');
    expect(said()).toEqual([]);
  });

  test('leave no timer and no subscription behind when they are disposed', () => {
    const guard = leakGuard();
    const logger = createLogger({ clock: guard.clock, destination: { write() {} } });
    logger.levels.set('a', 'debug', 1000);
    logger.levels[Symbol.dispose]();
    guard.check();
  });
});
