import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { createLogger } from './logger.js';

function recorded() {
  const clock = fakeClock();
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ clock, destination, sampling: { first: 3, windowMs: 1000 } });
  return { clock, logger, lines: () => lines.splice(0) };
}

describe('lines that come again and again', () => {
  test('are written a few times, and then told of once with their number', async () => {
    const { clock, logger, lines } = recorded();
    for (let index = 0; index < 10; index++) logger.warn({ index }, 'no answer');
    expect(lines().map(({ index }) => index)).toEqual([0, 1, 2]);
    await clock.advance(1000);
    expect(lines()).toMatchObject([{ level: 'warn', message: 'no answer', leftOut: 7, windowMs: 1000 }]);
    logger.warn({ index: 10 }, 'no answer');
    expect(lines()).toMatchObject([{ index: 10 }]);
    await clock.advance(5000);
    expect(lines()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('are told apart by level, logger and message', () => {
    const { logger, lines } = recorded();
    for (let index = 0; index < 4; index++) {
      logger.info({}, 'same');
      logger.warn({}, 'same');
      logger.child({ logger: 'http' }).info({}, 'same');
      logger.info({}, 'other');
    }
    expect(lines()).toHaveLength(12);
  });

  test('are counted when the logger is flushed, with the name of their logger', async () => {
    const { clock, logger, lines } = recorded();
    for (let index = 0; index < 5; index++) logger.child({ logger: 'http' }).error({}, 'refused');
    lines();
    await logger.flush();
    expect(lines()).toMatchObject([{ level: 'error', logger: 'http', message: 'refused', leftOut: 2 }]);
    expect(clock.pending).toBe(0);
  });

  test('of a level that is not written are not counted', async () => {
    const { logger, lines } = recorded();
    for (let index = 0; index < 10; index++) logger.debug({}, 'quiet');
    await logger.flush();
    expect(lines()).toEqual([]);
  });

  test('are all written when each differs, however many there are', () => {
    const { logger, lines } = recorded();
    for (let index = 0; index < 3000; index++) logger.info({}, `order ${index}`);
    expect(lines()).toHaveLength(3000);
  });

  test('hold no secret when they are told of', async () => {
    const { logger, lines } = recorded();
    const cut = `${'no answer '.repeat(18)} of postgres://shop:hunter2hunter2@db/shop`;
    for (const message of ['GET /?token=hunter2', cut]) {
      for (let index = 0; index < 5; index++) logger.info({}, message);
    }
    await logger.flush();
    expect(lines().filter((line) => 'leftOut' in line)).toHaveLength(2);
    expect(JSON.stringify(lines())).not.toContain('hunter');
  });
});
