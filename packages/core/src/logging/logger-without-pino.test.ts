import { Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { createLogger } from './logger.js';

let missing = true;
vi.mock('pino', async (original) => {
  const real = (await original()) as object;
  return new Proxy(real, {
    get(target, name) {
      if (missing && name === 'pino') throw new Error('pino cannot be loaded');
      return Reflect.get(target, name);
    },
  });
});

test('a logger writes its lines without pino when that cannot be loaded, and by it once it can', async () => {
  const written: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const logger = createLogger({ destination });
  logger.info({ order: 7 }, 'first');
  await logger.flush();
  expect(JSON.parse(written.join(''))).toMatchObject({ level: 'info', order: 7, message: 'first' });
  missing = false;
  logger.info({ order: 8 }, 'second');
  await logger.flush();
  expect(JSON.parse(written[1] as string)).toMatchObject({ level: 'info', order: 8, message: 'second' });
});
